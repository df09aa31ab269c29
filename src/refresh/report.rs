//! What a refresh has to say, to people and to programs.

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::model::{Feed, Source};

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
