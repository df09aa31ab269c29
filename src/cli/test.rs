use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{Answer, Outcome};
use crate::catalog::Location;
use crate::clock::Clock;
use crate::diagnostic::count;
use crate::refresh::{Pass, Replay};
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Options {
    /// The feeds to try; all of them if none is named
    slug: Vec<String>,
}

/// What is read otherwise than it was.
#[derive(Debug, Serialize)]
struct Change {
    what: What,
    title: String,
    then: Option<String>,
    now: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum What {
    /// It is not found any more.
    Lost,
    /// It was not found before.
    New,
    /// An item of this title, and it would be another.
    Id,
    Title,
    Date,
}

/// Reads the kept pages again, by the definitions as they are now.
pub async fn run(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let pass = Pass { site, store, now, clock: Clock::start(now), force: false };
    let (mut lines, mut sources, mut is_same) = (Vec::new(), Vec::new(), true);
    for feed in site.select(&options.slug)? {
        let pages = |location: &Location| matches!(location, Location::Page(_));
        for source in feed.sources.iter().filter(|source| pages(&source.location)) {
            let Some(replay) = pass.replay(feed, source).await? else {
                lines
                    .push(format!("{}: no page is kept; `infocus refresh` keeps one", source.name));
                sources.push(json!({ "source": source.name, "kept": false }));
                continue;
            };
            let replay = match replay {
                Ok(replay) => replay,
                Err(problem) => {
                    is_same = false;
                    sources.push(json!({ "source": source.name, "problem": problem.to_string() }));
                    lines.push(problem.to_string());
                    continue;
                }
            };
            // Kept when the feed was added: there is nothing to compare with.
            let is_first = replay.then.items.is_empty();
            let changes = if is_first { Vec::new() } else { changes(&replay) };
            is_same &= changes.is_empty();
            let (items, day) = (count(replay.now.len(), "item"), replay.then.fetched_at);
            let same = if changes.is_empty() && !is_first { ", as then" } else { "" };
            lines.push(format!(
                "{}: {items} on the page of {}{same}",
                source.name,
                day.strftime("%Y-%m-%d")
            ));
            lines.extend(changes.iter().map(Change::told));
            sources.push(json!({ "source": source.name, "changes": changes }));
        }
    }
    if lines.is_empty() {
        lines.push("No source is a page: there is nothing to try.".to_owned());
    }
    Ok(Answer {
        outcome: if is_same { Outcome::Done } else { Outcome::Nothing },
        json: json!({ "sources": sources }),
        text: lines.join("\n"),
    })
}

fn changes(replay: &Replay) -> Vec<Change> {
    let Replay { then, now } = replay;
    let mut changes = Vec::new();
    let mut add = |what, title: &str, then: Option<String>, now: Option<String>| {
        changes.push(Change { what, title: title.to_owned(), then, now });
    };
    let new = || now.iter().filter(|(id, _)| !then.items.contains_key(*id));
    for (id, old) in &then.items {
        match now.get(id) {
            Some(read) => {
                if read.title != old.title {
                    let [old, new] = [old, read].map(|read| Some(read.title.clone()));
                    add(What::Title, &read.title, old, new);
                }
                if read.published != old.published {
                    add(What::Date, &old.title, old.published.clone(), read.published.clone());
                }
            }
            None => match new().find(|(_, read)| read.title == old.title) {
                Some((other, _)) => {
                    add(What::Id, &old.title, Some(id.clone()), Some(other.clone()));
                }
                None => add(What::Lost, &old.title, old.published.clone(), None),
            },
        }
    }
    let was_there = |title: &str| then.items.values().any(|old| old.title == title);
    for (_, read) in new().filter(|(_, read)| !was_there(&read.title)) {
        add(What::New, &read.title, None, read.published.clone());
    }
    changes
}

impl Change {
    fn told(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let (then, now) = (text(&self.then), text(&self.now));
        match self.what {
            What::Lost => format!("  lost   {}", self.title),
            What::New => format!("  new    {}", self.title),
            What::Id => format!("  id     {}: {then} becomes {now}", self.title),
            What::Title => format!("  title  {then}\n      -> {now}"),
            What::Date => format!("  date   {}: {then} becomes {now}", self.title),
        }
    }
}
