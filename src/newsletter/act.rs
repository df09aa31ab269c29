//! What people do with an edition that was made.

use std::io::ErrorKind;

use jiff::Timestamp;

use super::edition::{Edition, EditionState};
use super::notes::Notes;
use super::{NewsletterError, place, preview};
use crate::diagnostic::Diagnostic;
use crate::run::Lock;
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It goes out.
    Approve,
    /// It does not go out until it is approved.
    Hold,
    /// It never goes out.
    Discard,
    /// It is as if it had not been made, so that it is made anew.
    Redo,
}

impl Act {
    pub fn parse(text: &str) -> Option<Act> {
        match text {
            "approve" => Some(Act::Approve),
            "hold" => Some(Act::Hold),
            "discard" => Some(Act::Discard),
            "redo" => Some(Act::Redo),
            _ => None,
        }
    }

    /// Editions that it can be done with.
    pub fn on(self) -> &'static [EditionState] {
        match self {
            Act::Hold => &[EditionState::Open],
            Act::Redo => &[EditionState::Open, EditionState::Held, EditionState::Paused],
            Act::Approve | Act::Discard => &[EditionState::Held, EditionState::Paused],
        }
    }

    /// Does it, at once for a run that is delivering.
    pub async fn carry_out(
        self,
        site: &Site,
        store: &Store,
        edition: &Edition,
        now: Timestamp,
    ) -> Result<(), NewsletterError> {
        let (id, of) = (&edition.id, self.on());
        let is_done = match self {
            Act::Approve => store.release(id, of, now).await?,
            Act::Hold => {
                let reason = Some("it was held by hand");
                store.move_edition(id, of, EditionState::Held, reason).await?
            }
            Act::Discard => store.move_edition(id, of, EditionState::Discarded, None).await?,
            Act::Redo => {
                redo(site, store, edition).await?;
                true
            }
        };
        match is_done {
            true => Ok(()),
            false => Err(Diagnostic::new(format!("`{id}` is in another state by now")).into()),
        }
    }
}

async fn redo(site: &Site, store: &Store, edition: &Edition) -> Result<(), NewsletterError> {
    let id = &edition.id;
    let Some(_lock) = Lock::take(&site.root, "send").map_err(NewsletterError::Notes)? else {
        return Err(Diagnostic::new(format!("`{id}` is just being sent")).into());
    };
    if !store.take_back(id).await? {
        let problem =
            format!("some of `{id}` has left already, or a later one begins where it ends");
        return Err(Diagnostic::new(problem).help("it cannot be made anew").into());
    }
    let kept = place(site, id);
    Notes::give_back(&kept, &preview(site, &edition.newsletter)).map_err(NewsletterError::Notes)?;
    match std::fs::remove_dir_all(&kept) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(NewsletterError::Notes(error)),
        _ => Ok(()),
    }
}
