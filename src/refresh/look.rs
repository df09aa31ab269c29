//! A look at one source: its pages or files to sightings.

mod detail;
mod first;

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::walk::Walk;
use crate::catalog::{Feed, Location, Request, Source, read_files};
use crate::dates::{Orders, Reader};
use crate::detect::Obstacle;
use crate::diagnostic::{Diagnostic, count};
use crate::extract::{self, ExtractError, Listing, RawItem, Rules};
use crate::fetch::{FetchError, Fetched, Fetcher, Page};
use crate::normalize::filter::Field;
use crate::normalize::sighting::{self, Ground, Sighting};
use crate::normalize::usual::Usual;
use crate::store::{Seen, SourceRow, Store, StoreError, Validators};

pub use first::Healed;

/// Times that a listing without an order of its own is read again at most.
const READINGS: usize = 12;

/// What is needed to look.
#[derive(Debug)]
pub struct Look<'a> {
    pub feed: &'a Feed,
    pub source: &'a Source,
    pub fetcher: &'a Fetcher,
    pub store: &'a Store,
    /// What is remembered of the source.
    pub before: Option<&'a SourceRow>,
    /// The source has not given anything yet: its listing is read as far as its budget goes.
    pub is_first: bool,
    pub now: Timestamp,
    /// Bytes received, before decompression.
    pub received: Cell<usize>,
}

#[derive(Debug)]
pub enum Looked {
    /// The server says that nothing has changed.
    Unchanged {
        fresh_for: Option<SignedDuration>,
    },
    /// The page could not be had.
    Unreached(Diagnostic, FetchError),
    /// It could not be read.
    Failed(Diagnostic),
    /// Less than there should be.
    Degraded(Diagnostic),
    Found(Box<Found>),
}

/// What a look has found.
#[derive(Debug, Default)]
pub struct Found {
    pub sightings: Vec<Sighting>,
    /// Items that the definition does not want.
    pub dropped: usize,
    /// Items, files or pages that could not be used.
    pub problems: Vec<Diagnostic>,
    pub validators: Validators,
    /// Nothing was left for the next look: the page need not be read again until it changes.
    pub is_complete: bool,
    /// What the source usually gives from now on.
    pub usual: Option<Usual>,
    /// How long the page says that it holds.
    pub fresh_for: Option<SignedDuration>,
    /// Items whose own page may not be read, as robots.txt says.
    pub closed: usize,
    /// The page says that there is nothing.
    pub says_none: bool,
    /// The rules did not find what they should, others did.
    pub healed: Option<Healed>,
    /// The first page, and what it gives by itself.
    pub first: Option<(Rc<Page>, Vec<Sighting>)>,
    /// What the items of the first page were read as, if they are the first that were found.
    read: Vec<Option<Sighting>>,
    /// The order of the listing changed while it was read.
    pub has_moved: bool,
    /// Only addresses were found.
    are_bare: bool,
    /// Why there may be nothing.
    obstacle: Option<Obstacle>,
    /// For messages: where it was looked.
    seen_at: String,
}

impl Found {
    /// There should be something.
    pub fn has_nothing(&self) -> bool {
        self.sightings.is_empty() && self.dropped == 0 && !self.says_none
    }

    /// What to say when there is nothing.
    pub fn nothing(&self, source: &Source) -> Diagnostic {
        let (file, line) = &source.defined_at;
        let problem = Diagnostic::new(format!("source `{}` found no items", source.name))
            .at(file, *line)
            .note("looked at", self.seen_at.clone());
        let problem = match self.obstacle {
            Some(obstacle) => problem.note("perhaps", obstacle.told()),
            None => problem,
        };
        let is_made = self.obstacle == Some(Obstacle::Scripts) && !source.request.is_rendered;
        let help = match (&source.location, &source.rules) {
            (Location::Page(_), _) if is_made => "let a browser load it: `render = \"browser\"`",
            (Location::Files { .. }, _) => "put an announcement there, or correct `files`",
            (Location::Page(_), Rules::Auto) if self.are_bare => {
                "see whether the pages that it names can be read, and fit `keep`"
            }
            (Location::Page(_), Rules::Json(_)) => "see what it answers now and correct `item`",
            (Location::Page(url), _) => {
                &format!("`infocus probe {url}` shows what the page has now")
            }
        };
        problem.help(help)
    }
}

