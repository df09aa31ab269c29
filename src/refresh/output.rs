//! From the store to the output: each feed that is not what it was made from.

use jiff::Timestamp;
use url::Url;

use super::{FeedReport, RefreshError};
use crate::catalog::Feed;
use crate::clock::Clock;
use crate::diagnostic::Diagnostic;
use crate::hash;
use crate::newsletter::Token;
use crate::publish::{PublishError, Publisher, Rollout, WRITING};
use crate::run::Lease;
use crate::site::Site;
use crate::store::Store;

/// What the index and the list of feeds go by among the feeds; it is no slug.
const INDEX: &str = "*";

/// Writes the output of `feeds` from the store, and the index of all that is published: what would
/// be different, or all of it. What the hub has to hear of is put down. One process does at a time, so
/// that nothing older is written over what is newer.
pub async fn publish(
    site: &Site,
    store: &Store,
    feeds: &[&Feed],
    all: bool,
    clock: Clock,
) -> Result<Vec<FeedReport>, RefreshError> {
    let now = clock.start_of_run();
    if !store.is_shared() {
        return write(site, store, feeds, all, now, None).await;
    }
    let Some(lease) = Lease::wait(store, "publish", clock).await? else {
        let problem = Diagnostic::new("another process publishes, and does not come to an end");
        return Err(problem.help("what has changed is published by the next run").into());
    };
    let written = write(site, store, feeds, all, now, Some(&lease)).await;
    lease.end().await;
    written
}

async fn write(
    site: &Site,
    store: &Store,
    feeds: &[&Feed],
    all: bool,
    now: Timestamp,
    lease: Option<&Lease>,
) -> Result<Vec<FeedReport>, RefreshError> {
    let output = site.output(WRITING).map_err(PublishError::from)?;
    let writer = Token::draw();
    let publisher = Publisher {
        base_url: &site.settings.base_url,
        zone: &site.settings.time_zone,
        hub: site.settings.hub.as_ref(),
        templates: &site.templates,
    };
    let made = store.published().await?;
    let mut rollout = output.rollout(store, lease).await.map_err(PublishError::from)?;
    let (mut reports, mut written, mut topics) = (Vec::new(), Vec::new(), Vec::new());
    let is_wanted = |(slug, made_from): &(String, String)| {
        all || !rollout.is_whole(slug) || made.get(slug) != Some(made_from)
    };
    let from = |feed: &&Feed| (feed.slug.to_string(), made_from(site, feed));
    let wanted: Vec<_> = feeds.iter().map(|feed| (feed, from(feed))).collect();
    let wanted: Vec<_> = wanted.into_iter().filter(|(_, from)| is_wanted(from)).collect();
    let slugs = wanted.iter().map(|(_, (slug, _))| slug.clone());
    store.note_publishing(&slugs.collect::<Vec<_>>(), &writer).await?;
    for (feed, (slug, made_from)) in wanted {
        let items = feed.view(store.all(&feed.slug).await?);
        // A feed that never had an item is not published: there is nothing to follow yet.
        if items.is_empty() {
            continue;
        }
        rollout.look(&slug, all).await.map_err(PublishError::from)?;
        let is_first = !is_published(&rollout, feed);
        let changed = publisher.feed(feed, &items, &mut rollout)?;
        if publisher.hub.is_some() {
            topics.extend(changed.topics);
        }
        let (items, changed) = (items.len(), changed.files);
        reports.push(FeedReport { feed: slug.clone(), items, changed, is_first });
        written.push((slug, made_from));
        if rollout.is_full() {
            commit(&mut rollout, store, &mut topics, now).await?;
            store.note_published(&std::mem::take(&mut written), &writer).await?;
        }
    }
    commit(&mut rollout, store, &mut topics, now).await?;
    if all {
        rollout.look("", true).await.map_err(PublishError::from)?;
    }
    let published: Vec<&Feed> =
        site.feeds.iter().filter(|feed| is_published(&rollout, feed)).collect();
    let parts = published.iter().map(|feed| made_from(site, feed));
    let index = (INDEX.to_owned(), hash::short(parts, HASH));
    let is_whole = ["index.html", "feeds.opml"].iter().all(|name| rollout.has(name));
    let is_index_made = is_whole && !all && made.get(INDEX) == Some(&index.1);
    if !published.is_empty() && !is_index_made {
        store.note_publishing(&[INDEX.to_owned()], &writer).await?;
        publisher.index(
            &site.settings.title(),
            &site.settings.language,
            &published,
            &mut rollout,
        )?;
        commit(&mut rollout, store, &mut Vec::new(), now).await?;
        written.push(index);
    }
    if !written.is_empty() {
        store.note_published(&written, &writer).await?;
    }
    Ok(reports)
}

/// Publishes what waits. What the hub has to hear of is put down before that: it may hear of something
/// that has not changed, but misses nothing.
async fn commit(
    rollout: &mut Rollout<'_>,
    store: &Store,
    topics: &mut Vec<String>,
    now: Timestamp,
) -> Result<(), RefreshError> {
    if !topics.is_empty() {
        store.note_pings(&std::mem::take(topics), now).await?;
    }
    rollout.commit().await.map_err(PublishError::from)?;
    Ok(())
}

/// Bytes of a hash that tells one making from another.
const HASH: usize = 12;

/// What the output of a feed is made from, but for its items.
fn made_from(site: &Site, feed: &Feed) -> String {
    let settings = &site.settings;
    let parts = [
        env!("CARGO_PKG_VERSION"),
        site.templates.fingerprint(),
        &feed.fingerprint,
        settings.base_url.as_str(),
        &settings.output.to_string(),
        &settings.title(),
        &settings.language,
        settings.time_zone.iana_name().unwrap_or_default(),
        settings.hub.as_ref().map(Url::as_str).unwrap_or_default(),
    ];
    hash::short(parts, HASH)
}

fn is_published(rollout: &Rollout<'_>, feed: &Feed) -> bool {
    rollout.has(&format!("{}/feed.xml", feed.slug))
}
