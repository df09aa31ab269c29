//! What only one process does, among machines that share a database.

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
    clock: Clock,
    renewing: JoinHandle<()>,
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
        if !store.lease(name, &holder, term(clock)).await? {
            return Ok(None);
        }
        let renewing = tokio::spawn(renew(store.clone(), name, holder.clone(), clock));
        Ok(Some(Lease { store: store.clone(), name, holder, clock, renewing }))
    }

    /// True if no other process has had it since it was taken, and none takes it within a minute: whoever
    /// stood still for a while finds that one has. Only the database knows.
    pub async fn holds(&self) -> Result<bool, StoreError> {
        self.store.renew(self.name, &self.holder, term(self.clock).1).await
    }

    /// Ends when it is another's.
    pub async fn lost(&self) {
        while self.holds().await.unwrap_or(true) {
            tokio::time::sleep(RENEWED).await;
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

async fn renew(store: Store, name: &'static str, holder: String, clock: Clock) {
    loop {
        tokio::time::sleep(RENEWED).await;
        match store.renew(name, &holder, term(clock).1).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tell!("warning: the lease to {name} is not renewed: {error}"),
        }
    }
}
