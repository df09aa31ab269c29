//! Which items of a source are wanted.

use regex::{Regex, RegexBuilder};

/// What is kept and what is dropped, by the fields of an item.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// All of these must match.
    pub keep: Vec<Condition>,
    /// None of these may match.
    pub drop: Vec<Condition>,
}

/// A field and the patterns of which one must match it.
#[derive(Debug, Clone)]
pub struct Condition {
    pub field: Field,
    pub patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Kicker,
    Title,
    Url,
    /// Title, summary and content together.
    Text,
}

/// `/.../` is a regular expression; anything else is text, found without regard to case - as the
/// whole of a kicker, anywhere in another field.
#[derive(Debug, Clone)]
pub enum Pattern {
    Text(String),
    Regex(Regex),
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Pattern, String> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) => RegexBuilder::new(expression)
                .case_insensitive(true)
                .build()
                .map(Pattern::Regex)
                .map_err(|error| error.to_string()),
            None => Ok(Pattern::Text(super::line(text).to_lowercase())),
        }
    }

    fn matches(&self, field: Field, value: &str) -> bool {
        match self {
            Pattern::Regex(regex) => regex.is_match(value),
            Pattern::Text(text) if field == Field::Kicker => value.to_lowercase() == *text,
            Pattern::Text(text) => value.to_lowercase().contains(text),
        }
    }
}

impl Filter {
    /// The filter without the conditions on some fields.
    pub fn without(&self, is_left_out: impl Fn(Field) -> bool) -> Filter {
        let rest = |conditions: &[Condition]| {
            conditions.iter().filter(|c| !is_left_out(c.field)).cloned().collect()
        };
        Filter { keep: rest(&self.keep), drop: rest(&self.drop) }
    }

    /// Whether an item is wanted; `value` gives its fields, empty where there is nothing.
    pub fn wants(&self, value: impl Fn(Field) -> String) -> bool {
        let holds = |condition: &Condition| {
            let value = value(condition.field);
            condition.patterns.iter().any(|pattern| pattern.matches(condition.field, &value))
        };
        self.keep.iter().all(holds) && !self.drop.iter().any(holds)
    }
}
