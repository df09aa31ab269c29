//! How the sources, the feeds and the newsletters of a site are, for people and for programs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::catalog::{Feed, Source};
use crate::config::Newsletter;
use crate::newsletter::{Edition, State};
use crate::site::Site;
use crate::store::{SourceRow, SourceRows, Store, StoreError, Told};

/// States that are no verdict.
pub const PAUSED: &str = "paused";
pub const NEVER: &str = "not yet looked at";

/// Addresses that are named, of those in one state.
const NAMED: usize = 20;

/// States whose deliveries are told one by one: somebody may want to do something.
const TOLD: [State; 3] = [State::Uncertain, State::Failed, State::Deferred];

#[derive(Debug, Serialize)]
pub struct Status {
    pub feeds: Vec<FeedStatus>,
    pub newsletters: Vec<NewsletterStatus>,
}

#[derive(Debug, Serialize)]
pub struct FeedStatus {
    pub feed: String,
    pub title: String,
    pub items: usize,
    pub newest: Option<Timestamp>,
    pub sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
pub struct SourceStatus {
    pub source: String,
    pub location: String,
    pub state: String,
    /// How the last look came out.
    pub outcome: Option<String>,
    pub found: Option<usize>,
    /// Looks that failed since the last that did not.
    pub failures: usize,
    pub checked_at: Option<Timestamp>,
    pub succeeded_at: Option<Timestamp>,
    pub changed_at: Option<Timestamp>,
    pub next_check_at: Option<Timestamp>,
    pub message: Option<String>,
    pub proposal: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct NewsletterStatus {
    pub newsletter: String,
    pub title: String,
    /// By status.
    pub subscribers: BTreeMap<&'static str, u64>,
    pub last_edition_until: Option<Timestamp>,
    /// When the next edition is due, if it has a schedule.
    pub next_edition_at: Option<Timestamp>,
    /// The last edition, who got it, and who did not.
    pub edition: Option<EditionStatus>,
}

#[derive(Debug, Serialize)]
pub struct EditionStatus {
    #[serde(flatten)]
    pub edition: Edition,
    pub deliveries: BTreeMap<State, u64>,
    pub named: Vec<Told>,
}

/// Asks the store how all of it is.
pub async fn gather(site: &Site, store: &Store, now: Timestamp) -> Result<Status, StoreError> {
    let rows = store.sources().await?;
    let mut feeds = Vec::new();
    for feed in &site.feeds {
        let (items, newest) = store.count(&feed.slug).await?;
        let sources = feed.sources.iter().map(|one| source(feed, one, &rows));
        let sources = sources.collect();
        let (feed, title) = (feed.slug.to_string(), feed.title.clone());
        feeds.push(FeedStatus { feed, title, items, newest, sources });
    }
    let mut newsletters = Vec::new();
    for (name, newsletter) in &site.settings.newsletters {
        newsletters.push(mailing(site, store, name, newsletter, now).await?);
    }
    Ok(Status { feeds, newsletters })
}

/// How one source is.
pub fn source(feed: &Feed, source: &Source, rows: &SourceRows) -> SourceStatus {
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
}

fn state(row: Option<&SourceRow>) -> &str {
    match row {
        Some(row) if row.proposal.is_some() && !row.is_bad() => "healed",
        Some(row) => &row.verdict,
        None => NEVER,
    }
}

/// A newsletter and its last edition.
async fn mailing(
    site: &Site,
    store: &Store,
    name: &str,
    newsletter: &Newsletter,
    now: Timestamp,
) -> Result<NewsletterStatus, StoreError> {
    let subscribers = store.count_subscribers(name).await?;
    let edition = match store.editions(name, 1).await?.pop() {
        Some(edition) => {
            let deliveries = store.count_deliveries(&edition.id).await?;
            let named = named(store, &edition.id).await?;
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

/// Those of an edition that did not go as they should, the first of each state.
pub async fn named(store: &Store, edition: &str) -> Result<Vec<Told>, StoreError> {
    let mut named = Vec::new();
    for state in TOLD {
        named.extend(store.deliveries(edition, state, NAMED).await?);
    }
    Ok(named)
}
