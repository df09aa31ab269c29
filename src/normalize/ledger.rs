//! Who is who: sightings and what is remembered to new, updated and unchanged items.

mod merge;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::links;
use super::moment::{Moments, whole_second};
use super::sighting::Sighting;
use crate::model::{Dated, Evidence, Item, ItemId, Slug};
use merge::Merge;

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
    /// Id of the source.
    pub source: &'a str,
    /// Ids of all sources that the feed has now: what another one brought is nobody's.
    pub sources: &'a [String],
    /// The source is the whole truth of its items, as files are: what it lacks now is gone.
    pub is_whole: bool,
    /// Of the source.
    pub language: &'a str,
    pub feed_language: &'a str,
    pub zone: &'a TimeZone,
    pub now: Timestamp,
    /// The first time that this source gives anything: its items are no news.
    pub is_first: bool,
    /// When the source was last looked at, if that was not to the end or under other rules: what is
    /// of a day before is no news.
    pub unread_since: Option<Timestamp>,
    /// The rules are others: what they find to be different is no edit.
    pub are_rules_new: bool,
}

/// What becomes of a sighting.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub kind: Kind,
    pub item: Item,
    /// Names by which the item was not known before.
    pub aliases: Vec<String>,
    /// [`Sighting::listed`], to know the next sighting by.
    pub listed: String,
    /// It is known by it already.
    pub is_as_before: bool,
    /// Its own page has been read now.
    pub has_detail: bool,
    /// [`Sighting::unread`]
    pub unread: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    New,
    Updated,
    Unchanged,
}

