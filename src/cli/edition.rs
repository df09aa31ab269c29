//! `edition`: what was made, and whether it goes out.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::{Answer, Outcome, deliveries, newsletter};
use crate::diagnostic::Diagnostic;
use crate::newsletter::{Edition, EditionState, Notes, place, preview};
use crate::run::Lock;
use crate::site::Site;
use crate::store::Store;

/// Editions that are listed, and among which one is looked for.
const LISTED: usize = 20;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The last editions of a newsletter, and who got them
    List(One),
    /// Lets the oldest edition go out that is held or paused
    Approve(One),
    /// Keeps the last edition from going out any further
    Hold(One),
    /// Never sends the oldest edition that is held or paused; its items are in no other
    Discard(One),
    /// Takes the last edition back of which nothing has left, so that it is made anew
    Redo(One),
}

#[derive(Debug, Args)]
pub struct One {
    newsletter: String,
}

pub async fn run(
    site: &Site,
    store: &Store,
    command: &Command,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let (Command::List(one)
    | Command::Approve(one)
    | Command::Hold(one)
    | Command::Discard(one)
    | Command::Redo(one)) = command;
    newsletter(site, &one.newsletter)?;
    if let Command::List(_) = command {
        return list(store, &one.newsletter).await;
    }
    let wanted: &[EditionState] = match command {
        Command::Hold(_) => &[EditionState::Open],
        Command::Redo(_) => &[EditionState::Open, EditionState::Held, EditionState::Paused],
        _ => &[EditionState::Held, EditionState::Paused],
    };
    let editions = store.editions(&one.newsletter, LISTED).await?;
    let mut found = editions.into_iter().filter(|edition| wanted.contains(&edition.state));
    let edition = match command {
        // The oldest waits longest.
        Command::Approve(_) | Command::Discard(_) => found.next_back(),
        _ => found.next(),
    };
    let Some(edition) = edition else {
        return Err(none(&one.newsletter, wanted).into());
    };
    let id = &edition.id;
    let told = match command {
        Command::Approve(_) => {
            store.release(id, now).await?;
            format!("`{id}` goes out with the next `infocus send`")
        }
        Command::Hold(_) => {
            store.set_edition(id, EditionState::Held, Some("it was held by hand")).await?;
            format!("`{id}` is held; who had not got it does not until it is approved")
        }
        Command::Discard(_) => {
            store.set_edition(id, EditionState::Discarded, None).await?;
            format!("`{id}` is never sent")
        }
        _ => redo(site, store, &edition).await?,
    };
    Ok(Answer { outcome: Outcome::Done, text: told, json: json!({ "edition": id }) })
}

async fn redo(site: &Site, store: &Store, edition: &Edition) -> anyhow::Result<String> {
    let id = &edition.id;
    let Some(_lock) = Lock::take(&site.root, "send")? else {
        return Err(Diagnostic::new(format!("`{id}` is just being sent")).into());
    };
    if !store.take_back(id).await? {
        let problem =
            format!("some of `{id}` has left already, or a later one begins where it ends");
        return Err(Diagnostic::new(problem).help("it cannot be made anew").into());
    }
    let kept = place(site, id);
    Notes::consume(&kept, &preview(site, &edition.newsletter))?;
    std::fs::remove_dir_all(&kept)?;
    Ok(format!("`{id}` is taken back; the next `infocus send` makes it anew"))
}

fn none(name: &str, wanted: &[EditionState]) -> Diagnostic {
    let wanted: Vec<&str> = wanted.iter().map(|state| state.as_str()).collect();
    Diagnostic::new(format!("no edition of `{name}` is {}", wanted.join(" or ")))
        .help(format!("`infocus edition list {name}` says what there is"))
}

async fn list(store: &Store, name: &str) -> anyhow::Result<Answer> {
    let mut lines = Vec::new();
    let mut told = Vec::new();
    for edition in store.editions(name, LISTED).await? {
        let counts = store.count_deliveries(&edition.id).await?;
        let reason = edition.reason.as_ref().map(|reason| format!(": {reason}"));
        lines.push(format!(
            "{:<10} {}  {}{}",
            edition.state.as_str(),
            edition.id,
            deliveries::counts(&counts),
            reason.unwrap_or_default()
        ));
        told.push(json!({ "edition": edition, "deliveries": counts }));
    }
    if lines.is_empty() {
        lines.push("no edition yet".to_owned());
    }
    Ok(Answer { outcome: Outcome::Done, text: lines.join("\n"), json: json!({ "editions": told }) })
}
