//! What items of RSS say and the feed parser leaves out: of several dates all but the last, an
//! enclosure beside other media, and images that stand alone.

use std::sync::LazyLock;

use regex::Regex;

use crate::extract::RawEnclosure;
use crate::normalize::{line, plain_text};

#[derive(Debug, Default)]
pub struct LeftOut {
    /// As written, in order.
    pub dates: Vec<String>,
    pub enclosures: Vec<RawEnclosure>,
    /// As written.
    pub image: Option<String>,
}

struct Patterns {
    item: Regex,
    date: Regex,
    quoted: Regex,
    enclosure: Regex,
    image: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        item: Regex::new(r"(?s)<item\b[^>]*>.*?</item\s*>").ok()?,
        date: Regex::new(r"(?s)<(?:pubDate|dc:date)\b[^>]*>(.*?)</(?:pubDate|dc:date)\s*>").ok()?,
        quoted: Regex::new(r"(?s)<!\[CDATA\[(.*?)\]\]>").ok()?,
        enclosure: Regex::new(r"<enclosure\b[^>]*>").ok()?,
        image: Regex::new(
            r#"<(?:itunes:image|media:thumbnail)\b[^>]*>|<media:content\b[^>]*\bmedium\s*=\s*["']image["'][^>]*>"#,
        )
        .ok()?,
    })
});

/// One for each item, if there are so many in the text.
pub fn read(text: &str, items: usize) -> Option<Vec<LeftOut>> {
    let patterns = PATTERNS.as_ref()?;
    let found: Vec<LeftOut> =
        patterns.item.find_iter(text).map(|item| of_item(item.as_str(), patterns)).collect();
    (found.len() == items).then_some(found)
}

fn of_item(item: &str, patterns: &Patterns) -> LeftOut {
    let dates = patterns
        .date
        .captures_iter(item)
        .map(|found| line(&plain_text(&patterns.quoted.replace_all(&found[1], "$1"))));
    // What stands in CDATA is text.
    let tags = patterns.quoted.replace_all(item, "");
    let enclosures = patterns.enclosure.find_iter(&tags).filter_map(|tag| {
        let tag = tag.as_str();
        Some(RawEnclosure {
            url: attribute(tag, "url")?,
            media_type: attribute(tag, "type"),
            length: attribute(tag, "length").and_then(|length| length.parse().ok()),
        })
    });
    let image = patterns
        .image
        .find_iter(&tags)
        .find_map(|tag| attribute(tag.as_str(), "href").or_else(|| attribute(tag.as_str(), "url")));
    LeftOut {
        dates: dates.filter(|date| !date.is_empty()).collect(),
        enclosures: enclosures.collect(),
        image,
    }
}

/// The value of an attribute, entities resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + name.len()..];
        let value = rest.trim_start().strip_prefix('=').map(str::trim_start);
        let Some(value) = value.filter(|_| before.is_some_and(char::is_whitespace)) else {
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, _) = value[1..].split_once(quote)?;
        return Some(plain_text(value).trim().to_owned()).filter(|value| !value.is_empty());
    }
    None
}
