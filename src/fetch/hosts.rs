//! Hosts and their turns: one request at a time for each, with the time between that it is owed,
//! also from one run to the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};
use url::Url;

use super::FetchError;
use super::robots::{Robots, Said};
use crate::clock::Clock;
use crate::newsletter::Token;
use crate::store::Store;

/// How long a turn is worth waiting for.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// What a server may ask for at most when it wants to be left alone.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Hosts that are asked at the same time.
const AT_ONCE: usize = 48;

/// What is remembered of a host from one run to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    /// With its port, where that is not the scheme's own.
    pub host: String,
    /// Nothing is asked for before.
    pub free_at: Timestamp,
    /// What its robots.txt said, and when; absent until it has been read.
    pub robots: Option<(String, Timestamp)>,
    /// Until when no other process asks it, where there may be others.
    pub held_until: Timestamp,
}

/// What makes other processes wait for their turn at a host, on whatever machine they are.
#[derive(Debug)]
pub struct Sharing {
    store: Store,
    holder: String,
}

/// How long a host is taken for one turn.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// How often it is looked whether another process has let a host go.
const POLL: Duration = Duration::from_millis(250);

/// How long that is if nothing is heard of the other process, and when the host is asked otherwise.
const SILENCE: SignedDuration = SignedDuration::from_secs(5);
const LATER: SignedDuration = SignedDuration::from_mins(1);

impl Sharing {
    pub fn new(store: Store) -> Sharing {
        Sharing { store, holder: Token::draw().to_string() }
    }
}

/// All hosts.
#[derive(Debug)]
pub struct Hosts {
    spacing: Duration,
    clock: Clock,
    known: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Host>>>>,
    asked: Mutex<HashMap<String, HostRow>>,
    lines: Semaphore,
    sharing: Option<Sharing>,
}

/// What a host is owed.
#[derive(Debug)]
struct Host {
    free_at: Timestamp,
    /// Where there are other processes: until when it is not theirs.
    held_until: Timestamp,
    said: Option<Said>,
    /// What that comes to; absent until somebody asks.
    robots: Option<Robots>,
}

/// A host that is asked by nobody else.
#[derive(Debug)]
pub struct Held<'a> {
    hosts: &'a Hosts,
    name: String,
    host: OwnedMutexGuard<Host>,
    _line: SemaphorePermit<'a>,
}

