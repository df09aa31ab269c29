//! The right to do what several may do, unless they get in each other's way.

use std::path::Path;

use crate::clock::Clock;
use crate::run::{Lease, Lock};
use crate::store::Store;

/// The right to do a kind of work at a site. Where other machines may be at work, all of them do it, or only
/// one of them.
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
        work: &'static str,
        is_for_one: bool,
        clock: Clock,
    ) -> anyhow::Result<Option<Turn>> {
        if !store.is_shared() {
            return Ok(Lock::take(site, work)?.map(|_lock| Turn::Here { _lock }));
        }
        if !is_for_one {
            return Ok(Some(Turn::Anywhere));
        }
        Ok(Lease::take(store, work, clock).await?.map(Turn::Alone))
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