/// An item as found, and where.
type Placed = (RawItem, Place);

/// What the place of an item says about it.
#[derive(Debug, Clone, Default)]
struct Place {
    /// What its addresses are relative to.
    base: Option<Url>,
    /// What the page says its language is.
    language: Option<String>,
}

impl Place {
    fn at(base: Option<Url>) -> Place {
        Place { base, language: None }
    }
}

impl Look<'_> {
    pub async fn run(&self) -> Result<Looked, StoreError> {
        match &self.source.location {
            Location::Files { pattern, under } => {
                let mut found = Found { seen_at: pattern.clone(), ..Found::default() };
                let mut raw = Vec::new();
                for announcement in read_files(under, pattern) {
                    let name = announcement.name;
                    let items = announcement.bytes.and_then(|bytes| self.file_items(&name, &bytes));
                    match items {
                        Ok(items) => raw.extend(items),
                        Err(reason) => found.problems.push(self.unusable(&name, &reason)),
                    }
                }
                self.normalize(raw, &mut found);
                self.details(&mut found).await?;
                Ok(Looked::Found(Box::new(found)))
            }
            Location::Page(url) => self.page(url).await,
        }
    }

    fn file_items(&self, name: &str, bytes: &[u8]) -> Result<Vec<Placed>, String> {
        let place = Place::at(self.feed.home_url.clone());
        let ground = self.ground(&place, Orders::default());
        let file = extract::Source::file(name, bytes, &ground.dates);
        let listing = extract::read(file, &self.source.rules).map_err(|error| error.to_string())?;
        let base = place.base.as_ref().map(|home| base_of(home, &listing));
        let place = Place { base, language: listing.language };
        Ok(listing.items.into_iter().map(|item| (item, place.clone())).collect())
    }

    async fn page(&self, url: &Url) -> Result<Looked, StoreError> {
        let validators = self.before.map(|row| &row.validators);
        let usable =
            validators.filter(|known| known.read_with.as_deref() == Some(&self.source.fingerprint));
        let page: Rc<Page> = match self.fetch(url, usable, &self.source.request).await {
            Ok(Fetched::NotModified { fresh_for }) => return Ok(Looked::Unchanged { fresh_for }),
            Ok(Fetched::Page(page)) => Rc::from(page),
            Err(error) => return Ok(Looked::Unreached(self.unreachable(url, &error), error)),
        };
        let mut found = Found {
            is_complete: true,
            fresh_for: page.fresh_for,
            seen_at: seen_at(&page),
            validators: Validators {
                read_with: Some(self.source.fingerprint.clone()),
                ..page.validators.clone()
            },
            ..Found::default()
        };
        // Nobody has read all of it under these rules, or something was left over.
        let moves = self.before.is_some_and(|row| row.moves);
        let is_unread = self.is_first || usable.is_none() || moves;
        let listing = match self.first(&page, &mut found).await? {
            Ok(listing) => listing,
            Err(looked) => return Ok(looked),
        };
        let ttl = listing.ttl.map(|minutes| SignedDuration::from_mins(i64::from(minutes)));
        found.fresh_for = found.fresh_for.max(ttl);
        let (mut raw, has_moved) = self.listing(page, listing, is_unread, &mut found).await?;
        found.has_moved = has_moved;
        if has_moved || moves {
            self.read_again(url, &mut raw, &mut found).await?;
        }
        self.normalize(raw, &mut found);
        self.details(&mut found).await?;
        Ok(Looked::Found(Box::new(found)))
    }

    /// Reads a listing that is in another order at every request, until further readings bring
    /// nothing new.
    async fn read_again(
        &self,
        url: &Url,
        raw: &mut Vec<Placed>,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        // Later, what is missed at one look comes at another.
        let enough = if self.is_first { 3 } else { 1 };
        let mut idle = 0;
        for _ in 0..READINGS {
            let request = &self.source.request;
            let Ok(Fetched::Page(page)) = self.fetch(url, None, request).await else {
                break;
            };
            let Ok((listing, _)) = self.read(&page).await? else { break };
            let (again, has_moved) = self.listing(Rc::from(page), listing, true, found).await?;
            found.has_moved |= has_moved;
            let known: HashSet<Option<String>> =
                raw.iter().map(|(item, _)| item.url.clone()).collect();
            let before = raw.len();
            raw.extend(again.into_iter().filter(|(item, _)| !known.contains(&item.url)));
            idle = if raw.len() == before { idle + 1 } else { 0 };
            if idle == enough {
                break;
            }
        }
        Ok(())
    }

    /// The items of a listing, its further pages included as long as they bring something new, and
    /// whether its order changed meanwhile.
    async fn listing(
        &self,
        first: Rc<Page>,
        listing: Listing,
        is_unread: bool,
        found: &mut Found,
    ) -> Result<(Vec<Placed>, bool), StoreError> {
        let mut walk = Walk::new(self.source);
        let mut raw = Vec::new();
        let mut page: Option<(Rc<Page>, Result<Listing, Diagnostic>)> = Some((first, Ok(listing)));
        while let Some((current, listing)) = page.take() {
            let next = match listing {
                Ok(listing) => {
                    found.are_bare |= listing.are_bare;
                    let base = Some(base_of(&current.url, &listing));
                    let place = Place { base, language: listing.language.clone() };
                    let items: Vec<Placed> =
                        listing.items.iter().map(|item| (item.clone(), place.clone())).collect();
                    let has_news = is_unread || self.has_news(&items).await?;
                    raw.extend(items);
                    walk.step(&current.url, &listing, has_news)
                }
                Err(problem) => {
                    found.problems.push(problem);
                    walk.part()
                }
            };
            page = match self.go_on(next, &mut walk, found).await {
                Some(page) => {
                    let read = self.read(&page).await?;
                    Some((Rc::from(page), read.map(|(listing, _)| listing)))
                }
                None => None,
            };
        }
        Ok((raw, walk.has_moved()))
    }

    /// Fetches the next page of a walk; one that cannot be had ends it, but for the parts of an index.
    async fn go_on(
        &self,
        next: Option<Url>,
        walk: &mut Walk<'_>,
        found: &mut Found,
    ) -> Option<Box<Page>> {
        let mut next = next;
        while let Some(url) = next.take() {
            match self.fetch(&url, None, &self.source.request_for(&url)).await {
                Ok(Fetched::Page(page)) => return Some(page),
                Ok(Fetched::NotModified { .. }) => return None,
                // Where pages are counted, one too many is how the end is told.
                Err(error) if walk.counts() && error.is_refusal() => return None,
                Err(FetchError::Later(_)) => {
                    found.is_complete = false;
                    return None;
                }
                Err(error) => {
                    found.is_complete = false;
                    found.problems.push(self.unreachable(&url, &error));
                    next = walk.part();
                }
            }
        }
        None
    }

    async fn fetch(
        &self,
        url: &Url,
        validators: Option<&Validators>,
        request: &Request,
    ) -> Result<Fetched, FetchError> {
        let fetched = self.fetcher.fetch(url, validators, request).await?;
        if let Fetched::Page(page) = &fetched {
            self.received.set(self.received.get() + page.received);
        }
        Ok(fetched)
    }

    fn extract(&self, page: &Page) -> Result<Listing, ExtractError> {
        let ground = self.ground(&Place::default(), Orders::default());
        let content_type = page.content_type.as_deref();
        let source = extract::Source::page(&page.url, content_type, &page.body, &ground.dates);
        extract::read(source, &self.source.rules)
    }

    /// True if a listing has an item that is not known by name, or says something else of one.
    async fn has_news(&self, items: &[Placed]) -> Result<bool, StoreError> {
        let wanted = |sighting: &Sighting| sighting.passes(&self.source.filter_of_listing());
        let ground = |place: &Place| self.ground(place, Orders::default());
        let sightings: Vec<Sighting> = items
            .iter()
            .filter_map(|(item, place)| Sighting::of(item, &ground(place)))
            .filter(wanted)
            .collect();
        let seen = self.seen(&sightings).await?;
        Ok(sightings.iter().zip(seen).any(|(sighting, seen)| !seen.is_as_before(sighting)))
    }

    async fn seen(&self, sightings: &[Sighting]) -> Result<Vec<Seen>, StoreError> {
        self.store.seen(&self.feed.slug, &self.source.id, sightings).await
    }

    /// Normalises what was found; the dates of all items decide together which number is the day.
    fn normalize(&self, raw: Vec<Placed>, found: &mut Found) {
        let filter = match found.are_bare {
            true => self.source.filter.without(|field| field != Field::Url),
            false => self.source.filter_of_listing(),
        };
        let read = std::mem::take(&mut found.read);
        // Further pages, if there were any, have added nothing.
        let read = if read.len() == raw.len() { read } else { self.read_all(&raw, found.are_bare) };
        let mut empty = 0;
        for sighting in read {
            match sighting {
                Some(sighting) if sighting.passes(&filter) => found.sightings.push(sighting),
                Some(_) => found.dropped += 1,
                None => empty += 1,
            }
        }
        sighting::part(&mut found.sightings);
        // An element without any text is a spinner, not an announcement.
        if found.sightings.is_empty() && found.dropped == 0 && empty > 0 {
            found.seen_at += &format!(", {} without title or text", count(empty, "item"));
        }
    }

    fn read_all(&self, raw: &[Placed], are_bare: bool) -> Vec<Option<Sighting>> {
        let dates = raw.iter().filter_map(|(item, _)| Some(item.published.as_ref()?.text.as_str()));
        // The languages of the column are those of its first page.
        let place = raw.first().map(|(_, place)| place.clone()).unwrap_or_default();
        let orders = Orders::of_column(dates, &self.ground(&place, Orders::default()).dates);
        let sighting = if are_bare { Sighting::bare } else { Sighting::of };
        raw.iter().map(|(item, place)| sighting(item, &self.ground(place, orders))).collect()
    }

    fn ground(&self, place: &Place, orders: Orders) -> Ground {
        Ground {
            base: place.base.clone(),
            dates: Reader::new(&self.source.language)
                .with_language(place.language.as_deref().unwrap_or_default())
                .with_formats(&self.source.date_formats)
                .with_orders(orders)
                .looking_at(self.now, &self.source.time_zone),
            zone: self.source.time_zone.clone(),
            language: self.source.language.clone(),
            scope: match self.source.location {
                Location::Page(_) => format!("{}|", self.source.id),
                Location::Files { .. } => String::new(),
            },
            rules: self.source.fingerprint.clone(),
        }
    }

    fn unreachable(&self, url: &Url, error: &FetchError) -> Diagnostic {
        let problem = self.problem(url, &error.to_string());
        match error.help() {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    fn problem(&self, url: &Url, reason: &str) -> Diagnostic {
        Diagnostic::new(format!("source `{}`: {reason}", self.source.name))
            .at(&self.source.defined_at.0, self.source.defined_at.1)
            .note("page", url.as_str())
    }

    fn unusable(&self, name: &str, reason: &str) -> Diagnostic {
        Diagnostic::new(format!("source `{}`: `{name}` was left out: {reason}", self.source.name))
            .at(&self.source.defined_at.0, self.source.defined_at.1)
    }
}

/// For messages: where it was looked, and what was missing there.
fn seen_at(page: &Page) -> String {
    let at = format!("{} ({} kB)", page.url, page.body.len().div_ceil(1000));
    match page.missed.split_first() {
        Some((first, [])) => format!("{at}, without what its scripts asked for: {first}"),
        Some((first, more)) => {
            format!("{at}, without what its scripts asked for: {first}, and {} more", more.len())
        }
        None => at,
    }
}

fn base_of(page: &Url, listing: &Listing) -> Url {
    listing.base.as_deref().and_then(|base| page.join(base).ok()).unwrap_or_else(|| page.clone())
}
