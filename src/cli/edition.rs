//! `edition`: what was made, and whether it goes out.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::{Answer, Outcome, deliveries, newsletter};
use crate::diagnostic::Diagnostic;
use crate::newsletter::{Act, EditionState};
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
    let act = match command {
        Command::List(_) => return list(store, &one.newsletter).await,
        Command::Approve(_) => Act::Approve,
        Command::Hold(_) => Act::Hold,
        Command::Discard(_) => Act::Discard,
        Command::Redo(_) => Act::Redo,
    };
    let wanted = act.on();
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
    act.carry_out(site, store, &edition, now).await?;
    let told = match act {
        Act::Approve => format!("`{id}` goes out with the next `infocus send`"),
        Act::Hold => format!("`{id}` is held; who had not got it does not until it is approved"),
        Act::Discard => format!("`{id}` is never sent"),
        Act::Redo => format!("`{id}` is taken back; the next `infocus send` makes it anew"),
    };
    Ok(Answer { outcome: Outcome::Done, text: told, json: json!({ "edition": id }) })
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
