//! What there is for a newsletter in a period.

use jiff::Timestamp;
use url::Url;

use super::digest::{Caps, Digest, Share};
use super::language;
use super::notes::Notes;
use super::subscriber::Choice;
use crate::catalog::Feed;
use crate::config::Newsletter;
use crate::model::Slug;
use crate::publish::window;
use crate::site::Site;
use crate::store::{Store, StoreError};

/// From a moment, included, to another that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// None: what the feeds show now, however old.
    pub from: Option<Timestamp>,
    /// None: all that is there.
    pub until: Option<Timestamp>,
    /// What came before is not known to have been mailed, so that its edits are no news.
    pub mailed_since: Timestamp,
}

/// The digest of a newsletter for those who chose the same.
pub async fn gather(
    site: &Site,
    store: &Store,
    name: &str,
    choice: &Choice,
    period: Period,
    notes: &Notes,
) -> Result<Digest, StoreError> {
    let newsletter = &site.settings.newsletters[name];
    let mut shares = Vec::new();
    for feed in carried(site, newsletter, choice) {
        shares.push(share(store, feed, period).await?);
    }
    drop_known(store, name, &mut shares, period).await?;
    let language = if choice.language.is_empty() { language(site, name) } else { &choice.language };
    let mut digest = Digest::compose((name, &newsletter.title), language, notes.clone(), shares);
    digest.most = Caps {
        items: newsletter.max_items.map(Into::into),
        per_section: newsletter.max_per_section.map(Into::into),
    };
    Ok(digest)
}

async fn share<'a>(store: &Store, feed: &'a Feed, period: Period) -> Result<Share<'a>, StoreError> {
    let Some(from) = period.from else {
        let mut all = store.all(&feed.slug).await?;
        // What is news after the end of the period is in the next.
        all.retain(|item| {
            item.backfilled || period.until.is_none_or(|until| item.first_seen_at < until)
        });
        let new = window(&feed.view(all), feed.window).to_vec();
        return Ok(Share { feed, new, updated: Vec::new() });
    };
    let until = period.until.unwrap_or(Timestamp::MAX);
    let new = store.seen_in(&feed.slug, from, until).await?;
    let updated = store.edited_in(&feed.slug, from, until, period.mailed_since).await?;
    Ok(Share { feed, new: feed.view(new), updated: feed.view(updated) })
}

/// Leaves out what was kept out of an earlier edition, and what is new in one feed but was mailed
/// with another.
async fn drop_known(
    store: &Store,
    name: &str,
    shares: &mut [Share<'_>],
    period: Period,
) -> Result<(), StoreError> {
    let excluded = store.excluded(name).await?;
    for share in shares.iter_mut() {
        share.new.retain(|item| !excluded.contains(&item.id));
        share.updated.retain(|item| !excluded.contains(&item.id));
    }
    let Some(from) = period.from else { return Ok(()) };
    let feeds: Vec<Slug> = shares.iter().map(|share| share.feed.slug.clone()).collect();
    if feeds.len() < 2 {
        return Ok(());
    }
    let news = shares.iter().flat_map(|share| &share.new);
    let urls: Vec<String> = news.filter_map(|item| item.url.as_ref()).map(Url::to_string).collect();
    let known = store.seen_under(&feeds, &urls, period.mailed_since, from).await?;
    for share in shares {
        share.new.retain(|item| item.url.as_ref().is_none_or(|url| !known.contains(url.as_str())));
    }
    Ok(())
}

/// The feeds of a newsletter that somebody wants, in its order; all of the site if it names none.
/// Whoever wants a language gets the feeds in it, if there is any.
pub fn carried<'a>(site: &'a Site, newsletter: &Newsletter, choice: &Choice) -> Vec<&'a Feed> {
    let find = |slug: &String| site.feeds.iter().find(|feed| feed.slug.as_str() == slug);
    let all: Vec<&Feed> = match newsletter.feeds.as_slice() {
        [] => site.feeds.iter().collect(),
        slugs => slugs.iter().filter_map(find).collect(),
    };
    let is_chosen =
        |feed: &&Feed| choice.feeds.is_empty() || choice.feeds.contains(feed.slug.as_str());
    let chosen: Vec<&Feed> = all.into_iter().filter(is_chosen).collect();
    let is_read = |feed: &&&Feed| feed.language == choice.language;
    match chosen.iter().filter(is_read).count() {
        0 => chosen,
        _ => chosen.iter().filter(is_read).copied().collect(),
    }
}
