use clap::Args;
use console::{Alignment, Style, pad_str, truncate_str};
use jiff::{SignedDuration, Timestamp};

use super::{Answer, Outcome, deliveries};
use crate::diagnostic::count;
use crate::publish;
use crate::site::Site;
use crate::status::{self, EditionStatus, NEVER, PAUSED, SourceStatus, Status};
use crate::store::Store;

/// Columns of a name or a location at most.
const WIDEST: usize = 60;

/// Events that the feed of the operator has.
const EVENTS: usize = 50;

#[derive(Debug, Args)]
pub struct Options {
    /// An Atom feed of what went wrong with sources, and of what no longer is
    #[arg(long, conflicts_with = "json")]
    feed: bool,
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
    let status = status::gather(site, store, now).await?;
    Ok(Answer {
        outcome: Outcome::Done,
        text: told(&status, now),
        json: serde_json::to_value(&status)?,
    })
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
