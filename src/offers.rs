//! What a site has already that is better than a list made of its page: feeds, and the API of its
//! content system. What it says it has is asked first, then the places where such things are.

use std::collections::HashSet;

use scraper::{Html, Selector};
use url::Url;

use crate::catalog::{Request, word_press};
use crate::dates::Reader;
use crate::detect;
use crate::extract::{self, RawItem, Rules, charset};
use crate::fetch::{Fetched, Fetcher, Page};
use crate::normalize::links;

/// Something that the site has.
#[derive(Debug)]
pub struct Offer {
    pub kind: Kind,
    pub url: Url,
    /// As the page calls it; empty if it does not.
    pub title: String,
    /// What it answered, and how many items are in that; nothing if nobody has asked.
    pub answer: Option<(Page, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Feed,
    WordPress,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Feed => "feed",
            Kind::WordPress => "WordPress",
        }
    }
}

/// What a page names, without asking anybody.
pub fn announced(html: &Html, page: &Url) -> Vec<Offer> {
    let feeds = detect::feeds(html, page)
        .into_iter()
        .take(ANNOUNCED)
        .map(|feed| (Kind::Feed, feed.url, feed.title));
    let posts = posts(html, page).map(|posts| (Kind::WordPress, posts, String::new()));
    feeds.chain(posts).map(|(kind, url, title)| Offer { kind, url, title, answer: None }).collect()
}

/// Where feeds are that no page names: below the page, and at the root.
const BELOW: [&str; 1] = ["feed/"];
const PLACES: [&str; 5] = ["/feed/", "/rss.xml", "/feed.xml", "/atom.xml", "/feed.json"];

/// Announced feeds that are looked at.
const ANNOUNCED: usize = 4;

/// What the site of a page offers, the best first. What does not answer, or with something else,
/// is not there: some servers have a page for every address.
pub async fn offers(fetcher: &Fetcher, html: &Html, page: &Url, dates: &Reader) -> Vec<Offer> {
    let mut offers = Vec::new();
    for announced in announced(html, page) {
        offers.extend(asked(fetcher, announced, dates).await);
    }
    if offers.is_empty() {
        for url in well_known(page) {
            let guess = Offer { kind: Kind::Feed, url, title: String::new(), answer: None };
            if let Some(offer) = asked(fetcher, guess, dates).await {
                offers.push(offer);
                break;
            }
        }
    }
    offers
}

/// The posts of a WordPress that says where its API is (`https://api.w.org/`).
fn posts(html: &Html, page: &Url) -> Option<Url> {
    let selector = Selector::parse("link[rel='https://api.w.org/'][href]").ok()?;
    let root = html.select(&selector).next()?.value().attr("href")?;
    let root = links::absolute(root, Some(page))?;
    // `https://example.org/?rest_route=/`, where addresses have no names.
    match root.query() {
        Some(query) => root.join(&format!("?{query}wp/v2/posts&_embed")),
        None => root.join("wp/v2/posts?_embed"),
    }
    .ok()
}

fn well_known(page: &Url) -> Vec<Url> {
    let mut below = page.clone();
    below.set_query(None);
    below.set_fragment(None);
    if let Ok(mut parts) = below.path_segments_mut() {
        parts.pop_if_empty().push("");
    }
    let mut seen = HashSet::new();
    let all = BELOW.iter().filter_map(|place| below.join(place).ok());
    let all = all.chain(PLACES.iter().filter_map(|place| page.join(place).ok()));
    all.filter(|url| seen.insert(url.clone())).collect()
}

/// The same with what is in it, if it is what it should be.
async fn asked(fetcher: &Fetcher, offer: Offer, dates: &Reader) -> Option<Offer> {
    let fetched = fetcher.fetch(&offer.url, None, &Request::default()).await;
    let Ok(Fetched::Page(page)) = fetched else { return None };
    let items = match offer.kind {
        Kind::Feed => {
            let source =
                extract::Source::page(&page.url, page.content_type.as_deref(), &page.body, dates);
            extract::read(source, &Rules::Auto).ok()?.items
        }
        Kind::WordPress => posts_of(&page)?,
    };
    let count = items.len();
    (count > 0).then_some(Offer { answer: Some((*page, count)), ..offer })
}

/// The posts in an answer of the API of WordPress.
pub fn posts_of(page: &Page) -> Option<Vec<RawItem>> {
    let text = charset::decode(&page.body, page.content_type.as_deref());
    let items = extract::json::read(&text, &word_press()).ok()?.items;
    let is_post = |item: &RawItem| item.title.is_some() && item.url.is_some();
    (!items.is_empty() && items.iter().all(is_post)).then_some(items)
}
