//! A look at one source: its pages or files to sightings.

use std::collections::HashSet;

use url::Url;

use crate::catalog::read_files;
use crate::dates::{Order, Reader};
use crate::diagnostic::{Diagnostic, count};
use crate::extract::rules::{self, Listing, Rules};
use crate::extract::{RawItem, charset, file};
use crate::fetch::{FetchError, Fetched, Fetcher, Page};
use crate::model::{Feed, Location, Source};
use crate::normalize::sighting::{Ground, Sighting};
use crate::store::{Seen, Store, StoreError, Validators};

/// Pages of items that are read in one look; the rest waits for the next.
const DETAILS: usize = 50;

/// What is needed to look.
#[derive(Debug)]
pub struct Look<'a> {
    pub feed: &'a Feed,
    pub source: &'a Source,
    pub fetcher: &'a Fetcher,
    pub store: &'a Store,
    /// The source has not given anything yet: its listing is read as far as its budget goes.
    pub is_first: bool,
}

#[derive(Debug)]
pub enum Looked {
    /// The server says that nothing has changed.
    Unchanged,
    Failed(Diagnostic),
    Found(Found),
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
    /// Addresses of the items whose own page was read.
    pub details: HashSet<Url>,
    /// For messages: where it was looked.
    seen_at: String,
}

impl Found {
    /// What to say when there is nothing.
    pub fn nothing(&self, source: &Source) -> Diagnostic {
        let (file, line) = &source.defined_at;
        let problem = Diagnostic::new(format!("source `{}` found no items", source.name))
            .at(file, *line)
            .note("looked at", self.seen_at.clone());
        match source.location {
            Location::Page(_) => problem.help("see what the page has now and correct `item`"),
            Location::Files { .. } => problem.help("put an announcement there, or correct `files`"),
        }
    }
}

/// An item as found, and what its addresses are relative to.
type Placed = (RawItem, Option<Url>);

