//! What a refusal means for a delivery. Pure.

use std::time::Duration;

use crate::mail::smtp::{Reply, Step};

/// How long until a delivery is tried again: the first time, and at most.
const FIRST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);

/// After this a digest is no news; who could not be reached until then is not.
pub const LIFETIME: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What a relay means by refusing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not now: it is tried again.
    Later,
    /// It wants less of all of it.
    Throttled,
    /// Something is wrong with us, not with the recipient.
    Ours,
    /// Not this message to this recipient.
    Never,
    /// There is no such recipient.
    Nobody,
}

impl Refusal {
    /// Reads a reply to a step (RFC 5321, 4.2; RFC 3463). A message that was refused before any was
    /// accepted may be to blame itself.
    pub fn of(step: Step, reply: &Reply, has_accepted: bool) -> Refusal {
        match (reply.code, reply.class) {
            (421 | 454, _) => Refusal::Throttled,
            (400..=499, _) => Refusal::Later,
            // Our address, or our standing.
            (530 | 534 | 535 | 538, _) | (_, Some([5, 7, _] | [5, 1, 7 | 8])) => Refusal::Ours,
            _ if step == Step::Mail => Refusal::Ours,
            (_, Some([5, 1, _])) => Refusal::Nobody,
            _ if step != Step::Rcpt && !has_accepted => Refusal::Ours,
            _ => Refusal::Never,
        }
    }
}

/// How long to wait after so many attempts.
pub fn wait(attempts: u32) -> Duration {
    FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST)
}
