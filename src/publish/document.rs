//! A feed with its items, as all formats see it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::paging::{Page, Place};
use crate::catalog::Feed;
use crate::dates;
use crate::model::{Item, Precision, Slug};

/// Items that came within this time before the newest are shown even beyond the window: a burst
/// must not carry away what a reader has not fetched yet.
const BURST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// But not more than this; readers have their limits too.
const MOST: usize = 1000;

/// The category of items that were taken back, for programs; people read it in their language.
const RETRACTED: &str = "Retracted";

/// The items that a feed shows: the newest, and all that came in the week before the newest came.
/// The clock plays no part, so the same items give the same window on any day.
pub fn window(items: &[Item], size: usize) -> &[Item] {
    let newest = items.iter().filter(|item| !item.backfilled).map(|item| item.first_seen_at).max();
    let is_fresh = |item: &Item| {
        !item.backfilled && newest.is_some_and(|newest| item.first_seen_at >= newest - BURST)
    };
    let last_fresh = items.iter().rposition(is_fresh).map_or(0, |at| at + 1);
    &items[..items.len().min(size.max(last_fresh).min(MOST.max(size)))]
}

/// What the writers need, and no more.
#[derive(Debug)]
pub struct FeedDocument<'a> {
    pub feed: &'a Feed,
    pub items: Vec<&'a Item>,
    pub zone: &'a TimeZone,
    pub place: Place,
    /// The WebSub hub that hears of each change of what readers subscribe to.
    pub hub: Option<&'a Url>,
    pub base_url: &'a Url,
}

impl<'a> FeedDocument<'a> {
    /// What readers subscribe to, of a feed without an archive.
    pub fn new(
        feed: &'a Feed,
        items: impl IntoIterator<Item = &'a Item>,
        base_url: &'a Url,
        zone: &'a TimeZone,
    ) -> Self {
        let items = items.into_iter().collect();
        FeedDocument { feed, items, zone, place: Place::default(), hub: None, base_url }
    }

    /// Address of a file of this feed: `feed.xml`, `atom.xml`, `feed.json`; the page with "".
    pub fn address(&self, name: &str) -> String {
        format!("{}{}/{name}", self.base_url, self.feed.slug)
    }

    /// The address of this very document, in the format that readers subscribe to as `name`.
    pub fn own_address(&self, name: &str) -> String {
        self.address(&self.place.address(name))
    }

    /// Where the page of the archive before this document is, if there is one, in the same format.
    pub fn address_before(&self, name: &str) -> Option<String> {
        self.place.before.map(|page| self.address(&page.address(name)))
    }

    /// The documents around this one in the same format, by their relation to it (RFC 5005, 4).
    pub fn around(&self, name: &str) -> Vec<(&'static str, String)> {
        let current = self.place.page.map(|_| ("current", self.address(name)));
        let before = self.address_before(name).map(|address| ("prev-archive", address));
        let after = self.place.after.map(|page| self.address(&page.address(name)));
        let after = after.map(|address| ("next-archive", address));
        [current, before, after].into_iter().flatten().collect()
    }

    /// True if it is a page of the archive that readers need not get again.
    pub fn is_archive(&self) -> bool {
        self.place.page.is_some_and(Page::is_complete)
    }

    /// The page that the feed stands for.
    pub fn home(&self) -> String {
        self.feed.home_url.as_ref().map_or_else(|| self.address(""), Url::to_string)
    }

    /// Where an item can be read: its own address, or its page in the archive.
    pub fn link(&self, item: &Item) -> String {
        link_of(item, self.base_url, &self.feed.slug)
    }

    /// What the item is filed under: its kicker, and that it was taken back.
    pub fn labels<'b>(&self, item: &'b Item) -> impl Iterator<Item = &'b str> + use<'b> {
        let retracted = item.retracted_at.map(|_| RETRACTED);
        item.kicker.as_deref().into_iter().chain(retracted)
    }

    /// The language of an item, where it is not the feed's.
    pub fn language<'b>(&self, item: &'b Item) -> Option<&'b str> {
        item.language.as_deref().filter(|language| *language != self.feed.language)
    }

    pub fn description(&self) -> &str {
        self.feed.description.as_deref().unwrap_or(&self.feed.title)
    }

    /// When any item last changed; the feed is as old as its content, not as its rendering.
    pub fn updated(&self) -> Timestamp {
        self.items.iter().map(|item| updated(item)).max().unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// When the item was published or last edited.
pub fn updated(item: &Item) -> Timestamp {
    item.updated_at.max(item.published.at)
}

/// The calendar day of an item's publication on the site's clock.
pub fn day_of(item: &Item, zone: &TimeZone) -> Date {
    item.published.at.to_zoned_datetime(zone.clone()).date()
}

/// The date of an item for people, as far as it is known.
pub fn date_of(item: &Item, zone: &TimeZone, language: &str) -> String {
    let day = day_of(item, zone);
    match item.published.precision {
        Precision::Month => dates::long_month(day, language),
        Precision::Day | Precision::Minute => dates::long(day, language),
    }
}

/// Where an item can be read: its own address, or its page in the archive.
pub fn link_of(item: &Item, base_url: &Url, feed: &Slug) -> String {
    let own_page = || format!("{base_url}{feed}/{}", page_of(item));
    item.url.as_ref().map_or_else(own_page, Url::to_string)
}

/// The file of an item's own page, relative to its feed.
pub fn page_of(item: &Item) -> String {
    format!("items/{}.html", item.id)
}
