//! When a source is looked at next. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::catalog::Source;
use crate::store::SourceRow;

/// No source is left alone for longer, whatever its server or its silence says.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// A source that has nothing new is looked at less often, down to one in so many turns.
const SLOWEST: i32 = 4;

/// A source that had its last news so many turns ago is quiet.
const QUIET: i32 = 24;

/// The time until the next look after one that went well. It is that of the definition, longer if
/// the server says that its answer holds longer, or if there has been nothing new for long.
pub fn after_success(
    source: &Source,
    row: &SourceRow,
    fresh_for: Option<SignedDuration>,
    now: Timestamp,
) -> SignedDuration {
    let every = source.every;
    let quiet = row.changed_at.map(|at| now.duration_since(at)).unwrap_or_default();
    let slow = (quiet / QUIET).min(every * SLOWEST);
    every.max(slow.min(LONGEST)).max(fresh_for.unwrap_or_default().min(LONGEST))
}

/// The same after one that failed, again and again: twice as long each time, and never for good.
pub fn after_failure(
    source: &Source,
    failures: usize,
    retry_after: Option<SignedDuration>,
) -> SignedDuration {
    let doubled = failures.saturating_sub(1).min(16) as u32;
    let wait = source.every.checked_mul(2_i32.pow(doubled)).unwrap_or(LONGEST).min(LONGEST);
    wait.max(source.every).max(retry_after.unwrap_or_default())
}
