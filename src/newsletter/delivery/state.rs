//! How far a delivery has come.

use serde::{Deserialize, Serialize};

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody has tried it.
    Due,
    /// Somebody is about to. Nothing has left.
    Claimed,
    /// The end of the message may have left, and what the relay said is not known yet.
    Handed,
    /// The relay answers for it.
    Accepted,
    /// The relay does not want it now; it is tried again later.
    Deferred,
    /// The relay does not want it, or has not for too long.
    Failed,
    /// It was handed over and nobody knows what the relay said. Tried again only if asked to.
    Uncertain,
    /// The subscriber left, or is never mailed again.
    Suppressed,
}

impl State {
    pub const ALL: [State; 8] = [
        State::Due,
        State::Claimed,
        State::Handed,
        State::Accepted,
        State::Deferred,
        State::Failed,
        State::Uncertain,
        State::Suppressed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Due => "due",
            State::Claimed => "claimed",
            State::Handed => "handed",
            State::Accepted => "accepted",
            State::Deferred => "deferred",
            State::Failed => "failed",
            State::Uncertain => "uncertain",
            State::Suppressed => "suppressed",
        }
    }

    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// True if somebody still waits for it.
    pub fn is_open(self) -> bool {
        matches!(self, State::Due | State::Claimed | State::Handed | State::Deferred)
    }
}
