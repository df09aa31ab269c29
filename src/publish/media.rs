//! What is said of a file wherever it is read over HTTP: what it is, and how long it is good for.

use std::collections::HashMap;

use crate::catalog::Feed;

/// Seconds for which a page is good that may change with the next refresh.
const PAGE: u64 = 300;

/// Bounds of the seconds for which a feed is.
const FEED: (u64, u64) = (60, 3600);

/// How long what is published is good for: a feed for a quarter of the time between two looks at its
/// sources, so that nobody reads it much later than it is there.
#[derive(Debug, Default)]
pub struct Rhythm(HashMap<String, u64>);

impl Rhythm {
    pub fn new(feeds: &[Feed]) -> Rhythm {
        let seconds = |feed: &Feed| {
            let every = feed.sources.iter().map(|source| source.every.as_secs()).min();
            let quarter = u64::try_from(every.unwrap_or_default() / 4).unwrap_or_default();
            quarter.clamp(FEED.0, FEED.1)
        };
        Rhythm(feeds.iter().map(|feed| (feed.slug.to_string(), seconds(feed))).collect())
    }

    /// `Cache-Control` of a file of the output (RFC 9111, 5.2).
    pub fn cache_control(&self, name: &str) -> String {
        let feed = name.split_once('/').and_then(|(slug, _)| self.0.get(slug));
        format!("public, max-age={}", feed.copied().unwrap_or(PAGE))
    }
}

/// What a file is, and whether it is text (RFC 4287, RFC 7303, JSON Feed 1.1, OPML 2.0).
pub fn media_type(name: &str) -> (&'static str, bool) {
    let name = name.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match (stem, extension) {
        (_, "html") => ("text/html; charset=utf-8", true),
        (stem, "xml") if stem.starts_with("atom") => ("application/atom+xml; charset=utf-8", true),
        (_, "xml") => ("application/rss+xml; charset=utf-8", true),
        (stem, "json") if stem.starts_with("feed") => {
            ("application/feed+json; charset=utf-8", true)
        }
        (_, "json") => ("application/json", true),
        (_, "opml") => ("text/x-opml; charset=utf-8", true),
        (_, "css") => ("text/css; charset=utf-8", true),
        (_, "txt") => ("text/plain; charset=utf-8", true),
        (_, "svg") => ("image/svg+xml", true),
        (_, "png") => ("image/png", false),
        (_, "jpg" | "jpeg") => ("image/jpeg", false),
        (_, "webp") => ("image/webp", false),
        (_, "ico") => ("image/x-icon", false),
        (_, "pdf") => ("application/pdf", false),
        _ => ("application/octet-stream", false),
    }
}
