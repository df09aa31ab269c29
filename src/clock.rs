//! What time it is while a run lasts.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The number of a day since 1970, in UTC.
pub fn day(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(DAY)
}

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

    /// When the run began.
    pub fn start_of_run(&self) -> Timestamp {
        self.start
    }

    /// The same, set forward, as that of others is.
    pub fn ahead(self, by: SignedDuration) -> Clock {
        Clock { start: self.start.checked_add(by).unwrap_or(self.start), ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.start.checked_add(self.since.elapsed()).unwrap_or(self.start)
    }
}
