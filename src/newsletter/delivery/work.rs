//! What there is to deliver, for whoever has a hand free.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::held;
use crate::store::{Claimed, Store, StoreError};

/// Deliveries that are claimed at once.
const BATCH: usize = 200;

/// How long a claim holds; a run that is no more loses it.
const LEASE: Duration = Duration::from_secs(30 * 60);

/// Deliveries of editions, the first edition first.
#[derive(Debug)]
pub struct Work {
    editions: tokio::sync::Mutex<VecDeque<String>>,
    claimed: Mutex<VecDeque<Task>>,
    is_exhausted: AtomicBool,
}

/// A delivery that was claimed, and how often its connection broke since.
#[derive(Debug)]
pub struct Task {
    pub claimed: Claimed,
    pub breaks: u32,
}

impl Work {
    pub fn new(editions: VecDeque<String>) -> Work {
        Work {
            editions: tokio::sync::Mutex::new(editions),
            claimed: Mutex::default(),
            is_exhausted: AtomicBool::new(false),
        }
    }

    /// True if there may be something to do.
    pub fn is_waiting(&self) -> bool {
        !self.is_exhausted.load(Ordering::Relaxed) || !held(&self.claimed).is_empty()
    }

    /// The next delivery; nothing if there is none for now.
    pub async fn next(&self, store: &Store, now: Timestamp) -> Result<Option<Task>, StoreError> {
        if let Some(task) = held(&self.claimed).pop_front() {
            return Ok(Some(task));
        }
        let mut editions = self.editions.lock().await;
        loop {
            // Another may have claimed some while this waited.
            if let Some(task) = held(&self.claimed).pop_front() {
                return Ok(Some(task));
            }
            let Some(edition) = editions.front() else {
                self.is_exhausted.store(true, Ordering::Relaxed);
                return Ok(None);
            };
            let until = now.checked_add(LEASE).unwrap_or(now);
            let (count, claimed) = store.claim(edition, now, until, BATCH).await?;
            if count == 0 {
                editions.pop_front();
            }
            let tasks = claimed.into_iter().map(|claimed| Task { claimed, breaks: 0 });
            held(&self.claimed).extend(tasks);
        }
    }

    /// What was claimed and is not to be delivered now.
    pub fn rest(&self) -> Vec<Task> {
        held(&self.claimed).drain(..).collect()
    }

    /// Takes back a delivery of which nothing has left.
    pub fn give_back(&self, task: Task) {
        held(&self.claimed).push_front(task);
    }
}
