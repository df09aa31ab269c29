//! Who is who: sightings and what is remembered to new, updated and unchanged items.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::moment::{Moments, whole_second};
use super::sighting::Sighting;
use crate::model::{Evidence, Item, ItemId, Slug};

/// What is remembered of the items that the sightings may be.
#[derive(Debug, Default)]
pub struct Known {
    /// Alias (key or likeness) to item.
    pub aliases: HashMap<String, ItemId>,
    pub items: HashMap<ItemId, Item>,
    /// Moments of publication that the feed has on the days of the sightings.
    pub moments: BTreeSet<Timestamp>,
}

/// Where and when the sightings were made.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    pub feed: &'a Slug,
    /// Location of the source.
    pub source: &'a str,
    pub zone: &'a TimeZone,
    pub now: Timestamp,
    /// The first time that this source gives anything: its items are no news.
    pub is_first: bool,
}

/// What becomes of a sighting.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub kind: Kind,
    pub item: Item,
    /// Names by which the item was not known before.
    pub aliases: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    New,
    Updated,
    Unchanged,
}

/// Settles the sightings of one refresh, in page order, each item once.
pub fn settle(sightings: Vec<Sighting>, known: &Known, occasion: Occasion) -> Vec<Change> {
    let matched = identify(sightings, known, occasion.feed);
    let undated: Vec<_> = matched
        .iter()
        .filter(|(id, sighting)| wants_date(known.items.get(id), sighting))
        .map(|(_, sighting)| sighting.published.as_ref())
        .collect();
    let mut dates =
        Moments::new(occasion.zone, occasion.now, known.moments.clone()).give(&undated).into_iter();
    matched
        .into_iter()
        .map(|(id, sighting)| {
            let old = known.items.get(&id);
            let date = if wants_date(old, &sighting) { dates.next() } else { None };
            let aliases = sighting
                .keys
                .iter()
                .chain(&sighting.likeness)
                .filter(|alias| !known.aliases.contains_key(*alias))
                .cloned()
                .collect();
            let (kind, item) = match (old, date) {
                (Some(old), date) => merge(old, sighting, date, occasion),
                (None, Some(date)) => (Kind::New, create(id, sighting, date, occasion)),
                // `wants_date` is true for everything new.
                (None, None) => unreachable!("a new item was given no date"),
            };
            Change { kind, item, aliases }
        })
        .collect()
}

/// The time in which the feed's moments have to be known before new dates can be given: the days
/// of the sightings that will want one.
pub fn span_of_moments(
    sightings: &[Sighting],
    known: &Known,
    occasion: Occasion,
) -> Option<(Timestamp, Timestamp)> {
    let today = occasion.now.to_zoned_datetime(occasion.zone.clone()).date();
    let old = |sighting: &Sighting| {
        let id =
            sighting.keys.iter().chain(&sighting.likeness).find_map(|a| known.aliases.get(a))?;
        known.items.get(id)
    };
    let days = sightings
        .iter()
        .filter(|sighting| wants_date(old(sighting), sighting))
        .map(|sighting| sighting.published.as_ref().map_or(today, |date| date.when.day()));
    let (first, last) = days.fold(None, |span: Option<(Date, Date)>, day| {
        Some(span.map_or((day, day), |(first, last)| (first.min(day), last.max(day))))
    })?;
    // A date ahead becomes today's.
    let (first, last) = (first.min(today), last.max(today));
    let midnight = |day: Date| {
        let at = day.at(0, 0, 0, 0).to_zoned_datetime(occasion.zone.clone());
        at.map(|at| at.timestamp())
    };
    let until = last.tomorrow().and_then(midnight).unwrap_or(Timestamp::MAX);
    Some((midnight(first).unwrap_or(Timestamp::MIN), until))
}

