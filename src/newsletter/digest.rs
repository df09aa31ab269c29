//! The choice of items. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use super::notes::Notes;
use crate::catalog::Feed;
use crate::hash;
use crate::model::{Item, ItemId, Slug};
use crate::normalize::links;

/// The choice of items for a period.
#[derive(Debug)]
pub struct Digest {
    /// The newsletter's name in the settings.
    pub name: String,
    pub title: String,
    pub language: String,
    /// It shows what there is, for want of an edition before it, and only to those who look.
    pub is_first_draft: bool,
    pub notes: Notes,
    pub sections: Vec<Section>,
    /// What was mailed before and says something else now.
    pub updated: Vec<(Slug, Item)>,
    /// The most items that are shown in all, and of one section.
    pub most: Caps,
    /// What the notes keep out.
    pub excluded: Vec<ItemId>,
    /// What the notes name and is not there.
    pub unknown: Vec<String>,
}

/// Items under one heading.
#[derive(Debug)]
pub struct Section {
    /// Of a feed, or a kicker; none where there is nothing to tell apart.
    pub title: Option<String>,
    /// Each with the feed it is from, the newest first.
    pub items: Vec<(Slug, Item)>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Caps {
    pub items: Option<usize>,
    pub per_section: Option<usize>,
}

/// What one feed has for a digest.
#[derive(Debug)]
pub struct Share<'a> {
    pub feed: &'a Feed,
    pub new: Vec<Item>,
    pub updated: Vec<Item>,
}

impl Digest {
    /// Groups the items by feed, or by kicker where there is one feed. An item that stands in
    /// several feeds is shown once, in the first; what was taken back is no news.
    pub fn compose(
        (name, title): (&str, &str),
        language: &str,
        notes: Notes,
        shares: Vec<Share>,
    ) -> Digest {
        let by_feed = shares.iter().filter(|share| !share.new.is_empty()).count() > 1;
        let all: Vec<&Item> =
            shares.iter().flat_map(|share| share.new.iter().chain(&share.updated)).collect();
        let unknown = notes.unknown(&all).into_iter().map(str::to_owned).collect();
        let is_excluded = |item: &&&Item| notes.excludes(item);
        let excluded = all.iter().filter(is_excluded).map(|item| item.id).collect();
        let mut shown = HashSet::new();
        let mut sections: Vec<Section> = Vec::new();
        let mut updated = Vec::new();
        for Share { feed, new, updated: changed } in shares {
            let new = once(new, &mut shown);
            for item in new.into_iter().filter(|item| item.retracted_at.is_none()) {
                if notes.excludes(&item) {
                    continue;
                }
                let title = if by_feed { Some(feed.title.clone()) } else { item.kicker.clone() };
                let entry = (feed.slug.clone(), item);
                match sections.iter_mut().find(|section| section.title == title) {
                    Some(section) => section.items.push(entry),
                    None => sections.push(Section { title, items: vec![entry] }),
                }
            }
            let changed = once(changed, &mut shown).into_iter();
            let changed = changed.filter(|item| !notes.excludes(item));
            updated.extend(changed.map(|item| (feed.slug.clone(), item)));
        }
        // What has no label follows what has one.
        sections.sort_by_key(|section| section.title.is_none());
        pin(&mut sections, &notes);
        if let [only] = sections.as_mut_slice() {
            only.title = None;
        }
        Digest {
            name: name.to_owned(),
            title: title.to_owned(),
            language: language.to_owned(),
            is_first_draft: false,
            notes,
            sections,
            updated,
            most: Caps::default(),
            excluded,
            unknown,
        }
    }

    /// The new items, then those that were changed.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        let new = self.sections.iter().flat_map(|section| &section.items);
        new.chain(&self.updated).map(|(_, item)| item)
    }

    /// How many items are new.
    pub fn fresh(&self) -> usize {
        self.sections.iter().map(|section| section.items.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.updated.is_empty()
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

/// The items that were not shown before. What one feed tells apart stays apart.
fn once(items: Vec<Item>, shown: &mut HashSet<String>) -> Vec<Item> {
    let known_by =
        |item: &Item| item.url.as_ref().map_or_else(|| item.id.to_string(), links::full_key);
    let items: Vec<Item> =
        items.into_iter().filter(|item| !shown.contains(&known_by(item))).collect();
    shown.extend(items.iter().map(known_by));
    items
}

/// Puts what is pinned first, in its section, and its section first.
fn pin(sections: &mut [Section], notes: &Notes) {
    if notes.pin.is_empty() {
        return;
    }
    let place = |item: &Item| notes.place(item).unwrap_or(usize::MAX);
    for section in sections.iter_mut() {
        section.items.sort_by_key(|(_, item)| place(item));
    }
    sections
        .sort_by_key(|section| section.items.first().map_or(usize::MAX, |(_, item)| place(item)));
}
