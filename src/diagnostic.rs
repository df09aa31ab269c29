//! What goes wrong, told to a person: the fact, the place, the way out.

use std::fmt;
use std::path::{Path, PathBuf};

/// One problem with its place and its remedy.
///
/// The text follows one grammar everywhere: lower case, no final period, names in backticks, the
/// offending value, then what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    place: Option<Place>,
    notes: Vec<(&'static str, String)>,
    help: Option<String>,
}

/// A file and, where it is known, a line in it (counted from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    pub line: Option<usize>,
}

impl Diagnostic {
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), place: None, notes: Vec::new(), help: None }
    }

    pub fn at(mut self, file: &Path, line: impl Into<Option<usize>>) -> Self {
        self.place = Some(Place { file: file.to_owned(), line: line.into() });
        self
    }

    pub fn note(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.notes.push((label, text.into()));
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the candidate that was most probably meant; `otherwise`, if none is close.
    pub fn did_you_mean<'a>(
        self,
        meant: &str,
        candidates: impl IntoIterator<Item = &'a str>,
        otherwise: impl Into<String>,
    ) -> Self {
        match nearest(meant, candidates) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self.help(otherwise),
        }
    }

    /// The first line, without place and remedy.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file.display()),
            None => write!(f, "{}", self.file.display()),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  at: {place}")?;
        }
        for (label, text) in &self.notes {
            write!(f, "\n  {label}: {text}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// Everything that is wrong with a site's settings, definitions and templates, at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\nerror: "))]
pub struct Invalid(pub Vec<Diagnostic>);

impl From<Diagnostic> for Invalid {
    fn from(problem: Diagnostic) -> Self {
        Invalid(vec![problem])
    }
}

/// The candidate a person most probably meant, if any is close enough to be worth saying.
pub fn nearest<'a>(meant: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(meant, name), name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `1 item`, `2 items`: a count with its noun.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
