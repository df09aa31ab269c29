//! An announcement in a file of its own.

use std::path::Path;

use super::{RawDate, RawItem, charset, html, markdown, text};
use crate::dates::Reader;
use crate::model::Evidence;

/// Control characters and bytes that are no text: a few can stray into any file, but not so many
/// in all, and in a thousand.
const FEW: usize = 8;
const JUNK: usize = 20;

/// Reads the announcement in a file; its name is its key. `None` for a draft, which is not yet
/// one; the error says why another file is none.
pub fn read(name: &str, bytes: &[u8], dates: &Reader) -> Result<Option<RawItem>, String> {
    let extension = Path::new(name).extension().unwrap_or_default().to_ascii_lowercase();
    let extension = extension.to_str();
    let content = match extension {
        Some("html" | "htm" | "xhtml") => charset::decode(bytes, None),
        _ => charset::decode_plain(bytes),
    };
    if is_junk(&content) {
        return Err("it is not text".to_owned());
    }
    let mut item = match extension {
        Some("md" | "markdown") => match markdown::read(&content, dates)? {
            Some(item) => item,
            None => return Ok(None),
        },
        Some("html" | "htm" | "xhtml") => {
            html::read(&content, dates).map_err(|error| error.to_string())?
        }
        _ => text::read(&content, dates),
    };
    if item.title.is_none() && item.content.is_none() {
        return Err("there is nothing in it".to_owned());
    }
    item.key = Some(name.to_owned());
    if item.published.is_none() {
        item.published = named_date(name);
    }
    Ok(Some(item))
}

/// `2024-03-04-handbook.md`: a date at the start of the name, in the one order that is clear.
fn named_date(name: &str) -> Option<RawDate> {
    let stem = Path::new(name).file_name()?.to_str()?;
    let text = stem.get(..10)?;
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(RawDate { text: day.to_string(), evidence: Evidence::Url })
}

fn is_junk(text: &str) -> bool {
    let odd = |c: &char| *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
    let found = text.chars().filter(odd).count();
    found > FEW && found * 1000 > text.chars().count() * JUNK
}
