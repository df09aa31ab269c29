//! What only one process does, among machines that share a database.

use std::time::Duration;

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
}

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
        Ok(Some(Lease { store: store.clone(), name, holder, renewing }))
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
        if let Err(error) = store.lease(name, &holder, term(clock)).await {
            tell!("warning: the lease to {name} is not renewed: {error}");
        }
    }
}
