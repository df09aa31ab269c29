//! One pass over the sources that are due: look, judge, remember, publish.

mod kept;
mod look;
mod missing;
mod repair;
mod report;
mod walk;

use jiff::Timestamp;

use crate::catalog::{Feed, Location, Source};
use crate::diagnostic::Diagnostic;
use crate::fetch::Fetcher;
use crate::normalize::ledger::{Kind, Occasion};
use crate::publish::{PublishError, Publisher};
use crate::site::Site;
use crate::store::{SourceRow, Store, StoreError, Validators};
use look::{Found, Look, Looked};

pub use kept::Replay;
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
    pub now: Timestamp,
    /// Also what is not due.
    pub force: bool,
}

/// Marks the rules of a definition that others stood in for.
const HEALED: char = '~';

impl Pass<'_> {
    /// Looks at the due sources of `feeds` and publishes; `told` hears of each source as it begins.
    pub async fn run(
        &self,
        feeds: &[&Feed],
        told: impl Fn(&Source),
    ) -> Result<Report, RefreshError> {
        let fetcher = Fetcher::new(&self.site.settings)?;
        let mut report = Report::default();
        for feed in feeds {
            for source in &feed.sources {
                told(source);
                report.sources.extend(self.source(feed, source, &fetcher).await?);
            }
        }
        report.feeds = publish(self.site, self.store, feeds).await?;
        Ok(report)
    }

    /// Looks at one source; nothing is reported of one that is not due.
    async fn source(
        &self,
        feed: &Feed,
        source: &Source,
        fetcher: &Fetcher,
    ) -> Result<Option<SourceReport>, RefreshError> {
        let before = self.store.source(&feed.slug, &source.id).await?;
        let is_due = before.as_ref().is_none_or(|row| row.next_check_at <= self.now);
        if source.paused || !(is_due || self.force) {
            return Ok(None);
        }
        let before = before.as_ref();
        let mut row = self.row(feed, source, before);
        let mut report = SourceReport::new(feed, source);
        let look = self.look(feed, source, fetcher, before);
        let mut is_saved = false;
        match look.run().await? {
            Looked::Unchanged => {
                row.succeeded_at = Some(self.now);
                report.found = row.found;
            }
            Looked::Failed(problem) => report.fail(Verdict::Failed, problem),
            Looked::Degraded(problem) => {
                row.proposal = None;
                report.fail(Verdict::Degraded, problem);
            }
            Looked::Found(found) if found.has_nothing() => {
                row.proposal = None;
                report.fail(Verdict::Degraded, found.nothing(source));
                report.problems.extend(found.problems);
            }
            Looked::Found(found) => {
                self.take(*found, &look, &mut row, &mut report).await?;
                is_saved = true;
            }
        }
        if !is_saved || row.verdict != report.verdict.as_str() {
            row.verdict = report.verdict.as_str().to_owned();
            row.message = report.message();
            self.store.note_source(&row).await?;
        }
        report.was_told = before.and_then(|row| row.told.clone());
        Ok(Some(report))
    }

    /// Settles what a look has found and puts it down.
    async fn take(
        &self,
        found: Found,
        look: &Look<'_>,
        row: &mut SourceRow,
        report: &mut SourceReport,
    ) -> Result<(), RefreshError> {
        let Look { feed, source, fetcher, before, .. } = *look;
        // What was found otherwise than by the definition was found by other rules.
        let rules = match &found.healed {
            Some(_) => format!("{}{HEALED}", source.fingerprint),
            None => source.fingerprint.clone(),
        };
        report.found = found.sightings.len();
        report.skip(found.problems);
        row.succeeded_at = Some(self.now);
        row.found = report.found;
        row.usual = found.usual;
        row.moves = found.has_moved;
        row.proposal = found.healed.as_ref().map(|healed| healed.rules.clone());
        report.healed = found.healed.map(|healed| healed.problem);
        // What was left over is not to be had from a page that has not changed.
        row.validators = match (&source.location, found.is_complete) {
            (Location::Page(_), false) => Validators::unfinished(&rules),
            _ => Validators { read_with: Some(rules.clone()), ..found.validators },
        };
        row.verdict = report.verdict.as_str().to_owned();
        row.message = report.message();
        let sources: Vec<String> = feed.sources.iter().map(|source| source.id.clone()).collect();
        let occasion = Occasion {
            unread_since: before.and_then(|row| row.unread_since(&rules)),
            are_rules_new: before.is_some_and(|row| row.was_read_otherwise(&rules)),
            ..self.occasion(look, &sources)
        };
        let changes = self.store.save(row, found.sightings, occasion).await?;
        if let Some((page, sightings)) = found.first {
            let problem = self.keep(feed, source, &page, sightings, occasion).await?;
            // What is kept is for trying definitions; feeds go on without.
            report.warnings.extend(problem);
        }
        // Other rules find other items.
        let gone = match found.is_complete && !occasion.are_rules_new {
            true => self.ask_for_missing(feed, source, fetcher, &changes).await?,
            false => 0,
        };
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        report.count(count(Kind::New), count(Kind::Updated) + gone);
        report.warn_of_dates(&changes);
        Ok(())
    }

    fn look<'a>(
        &'a self,
        feed: &'a Feed,
        source: &'a Source,
        fetcher: &'a Fetcher,
        before: Option<&'a SourceRow>,
    ) -> Look<'a> {
        let is_first = before.is_none_or(|row| row.succeeded_at.is_none());
        Look { feed, source, fetcher, store: self.store, before, is_first, now: self.now }
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
        let wait = match source.location {
            Location::Page(_) => source.every,
            Location::Files { .. } => jiff::SignedDuration::ZERO,
        };
        SourceRow {
            feed: feed.slug.to_string(),
            location: source.id.clone(),
            checked_at: self.now,
            succeeded_at: before.and_then(|row| row.succeeded_at),
            next_check_at: self.now + wait,
            verdict: Verdict::Unchanged.as_str().to_owned(),
            message: None,
            found: before.map_or(0, |row| row.found),
            validators: before.map(|row| row.validators.clone()).unwrap_or_default(),
            usual: before.and_then(|row| row.usual.clone()),
            moves: before.is_some_and(|row| row.moves),
            proposal: before.and_then(|row| row.proposal.clone()),
            told: before.and_then(|row| row.told.clone()),
        }
    }
}

/// Writes the output of `feeds` from the store, and the index of all that is published.
pub async fn publish(
    site: &Site,
    store: &Store,
    feeds: &[&Feed],
) -> Result<Vec<FeedReport>, RefreshError> {
    let output = site.output();
    let publisher = Publisher {
        base_url: &site.settings.base_url,
        zone: &site.settings.time_zone,
        templates: &site.templates,
        output: &output,
    };
    let mut reports = Vec::new();
    for feed in feeds {
        let items = feed.view(store.all(&feed.slug).await?);
        // A feed that never had an item is not published: there is nothing to follow yet.
        if items.is_empty() {
            continue;
        }
        let is_first = !output.has(&format!("{}/feed.xml", feed.slug));
        let changed = publisher.feed(feed, &items)?;
        reports.push(FeedReport {
            feed: feed.slug.to_string(),
            items: items.len(),
            changed,
            is_first,
        });
    }
    let mut published = Vec::new();
    for feed in &site.feeds {
        if output.has(&format!("{}/feed.xml", feed.slug)) {
            published.push(feed);
        }
    }
    if !published.is_empty() {
        publisher.index(&site.settings.title(), &site.settings.language, &published)?;
    }
    Ok(reports)
}
