//! One page read whole.

use url::Url;

use super::{RawItem, TooComplex, html};
use crate::dates::Reader;

/// Reads the announcement of a page at `url`.
pub fn read(text: &str, url: &Url, dates: &Reader) -> Result<RawItem, TooComplex> {
    let item = html::read(text, dates)?;
    Ok(RawItem { url: item.url.or_else(|| Some(url.to_string())), ..item })
}
