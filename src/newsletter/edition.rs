//! Editions: what is new in a period, rendered and frozen for everybody who gets it.

use jiff::Timestamp;
use serde::Serialize;

use super::Content;
use super::subscriber::Choice;
use crate::hash;

/// A frozen digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edition {
    pub id: String,
    pub newsletter: String,
    /// Empty: as often as the newsletter itself.
    pub frequency: String,
    pub from: Timestamp,
    /// Not included.
    pub until: Timestamp,
    pub state: EditionState,
    /// Why it is held or paused.
    pub reason: Option<String>,
    /// From when it may be delivered.
    pub release_at: Timestamp,
    pub opened_at: Timestamp,
    /// How many items are new in it.
    pub fresh: usize,
}

impl Edition {
    /// One that is not there, for trying templates.
    pub fn sample() -> Edition {
        let at = Timestamp::UNIX_EPOCH;
        let (id, newsletter, frequency) = Default::default();
        Edition {
            id,
            newsletter,
            frequency,
            from: at,
            until: at,
            state: EditionState::Sent,
            reason: None,
            release_at: at,
            opened_at: at,
            fresh: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EditionState {
    Open,
    /// Waits for somebody to approve it.
    Held,
    /// Something is wrong on our side; nobody gets it until that is mended.
    Paused,
    /// Is never delivered.
    Discarded,
    /// Nobody waits for it any more.
    Sent,
}

impl EditionState {
    const ALL: [EditionState; 5] = [
        EditionState::Open,
        EditionState::Held,
        EditionState::Paused,
        EditionState::Discarded,
        EditionState::Sent,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EditionState::Open => "open",
            EditionState::Held => "held",
            EditionState::Paused => "paused",
            EditionState::Discarded => "discarded",
            EditionState::Sent => "sent",
        }
    }

    pub fn parse(text: &str) -> Option<EditionState> {
        EditionState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Subscribers who chose the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub choice: Choice,
    /// Where their edition begins, if elsewhere than that of the others.
    pub since: Option<Timestamp>,
    pub subscribers: u64,
}

/// An edition as a group gets it; without items, the group gets none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub number: i64,
    pub choice: Choice,
    pub since: Option<Timestamp>,
    pub items: usize,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Variant {
    /// The id of the message, the same for all of its copies.
    pub fn message(&self, edition: &Edition) -> String {
        hash::short([edition.id.clone(), self.number.to_string()], 16)
    }

    pub(super) fn content<'a>(&'a self, edition: &'a Edition, id: &'a str) -> Content<'a> {
        Content {
            newsletter: &edition.newsletter,
            id,
            date: edition.opened_at,
            language: &self.choice.language,
            subject: &self.subject,
            text: &self.text,
            html: &self.html,
        }
    }
}
