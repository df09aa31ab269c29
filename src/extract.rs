//! Pages and files to raw items: the strings as found, nothing decided that is not written there.
//! Pure.

pub mod article;
mod blocks;
mod body;
pub mod charset;
mod elements;
pub mod feed;
pub mod file;
mod front_matter;
mod header;
pub mod html;
pub mod json;
mod languages;
pub mod markdown;
pub mod markup;
pub mod pick;
mod residue;
pub mod rules;
pub mod sitemap;
pub mod structured;
mod table;
pub mod text;

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use url::Url;

use crate::dates::Reader;
use crate::model::Evidence;
use crate::normalize::images::Picture;

/// One announcement as extracted. Everything is optional: a field that is missing costs neither
/// the item nor another field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawItem {
    /// A name that is the item's alone, if the place where it was found gives one: a file name.
    pub key: Option<String>,
    /// The short label over the title: "In Focus", "Press Release".
    pub kicker: Option<String>,
    pub title: Option<String>,
    /// As written, relative or not.
    pub url: Option<String>,
    pub published: Option<RawDate>,
    /// Other texts that may date it, if that one does not.
    pub other_dates: Vec<String>,
    pub summary: Option<String>,
    /// HTML, not yet sanitised.
    pub content: Option<String>,
    /// What addresses in the content are relative to, as written, where that is not the page.
    pub content_base: Option<String>,
    pub image: Option<Picture>,
    pub enclosures: Vec<RawEnclosure>,
    /// The same announcement in other languages.
    pub translations: Vec<Translation>,
    pub author: Option<String>,
    /// BCP 47, as written.
    pub language: Option<String>,
}

/// A file that belongs to an item, as announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEnclosure {
    /// As written, relative or not.
    pub url: String,
    pub media_type: Option<String>,
    /// Bytes.
    pub length: Option<u64>,
}

/// The same in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// BCP 47, as written.
    pub language: String,
    /// As written, relative or not.
    pub url: String,
}

/// For each field the places to try in order; none: the field is not read.
#[derive(Debug, Clone)]
pub struct Fields<P> {
    /// A name that is the item's alone.
    pub key: Vec<P>,
    pub title: Vec<P>,
    pub url: Vec<P>,
    pub published: Vec<P>,
    pub kicker: Vec<P>,
    pub summary: Vec<P>,
    pub content: Vec<P>,
    pub image: Vec<P>,
    pub author: Vec<P>,
}

impl<P> Default for Fields<P> {
    fn default() -> Self {
        let none = Vec::new;
        Fields {
            key: none(),
            title: none(),
            url: none(),
            published: none(),
            kicker: none(),
            summary: none(),
            content: none(),
            image: none(),
            author: none(),
        }
    }
}

impl<P> Fields<P> {
    /// Reads each field with `text`; of dates, all that are there, for the first may be none.
    fn read(&self, text: impl Fn(&P) -> Option<String>) -> RawItem {
        let first = |places: &[P]| places.iter().find_map(&text);
        let mut dates = self.published.iter().filter_map(&text);
        let published = dates.next().map(|text| RawDate { text, evidence: Evidence::Page });
        RawItem {
            key: first(&self.key),
            kicker: first(&self.kicker),
            title: first(&self.title),
            url: first(&self.url),
            published,
            other_dates: dates.collect(),
            summary: first(&self.summary),
            author: first(&self.author),
            ..RawItem::default()
        }
    }
}

/// What a listing gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// In the order of the page.
    pub items: Vec<RawItem>,
    /// The address of the next page, or what stands for it, as written.
    pub next: Option<String>,
    /// What the page says that its addresses are relative to (`<base href>`, `xml:base`), as written.
    pub base: Option<String>,
    /// What the page says its language is (BCP 47), as written.
    pub language: Option<String>,
    /// Addresses of further pages, none of which comes before another.
    pub parts: Vec<String>,
    /// It says where the items are and not what: their own pages have to be read.
    pub are_bare: bool,
    /// How long it holds, as it says itself, in minutes (RSS 2.0, `ttl`).
    pub ttl: Option<u32>,
}

/// How a page or file is read.
#[derive(Debug, Clone, Default)]
pub enum Rules {
    /// As what it is: an announcement, a feed, a sitemap.
    #[default]
    Auto,
    Html(rules::Rules),
    Json(json::Rules),
}

/// A page or file as it came.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub bytes: &'a [u8],
    /// Of a page: the header it came with.
    pub content_type: Option<&'a str>,
    /// Of a page: its address.
    pub url: Option<&'a Url>,
    /// Of a file: its name.
    pub file: Option<&'a str>,
    pub dates: &'a Reader,
}

impl<'a> Source<'a> {
    /// A page as its server sent it.
    pub fn page(
        url: &'a Url,
        content_type: Option<&'a str>,
        bytes: &'a [u8],
        dates: &'a Reader,
    ) -> Source<'a> {
        Source { bytes, content_type, url: Some(url), file: None, dates }
    }

    /// A file of the site.
    pub fn file(name: &'a str, bytes: &'a [u8], dates: &'a Reader) -> Source<'a> {
        Source { bytes, content_type: None, url: None, file: Some(name), dates }
    }
}

/// Reads what came; the error says why it cannot be read.
pub fn read(source: Source, rules: &Rules) -> Result<Listing, ExtractError> {
    let bytes = unpacked(source.bytes).map_err(ExtractError::Unreadable)?;
    let source = Source { bytes: &bytes, ..source };
    let text = || charset::decode(source.bytes, source.content_type);
    match rules {
        Rules::Html(rules) => Ok(rules::read(&text(), rules)?),
        Rules::Json(rules) => json::read(&text(), rules).map_err(ExtractError::Unreadable),
        Rules::Auto => {
            let text = text();
            if feed::is_feed(&text) {
                return feed::read(source.bytes, source.content_type, source.url)
                    .map_err(ExtractError::Unreadable);
            }
            if sitemap::is_sitemap(&text) {
                return Ok(sitemap::read(&text)?);
            }
            let name = source.file.ok_or(ExtractError::NoRules)?;
            let item = file::read(name, source.bytes, source.dates)?;
            Ok(Listing { items: item.into_iter().collect(), ..Listing::default() })
        }
    }
}

/// What a file in gzip begins with (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The most that a gzip file may become, in bytes.
const LARGEST: usize = 10_000_000;

/// What is in a gzip file: sitemaps are often kept as such.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes.into());
    }
    let mut unpacked = Vec::new();
    // What follows the file is padding.
    GzDecoder::new(bytes)
        .take(LARGEST as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| format!("broken gzip: {error}"))?;
    if unpacked.len() > LARGEST {
        return Err(format!("unpacked, it is larger than {} MB", LARGEST / 1_000_000));
    }
    Ok(unpacked.into())
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    #[error(transparent)]
    TooComplex(#[from] TooComplex),
    #[error("{0}")]
    Unreadable(String),
    #[error("the page is neither a feed nor a sitemap, and its source has no rules")]
    NoRules,
}

impl From<String> for ExtractError {
    fn from(reason: String) -> ExtractError {
        ExtractError::Unreadable(reason)
    }
}

/// A page nested deeper, or with more attributes, than any that a person wrote; it is not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page is too complex to be read")]
pub struct TooComplex;

/// The text that dates an item, and how much it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawDate {
    pub text: String,
    pub evidence: Evidence,
}