impl Hosts {
    pub fn new(
        spacing: Duration,
        clock: Clock,
        rows: Vec<HostRow>,
        sharing: Option<Sharing>,
    ) -> Hosts {
        let host = |row: HostRow| {
            let name = row.host.clone();
            (name, Arc::new(tokio::sync::Mutex::new(Host::of(row))))
        };
        Hosts {
            // What is read here has not been told to the other side yet.
            spacing: spacing.mul_f32(1.05),
            clock,
            known: Mutex::new(rows.into_iter().map(host).collect()),
            asked: Mutex::default(),
            lines: Semaphore::new(AT_ONCE),
            sharing,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits for the turn at the host of `url`; reads what it says to programs by `robots`, if that
    /// is not known.
    pub async fn turn(
        &self,
        url: &Url,
        robots: impl AsyncFn() -> Result<Said, FetchError>,
    ) -> Result<Held<'_>, FetchError> {
        let name = name_of(url);
        let mut host = self.host(&name).lock_owned().await;
        if let Some(sharing) = &self.sharing {
            self.take(sharing, &name, &mut host).await?;
        }
        if let Err(later) = self.wait(host.free_at).await {
            // Others may have it when it is free.
            locked(&self.asked).insert(name.clone(), host.row(&name));
            return Err(later);
        }
        let line = self.lines.acquire().await;
        let line = line.map_err(|error| FetchError::Other(error.to_string()))?;
        let mut held = Held { hosts: self, name, host, _line: line };
        held.learn_robots(robots).await?;
        Ok(held)
    }

    fn host(&self, name: &str) -> Arc<tokio::sync::Mutex<Host>> {
        let new = || Arc::new(tokio::sync::Mutex::new(Host::new(self.clock.start_of_run())));
        locked(&self.known).entry(name.to_owned()).or_insert_with(new).clone()
    }

    /// Waits until no other process asks a host, and takes over what those have learnt of it.
    async fn take(&self, sharing: &Sharing, name: &str, host: &mut Host) -> Result<(), FetchError> {
        let began = self.now();
        let (mut held_until, mut heard_at) = (None, began);
        loop {
            let now = self.now();
            // Of two turns, the second ends later: what is put down of the first does not let go of it.
            let until = (now + LEASE).max(host.held_until + SignedDuration::from_millis(1));
            let taken = sharing.store.take_host(name, &sharing.holder, (now, until)).await;
            let held = match taken.map_err(|error| FetchError::Other(error.to_string()))? {
                Ok(row) => {
                    host.learn(row);
                    return Ok(());
                }
                Err(held) => held,
            };
            // Whoever asks it again and again is at work; whoever does not may be no more.
            if Some(held) != held_until {
                (held_until, heard_at) = (Some(held), now);
            }
            if now > began + PATIENCE || now > heard_at + SILENCE {
                return Err(FetchError::Later(now + LATER));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn wait(&self, until: Timestamp) -> Result<(), FetchError> {
        let wait = until.duration_since(self.now());
        if wait > PATIENCE {
            return Err(FetchError::Later(until));
        }
        if let Ok(wait) = Duration::try_from(wait) {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Hosts that were asked since the last call.
    pub fn asked(&self) -> Vec<HostRow> {
        let mut asked: Vec<HostRow> = locked(&self.asked).drain().map(|(_, row)| row).collect();
        asked.sort_by(|one, other| one.host.cmp(&other.host));
        asked
    }
}

impl Host {
    fn new(free_at: Timestamp) -> Host {
        Host { free_at, held_until: Timestamp::UNIX_EPOCH, said: None, robots: None }
    }

    fn of(row: HostRow) -> Host {
        let said = row.robots.map(|(text, at)| Said { text, at, was_elsewhere: false });
        Host { said, held_until: row.held_until, ..Host::new(row.free_at) }
    }

    fn row(&self, name: &str) -> HostRow {
        HostRow {
            host: name.to_owned(),
            free_at: self.free_at,
            robots: self.said.as_ref().map(|said| (said.text.clone(), said.at)),
            held_until: self.held_until,
        }
    }

    /// Takes over what other processes know of it.
    fn learn(&mut self, row: HostRow) {
        self.held_until = row.held_until;
        self.free_at = self.free_at.max(row.free_at);
        let Host { said, .. } = Host::of(row);
        if said.as_ref().map(|said| said.at) > self.said.as_ref().map(|said| said.at) {
            (self.said, self.robots) = (said, None);
        }
    }
}

impl Held<'_> {
    /// Makes sure that what the host says to programs is known; what it said once holds for a while
    /// when it can no longer be had (RFC 9309, 2.3.1.4).
    async fn learn_robots(
        &mut self,
        robots: impl AsyncFn() -> Result<Said, FetchError>,
    ) -> Result<(), FetchError> {
        let now = self.hosts.now();
        if !self.host.said.as_ref().is_some_and(|said| said.holds(now)) {
            match robots().await {
                Ok(said) => {
                    if said.was_elsewhere {
                        tokio::time::sleep(self.hosts.spacing).await;
                    }
                    (self.host.said, self.host.robots) = (Some(said), None);
                }
                Err(_) if self.host.said.as_ref().is_some_and(|said| said.holds_in_need(now)) => {}
                Err(error) => {
                    if let Some(after) = error.retry_after() {
                        self.leave_alone(after);
                    }
                    // What keeps it from being reached keeps all else from it.
                    return Err(match error.status() {
                        Some(_) => FetchError::NoRobots(Box::new(error)),
                        None => error,
                    });
                }
            }
        }
        if self.host.robots.is_none() {
            self.host.robots = self.host.said.as_ref().map(Robots::of);
        }
        Ok(())
    }

    pub fn allows(&self, url: &Url) -> bool {
        self.host.robots.as_ref().is_none_or(|robots| robots.allow(url))
    }

    /// Leaves the host alone for a while, as it wishes.
    pub fn leave_alone(&mut self, wait: SignedDuration) {
        let until = self.hosts.now() + wait.min(LONGEST);
        self.host.free_at = self.host.free_at.max(until);
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let spacing = SignedDuration::try_from(self.hosts.spacing).unwrap_or_default();
        let delay = self.host.robots.as_ref().map(|robots| robots.delay).unwrap_or_default();
        self.leave_alone(spacing.max(delay));
        locked(&self.hosts.asked).insert(self.name.clone(), self.host.row(&self.name));
    }
}

/// What politeness takes for one: the host, with a port of its own.
fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Nothing that is locked can be half done.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
