//! An announcement as Markdown (CommonMark with tables), with or without YAML front matter.

use pulldown_cmark::{Options, Parser};
use yaml_rust2::{Yaml, YamlLoader};

use super::{RawDate, RawItem, html};
use crate::dates::Reader;
use crate::model::Evidence;

/// Reads one announcement. What the front matter says, the text need not.
pub fn read(text: &str, dates: &Reader) -> Result<RawItem, String> {
    let (front, body) = split(text);
    let known = front.map(front_matter).transpose()?.unwrap_or_default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut rendered = String::new();
    pulldown_cmark::html::push_html(&mut rendered, Parser::new_ext(body, options));
    let blocks = html::fragment(&rendered).map_err(|error| error.to_string())?;
    Ok(html::read_blocks(&blocks, known, dates))
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
    let documents = YamlLoader::load_from_str(text).map_err(|error| {
        format!("front matter, line {}: {}", error.marker().line() + 1, error.info())
    })?;
    let Some(fields) = documents.first() else { return Ok(RawItem::default()) };
    let field = |names: &[&str]| names.iter().find_map(|name| scalar(&fields[*name]));
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

/// The value as it is written; of a list, the first.
fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(truth) => Some(truth.to_string()),
        Yaml::Array(values) => values.first().and_then(scalar),
        _ => None,
    }
}