/// Settles the sightings of one refresh, in page order, each item once.
pub fn settle(sightings: Vec<Sighting>, known: &Known, occasion: Occasion) -> Vec<Change> {
    let matched = identify(sightings, known, occasion);
    let undated: Vec<_> = matched
        .iter()
        .filter(|(id, sighting)| wants_date(known.items.get(id), sighting, occasion))
        .map(|(_, sighting)| sighting.published.as_ref())
        .collect();
    let mut dates =
        Moments::new(occasion.zone, occasion.now, known.moments.clone()).give(&undated).into_iter();
    let mut edits = 0;
    matched
        .into_iter()
        .map(|(id, sighting)| {
            let old = known.items.get(&id);
            let date = if wants_date(old, &sighting, occasion) { dates.next() } else { None };
            let aliases = sighting
                .keys
                .iter()
                .chain(&sighting.likeness)
                .filter(|alias| !known.aliases.contains_key(*alias))
                .cloned()
                .collect();
            let (listed, is_as_before) = (sighting.listed.clone(), sighting.is_unchanged);
            let (has_detail, unread) = (sighting.has_detail, sighting.unread.clone());
            let (kind, item) = match (old, date) {
                (Some(old), _) if sighting.is_unchanged => (Kind::Unchanged, old.clone()),
                // The item speaks the feed's language; this is a translation of it.
                (Some(old), _)
                    if occasion.is_own(&old.language) && !occasion.is_own(&sighting.language) =>
                {
                    (Kind::Unchanged, old.clone())
                }
                (Some(old), date) => {
                    let mut merged = Merge::new(old, occasion);
                    merged.take(sighting, date);
                    merged.into_item(old, &mut edits)
                }
                (None, Some(date)) => (Kind::New, create(id, sighting, date, occasion)),
                // `wants_date` is true for everything new.
                (None, None) => unreachable!("a new item was given no date"),
            };
            Change { kind, item, aliases, listed, is_as_before, has_detail, unread }
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
        .filter(|sighting| wants_date(old(sighting), sighting, occasion))
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
pub fn identify(
    sightings: Vec<Sighting>,
    known: &Known,
    occasion: Occasion,
) -> Vec<(ItemId, Sighting)> {
    let by_key: Vec<Option<ItemId>> = sightings
        .iter()
        .map(|sighting| sighting.keys.iter().find_map(|key| known.aliases.get(key).copied()))
        .collect();
    let claimed: HashSet<ItemId> = by_key.iter().flatten().copied().collect();
    let mut places: HashMap<ItemId, usize> = HashMap::new();
    let mut seeds: HashMap<String, ItemId> = HashMap::new();
    let mut matched: Vec<(ItemId, Sighting)> = Vec::with_capacity(sightings.len());
    for (sighting, by_key) in sightings.into_iter().zip(by_key) {
        let is_it = |id: &ItemId| {
            let is_free = !claimed.contains(id) && !places.contains_key(id);
            is_free && known.items.get(id).is_some_and(|item| is_same(&sighting, item))
        };
        let by_likeness = || {
            let mut alike = sighting.likeness.iter().filter_map(|like| known.aliases.get(like));
            alike.find(|id| is_it(id)).copied()
        };
        let by_seed = || sighting.keys.iter().find_map(|key| seeds.get(key).copied());
        let by_translation = || {
            let is_other = |id: &ItemId| {
                let here = places.get(id).map(|place| &matched[*place].1.language);
                let language = here.or_else(|| known.items.get(id).map(|item| &item.language));
                language.is_some_and(|language| !is_one_language(language, &sighting.language))
            };
            let mut others = sighting
                .translation_keys()
                .filter_map(|key| seeds.get(&key).copied().or_else(|| known.page(&key)));
            others.find(is_other)
        };
        let id = by_key
            .or_else(by_seed)
            .or_else(by_translation)
            .or_else(by_likeness)
            .unwrap_or_else(|| ItemId::issue(occasion.feed, sighting.seed()));
        for key in &sighting.keys {
            seeds.insert(key.clone(), id);
        }
        match places.get(&id) {
            None => {
                places.insert(id, matched.len());
                matched.push((id, sighting));
            }
            Some(place) => occasion.join(&mut matched[*place].1, sighting),
        }
    }
    matched
}

impl Known {
    /// Takes in what has become of sightings.
    pub fn learn(&mut self, changes: &[Change]) {
        for change in changes {
            self.aliases.extend(change.aliases.iter().map(|alias| (alias.clone(), change.item.id)));
            self.items.insert(change.item.id, change.item.clone());
        }
    }

    /// The item whose own page has this key. That another language's start page is named on every
    /// page makes no item of it.
    fn page(&self, key: &str) -> Option<ItemId> {
        let id = self.aliases.get(key)?;
        let url = self.items.get(id)?.url.as_ref()?;
        (format!("url:{}", links::key(url)) == key).then_some(*id)
    }
}

impl Occasion<'_> {
    /// One announcement seen twice: the feed's language is preferred, then the place on the page.
    fn join(&self, first: &mut Sighting, mut second: Sighting) {
        let is_better = self.is_own(&second.language) && !self.is_own(&first.language);
        if is_better {
            std::mem::swap(first, &mut second);
        }
        first.fill(second);
    }

    /// True for the feed's language, whatever the region.
    fn is_own(&self, language: &Option<String>) -> bool {
        let own = Some(self.feed_language.to_owned());
        language.is_none() || is_one_language(language, &own)
    }
}

/// The same language, whatever the region.
fn is_one_language(one: &Option<String>, other: &Option<String>) -> bool {
    let base = |tag: &Option<String>| {
        tag.as_deref().and_then(|tag| tag.split('-').next()).map(str::to_ascii_lowercase)
    };
    base(one) == base(other)
}

/// Characters of a title that is no label: "Press release" is the title of many.
const TELLING: usize = 20;

/// Whether a likeness is enough: the sighting has no name of its own to be known by, or its page has
/// kept its name, or its text is the same, or its title tells it from others and no text denies it.
fn is_same(sighting: &Sighting, item: &Item) -> bool {
    let (Some(new), Some(old)) = (&sighting.url, &item.url) else { return true };
    let says = (&sighting.summary, &item.summary);
    let is_silent = says.0.is_none() || says.1.is_none();
    links::place(new) == links::place(old)
        || links::name(new).is_some_and(|name| links::name(old) == Some(name))
        || (!is_silent && says.0 == says.1)
        || (is_silent && is_telling(&sighting.title))
}

/// Long enough to be no label. Scripts that write words in a character or two are denser.
fn is_telling(title: &str) -> bool {
    let dense = title.chars().filter(|c| *c > '\u{2e80}').count();
    title.chars().count() + 2 * dense >= TELLING
}

/// New items get a date, and items that were only first seen get the one that turned up since. A
/// date that was refused stays refused as long as its text is the same: tomorrow's answer is
/// today's. In a file another date is a correction.
fn wants_date(old: Option<&Item>, sighting: &Sighting, occasion: Occasion) -> bool {
    let Some(old) = old else { return true };
    let Some(new) = &sighting.published else { return false };
    let is_first_seen = old.published.evidence == Evidence::FirstSeen;
    let is_file = occasion.is_whole && old.source == occasion.source;
    !sighting.is_unchanged && (is_first_seen || is_file) && old.published.text != new.text
}

fn create(id: ItemId, sighting: Sighting, published: Dated, occasion: Occasion) -> Item {
    let day = |at: Timestamp| at.to_zoned_datetime(occasion.zone.clone()).date();
    let is_old = |before: Timestamp| match published.evidence {
        // Found by other rules: it was there before, or came since, and nobody can tell.
        Evidence::FirstSeen => occasion.are_rules_new,
        _ => day(published.at) < day(before),
    };
    let backfilled = occasion.is_first || occasion.unread_since.is_some_and(is_old);
    Item {
        id,
        source: occasion.source.to_owned(),
        url: sighting.url,
        title: sighting.title,
        kicker: sighting.kicker,
        summary: sighting.summary,
        content: sighting.content,
        image: sighting.image,
        enclosures: sighting.enclosures,
        translations: sighting.translations,
        author: sighting.author,
        language: sighting.language,
        first_seen_at: whole_second(occasion.now),
        updated_at: published.at,
        published,
        backfilled,
        retracted_at: None,
    }
}
