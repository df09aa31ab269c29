//! What a look has come to, put down in the store.

use super::kept::FirstPage;
use super::look::{Found, Look, Looked};
use super::report::{SourceReport, Verdict};
use super::{Pass, RefreshError, rhythm};
use crate::catalog::Location;
use crate::fetch::{FetchError, Outcome};
use crate::normalize::ledger::{self, Kind, Occasion};
use crate::store::{Batch, Given, SourceRow, Validators};

/// Marks the rules of a definition that others stood in for.
const HEALED: char = '~';

/// What is left to do when a look has been put down.
pub struct Settled {
    pub report: SourceReport,
    /// To be kept.
    pub page: Option<FirstPage>,
    /// What the listing has, to see what it has no longer.
    pub given: Option<Given>,
}

impl Pass<'_> {
    /// Puts down what a look has come to.
    pub(super) async fn settle(
        &self,
        look: &Look<'_>,
        looked: Looked,
        batch: &mut Batch,
    ) -> Result<Settled, RefreshError> {
        let Look { feed, source, before, .. } = *look;
        let mut row = self.row(feed, source, before);
        let mut report = SourceReport::new(feed, source);
        report.was_told = before.and_then(|row| row.told.clone());
        report.bytes = look.received.get();
        match looked {
            Looked::Found(found) if !found.has_nothing() => {
                return self.take(*found, look, row, report, batch).await;
            }
            Looked::Found(found) => {
                row.proposal = None;
                report.fail(Verdict::Degraded, Outcome::Unusable, found.nothing(source));
                report.problems.extend(found.problems);
            }
            Looked::Unchanged { fresh_for } => {
                report.outcome = Outcome::NotModified;
                report.found = row.found;
                row.succeeded_at = Some(self.now);
                row.failures = 0;
                let wait = rhythm::after_success(source, &row, fresh_for, self.now);
                report.next_check_at = self.now + wait;
            }
            Looked::Degraded(problem) => {
                row.proposal = None;
                report.fail(Verdict::Degraded, Outcome::Unusable, problem);
            }
            Looked::Failed(problem) => {
                report.fail(Verdict::Failed, Outcome::Unusable, problem);
            }
            Looked::Unreached(_, FetchError::Later(until)) => {
                report.outcome = Outcome::Postponed;
                report.next_check_at = until;
                report.found = row.found;
            }
            Looked::Unreached(problem, error) => {
                row.failures += 1;
                let wait = rhythm::after_failure(source, row.failures, error.retry_after());
                report.next_check_at = self.now + wait;
                report.fail(Verdict::Failed, error.outcome(), problem);
            }
        }
        // It came, whatever it was.
        if report.outcome == Outcome::Unusable {
            row.failures = 0;
            report.next_check_at = self.now + source.every;
        }
        report.note_in(&mut row);
        batch.note_source(row);
        Ok(Settled { report, page: None, given: None })
    }

    /// What is said of a source when nothing at all could be reached: nothing is put down.
    pub(super) fn offline(&self, look: &Look<'_>) -> SourceReport {
        let mut report = SourceReport::new(look.feed, look.source);
        report.outcome = Outcome::Offline;
        report.found = look.before.map_or(0, |row| row.found);
        report.was_told = look.before.and_then(|row| row.told.clone());
        report.next_check_at = self.now;
        report
    }

    /// Settles what a look has found and puts it down.
    async fn take(
        &self,
        found: Found,
        look: &Look<'_>,
        mut row: SourceRow,
        mut report: SourceReport,
        batch: &mut Batch,
    ) -> Result<Settled, RefreshError> {
        let Look { feed, source, before, .. } = *look;
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
        let sources: Vec<String> = feed.sources.iter().map(|source| source.id.clone()).collect();
        let occasion = Occasion {
            unread_since: before.and_then(|row| row.unread_since(&rules)),
            are_rules_new: before.is_some_and(|row| row.was_read_otherwise(&rules)),
            ..self.occasion(look, &sources)
        };
        let (changes, known) = batch.save(found.sightings, occasion).await?;
        let page = found.first.map(|(page, sightings)| FirstPage {
            page,
            items: ledger::identify(sightings, &known, occasion),
        });
        // Other rules find other items, and of files there are no pages to ask for.
        let is_telling = found.is_complete && !occasion.are_rules_new && !look.is_first;
        let is_page = matches!(source.location, Location::Page(_));
        let given = (is_telling && is_page).then(|| Given::of(&changes));
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        report.count(count(Kind::New), count(Kind::Updated));
        report.warn_of_dates(&changes);
        report.warn_of_closed(found.closed);
        row.failures = 0;
        if report.verdict == Verdict::Fresh || row.changed_at.is_none() {
            row.changed_at = Some(self.now);
        }
        report.next_check_at = match source.location {
            Location::Page(_) => {
                self.now + rhythm::after_success(source, &row, found.fresh_for, self.now)
            }
            // Reading them costs nobody anything.
            Location::Files { .. } => self.now,
        };
        report.note_in(&mut row);
        batch.note_source(row);
        Ok(Settled { report, page, given })
    }
}
