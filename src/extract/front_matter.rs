//! Front matter: what a file says of itself above its text, in YAML or TOML.

use std::collections::BTreeMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::TScalarStyle;

use super::{RawDate, RawItem};
use crate::model::Evidence;
use crate::normalize::images::Picture;

/// The front matter of a file, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front<'a> {
    None,
    Yaml(&'a str),
    Toml(&'a str),
}

/// Values of the top level by their names in small letters; of a list, the first.
type Fields = BTreeMap<String, String>;

/// Cuts a file into front matter and text. It stands at the top, blank lines aside, between lines
/// of `---` (or `...`), or of `+++`; a text between two rules is none.
pub fn split(text: &str) -> (Front<'_>, &str) {
    let top = text.trim_start_matches([' ', '\n', '\u{feff}']);
    let Some((fence, rest)) = top.split_once('\n') else { return (Front::None, text) };
    let ends: &[&str] = match fence.trim_end() {
        "---" => &["---", "..."],
        "+++" => &["+++"],
        _ => return (Front::None, text),
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if ends.contains(&line.trim_end()) {
            let front = &rest[..at];
            let body = &rest[at + line.len()..];
            return match fence.trim_end() {
                "+++" => (Front::Toml(front), body),
                _ if names_fields(front) => (Front::Yaml(front), body),
                _ => (Front::None, text),
            };
        }
        at += line.len();
    }
    (Front::None, text)
}

/// The first line that says something is `name: ...`, or there is none.
fn names_fields(front: &str) -> bool {
    let mut lines = front.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let is_name = |name: &str| !name.trim_matches(['"', '\'']).contains(['"', '.', ',']);
    first.is_none_or(|line| {
        line.starts_with('{') || line.split_once(':').is_some_and(|(name, _)| is_name(name))
    })
}

/// What the front matter gives; `None` if it calls the file a draft. Keys as the common site
/// generators have them; those of no concern here are passed over.
pub fn read(front: Front) -> Result<Option<RawItem>, String> {
    let fields = match front {
        Front::None => Fields::new(),
        Front::Yaml(text) => yaml(text)?,
        Front::Toml(text) => toml(text)?,
    };
    let field = |names: &[&str]| names.iter().find_map(|name| fields.get(*name).cloned());
    let says = |name: &str, value: &str| fields.get(name).is_some_and(|said| said == value);
    if says("draft", "true") || says("published", "false") {
        return Ok(None);
    }
    Ok(Some(RawItem {
        title: field(&["title"]),
        kicker: field(&["kicker", "category", "categories"]),
        published: field(&["date", "published"])
            .filter(|text| text != "true")
            .map(|text| RawDate { text, evidence: Evidence::Page }),
        url: field(&["url", "link", "canonical_url"]),
        summary: field(&["summary", "description", "excerpt"]),
        image: field(&["image"])
            .map(|address| Picture { alt: field(&["image_alt"]), ..Picture::at(address) }),
        author: field(&["author", "authors"]),
        language: field(&["language", "lang"]),
        ..RawItem::default()
    }))
}

fn toml(text: &str) -> Result<Fields, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 2;
        format!("front matter, line {line}: {}", error.message())
    })?;
    let value = |value: toml::Value| {
        let first = match value {
            toml::Value::Array(values) => values.into_iter().next()?,
            value => value,
        };
        match first {
            toml::Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
            toml::Value::Table(_) | toml::Value::Array(_) => None,
            value => Some(value.to_string()),
        }
    };
    Ok(table.into_iter().filter_map(|(name, it)| Some((name.to_lowercase(), value(it)?))).collect())
}

/// Event by event, because a loaded document can be larger than its text by any measure: aliases
/// copy.
fn yaml(text: &str) -> Result<Fields, String> {
    let mut parser = Parser::new_from_str(text);
    let mut fields = Fields::new();
    let mut key: Option<String> = None;
    let mut open: Vec<Event> = Vec::new();
    loop {
        let (event, mark) = parser.next_token().map_err(|error| {
            format!("front matter, line {}: {}", error.marker().line() + 1, error.info())
        })?;
        match event {
            Event::StreamEnd => return Ok(fields),
            Event::Alias(_) => {
                let line = mark.line() + 1;
                return Err(format!(
                    "front matter, line {line}: a value that begins with `*` wants quotes"
                ));
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => open.push(event),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                if open.len() == 1 {
                    key = None;
                }
            }
            Event::Scalar(value, style, ..) => match (open.as_slice(), key.take()) {
                ([Event::MappingStart(..)], None) => key = Some(value.to_lowercase()),
                ([Event::MappingStart(..)], Some(name)) => {
                    if !is_null(&value, style) {
                        fields.insert(name, value);
                    }
                }
                ([_, Event::SequenceStart(..)], Some(name)) => {
                    if !is_null(&value, style) {
                        fields.entry(name.clone()).or_insert(value);
                    }
                    key = Some(name);
                }
                (_, pending) => key = pending,
            },
            _ => {}
        }
    }
}

/// `title:`, `title: null`, `title: ~`: nothing.
fn is_null(value: &str, style: TScalarStyle) -> bool {
    let is_plain = style == TScalarStyle::Plain;
    value.trim().is_empty() || (is_plain && matches!(value, "~" | "null" | "Null" | "NULL"))
}