/// Gives each sighting its item: first by its own names, then, among the items that no sighting
/// has claimed by name, by title and day. So two announcements with one title stay two.
fn identify(sightings: Vec<Sighting>, known: &Known, feed: &Slug) -> Vec<(ItemId, Sighting)> {
    let by_key: Vec<Option<ItemId>> = sightings
        .iter()
        .map(|sighting| sighting.keys.iter().find_map(|key| known.aliases.get(key).copied()))
        .collect();
    let claimed: HashSet<ItemId> = by_key.iter().flatten().copied().collect();
    let mut seen = HashSet::new();
    let mut seeds: HashMap<String, ItemId> = HashMap::new();
    let mut matched = Vec::with_capacity(sightings.len());
    for (sighting, by_key) in sightings.into_iter().zip(by_key) {
        let by_likeness = || {
            let id = *known.aliases.get(sighting.likeness.as_ref()?)?;
            (!claimed.contains(&id) && !seen.contains(&id)).then_some(id)
        };
        let by_seed = || sighting.keys.iter().find_map(|key| seeds.get(key).copied());
        let id = by_key
            .or_else(by_seed)
            .or_else(by_likeness)
            .unwrap_or_else(|| ItemId::issue(feed, sighting.seed()));
        for key in &sighting.keys {
            seeds.insert(key.clone(), id);
        }
        if seen.insert(id) {
            matched.push((id, sighting));
        }
    }
    matched
}

/// New items get a date, and items that were only first seen get the one that turned up since. A
/// date that was refused when the item was new stays refused: tomorrow's answer is today's.
fn wants_date(old: Option<&Item>, sighting: &Sighting) -> bool {
    old.is_none_or(|old| {
        old.published.evidence == Evidence::FirstSeen
            && old.published.text.is_empty()
            && sighting.published.is_some()
    })
}

fn create(
    id: ItemId,
    sighting: Sighting,
    published: crate::model::Dated,
    occasion: Occasion,
) -> Item {
    Item {
        id,
        source: occasion.source.to_owned(),
        url: sighting.url,
        title: sighting.title,
        kicker: sighting.kicker,
        summary: sighting.summary,
        content: sighting.content,
        image: sighting.image,
        author: sighting.author,
        language: sighting.language,
        first_seen_at: whole_second(occasion.now),
        updated_at: published.at,
        published,
        backfilled: occasion.is_first,
    }
}

/// The item with what the sighting tells. A field that is missing now stays as it was; a source
/// that did not bring the item first may add, not change.
fn merge(
    old: &Item,
    sighting: Sighting,
    date: Option<crate::model::Dated>,
    occasion: Occasion,
) -> (Kind, Item) {
    let owns = old.source == occasion.source;
    let mut item = old.clone();
    let text = |old: &mut Option<String>, new: Option<String>| {
        if new.is_some() && (owns || old.is_none()) {
            *old = new;
        }
    };
    text(&mut item.kicker, sighting.kicker);
    text(&mut item.summary, sighting.summary);
    text(&mut item.author, sighting.author);
    text(&mut item.language, sighting.language);
    if !sighting.content.is_empty() && (owns || item.content.is_empty()) {
        item.content = sighting.content;
    }
    if sighting.image.is_some() && (owns || item.image.is_none()) {
        item.image = sighting.image;
    }
    if owns {
        item.title = sighting.title;
    }
    let edited = item != *old;
    // Another place or date of the same text is no edit of it.
    if let Some(new) = sighting.url
        && (item.url.is_none() || owns)
        && item.url.as_ref().is_none_or(|old| is_elsewhere(old, &new))
    {
        item.url = Some(new);
    }
    if let Some(date) = date {
        item.updated_at = item.updated_at.max(date.at);
        item.published = date;
    }
    if edited {
        item.updated_at = whole_second(occasion.now);
    }
    (if item == *old { Kind::Unchanged } else { Kind::Updated }, item)
}

/// Only the parameters differ: a token, most likely, that differs on every visit.
fn is_elsewhere(old: &url::Url, new: &url::Url) -> bool {
    (old.scheme(), old.host(), old.port(), old.path())
        != (new.scheme(), new.host(), new.port(), new.path())
}
