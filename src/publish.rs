//! Items to what people read: RSS, Atom, JSON Feed, web pages, OPML. The writers are pure; only
//! [`Rollout`] touches what is published.

mod atom;
mod bucket;
mod directory;
mod document;
mod health;
mod json;
mod media;
mod output;
mod pages;
mod paging;
mod rss;

use jiff::tz::TimeZone;
use url::Url;

pub use atom::write as write_atom;
pub use bucket::{Bucket, WRITING};
pub use directory::{Directory, Stage};
pub use document::{FeedDocument, date_of, link_of, window};
pub use health::write as health;
pub use media::{Rhythm, media_type};
pub use output::{Output, OutputError, Rollout};
pub use rss::write as write_rss;

use crate::catalog::Feed;
use crate::config::Settings;
use crate::model::Item;
use crate::templates::{TemplateError, Templates};
use paging::Place;

/// Publishes feeds under the base address of a site.
#[derive(Debug)]
pub struct Publisher<'a> {
    pub base_url: &'a Url,
    pub zone: &'a TimeZone,
    pub hub: Option<&'a Url>,
    pub templates: &'a Templates,
}

/// What of a feed is different from before.
#[derive(Debug, Default)]
pub struct Changed {
    pub files: usize,
    /// Addresses that readers subscribe to.
    pub topics: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("failed to write the feed: {0}")]
    Format(String),
}

impl Publisher<'_> {
    /// Writes everything of one feed; `items` are all it has, the newest first. Says what is
    /// different from before.
    pub fn feed(
        &self,
        feed: &Feed,
        items: &[Item],
        rollout: &mut Rollout<'_>,
    ) -> Result<Changed, PublishError> {
        let shown = window(items, feed.window);
        let pages = if shown.len() < items.len() { paging::pages(items) } else { Vec::new() };
        let document = FeedDocument {
            place: Place::after(&pages),
            hub: self.hub,
            ..FeedDocument::new(feed, shown, self.base_url, self.zone)
        };
        let (mut files, mut topics) = (0, Vec::new());
        let mut write = |name: &str, bytes: Vec<u8>| -> Result<bool, PublishError> {
            let is_new = rollout.write(&format!("{}/{name}", feed.slug), &bytes)?;
            files += usize::from(is_new);
            Ok(is_new)
        };
        let entries = pages::entries(&document, items);
        // What the feeds link to is there before they are.
        for (name, page) in pages::archive(&document, items, &entries, self.templates)? {
            write(&name, page.into_bytes())?;
        }
        write("index.html", pages::feed(&document, &entries, self.templates)?.into_bytes())?;
        let pages = pages.into_iter().map(|(place, items)| FeedDocument {
            place,
            ..FeedDocument::new(feed, items, self.base_url, self.zone)
        });
        for document in pages.chain([document]) {
            for (name, text) in [
                (rss::NAME, rss::write(&document)?),
                (atom::NAME, atom::write(&document)?),
                (json::NAME, json::write(&document)?),
            ] {
                let is_new = write(&document.place.file(name), text.into_bytes())?;
                if is_new && document.place.page.is_none() {
                    topics.push(document.address(name));
                }
            }
        }
        Ok(Changed { files, topics })
    }

    /// Writes what spans all feeds: the index and the OPML list.
    pub fn index(
        &self,
        title: &str,
        language: &str,
        feeds: &[&Feed],
        rollout: &mut Rollout<'_>,
    ) -> Result<(), PublishError> {
        let index = pages::index(title, language, feeds, self.base_url, self.templates)?;
        let opml = pages::opml(title, feeds, self.base_url, self.templates)?;
        for (name, text) in [("index.html", index), ("feeds.opml", opml)] {
            rollout.write(name, text.as_bytes())?;
        }
        Ok(())
    }
}

/// Renders every page once, of a feed and an item that are not there, so that a template that
/// asks for what it is not given is found before it matters.
pub fn rehearse(settings: &Settings, templates: &Templates) -> Result<(), TemplateError> {
    let feed = Feed::sample();
    let items = [Item::sample(), Item::bare_sample()];
    let base_url = &settings.base_url;
    let document = FeedDocument::new(&feed, &items, base_url, &settings.time_zone);
    let entries = pages::entries(&document, &items);
    pages::archive(&document, &items, &entries, templates)?;
    pages::feed(&document, &entries, templates)?;
    pages::index("", &settings.language, &[&feed], base_url, templates)?;
    pages::opml("", &[&feed], base_url, templates)?;
    Ok(())
}
