//! An announcement as Markdown (CommonMark with tables), with or without YAML front matter.

use std::collections::BTreeMap;

use pulldown_cmark::Options;
use yaml_rust2::Event;
use yaml_rust2::parser::Parser;

use super::{RawDate, RawItem, html};
use crate::dates::Reader;
use crate::model::Evidence;

/// Reads one announcement. What the front matter says, the text need not.
pub fn read(text: &str, dates: &Reader) -> Result<RawItem, String> {
    let (front, body) = split(text);
    let known = front.map(front_matter).transpose()?.unwrap_or_default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut rendered = String::new();
    pulldown_cmark::html::push_html(&mut rendered, pulldown_cmark::Parser::new_ext(body, options));
    let blocks = html::fragment(&rendered).map_err(|error| error.to_string())?;
    Ok(html::read_blocks(blocks, known, None, dates))
}

/// Front matter stands between two lines of `---` at the very top.
fn split(text: &str) -> (Option<&str>, &str) {
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return (None, text);
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (Some(&rest[..at]), &rest[at + line.len()..]);
        }
        at += line.len();
    }
    (None, text)
}

/// Keys as the common site generators have them; those of no concern here are passed over.
fn front_matter(text: &str) -> Result<RawItem, String> {
    let fields = fields(text)?;
    let field = |names: &[&str]| names.iter().find_map(|name| fields.get(*name).cloned());
    Ok(RawItem {
        title: field(&["title"]),
        kicker: field(&["kicker", "category", "categories"]),
        published: field(&["date", "published"])
            .map(|text| RawDate { text, evidence: Evidence::Page }),
        url: field(&["url", "link", "canonical_url"]),
        summary: field(&["summary", "description", "excerpt"]),
        image: field(&["image"]),
        image_alt: field(&["image_alt"]),
        author: field(&["author", "authors"]),
        language: field(&["language", "lang"]),
        ..RawItem::default()
    })
}

/// The values of the top level as they are written; of a list, the first. Event by event, because
/// a loaded document can be larger than its text by any measure: aliases copy.
fn fields(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut parser = Parser::new_from_str(text);
    let mut fields = BTreeMap::new();
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
            Event::Scalar(value, ..) => match (open.as_slice(), key.take()) {
                ([Event::MappingStart(..)], None) => key = Some(value),
                ([Event::MappingStart(..)], Some(name)) => {
                    fields.insert(name, value);
                }
                ([_, Event::SequenceStart(..)], Some(name)) => {
                    fields.entry(name.clone()).or_insert(value);
                    key = Some(name);
                }
                (_, pending) => key = pending,
            },
            _ => {}
        }
    }
}
