//! What only one process does, among machines that share a database.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::newsletter::Token;
use crate::store::{Store, StoreError};

/// How long a lease holds, and how often it is renewed. All go by the clock of the database.
const LEASE: Duration = Duration::from_secs(90);
const RENEWED: Duration = Duration::from_secs(20);

/// A kind of work that only one process does, on whatever machine. Whoever dies lets go of it soon
/// after.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    name: &'static str,
    holder: String,
    renewing: JoinHandle<()>,
    /// Until when it holds, as far as this process knows.
    until: Arc<Mutex<Instant>>,
}

/// How long it is waited for another process.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often it is looked whether that has come to an end.
const POLL: Duration = Duration::from_millis(100);

impl Lease {
    /// Takes it; nothing if another process has it.
    pub async fn take(
        store: &Store,
        name: &'static str,
        clock: Clock,
    ) -> Result<Option<Lease>, StoreError> {
        let holder = Token::draw().to_string();
        let until = Arc::new(Mutex::new(Instant::now() + LEASE));
        if !store.lease(name, &holder, term(clock)).await? {
            return Ok(None);
        }
        let renewing = renew(store.clone(), name, holder.clone(), clock, until.clone());
        let renewing = tokio::spawn(renewing);
        Ok(Some(Lease { store: store.clone(), name, holder, renewing, until }))
    }

    /// True if no other process can have it: whoever stood still for a while finds that it has not.
    pub fn holds(&self) -> bool {
        Instant::now() < *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when it may be another's.
    pub async fn lost(&self) {
        while self.holds() {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until no other process has it; nothing if that takes too long.
    pub async fn wait(
        store: &Store,
        name: &'static str,
        clock: Clock,
    ) -> Result<Option<Lease>, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match Lease::take(store, name, clock).await? {
                None if Instant::now() < until => tokio::time::sleep(POLL).await,
                taken => return Ok(taken),
            }
        }
    }

    pub async fn end(self) {
        self.renewing.abort();
        if let Err(error) = self.store.let_go(self.name, &self.holder).await {
            tell!("warning: others have to wait before they {}: {error}", self.name);
        }
    }
}

fn term(clock: Clock) -> (Timestamp, Timestamp) {
    let now = clock.now();
    (now, now.checked_add(LEASE).unwrap_or(now))
}

async fn renew(
    store: Store,
    name: &'static str,
    holder: String,
    clock: Clock,
    until: Arc<Mutex<Instant>>,
) {
    loop {
        tokio::time::sleep(RENEWED).await;
        let next = Instant::now() + LEASE;
        match store.lease(name, &holder, term(clock)).await {
            Ok(true) => *until.lock().unwrap_or_else(PoisonError::into_inner) = next,
            // Another has it, and may have it again as often as it likes.
            Ok(false) => return,
            Err(error) => tell!("warning: the lease to {name} is not renewed: {error}"),
        }
    }
}
