//! What a refresh has to say, to people and to programs.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalog::{Feed, Source};
use crate::diagnostic::Diagnostic;
use crate::normalize::cut_at_word;
use crate::normalize::ledger::{Change, Kind};

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
}

impl Report {
    /// True if every source gave what it should.
    pub fn is_whole(&self) -> bool {
        !self.sources.iter().any(|s| matches!(s.verdict, Verdict::Degraded | Verdict::Failed))
    }
}

#[derive(Debug, Serialize)]
pub struct SourceReport {
    pub feed: String,
    pub source: String,
    pub location: String,
    pub verdict: Verdict,
    pub found: usize,
    pub new: usize,
    pub updated: usize,
    #[serde(serialize_with = "as_text")]
    pub problems: Vec<Diagnostic>,
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
            location: source.location.to_string(),
            verdict: Verdict::Unchanged,
            found: 0,
            new: 0,
            updated: 0,
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Nothing usable came of it.
    pub fn fail(&mut self, verdict: Verdict, problem: Diagnostic) {
        self.verdict = verdict;
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

    /// The first problem in a line.
    pub fn message(&self) -> Option<String> {
        self.problems.first().map(|problem| problem.message().to_owned())
    }
}

fn as_text<S: serde::Serializer>(
    problems: &[Diagnostic],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.iter().map(ToString::to_string))
}
