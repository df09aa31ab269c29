//! The right to send.

use std::path::Path;

use crate::clock::Clock;
use crate::run::{Lease, Lock};
use crate::store::Store;

/// The right to send. Where other machines may be at work, all of them send, or only one of them.
#[derive(Debug)]
pub enum Turn {
    Here { _lock: Lock },
    Anywhere,
    Alone(Lease),
}

impl Turn {
    /// Takes it; nothing if somebody else has it.
    pub async fn take(
        site: &Path,
        store: &Store,
        is_for_one: bool,
        clock: Clock,
    ) -> anyhow::Result<Option<Turn>> {
        if !store.is_shared() {
            return Ok(Lock::take(site, "send")?.map(|_lock| Turn::Here { _lock }));
        }
        if !is_for_one {
            return Ok(Some(Turn::Anywhere));
        }
        Ok(Lease::take(store, "send", clock).await?.map(Turn::Alone))
    }

    /// Ends when somebody else may have it, too.
    pub async fn lost(&self) {
        match self {
            Turn::Alone(lease) => lease.lost().await,
            Turn::Here { .. } | Turn::Anywhere => std::future::pending().await,
        }
    }

    pub async fn end(self) {
        match self {
            Turn::Alone(lease) => lease.end().await,
            Turn::Here { .. } | Turn::Anywhere => {}
        }
    }
}
