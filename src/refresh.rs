//! One pass over the sources that are due: look, judge, remember, publish.

mod kept;
mod look;
mod missing;
mod output;
mod progress;
mod queue;
mod repair;
mod report;
mod rhythm;
mod settle;
mod walk;

use std::cell::Cell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, future, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout_at;

use crate::catalog::{Feed, Location, Source};
use crate::clock::Clock;
use crate::diagnostic::Diagnostic;
use crate::fetch::Fetcher;
use crate::normalize::ledger::Occasion;
use crate::publish::PublishError;
use crate::site::Site;
use crate::store::{SourceRow, SourceRows, Store, StoreError};
use look::Look;
use progress::{Done, Progress};

pub use kept::Replay;
pub use output::publish;
pub use repair::Repair;
pub use report::{FeedReport, Report, SourceReport, Verdict};

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Setup(#[from] Diagnostic),
}

/// What to refresh, and when it is.
#[derive(Debug)]
pub struct Pass<'a> {
    pub site: &'a Site,
    pub store: &'a Store,
    /// When the pass began: what it finds is as of then.
    pub now: Timestamp,
    pub clock: Clock,
    /// Also what is not due.
    pub force: bool,
}

/// Looks at the same time.
const AT_ONCE: usize = 32;

/// Looks that are begun and not put down: others of their feed are before them.
const WAITING: usize = 40;

/// Looks put down together at most.
const BATCH: usize = 16;

/// How long a look may take before another process takes it over.
const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// How long the first of them waits for the others.
const GATHERING: Duration = Duration::from_millis(200);

