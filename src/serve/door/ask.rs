//! Asking those who want a newsletter, after they were told that they will be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::work::Work;
use crate::newsletter::consent;
use crate::serve::Server;

/// How often it is looked for those who could not be asked.
const AGAIN: Duration = Duration::from_secs(60);

/// What those who ask have to do, and what tells that somebody has asked.
#[derive(Debug)]
pub struct Asker {
    pub work: Work,
    pub has_wished: Notify,
    is_stopping: AtomicBool,
}

impl Asker {
    pub fn new() -> Asker {
        Asker { work: Work::new(), has_wished: Notify::new(), is_stopping: false.into() }
    }

    /// Asks nobody any more: whoever was not asked is when the server runs again.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.has_wished.notify_one();
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

/// Asks those who have wished and those who could not be asked before, until it is time to stop.
pub async fn ask_all(server: Arc<Server>) {
    let asker = &server.asker;
    let mut again = interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !asker.is_stopping() {
        tokio::select! {
            () = asker.has_wished.notified() => {}
            _ = again.tick() => {}
        }
        let (loaded, now) = (server.loaded(), server.clock.now());
        let stopping = || asker.is_stopping();
        match consent::ask_waiting(&loaded.site, &server.store, now, stopping).await {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => {
                tell!("warning: somebody could not be asked whether it was them: {error}");
            }
        }
    }
}
