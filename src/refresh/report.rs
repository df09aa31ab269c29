//! What a refresh has to say, to people and to programs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::catalog::{Feed, Source};
use crate::diagnostic::{Diagnostic, count};
use crate::fetch::Outcome;
use crate::normalize::cut_at_word;
use crate::normalize::ledger::{Change, Kind};
use crate::store::SourceRow;

/// Texts that a warning quotes, and characters of each.
const EXAMPLES: usize = 3;
const EXAMPLE_LENGTH: usize = 40;

/// What a refresh thinks of what it found at a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Something new.
    Fresh,
    Unchanged,
    /// Less than there should be: what is published stays.
    Degraded,
    Failed,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Fresh => "fresh",
            Verdict::Unchanged => "unchanged",
            Verdict::Degraded => "degraded",
            Verdict::Failed => "failed",
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub sources: Vec<SourceReport>,
    pub feeds: Vec<FeedReport>,
    /// Nothing at all could be reached, which is nobody's fault but the network's here.
    #[serde(serialize_with = "as_text")]
    pub offline: Option<Diagnostic>,
    /// When the next source of these feeds is due, unless there is none over the network.
    pub next_check_at: Option<Timestamp>,
}

impl Report {
    /// True if every source gave what it should.
    pub fn is_whole(&self) -> bool {
        self.offline.is_none() && !self.sources.iter().any(SourceReport::is_bad)
    }
}

#[derive(Debug, Serialize)]
pub struct SourceReport {
    pub feed: String,
    pub source: String,
    /// What the store knows it by.
    #[serde(skip)]
    pub id: String,
    pub location: String,
    /// How the look came out; what the verdict makes of it is another matter.
    pub outcome: Outcome,
    pub verdict: Verdict,
    pub found: usize,
    pub new: usize,
    pub updated: usize,
    #[serde(serialize_with = "as_text")]
    pub problems: Vec<Diagnostic>,
    /// What its rules fell short of, where the items were found in spite of it.
    #[serde(serialize_with = "as_text")]
    pub healed: Option<Diagnostic>,
    /// [`fault()`](SourceReport::fault) as it was last told.
    #[serde(skip)]
    pub was_told: Option<String>,
    /// Its definition outweighs what robots.txt forbids.
    pub ignores_robots: bool,
    /// Bytes received, before decompression.
    pub bytes: usize,
    /// Milliseconds that the look took, waiting included.
    pub took: u64,
    pub next_check_at: Timestamp,
    /// What is odd and costs nothing but a fact; told once, when an item is new.
    #[serde(serialize_with = "as_text")]
    pub warnings: Vec<Diagnostic>,
}

#[derive(Debug, Serialize)]
pub struct FeedReport {
    pub feed: String,
    /// All that it has ever had.
    pub items: usize,
    /// Files that are different from before.
    pub changed: usize,
    /// It was not there before.
    pub is_first: bool,
}

impl SourceReport {
    pub fn new(feed: &Feed, source: &Source) -> SourceReport {
        SourceReport {
            feed: feed.slug.to_string(),
            source: source.name.clone(),
            id: source.id.clone(),
            location: source.location.to_string(),
            outcome: Outcome::Read,
            verdict: Verdict::Unchanged,
            found: 0,
            new: 0,
            updated: 0,
            problems: Vec::new(),
            healed: None,
            was_told: None,
            ignores_robots: source.request.ignores_robots,
            bytes: 0,
            took: 0,
            next_check_at: Timestamp::UNIX_EPOCH,
            warnings: Vec::new(),
        }
    }

    /// Nothing usable came of it.
    pub fn fail(&mut self, verdict: Verdict, outcome: Outcome, problem: Diagnostic) {
        (self.verdict, self.outcome) = (verdict, outcome);
        self.problems.push(problem);
    }

    /// Some of it was not usable.
    pub fn skip(&mut self, problems: Vec<Diagnostic>) {
        if !problems.is_empty() {
            self.verdict = Verdict::Degraded;
            self.problems = problems;
        }
    }

