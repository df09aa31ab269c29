//! The own pages of items, and the documents that they link to.

use super::{Found, Look, Place, base_of};
use crate::dates::Orders;
use crate::diagnostic::Diagnostic;
use crate::extract::{TooComplex, charset, html, rules};
use crate::fetch::{FetchError, Fetched, Page, essence, is_html};
use crate::normalize::documents;
use crate::normalize::sighting::Sighting;
use crate::store::StoreError;

/// Pages of items that are read in one look; the rest waits for the next.
const DETAILS: usize = 50;

impl Look<'_> {
    /// Marks what says what it said before, and reads the own page of each item that has not had
    /// it read or is said to be another.
    pub(super) async fn details(&self, found: &mut Found) -> Result<(), StoreError> {
        if found.are_bare {
            let passed = self.store.passed(&self.feed.slug, &self.source.id, &names(found)).await?;
            found.sightings.retain(|sighting| !passed.contains(sighting.seed()));
        }
        let seen = self.seen(&found.sightings).await?;
        let mut left = DETAILS;
        for (sighting, seen) in found.sightings.iter_mut().zip(seen) {
            let is_as_before = seen.is_as_before(sighting);
            let has_own =
                sighting.document().is_none() && (self.source.detail.is_some() || sighting.is_bare);
            if !has_own {
                sighting.is_unchanged = is_as_before;
                if !is_as_before && sighting.document().is_some() {
                    if left == 0 {
                        // The next look has to ask.
                        sighting.listed.clear();
                    } else if self.measure(sighting).await {
                        left -= 1;
                    }
                }
                continue;
            }
            if (is_as_before && seen.has_detail) || left == 0 || sighting.url.is_none() {
                // What its own page said outweighs the listing until that page can be read again.
                sighting.is_unchanged = seen.has_detail;
                continue;
            }
            left -= 1;
            if let Err(missed) = self.detail(sighting).await {
                sighting.is_unchanged = seen.has_detail && !sighting.is_retracted;
                found.is_complete &= sighting.has_detail;
                match missed {
                    Missed::Told(problem) if !sighting.is_retracted => found.problems.push(problem),
                    Missed::Closed => found.closed += 1,
                    Missed::Told(_) | Missed::Later => {}
                }
            }
            sighting.is_detail_new = is_as_before && sighting.has_detail && !seen.has_detail;
        }
        let (bare, told): (Vec<Sighting>, Vec<Sighting>) = std::mem::take(&mut found.sightings)
            .into_iter()
            .partition(|sighting| sighting.is_bare && !sighting.is_unchanged);
        found.sightings = told;
        // Of a sitemap's first look, what does not fit was there long before.
        let gone = bare.iter().filter(|sighting| self.is_first || sighting.has_detail);
        let gone: Vec<String> = gone.map(|sighting| sighting.seed().to_owned()).collect();
        found.is_complete &= left > 0 || (found.are_bare && gone.len() == bare.len());
        self.store.pass_over(&self.feed.slug, &self.source.id, &gone).await
    }

    /// Asks what a document is and how long; true if that was to be asked. Without an answer its
    /// address says what it is.
    async fn measure(&self, sighting: &mut Sighting) -> bool {
        let Some(file) = sighting.document().filter(|file| file.length.is_none()) else {
            return false;
        };
        let request = self.source.request_for_item(&file.url);
        let head = self.fetcher.head(&file.url, &request).await.unwrap_or_default();
        let media_type = head.content_type.as_deref().map(essence).unwrap_or_default();
        if is_html(&media_type) {
            // A page that says so, or asks who is there.
            sighting.enclosures.remove(0);
            return true;
        }
        if documents::is_type(&media_type) {
            file.media_type = media_type;
        }
        file.length = head.length;
        true
    }

    async fn detail(&self, sighting: &mut Sighting) -> Result<(), Missed> {
        let Some(url) = sighting.url.clone() else { return Ok(()) };
        let request = self.source.request_for_item(&url);
        match self.fetch(&url, None, &request).await {
            Ok(Fetched::Page(page)) => {
                if let Some(media_type) = document_type(&page) {
                    sighting.is_document(url, &media_type, page.body.len() as u64);
                    return Ok(());
                }
                let text = charset::decode(&page.body, page.content_type.as_deref());
                let ground = self.ground(&Place::at(Some(page.url.clone())), Orders::default());
                let unreadable =
                    |error: TooComplex| Missed::Told(self.problem(&url, &error.to_string()));
                if sighting.is_bare {
                    let whole = html::read(&text, &ground.dates).map_err(unreadable)?;
                    sighting.overlay(&whole, &ground);
                }
                if let Some(fields) = &self.source.detail {
                    let listing = rules::read_page(&text, fields).map_err(unreadable)?;
                    let place = Place::at(Some(base_of(&page.url, &listing)));
                    let ground = self.ground(&place, Orders::default());
                    for item in &listing.items {
                        sighting.overlay(item, &ground);
                    }
                }
                sighting.has_detail = true;
                sighting.is_bare &= sighting.title_is_made;
            }
            Ok(Fetched::NotModified { .. }) => {}
            Err(FetchError::Later(_)) => return Err(Missed::Later),
            Err(FetchError::Forbidden) => {
                sighting.has_detail = true;
                return Err(Missed::Closed);
            }
            Err(error) => {
                // A page that is not there will not be asked for again.
                sighting.has_detail = error.is_gone();
                sighting.is_retracted = error.is_retracted();
                return Err(Missed::Told(self.unreachable(&url, &error)));
            }
        }
        Ok(())
    }
}

/// Why the own page of an item was not read.
enum Missed {
    Told(Diagnostic),
    /// The server wants to be left alone for now.
    Later,
    /// Its robots.txt forbids it.
    Closed,
}

fn names(found: &Found) -> Vec<String> {
    found.sightings.iter().map(|sighting| sighting.seed().to_owned()).collect()
}

/// The media type of what came, where that is no page.
fn document_type(page: &Page) -> Option<String> {
    let media_type = essence(page.content_type.as_deref()?);
    let is_page = media_type.starts_with("text/")
        || media_type.ends_with("xml")
        || media_type.ends_with("json");
    (!is_page && media_type.contains('/')).then_some(media_type)
}
