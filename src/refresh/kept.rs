//! Keeping the pages of sources, and reading them again.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use super::look::Look;
use super::{Pass, RefreshError};
use crate::catalog::{Feed, Source};
use crate::diagnostic::Diagnostic;
use crate::fetch::Page;
use crate::kept::{Kept, Reading, Record};
use crate::model::ItemId;
use crate::normalize::sighting::Sighting;

/// What was read of a kept page then and is read now, by the ids of the items.
#[derive(Debug)]
pub struct Replay {
    pub then: Record,
    pub now: BTreeMap<String, Reading>,
}

/// The first page of a source, and what it gives by itself.
#[derive(Debug)]
pub struct FirstPage {
    pub page: Rc<Page>,
    pub items: Vec<(ItemId, Sighting)>,
}

impl Pass<'_> {
    /// Keeps the first page of a source with what was read from it, if that is not what is kept; says
    /// why it cannot.
    pub(super) fn keep(&self, look: &Look<'_>, first: FirstPage) -> Option<Diagnostic> {
        let Look { feed, source, .. } = *look;
        let FirstPage { page, items } = first;
        let kept = Kept::of(self.site, feed, source);
        if kept.is(&page.body, &source.fingerprint) {
            return None;
        }
        let record = Record {
            url: page.url.clone(),
            content_type: page.content_type.clone(),
            fetched_at: self.now,
            rules: source.fingerprint.clone(),
            items: readings(&items),
        };
        let error = kept.keep(&page.body, &record).err()?;
        Some(problem(source, "failed to keep its page", &kept, &error))
    }

    /// Reads the kept page of a source by its definition as it is now; nothing if none is kept.
    pub async fn replay(
        &self,
        feed: &Feed,
        source: &Source,
    ) -> Result<Option<Result<Replay, Diagnostic>>, RefreshError> {
        let kept = Kept::of(self.site, feed, source);
        let (page, then) = match kept.read() {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(None),
            Err(error) => {
                return Ok(Some(Err(problem(
                    source,
                    "failed to read its kept page",
                    &kept,
                    &error,
                ))));
            }
        };
        let fetcher = self.site.fetcher()?;
        let before = self.store.source(&feed.slug, &source.id).await?;
        // "Yesterday" is that of the page.
        let now = then.fetched_at;
        let look = Look { now, ..self.look(feed, source, &fetcher, before.as_ref()) };
        let sightings = match look.replay(&page).await? {
            Ok(sightings) => sightings,
            Err(problem) => return Ok(Some(Err(problem))),
        };
        let sources: Vec<String> = feed.sources.iter().map(|source| source.id.clone()).collect();
        let items = self.store.identify(sightings, self.occasion(&look, &sources)).await?;
        Ok(Some(Ok(Replay { then, now: readings(&items) })))
    }
}

/// What is read of each item.
fn readings(items: &[(ItemId, Sighting)]) -> BTreeMap<String, Reading> {
    items.iter().map(|(id, sighting)| (id.to_string(), Reading::of(sighting))).collect()
}

fn problem(source: &Source, what: &str, kept: &Kept, error: &io::Error) -> Diagnostic {
    Diagnostic::new(format!("source `{}`: {what}: {error}", source.name))
        .note("in", kept.directory().display().to_string())
}
