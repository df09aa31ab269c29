//! A JSON API and JSONPath rules (RFC 9535) to raw items.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::pick::Step;
use super::{Fields, Listing, RawItem};
use crate::normalize::images::Picture;
use crate::normalize::plain_field;

/// A path from the item, and what is done to what is there.
#[derive(Debug, Clone)]
pub struct Path {
    path: JsonPath,
    steps: Vec<Step>,
}

/// The rules of an API, compiled.
#[derive(Debug, Clone)]
pub struct Rules {
    pub item: JsonPath,
    pub fields: Fields<Path>,
    /// The address of the next page, or its cursor; from the whole answer.
    pub next: Vec<Path>,
}

impl Path {
    /// Reads the notation; the error says what is wrong with the path.
    pub fn parse(path: &str) -> Result<Path, String> {
        Ok(Path { path: parse_path(path)?, steps: Vec::new() })
    }

    pub fn with_steps(mut self, steps: Vec<Step>) -> Path {
        self.steps = steps;
        self
    }

    fn value(&self, from: &Value) -> Option<String> {
        let text = self.path.query(from).all().into_iter().find_map(text_of)?;
        self.steps.iter().try_fold(text, |value, step| step.run(value))
    }
}

pub fn parse_path(path: &str) -> Result<JsonPath, String> {
    JsonPath::parse(path).map_err(|error| error.to_string())
}

pub fn read(text: &str, rules: &Rules) -> Result<Listing, String> {
    let answer: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("the answer is no JSON: {error}"))?;
    let items = rules.item.query(&answer).all();
    Ok(Listing {
        items: items.into_iter().map(|item| read_item(item, &rules.fields)).collect(),
        next: value(&rules.next, &answer),
        ..Listing::default()
    })
}

fn read_item(item: &Value, fields: &Fields<Path>) -> RawItem {
    let raw = fields.read(|path| path.value(item));
    RawItem {
        title: raw.title.as_deref().map(plain_field),
        summary: raw.summary.as_deref().map(plain_field),
        content: value(&fields.content, item),
        image: value(&fields.image, item).map(Picture::at),
        ..raw
    }
}

fn value(paths: &[Path], from: &Value) -> Option<String> {
    paths.iter().find_map(|path| path.value(from))
}

fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
