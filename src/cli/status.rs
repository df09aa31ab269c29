use std::collections::BTreeMap;

use clap::Args;
use console::{Alignment, Style, pad_str, truncate_str};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Answer, Outcome, deliveries};
use crate::config::Newsletter;
use crate::diagnostic::count;
use crate::newsletter::{Edition, State};
use crate::publish;
use crate::site::Site;
use crate::store::{SourceRow, Store, Told};

/// Columns of a name or a location at most.
const WIDEST: usize = 60;

/// States that are no verdict.
const PAUSED: &str = "paused";
const NEVER: &str = "not yet looked at";

/// Events that the feed of the operator has.
const EVENTS: usize = 50;

#[derive(Debug, Args)]
pub struct Options {
    /// An Atom feed of what went wrong with sources, and of what no longer is
    #[arg(long, conflicts_with = "json")]
    feed: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    feeds: Vec<FeedStatus>,
    newsletters: Vec<NewsletterStatus>,
}

#[derive(Debug, Serialize)]
struct FeedStatus {
    feed: String,
    title: String,
    items: usize,
    newest: Option<Timestamp>,
    sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
struct SourceStatus {
    source: String,
    location: String,
    state: String,
    /// How the last look came out.
    outcome: Option<String>,
    found: Option<usize>,
    /// Looks that failed since the last that did not.
    failures: usize,
    checked_at: Option<Timestamp>,
    succeeded_at: Option<Timestamp>,
    changed_at: Option<Timestamp>,
    next_check_at: Option<Timestamp>,
    message: Option<String>,
    proposal: Option<String>,
}

#[derive(Debug, Serialize)]
struct NewsletterStatus {
    newsletter: String,
    title: String,
    /// By status.
    subscribers: BTreeMap<&'static str, u64>,
    last_edition_until: Option<Timestamp>,
    /// When the next edition is due, if it has a schedule.
    next_edition_at: Option<Timestamp>,
    /// The last edition, who got it, and who did not.
    edition: Option<EditionStatus>,
}

#[derive(Debug, Serialize)]
struct EditionStatus {
    #[serde(flatten)]
    edition: Edition,
    deliveries: BTreeMap<State, u64>,
    named: Vec<Told>,
}

pub async fn run(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    if options.feed {
        let events = store.events(EVENTS).await?;
        let text = publish::health(&site.settings, &events)?;
        return Ok(Answer { outcome: Outcome::Done, text, json: serde_json::Value::Null });
    }
    let rows = store.sources().await?;
    let mut feeds = Vec::new();
    for feed in &site.feeds {
        let (items, newest) = store.count(&feed.slug).await?;
        let sources = feed.sources.iter().map(|source| {
            let row = rows.get(&feed.slug, &source.id);
            SourceStatus {
                source: source.name.clone(),
                location: source.location.to_string(),
                state: if source.paused { PAUSED } else { state(row) }.to_owned(),
                outcome: row.map(|row| row.outcome.clone()),
                found: row.map(|row| row.found),
                failures: row.map_or(0, |row| row.failures),
                checked_at: row.map(|row| row.checked_at),
                succeeded_at: row.and_then(|row| row.succeeded_at),
                changed_at: row.and_then(|row| row.changed_at),
                next_check_at: row.map(|row| row.next_check_at),
                message: row.and_then(|row| row.message.clone()),
                proposal: row.and_then(|row| row.proposal.clone()),
            }
        });
        let sources = sources.collect();
        let (feed, title) = (feed.slug.to_string(), feed.title.clone());
        feeds.push(FeedStatus { feed, title, items, newest, sources });
    }
    let mut newsletters = Vec::new();
    for (name, newsletter) in &site.settings.newsletters {
        newsletters.push(mailing(site, store, name, newsletter, now).await?);
    }
    let status = Status { feeds, newsletters };
    Ok(Answer {
        outcome: Outcome::Done,
        text: told(&status, now),
        json: serde_json::to_value(&status)?,
    })
}

fn state(row: Option<&SourceRow>) -> &str {
    match row {
        Some(row) if row.proposal.is_some() && !row.is_bad() => "healed",
        Some(row) => &row.verdict,
        None => NEVER,
    }
}

fn told(status: &Status, now: Timestamp) -> String {
    let sources = || status.feeds.iter().flat_map(|feed| &feed.sources);
    if sources().next().is_none() {
        return "No feeds yet: `infocus add \"news/*.txt\"` makes one of the files in feeds/news/."
            .to_owned();
    }
    let width = |text: fn(&SourceStatus) -> &str, head: &str| {
        let widest = sources().map(|source| text(source).chars().count()).max().unwrap_or(0);
        widest.clamp(head.len(), WIDEST)
    };
    let widths = [width(|s| &s.source, "source"), width(|s| &s.state, "state"), 5, 10, 10];
    let head = ["source", "state", "items", "looked at", "next look", "location"];
    let mut lines =
        vec![Style::new().dim().apply_to(row(head.map(str::to_owned), &widths)).to_string()];
    for source in sources() {
        let ago = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| span(now, at));
        let cells = [
            source.source.clone(),
            source.state.clone(),
            source.found.map_or("-".to_owned(), |found| found.to_string()),
            ago(source.checked_at),
            ago(source.next_check_at.filter(|_| source.state != PAUSED)),
            truncate_str(&source.location, WIDEST, "…").into_owned(),
        ];
        let style = match source.state.as_str() {
            "failed" => Style::new().red(),
            "degraded" | "healed" => Style::new().yellow(),
            PAUSED | NEVER => Style::new().dim(),
            _ => Style::new().green(),
        };
        let line = row(cells, &widths);
        let (name, rest) = line.split_at(byte_of(&line, widths[0] + 2));
        let (state, rest) = rest.split_at(byte_of(rest, widths[1]));
        lines.push(format!("{name}{}{rest}", style.apply_to(state)));
        lines.extend(more(source).into_iter().map(|told| format!("  {told}")));
    }
    lines.push(String::new());
    lines.extend(
        status.feeds.iter().map(|feed| format!("{}: {}", feed.feed, count(feed.items, "item"))),
    );
    lines.extend(status.newsletters.iter().map(|newsletter| {
        let active = newsletter.subscribers.get("active").copied().unwrap_or(0);
        let next = newsletter.next_edition_at.map(|at| format!(", next edition {}", span(now, at)));
        let mut told = vec![format!(
            "{}: {}{}",
            newsletter.newsletter,
            count(active as usize, "subscriber"),
            next.unwrap_or_default()
        )];
        if let Some(EditionStatus { edition, deliveries, named }) = &newsletter.edition {
            let (id, state) = (&edition.id, edition.state.as_str());
            told.push(format!("  {id}: {state}, {}", deliveries::counts(deliveries)));
            told.extend(edition.reason.iter().map(|reason| format!("  {reason}")));
            told.extend(deliveries::lines(&newsletter.newsletter, named));
        }
        told.join("\n")
    }));
    lines.join("\n")
}

