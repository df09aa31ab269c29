//! An announcement as plain text, the way people copy it from a page into a file.

use super::{RawItem, blocks, header};
use crate::dates::Reader;

/// Reads one announcement. `dates` says which lines are dates.
pub fn read(text: &str, dates: &Reader) -> RawItem {
    let (mut item, body) = header::read(&blocks::of_text(text), dates);
    item.content = Some(blocks::to_html(&body)).filter(|html| !html.is_empty());
    item
}
