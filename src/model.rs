//! The nouns of the program. No I/O, no clock.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::normalize::SafeHtml;

/// The name of a feed in paths and commands: lower-case letters, digits, hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Slug(String);

impl Slug {
    pub fn parse(text: &str) -> Option<Slug> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let ends_well = !text.starts_with('-') && !text.ends_with('-');
        ((1..=64).contains(&text.len()) && text.chars().all(legal) && ends_well)
            .then(|| Slug(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of a feed that is not there.
    pub fn sample() -> Slug {
        Slug("sample".to_owned())
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of an item: issued once, kept for ever.
///
/// It is the RSS `guid`, the Atom `id` and the JSON Feed `id`, as `urn:uuid:...` in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(Uuid);

impl ItemId {
    /// Namespace of the ids, itself derived from the name of the program.
    const NAMESPACE: Uuid = Uuid::from_u128(0x9c1f_7a34_52d0_5e0b_8f6e_21c7_4f0a_d3b5);

    /// The id for an item seen for the first time, by the feed and the item's strongest key
    /// (UUIDv5, RFC 9562). Neither order nor time nor title plays a part.
    pub fn issue(feed: &Slug, key: &str) -> ItemId {
        ItemId(Uuid::new_v5(&Self::NAMESPACE, format!("{feed}\n{key}").as_bytes()))
    }

    pub fn parse(text: &str) -> Option<ItemId> {
        Uuid::parse_str(text).ok().map(ItemId)
    }

    pub fn urn(&self) -> String {
        self.0.urn().to_string()
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The page or file gives it as its date.
    Page,
    /// It stands in the address or the file name.
    Url,
    /// It was concluded, from a dateline for instance.
    Inferred,
    /// Nothing dates the item but the moment it was first seen.
    FirstSeen,
}

impl Evidence {
    pub const ALL: [Evidence; 4] =
        [Evidence::Page, Evidence::Url, Evidence::Inferred, Evidence::FirstSeen];

    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Page => "page",
            Evidence::Url => "url",
            Evidence::Inferred => "inferred",
            Evidence::FirstSeen => "first_seen",
        }
    }
}

/// How much of a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    Month,
    Day,
    Minute,
}

impl Precision {
    pub const ALL: [Precision; 3] = [Precision::Month, Precision::Day, Precision::Minute];

    pub fn as_str(self) -> &'static str {
        match self {
            Precision::Month => "month",
            Precision::Day => "day",
            Precision::Minute => "minute",
        }
    }
}

/// A date of publication, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub at: Timestamp,
    pub precision: Precision,
    pub evidence: Evidence,
    /// The text it was read from; empty if there was none.
    pub text: String,
}

/// The lead image of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub url: Url,
    pub alt: String,
    /// Pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// A file that belongs to an item: a document, a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    pub url: Url,
    pub media_type: String,
    /// Bytes, as the server of the file says.
    pub length: Option<u64>,
}

/// The same announcement in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// BCP 47.
    pub language: String,
    pub url: Url,
}

/// One normalised announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// RSS `guid`, Atom `id`, JSON Feed `id`.
    pub id: ItemId,
    /// Id of the source that first brought it: only that source may change it.
    pub source: String,
    /// RSS `link`, Atom alternate link, JSON Feed `url`; without one, the item's own page.
    pub url: Option<Url>,
    pub title: String,
    /// RSS and Atom `category`, JSON Feed `tags`.
    pub kicker: Option<String>,
    /// RSS `description`, Atom and JSON Feed `summary`. Plain text.
    pub summary: Option<String>,
    /// RSS `content:encoded`, Atom `content`, JSON Feed `content_html`.
    pub content: SafeHtml,
    /// RSS `media:content`, JSON Feed `image`.
    pub image: Option<Image>,
    /// RSS `enclosure` (one, of known length), Atom enclosure links, JSON Feed `attachments`.
    pub enclosures: Vec<Enclosure>,
    /// Atom alternate links with `hreflang`; links on the item's page.
    pub translations: Vec<Translation>,
    /// RSS `dc:creator`, Atom and JSON Feed `author`.
    pub author: Option<String>,
    /// BCP 47, where it differs from the feed's.
    pub language: Option<String>,
    /// RSS `pubDate`, Atom `published`, JSON Feed `date_published`.
    pub published: Dated,
    pub first_seen_at: Timestamp,
    /// Atom `updated`, JSON Feed `date_modified`: moves with real edits only.
    pub updated_at: Timestamp,
    /// Came with the first refresh of its source: in the feed, not in the mail.
    pub backfilled: bool,
    /// When it was taken back by those who announced it. It stays, and says so.
    pub retracted_at: Option<Timestamp>,
}

impl Item {
    /// An item with no field that it can be without, to try templates with.
    pub fn bare_sample() -> Item {
        Item {
            id: ItemId(Uuid::max()),
            url: None,
            kicker: None,
            summary: None,
            content: SafeHtml::default(),
            image: None,
            enclosures: Vec::new(),
            translations: Vec::new(),
            author: None,
            ..Item::sample()
        }
    }

    /// An item with every field, to try templates with.
    pub fn sample() -> Item {
        let image = Url::parse("https://www.example.org/image.jpg").ok();
        let at = Timestamp::UNIX_EPOCH;
        Item {
            id: ItemId(Uuid::nil()),
            source: String::new(),
            url: image.clone(),
            title: "Title".to_owned(),
            kicker: Some("Kicker".to_owned()),
            summary: Some("Summary.".to_owned()),
            content: SafeHtml::from_html("<p>Text.</p>", None),
            image: image.clone().map(|url| Image {
                url,
                alt: "Image".to_owned(),
                width: None,
                height: None,
            }),
            enclosures: image
                .clone()
                .map(|url| Enclosure { url, media_type: "image/jpeg".to_owned(), length: Some(1) })
                .into_iter()
                .collect(),
            translations: image
                .map(|url| Translation { language: "de".to_owned(), url })
                .into_iter()
                .collect(),
            author: Some("Author".to_owned()),
            language: None,
            published: Dated {
                at,
                precision: Precision::Day,
                evidence: Evidence::FirstSeen,
                text: String::new(),
            },
            first_seen_at: at,
            updated_at: at,
            backfilled: false,
            retracted_at: None,
        }
    }
}
