//! All items of a feed in pages that feed readers walk through (RFC 5005, 4).

use std::cmp::Reverse;

use crate::model::Item;

/// Items of a page. With another number, addresses that readers know would have other items.
const SIZE: usize = 100;

/// The element that marks a page that stays as it is, and the namespace of it.
pub const MARK: &str = "archive";
pub const NAMESPACE: (&str, &str) = ("fh", "http://purl.org/syndication/history/1.0");

/// A page of the archive, the oldest of which is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    number: usize,
    items: usize,
}

/// Where a document is among those of its feed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// The page of the archive that it is; none if it is what readers subscribe to.
    pub page: Option<Page>,
    pub before: Option<Page>,
    /// The page after it, once that stays where it is: a link to one that moves would change a page
    /// that has been read.
    pub after: Option<Page>,
}

impl Page {
    /// Its file, relative to its feed, in the format that readers subscribe to as `name`:
    /// `archive/atom-3.xml`.
    fn file(self, name: &str) -> String {
        let (name, ending) = name.split_once('.').unwrap_or((name, ""));
        format!("archive/{name}-{}.{ending}", self.number)
    }

    /// Its address, relative to its feed. Readers go back no further than to an address that they
    /// know, so that of a page that grows is another one each time; web servers ignore a query.
    pub fn address(self, name: &str) -> String {
        let file = self.file(name);
        if self.is_complete() { file } else { format!("{file}?n={}", self.items) }
    }

    /// True if no item is to come.
    pub fn is_complete(self) -> bool {
        self.items == SIZE
    }
}

impl Place {
    /// That of what readers subscribe to, before which are these pages.
    pub fn after(pages: &[(Place, Vec<&Item>)]) -> Place {
        Place { before: pages.last().and_then(|(place, _)| place.page), ..Place::default() }
    }

    /// The file of the document, relative to its feed, in the format that readers subscribe to as
    /// `name`; and its address.
    pub fn file(&self, name: &str) -> String {
        self.page.map_or_else(|| name.to_owned(), |page| page.file(name))
    }

    pub fn address(&self, name: &str) -> String {
        self.page.map_or_else(|| name.to_owned(), |page| page.address(name))
    }
}

/// The pages of the archive with their items, the oldest page first. An item is on the page of its
/// arrival for ever, whatever its date, and has its place there by its date.
pub fn pages(items: &[Item]) -> Vec<(Place, Vec<&Item>)> {
    let mut arrived: Vec<&Item> = items.iter().collect();
    arrived.sort_by_key(|item| (item.first_seen_at, item.id));
    let parts: Vec<&[&Item]> = arrived.chunks(SIZE).collect();
    let page = |at: usize| parts.get(at).map(|part| Page { number: at + 1, items: part.len() });
    let mut pages = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let place = Place {
            page: page(at),
            before: at.checked_sub(1).and_then(page),
            after: page(at + 1).filter(|page| page.is_complete()),
        };
        let mut items = part.to_vec();
        items.sort_by_key(|item| (Reverse(item.published.at), item.id));
        pages.push((place, items));
    }
    pages
}
