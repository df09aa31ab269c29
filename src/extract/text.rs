//! An announcement as plain text, the way people copy it from a page into a file.

use super::{RawItem, blocks, html};
use crate::dates::Reader;

/// Reads one announcement. `dates` says which lines are dates.
pub fn read(text: &str, dates: &Reader) -> RawItem {
    html::read_blocks(blocks::of_text(text), RawItem::default(), None, dates)
}