    pub fn count(&mut self, new: usize, updated: usize) {
        (self.new, self.updated) = (new, updated);
        if self.verdict == Verdict::Unchanged && new + updated > 0 {
            self.verdict = Verdict::Fresh;
        }
    }

    /// Texts that should date new items and do not: impossible, or not to be decided.
    pub fn warn_of_dates(&mut self, changes: &[Change]) {
        let of_new = changes.iter().filter(|change| change.kind == Kind::New);
        let unread: BTreeSet<&str> = of_new.filter_map(|change| change.unread.as_deref()).collect();
        if unread.is_empty() {
            return;
        }
        let examples: Vec<String> = unread
            .iter()
            .take(EXAMPLES)
            .map(|text| format!("`{}`", cut_at_word(text, EXAMPLE_LENGTH)))
            .collect();
        let more = if unread.len() > EXAMPLES { ", ..." } else { "" };
        self.warnings.push(
            Diagnostic::new(format!(
                "source `{}`: no date of publication in {}{more}; what is new counts from when it was first seen",
                self.source,
                examples.join(", ")
            ))
            .help("if these are dates, say how they are written: `date_format = \"%d/%m/%Y\"`"),
        );
    }

    /// Items that have only what the listing says.
    pub fn warn_of_closed(&mut self, closed: usize) {
        if closed > 0 {
            self.warnings.push(
                Diagnostic::new(format!(
                    "source `{}`: robots.txt forbids the pages of {}, which have what the listing says",
                    self.source,
                    count(closed, "item"),
                ))
                .help("ask those who run the server; if they agree: `[source.request] ignore_robots = true`"),
            );
        }
    }

    /// What is remembered of it.
    pub fn note_in(&self, row: &mut SourceRow) {
        if self.was_asked() {
            row.verdict = self.verdict.as_str().to_owned();
            row.message = self.message();
        }
        row.outcome = self.outcome.as_str().to_owned();
        row.next_check_at = self.next_check_at;
    }

    /// The problems, in a line each.
    pub fn message(&self) -> Option<String> {
        let problems: Vec<&str> =
            self.problems.iter().chain(&self.healed).map(Diagnostic::message).collect();
        (!problems.is_empty()).then(|| problems.join("\n"))
    }

    /// What is wrong with it, in short: "2 items" and then "3 items" is one thing.
    pub fn fault(&self) -> Option<String> {
        let message = self.message()?.replace(|c: char| c.is_ascii_digit(), "");
        let state = if self.healed.is_some() { "healed" } else { self.verdict.as_str() };
        Some(format!("{state}: {message}"))
    }

    /// It was asked for something, so that there is something to say of it.
    pub fn was_asked(&self) -> bool {
        !matches!(self.outcome, Outcome::Postponed | Outcome::Offline)
    }

    /// Something about it is wrong that nobody was told of, or no longer is.
    pub fn is_news(&self) -> bool {
        self.was_asked() && self.fault() != self.was_told
    }

    /// What is wrong with it, or that nothing is any more, for people.
    pub fn told(&self) -> String {
        let mut told: Vec<String> =
            self.problems.iter().map(|problem| format!("error: {problem}")).collect();
        if let Some(problem) = &self.healed {
            told.push(format!(
                "warning: {problem}\n  its items were found again by what is known of them, and go on: \
                 `infocus add --repair {}` writes the rules",
                self.feed
            ));
        }
        if self.was_asked() && self.was_told.is_some() && self.fault().is_none() {
            told.push(format!("source `{}` gives its items again", self.source));
        }
        told.join("\n")
    }

    /// It did not give what it should.
    pub fn is_bad(&self) -> bool {
        matches!(self.verdict, Verdict::Degraded | Verdict::Failed)
    }
}

fn as_text<'a, S: serde::Serializer>(
    problems: impl IntoIterator<Item = &'a Diagnostic>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.into_iter().map(ToString::to_string))
}
