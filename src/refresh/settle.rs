//! What a look has come to, put down in the store.

use super::kept::FirstPage;
use super::look::{Found, Look, Looked};
use super::report::{SourceReport, Verdict};
use super::{Pass, RefreshError};
use crate::catalog::Location;
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
        match looked {
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
            Looked::Found(found) => return self.take(*found, look, row, report, batch).await,
        }
        report.note_in(&mut row);
        batch.note_source(&row).await?;
        Ok(Settled { report, page: None, given: None })
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
        report.note_in(&mut row);
        batch.note_source(&row).await?;
        Ok(Settled { report, page, given })
    }
}
