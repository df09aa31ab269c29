//! The choice of items. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::catalog::Feed;
use crate::hash;
use crate::model::{Item, Slug};
use crate::normalize::links;

/// The choice of items for a period.
#[derive(Debug)]
pub struct Digest {
    /// The newsletter's name in the settings.
    pub name: String,
    pub title: String,
    pub language: String,
    /// Where the period begins, included; none before the first edition: the latest items.
    pub since: Option<Timestamp>,
    pub sections: Vec<Section>,
}

/// Items under one heading.
#[derive(Debug)]
pub struct Section {
    /// Of a feed, or a kicker; none where there is nothing to tell apart.
    pub title: Option<String>,
    /// Each with the feed it is from, the newest first.
    pub items: Vec<(Slug, Item)>,
}

impl Digest {
    /// Groups the items by feed, or by kicker where there is one feed. An item that stands in
    /// several feeds is shown once, in the first.
    pub fn compose(
        name: &str,
        title: &str,
        language: &str,
        since: Option<Timestamp>,
        feeds: Vec<(&Feed, Vec<Item>)>,
    ) -> Digest {
        let by_feed = feeds.iter().filter(|(_, items)| !items.is_empty()).count() > 1;
        let known_by =
            |item: &Item| item.url.as_ref().map_or_else(|| item.id.to_string(), links::full_key);
        let mut shown = HashSet::new();
        let mut sections: Vec<Section> = Vec::new();
        for (feed, items) in feeds {
            // What one feed tells apart stays apart.
            let items: Vec<Item> =
                items.into_iter().filter(|item| !shown.contains(&known_by(item))).collect();
            shown.extend(items.iter().map(known_by));
            for item in items {
                let title = if by_feed { Some(feed.title.clone()) } else { item.kicker.clone() };
                let entry = (feed.slug.clone(), item);
                match sections.iter_mut().find(|section| section.title == title) {
                    Some(section) => section.items.push(entry),
                    None => sections.push(Section { title, items: vec![entry] }),
                }
            }
        }
        // What has no label follows what has one.
        sections.sort_by_key(|section| section.title.is_none());
        if let [only] = sections.as_mut_slice() {
            only.title = None;
        }
        Digest {
            name: name.to_owned(),
            title: title.to_owned(),
            language: language.to_owned(),
            since,
            sections,
        }
    }

    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.sections.iter().flat_map(|section| section.items.iter().map(|(_, item)| item))
    }

    /// When the newest of it came or was edited: the clock plays no part in a draft.
    pub fn changed_at(&self) -> Timestamp {
        let moments = self.items().map(|item| item.first_seen_at.max(item.updated_at));
        moments.max().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The same for the same newsletter with the same items, for its Message-ID.
    pub fn fingerprint(&self) -> String {
        let items = self.items().map(|item| format!("{} {}", item.id, item.updated_at));
        hash::short(std::iter::once(self.name.clone()).chain(items), 16)
    }
}