impl Look<'_> {
    pub async fn run(&self, validators: Option<&Validators>) -> Result<Looked, StoreError> {
        match (&self.source.location, &self.source.rules) {
            (Location::Files { pattern, under }, rules) => {
                let mut found = Found { seen_at: pattern.clone(), ..Found::default() };
                let mut raw = Vec::new();
                for announcement in read_files(under, pattern) {
                    let name = announcement.name;
                    let items = announcement
                        .bytes
                        .and_then(|bytes| self.file_items(&name, &bytes, rules.as_ref()));
                    match items {
                        Ok(items) => raw.extend(items),
                        Err(reason) => found.problems.push(self.unusable(&name, &reason)),
                    }
                }
                self.normalize(raw, &mut found);
                Ok(Looked::Found(found))
            }
            (Location::Page(url), Some(rules)) => self.page(url, rules, validators).await,
            // The catalog lets no page without rules through.
            (Location::Page(url), None) => {
                Ok(Looked::Failed(Diagnostic::new(format!("no rules for `{url}`"))))
            }
        }
    }

    fn file_items(
        &self,
        name: &str,
        bytes: &[u8],
        rules: Option<&Rules>,
    ) -> Result<Vec<Placed>, String> {
        let base = self.feed.home_url.clone();
        match rules {
            None => {
                let item = file::read(name, bytes, &self.dates(None))?;
                Ok(item.into_iter().map(|item| (item, base.clone())).collect())
            }
            Some(rules) => {
                let listing = rules::read(&charset::decode(bytes, None), rules)
                    .map_err(|error| error.to_string())?;
                Ok(listing.items.into_iter().map(|item| (item, base.clone())).collect())
            }
        }
    }

    async fn page(
        &self,
        url: &Url,
        rules: &Rules,
        validators: Option<&Validators>,
    ) -> Result<Looked, StoreError> {
        let usable =
            validators.filter(|known| known.read_with.as_deref() == Some(&self.source.fingerprint));
        let page = match self.fetcher.fetch(url, usable).await {
            Ok(Fetched::NotModified) => return Ok(Looked::Unchanged),
            Ok(Fetched::Page(page)) => page,
            Err(error) => return Ok(Looked::Failed(self.unreachable(url, &error))),
        };
        let mut found = Found {
            seen_at: format!("{} ({} kB)", page.url, page.body.len().div_ceil(1000)),
            validators: Validators {
                read_with: Some(self.source.fingerprint.clone()),
                ..page.validators.clone()
            },
            ..Found::default()
        };
        let raw = match self.listing(page, rules, &mut found).await? {
            Ok(raw) => raw,
            Err(problem) => return Ok(Looked::Failed(problem)),
        };
        self.normalize(raw, &mut found);
        self.details(&mut found).await?;
        Ok(Looked::Found(found))
    }

    /// The items of a listing, its further pages included as long as they bring something new.
    async fn listing(
        &self,
        first: Box<Page>,
        rules: &Rules,
        found: &mut Found,
    ) -> Result<Result<Vec<Placed>, Diagnostic>, StoreError> {
        let mut visited = HashSet::from([first.url.clone()]);
        let mut page = first;
        let mut raw = Vec::new();
        for number in 1.. {
            let text = charset::decode(&page.body, page.content_type.as_deref());
            let listing = match rules::read(&text, rules) {
                Ok(listing) => listing,
                Err(error) if number == 1 => {
                    return Ok(Err(self.problem(&page.url, &error.to_string())));
                }
                Err(error) => {
                    found.problems.push(self.problem(&page.url, &error.to_string()));
                    break;
                }
            };
            let base = base_of(&page.url, &listing);
            let next = listing.next.as_deref().and_then(|next| base.join(next).ok());
            let items: Vec<Placed> =
                listing.items.into_iter().map(|item| (item, Some(base.clone()))).collect();
            let goes_on = number < rules.pages && (self.is_first || self.has_news(&items).await?);
            raw.extend(items);
            let Some(next) = next.filter(|next| goes_on && visited.insert(next.clone())) else {
                break;
            };
            match self.fetcher.fetch(&next, None).await {
                Ok(Fetched::Page(further)) => page = further,
                Ok(Fetched::NotModified) => break,
                Err(error) => {
                    found.problems.push(self.unreachable(&next, &error));
                    break;
                }
            }
        }
        Ok(Ok(raw))
    }

    async fn has_news(&self, items: &[Placed]) -> Result<bool, StoreError> {
        let ground = |base: &Option<Url>| self.ground(base.clone(), None);
        let wanted = |sighting: &Sighting| sighting.passes(&self.source.filter);
        let sightings: Vec<Sighting> = items
            .iter()
            .filter_map(|(item, base)| Sighting::of(item, &ground(base)))
            .filter(wanted)
            .collect();
        let seen = self.store.seen(&self.feed.slug, &sightings).await?;
        Ok(seen.contains(&Seen::Never))
    }

    /// Normalises what was found; the dates of all items decide together which number is the day.
    fn normalize(&self, raw: Vec<Placed>, found: &mut Found) {
        let dates = raw.iter().filter_map(|(item, _)| Some(item.published.as_ref()?.text.as_str()));
        let order = Order::of_column(dates);
        let mut empty = 0;
        for (item, base) in raw {
            match Sighting::of(&item, &self.ground(base, order)) {
                Some(sighting) if sighting.passes(&self.source.filter) => {
                    found.sightings.push(sighting);
                }
                Some(_) => found.dropped += 1,
                None => empty += 1,
            }
        }
        // An element without any text is a spinner, not an announcement.
        if found.sightings.is_empty() && found.dropped == 0 && empty > 0 {
            found.seen_at += &format!(", {} without title or text", count(empty, "item"));
        }
    }

    /// Reads the own page of each item that has not had it read.
    async fn details(&self, found: &mut Found) -> Result<(), StoreError> {
        let Some(fields) = &self.source.detail else { return Ok(()) };
        let seen = self.store.seen(&self.feed.slug, &found.sightings).await?;
        let unread =
            found.sightings.iter_mut().zip(seen).filter(|(_, seen)| *seen != Seen::WithDetail);
        for (sighting, _) in unread.take(DETAILS) {
            let Some(url) = sighting.url.clone() else { continue };
            match self.fetcher.fetch(&url, None).await {
                Ok(Fetched::Page(page)) => {
                    let text = charset::decode(&page.body, page.content_type.as_deref());
                    match rules::read_page(&text, fields) {
                        Ok(item) => {
                            sighting.overlay(&item, &self.ground(Some(page.url), None));
                            found.details.insert(url);
                        }
                        Err(error) => {
                            found.problems.push(self.problem(&url, &error.to_string()));
                        }
                    }
                }
                Ok(Fetched::NotModified) => {}
                Err(error) => found.problems.push(self.unreachable(&url, &error)),
            }
        }
        Ok(())
    }

    fn dates(&self, order: Option<Order>) -> Reader {
        Reader::new(&self.source.language).with_formats(&self.source.date_formats).with_order(order)
    }

    fn ground(&self, base: Option<Url>, order: Option<Order>) -> Ground {
        Ground { base, dates: self.dates(order), zone: self.source.time_zone.clone() }
    }

    fn unreachable(&self, url: &Url, error: &FetchError) -> Diagnostic {
        let text = error.to_string();
        let (reason, help) = match text.split_once("\nhelp: ") {
            Some((reason, help)) => (reason, Some(help)),
            None => (text.as_str(), None),
        };
        let problem = self.problem(url, reason);
        match help {
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

fn base_of(page: &Url, listing: &Listing) -> Url {
    listing.base.as_deref().and_then(|base| page.join(base).ok()).unwrap_or_else(|| page.clone())
}
