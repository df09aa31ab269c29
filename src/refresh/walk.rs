//! The way through a listing: from page to page, each once, no further than its budget. Pure.

use std::collections::{HashMap, HashSet, VecDeque};

use url::Url;

use crate::catalog::Source;
use crate::extract::Listing;

/// Sitemaps of an index that are read at most, the newest first.
const PARTS: usize = 10;

/// Where a walk through a listing has come to.
#[derive(Debug)]
pub struct Walk<'a> {
    source: &'a Source,
    visited: HashSet<Url>,
    parts: VecDeque<Url>,
    /// Parts that may still be read.
    parts_left: usize,
    /// Pages read, and items found on them.
    pages: usize,
    items: usize,
    /// The places on pages where each address was first.
    seen: HashMap<String, Vec<usize>>,
}

impl<'a> Walk<'a> {
    pub fn new(source: &'a Source) -> Walk<'a> {
        Walk {
            source,
            visited: HashSet::new(),
            parts: VecDeque::new(),
            parts_left: PARTS.max(source.pages),
            pages: 0,
            items: 0,
            seen: HashMap::new(),
        }
    }

    /// Takes in what the page at `url` has; says where to go on, if that is worth while.
    pub fn step(&mut self, url: &Url, listing: &Listing, has_news: bool) -> Option<Url> {
        self.visited.insert(url.clone());
        self.pages += 1;
        self.items += listing.items.len();
        let mut here = HashSet::new();
        for (place, item) in listing.items.iter().enumerate() {
            if let Some(address) = item.url.as_ref().filter(|address| here.insert(*address)) {
                self.seen.entry(address.clone()).or_default().push(place);
            }
        }
        self.parts.extend(listing.parts.iter().filter_map(|part| url.join(part).ok()));
        let is_worth_while = has_news && self.pages < self.source.pages;
        let further = is_worth_while.then(|| self.further(url, listing)).flatten();
        let next = further.filter(|next| self.visited.insert(next.clone()));
        next.or_else(|| self.part())
    }

    /// True if items were on several pages, in other places: while they were read, the listing came
    /// into another order, so that others were on none. What is pinned to all pages stands in one
    /// place on them, and one that is new moves another from the end of a page to the next.
    pub fn has_moved(&self) -> bool {
        let is_elsewhere = |places: &&Vec<usize>| places.windows(2).any(|two| two[0] != two[1]);
        self.seen.values().filter(is_elsewhere).count() > 1
    }

    /// True if the pages are found by counting, not by what a page says.
    pub fn counts(&self) -> bool {
        self.source.next_url.as_ref().is_some_and(|template| !template.contains("{next}"))
    }

    /// The next part of an index.
    pub fn part(&mut self) -> Option<Url> {
        while let Some(part) = self.parts.pop_front().filter(|_| self.parts_left > 0) {
            self.parts_left -= 1;
            if self.visited.insert(part.clone()) {
                return Some(part);
            }
        }
        None
    }

    /// The page behind `url`: as its source says that pages are called, or as it says itself.
    fn further(&self, url: &Url, listing: &Listing) -> Option<Url> {
        let Some(template) = &self.source.next_url else {
            let base = listing.base.as_deref().and_then(|base| url.join(base).ok());
            return base.as_ref().unwrap_or(url).join(listing.next.as_deref()?).ok();
        };
        if listing.items.is_empty() || (template.contains("{next}") && listing.next.is_none()) {
            return None;
        }
        let next: String = url::form_urlencoded::byte_serialize(
            listing.next.as_deref().unwrap_or_default().as_bytes(),
        )
        .collect();
        let address = template
            .replace("{page}", &(self.pages + 1).to_string())
            .replace("{offset}", &self.items.to_string())
            .replace("{next}", &next);
        Url::parse(&address).ok()
    }
}
