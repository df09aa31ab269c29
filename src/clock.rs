//! What time it is while a run lasts.

use std::time::Instant;

use jiff::Timestamp;

/// The time, that nobody sets back or forth while a run lasts.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Timestamp,
    since: Instant,
}

impl Clock {
    pub fn start(now: Timestamp) -> Clock {
        Clock { start: now, since: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        self.start.checked_add(self.since.elapsed()).unwrap_or(self.start)
    }
}