/// A newsletter and its last edition.
async fn mailing(
    site: &Site,
    store: &Store,
    name: &str,
    newsletter: &Newsletter,
    now: Timestamp,
) -> anyhow::Result<NewsletterStatus> {
    let subscribers = store.count_subscribers(name).await?;
    let edition = match store.editions(name, 1).await?.pop() {
        Some(edition) => {
            let deliveries = store.count_deliveries(&edition.id).await?;
            let named = deliveries::named(store, &edition.id).await?;
            Some(EditionStatus { edition, deliveries, named })
        }
        None => None,
    };
    let schedule = newsletter.schedule.as_ref();
    Ok(NewsletterStatus {
        newsletter: name.to_owned(),
        title: newsletter.title.clone(),
        subscribers: subscribers.into_iter().map(|(status, n)| (status.as_str(), n)).collect(),
        last_edition_until: store.last_edition_until(name, "").await?,
        next_edition_at: schedule.and_then(|schedule| schedule.next(now, &site.settings.time_zone)),
        edition,
    })
}

/// What is to be said of a source below its line.
fn more(source: &SourceStatus) -> Vec<String> {
    let mut told: Vec<String> =
        source.message.iter().flat_map(|message| message.lines()).map(str::to_owned).collect();
    if source.failures > 1 {
        told.push(format!("{} looks in a row have failed", source.failures));
    }
    if let Some(proposal) = &source.proposal {
        told.push("its items are found by".to_owned());
        let table = if proposal.is_empty() { "no rules" } else { proposal };
        told.extend(table.lines().map(|line| format!("  {line}")));
        let feed = source.source.split('/').next().unwrap_or_default();
        told.push(format!("which `infocus add --repair {feed}` writes"));
    }
    told
}

/// A line of the table; numbers stand to the right.
fn row(cells: [String; 6], widths: &[usize; 5]) -> String {
    let [cells @ .., last] = &cells;
    let padded = cells.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
        let side = if at < 2 { Alignment::Left } else { Alignment::Right };
        pad_str(cell, *width, side, Some("…")).into_owned()
    });
    let padded: Vec<String> = padded.collect();
    format!("{}  {last}", padded.join("  "))
}

fn byte_of(text: &str, column: usize) -> usize {
    text.char_indices().nth(column).map_or(text.len(), |(at, _)| at)
}

/// `3 h ago`, `in 45 min`
fn span(now: Timestamp, at: Timestamp) -> String {
    let passed = now.duration_since(at);
    let told = length(passed.abs());
    match () {
        () if passed.abs() < SignedDuration::from_mins(1) => "now".to_owned(),
        () if passed.is_positive() => format!("{told} ago"),
        () => format!("in {told}"),
    }
}

fn length(time: SignedDuration) -> String {
    match time.as_mins() {
        minutes @ ..90 => format!("{minutes} min"),
        minutes @ 90..2880 => format!("{} h", (minutes + 30) / 60),
        minutes => format!("{} d", (minutes + 720) / 1440),
    }
}
