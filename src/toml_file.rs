//! TOML files with problems that name the line and the way out.

use std::path::Path;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::diagnostic::Diagnostic;

/// Reads `text`, the content of `file`, into `T`. An unknown key is a problem that names the
/// nearest known one.
pub fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Diagnostic> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        explain(error.message()).at(file, line)
    })
}

/// An address, with an example where it is none.
pub fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(|_| {
        D::Error::custom(format!(
            "`{text}` is no address, expected such as `https://www.example.org/`"
        ))
    })
}

/// The same where there can be none.
pub fn optional_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Url>, D::Error> {
    address(deserializer).map(Some)
}

/// A length of time that is not negative, of days of 24 hours: `30m`, `1h`, `2 days`, `PT1H`.
pub fn length(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (length >= SignedDuration::ZERO).then_some(length)
}

/// The line (from 1) on which the byte `at` of `text` stands.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// serde's words in the words of this program.
fn explain(message: &str) -> Diagnostic {
    let message = message.trim().replace('\n', ", ").replace("expected usize", "expected a count");
    if let Some(name) = message.strip_prefix("missing field ") {
        return Diagnostic::new(format!("{name} is missing"));
    }
    let Some(rest) = message.strip_prefix("unknown field ") else {
        return Diagnostic::new(message);
    };
    let names: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    let Some((unknown, known)) = names.split_first() else {
        return Diagnostic::new(message);
    };
    let problem = Diagnostic::new(format!("unknown key `{unknown}`"));
    let otherwise = match known.is_empty() {
        true => "nothing is allowed here".to_owned(),
        false => format!("allowed are `{}`", known.join("`, `")),
    };
    problem.did_you_mean(unknown, known.iter().copied(), otherwise)
}
