//! What connections have to agree on: who takes what next, and how fast.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::lane::Job;
use super::{Halt, Shared, held};
use crate::mail::smtp::Fault;
use crate::store::{Noted, StoreError, Turn};

/// Pauses in a row before the relay counts as gone.
const PAUSES: u32 = 5;

/// How long the rates may keep a run waiting; after that it is for a later run.
const RATES: Duration = Duration::from_secs(75);

/// How long a lane sleeps at most before it looks whether the run is to stop.
const NAP: Duration = Duration::from_millis(200);

impl Shared {
    /// The next message, when there is one that may leave; none if the run is to stop, or has one
    /// connection too many.
    pub async fn next(&self) -> Option<Job> {
        loop {
            if self.stops() || self.connected.load(Ordering::Relaxed) > held(&self.window).size() {
                return None;
            }
            let now = self.clock.now();
            // Who sleeps long does not hear that the run is to stop.
            let paused = held(&self.pause).left(now);
            if let Some(left) = paused {
                sleep(left.min(NAP)).await;
                continue;
            }
            let room = held(&self.limits).reserve(now);
            match room {
                Ok(()) => return self.take().await,
                Err(wait) if wait > RATES => match self.work.next(&self.store, now).await {
                    Ok(Some(task)) => {
                        self.work.give_back(task);
                        self.halt(Halt::Enough, None);
                    }
                    Ok(None) => return None,
                    Err(error) => self.halt(Halt::Ledger(error.to_string()), None),
                },
                Err(wait) => sleep(wait.min(NAP)).await,
            }
        }
    }

    /// True if it is on the disk that a message is about to leave. If its subscriber has left meanwhile
    /// it may not; if its edition is held, none may.
    pub async fn may_leave(&self, job: &Job, written: Result<Arc<Noted>, Arc<StoreError>>) -> bool {
        let claimed = &job.task.claimed;
        let turn = (claimed.edition.clone(), claimed.token.clone(), claimed.attempts);
        match written {
            Ok(noted) if noted.contains(&turn) => true,
            Ok(_) => {
                match self.store.is_open(&claimed.edition).await {
                    Ok(true) => {}
                    Ok(false) => self.halt(Halt::Held, None),
                    Err(error) => self.halt(Halt::Ledger(error.to_string()), None),
                }
                false
            }
            Err(error) => {
                self.halt(Halt::Ledger(error.to_string()), None);
                false
            }
        }
    }

    /// The next message, if it may leave at once.
    pub async fn ready(&self) -> Option<Job> {
        let now = self.clock.now();
        let is_over = self.stops()
            || held(&self.pause).left(now).is_some()
            || self.connected.load(Ordering::Relaxed) > held(&self.window).size();
        if is_over {
            return None;
        }
        held(&self.limits).reserve(now).ok()?;
        self.take().await
    }

    /// A message for which there is room.
    async fn take(&self) -> Option<Job> {
        let job = match self.work.next(&self.store, self.clock.now()).await {
            Ok(task) => task.and_then(|task| Job::make(self, task)),
            Err(error) => {
                self.halt(Halt::Ledger(error.to_string()), None);
                None
            }
        };
        if job.is_none() {
            held(&self.limits).settle(None);
        }
        job
    }

    pub fn give_back(&self, job: Option<Job>) {
        if let Some(job) = job {
            held(&self.limits).settle(None);
            self.work.give_back(job.task);
        }
    }

    pub async fn put(&self, turns: Vec<Turn>) {
        if let Err(error) = self.ledger.put(turns).await {
            self.halt(Halt::Ledger(error.to_string()), None);
        }
    }

    pub fn has_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed) > 0
    }

    pub fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.settled.fetch_add(1, Ordering::Relaxed);
        self.ours.store(0, Ordering::Relaxed);
        held(&self.pause).is_over(self.clock.now());
        if held(&self.window).succeeded() {
            self.changed.notify_one();
        }
    }

    /// A connection did not come about.
    pub fn refused_connection(&self, fault: &Fault) {
        if fault.is_ours() {
            // Trying a wrong password again and again is what locks accounts.
            let paused = fault.reply().and_then(|_| self.editions.keys().next());
            return self.halt(Halt::Ours(fault.to_string()), paused.map(String::as_str));
        }
        held(&self.window).failed();
        let in_a_row = held(&self.rest).again(self.clock.now());
        let is_alone = self.connected.load(Ordering::Relaxed) == 0;
        let is_there = fault.reply().is_some() || self.has_accepted();
        if is_alone && (!is_there || in_a_row >= PAUSES) {
            self.halt(Halt::Unreachable(fault.to_string()), None);
        }
    }

    /// The relay wants less, or nothing for a while.
    pub fn slow_down(&self, why: &str) {
        held(&self.window).failed();
        if held(&self.pause).again(self.clock.now()) >= PAUSES {
            self.halt(Halt::Unreachable(why.to_owned()), None);
        }
    }
}
