//! Feeds that a page names (HTML, 4.6.7.1).

use scraper::{Html, Selector};
use url::Url;

use crate::normalize::{line, links};

/// A feed that a page says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub url: Url,
    /// As the page calls it; empty if it does not.
    pub title: String,
}

const TYPES: [&str; 4] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];

/// The feeds that a page names, in its order; comments to single pages are none.
pub fn feeds(html: &Html, page: &Url) -> Vec<Announced> {
    let Ok(selector) = Selector::parse("link[rel~=alternate][type][href]") else {
        return Vec::new();
    };
    let mut found: Vec<Announced> = Vec::new();
    for element in html.select(&selector) {
        let attribute = |name| element.value().attr(name).map(line).unwrap_or_default();
        let is_feed = TYPES.contains(&attribute("type").to_ascii_lowercase().as_str());
        let Some(url) = links::absolute(&attribute("href"), Some(page)).filter(|_| is_feed) else {
            continue;
        };
        let is_of_comments = url.path().trim_end_matches('/').contains("/comments/");
        if !is_of_comments && found.iter().all(|known| known.url != url) {
            found.push(Announced { url, title: attribute("title") });
        }
    }
    found
}
