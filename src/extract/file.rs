//! An announcement in a file of its own.

use super::{RawItem, charset, text};
use crate::dates::Reader;

/// Control characters and bytes that are no text: a few can stray into any file, but not so many
/// in all, and in a thousand.
const FEW: usize = 8;
const JUNK: usize = 20;

/// Reads the announcement in a file; its name is its key. The error says why it is none.
pub fn read(name: &str, bytes: &[u8], dates: &Reader) -> Result<RawItem, String> {
    let content = charset::decode(bytes, None);
    if is_junk(&content) {
        return Err("it is not text".to_owned());
    }
    let mut item = text::read(&content, dates);
    if item.title.is_none() && item.content.is_none() {
        return Err("there is nothing in it".to_owned());
    }
    item.key = Some(name.to_owned());
    Ok(item)
}

fn is_junk(text: &str) -> bool {
    let odd = |c: &char| *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
    let found = text.chars().filter(odd).count();
    found > FEW && found * 1000 > text.chars().count() * JUNK
}