impl Pass<'_> {
    /// Looks at the due sources of `feeds` and publishes; `told` hears of each source that was
    /// looked at. What is put down, and in which order, is a matter of the definitions and not of
    /// who answers first.
    pub async fn run(
        &self,
        feeds: &[&Feed],
        told: impl Fn(&Source),
    ) -> Result<Report, RefreshError> {
        let looked = self.look_at(feeds, told).await?;
        let feeds = publish(self.site, self.store, feeds, false, self.clock).await?;
        Ok(Report { feeds, ..looked })
    }

    /// What has come of the looks; what they held is gone when there is something to publish.
    async fn look_at(
        &self,
        feeds: &[&Feed],
        told: impl Fn(&Source),
    ) -> Result<Report, RefreshError> {
        let rows = self.store.sources().await?;
        let fetcher = self.site.fetcher()?.remembering(self.store, self.clock).await?;
        let looks = self.due(feeds, &rows, &fetcher);
        let room = Semaphore::new(WAITING);
        let (done, mut to_settle) = mpsc::unbounded_channel();
        let look_at_all = async {
            // Moved in, so that the other side hears of the end.
            let done = done;
            stream::iter(looks.iter().enumerate())
                .map(async |(turn, look)| {
                    let place = room.acquire().await;
                    let began = Instant::now();
                    let looked = match self.is_ours(look).await {
                        Ok(true) => look.run().await.map(Some),
                        Ok(false) => Ok(None),
                        Err(error) => Err(error),
                    };
                    Done { turn, looked, took: began.elapsed(), _place: place }
                })
                .buffer_unordered(AT_ONCE)
                // Nobody listens any more after an error, which is told below.
                .for_each(async |looked| drop(done.send(looked)))
                .await;
            Ok(())
        };
        let is_over = Cell::new(false);
        let all = async {
            let mut progress = Progress::new(self, &looks, &fetcher);
            let settle_all = async {
                let mut chunk = Vec::new();
                while gather(&mut to_settle, &mut chunk).await {
                    chunk.iter().for_each(|done| told(looks[done.turn].source));
                    progress.settle(chunk.drain(..)).await?;
                }
                Ok::<_, RefreshError>(())
            };
            // Side by side: a look that is not driven on may hold what settling waits for.
            future::try_join(look_at_all, settle_all).await?;
            let ended = progress.end().await;
            is_over.set(true);
            ended
        };
        let hosts = self.let_hosts_go(&fetcher, &is_over);
        let ((sources, offline), ()) = future::try_join(all, hosts).await?;
        let next_check_at = next_check(feeds, &rows, &sources);
        Ok(Report { sources, feeds: Vec::new(), offline, next_check_at })
    }

    /// True if no other process looks at a source now, or has since its turn came.
    async fn is_ours(&self, look: &Look<'_>) -> Result<bool, StoreError> {
        if !self.store.is_shared() {
            return Ok(true);
        }
        let (feed, source) = (look.feed.slug.as_str(), &look.source.id);
        let seen = look.before.map(|row| row.checked_at);
        let now = look.fetcher.now();
        self.store.take_look(feed, source, seen, (now, now + LEASE)).await
    }

    /// Lets other processes ask the hosts that were asked here, while looks wait for those that others
    /// have.
    async fn let_hosts_go(
        &self,
        fetcher: &Fetcher,
        is_over: &Cell<bool>,
    ) -> Result<(), RefreshError> {
        while self.store.is_shared() && !is_over.get() {
            tokio::time::sleep(GATHERING).await;
            self.store.note_hosts(&fetcher.asked()).await?;
        }
        Ok(())
    }

    /// Nothing is put down of a look: another process may.
    async fn leave(&self, look: &Look<'_>) -> Result<(), StoreError> {
        match self.store.is_shared() {
            true => self.store.leave_look(look.feed.slug.as_str(), &look.source.id).await,
            false => Ok(()),
        }
    }

    /// A look for each source whose turn it is.
    fn due<'a>(
        &'a self,
        feeds: &[&'a Feed],
        rows: &'a SourceRows,
        fetcher: &'a Fetcher,
    ) -> Vec<Look<'a>> {
        let sources = feeds.iter().flat_map(|feed| feed.sources.iter().map(move |s| (*feed, s)));
        let looks = sources.map(|(feed, source)| {
            self.look(feed, source, fetcher, rows.get(&feed.slug, &source.id))
        });
        let is_due = |look: &Look| look.before.is_none_or(|row| row.next_check_at <= self.now);
        looks.filter(|look| !look.source.paused && (self.force || is_due(look))).collect()
    }

    fn look<'a>(
        &'a self,
        feed: &'a Feed,
        source: &'a Source,
        fetcher: &'a Fetcher,
        before: Option<&'a SourceRow>,
    ) -> Look<'a> {
        let is_first = before.is_none_or(|row| row.succeeded_at.is_none());
        Look {
            feed,
            source,
            fetcher,
            store: self.store,
            before,
            is_first,
            now: self.now,
            received: Cell::new(0),
        }
    }

    fn occasion<'a>(&'a self, look: &Look<'a>, sources: &'a [String]) -> Occasion<'a> {
        Occasion {
            feed: &look.feed.slug,
            source: &look.source.id,
            sources,
            is_whole: matches!(look.source.location, Location::Files { .. }),
            language: &look.source.language,
            feed_language: &look.feed.language,
            zone: &self.site.settings.time_zone,
            now: look.now,
            is_first: look.is_first,
            unread_since: None,
            are_rules_new: false,
        }
    }

    /// The state of a source as of this look, before anything is known of it.
    fn row(&self, feed: &Feed, source: &Source, before: Option<&SourceRow>) -> SourceRow {
        SourceRow {
            feed: feed.slug.to_string(),
            location: source.id.clone(),
            checked_at: self.now,
            succeeded_at: before.and_then(|row| row.succeeded_at),
            next_check_at: self.now,
            verdict: before.map_or(Verdict::Unchanged.as_str(), |row| &row.verdict).to_owned(),
            message: before.and_then(|row| row.message.clone()),
            found: before.map_or(0, |row| row.found),
            validators: before.map(|row| row.validators.clone()).unwrap_or_default(),
            usual: before.and_then(|row| row.usual.clone()),
            moves: before.is_some_and(|row| row.moves),
            proposal: before.and_then(|row| row.proposal.clone()),
            told: before.and_then(|row| row.told.clone()),
            failures: before.map_or(0, |row| row.failures),
            changed_at: before.and_then(|row| row.changed_at),
            outcome: String::new(),
        }
    }
}

/// When the next source over the network is due.
fn next_check(feeds: &[&Feed], rows: &SourceRows, reports: &[SourceReport]) -> Option<Timestamp> {
    let looked: HashMap<(&str, &str), Timestamp> = reports
        .iter()
        .map(|report| ((report.feed.as_str(), report.id.as_str()), report.next_check_at))
        .collect();
    let sources = feeds.iter().flat_map(|feed| feed.sources.iter().map(move |s| (*feed, s)));
    let pages = sources
        .filter(|(_, source)| !source.paused && matches!(source.location, Location::Page(_)));
    let next = pages.map(|(feed, source)| {
        let own = looked.get(&(feed.slug.as_str(), source.id.as_str())).copied();
        let before = || rows.get(&feed.slug, &source.id).map(|row| row.next_check_at);
        own.or_else(before).unwrap_or(Timestamp::MIN)
    });
    next.min()
}

/// Waits for looks that are done, and a moment for others: together they cost less than one by one.
/// False if there are no more.
async fn gather<T>(done: &mut mpsc::UnboundedReceiver<T>, chunk: &mut Vec<T>) -> bool {
    if done.recv_many(chunk, BATCH).await == 0 {
        return false;
    }
    let until = Instant::now() + GATHERING;
    while chunk.len() < BATCH {
        match timeout_at(until.into(), done.recv_many(chunk, BATCH)).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
    }
    true
}
