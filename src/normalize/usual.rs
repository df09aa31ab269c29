//! What a source usually gives, and whether it still does.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::sighting::Sighting;

/// What the first page of a source gave the last time that all was well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    /// Fingerprint of the definition under which it gave that.
    pub rules: String,
    /// Of the look.
    pub day: Date,
    pub items: usize,
    filled: Filled,
}

/// Percent of the items that have each of the [`FIELDS`]. By name outside, and here without: there
/// are as many of these as sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, u8>", into = "BTreeMap<String, u8>")]
struct Filled([u8; FIELDS.len()]);

impl From<BTreeMap<String, u8>> for Filled {
    fn from(named: BTreeMap<String, u8>) -> Filled {
        Filled(FIELDS.map(|(name, _)| named.get(name).copied().unwrap_or_default()))
    }
}

impl From<Filled> for BTreeMap<String, u8> {
    fn from(filled: Filled) -> BTreeMap<String, u8> {
        FIELDS.iter().zip(filled.0).map(|((name, _), share)| ((*name).to_owned(), share)).collect()
    }
}

type Has = fn(&Sighting) -> bool;

/// Fields that a source can lose.
const FIELDS: [(&str, Has); 8] = [
    ("title", |item| !item.title_is_made),
    ("url", |item| item.url.is_some()),
    ("published", |item| item.published.is_some()),
    ("kicker", |item| item.kicker.is_some()),
    ("summary", |item| item.summary.is_some()),
    ("content", |item| !item.content.is_empty()),
    ("image", |item| item.image.is_some()),
    ("author", |item| item.author.is_some()),
];

/// Fields that a list found without rules is looked at for; the others are nice to have.
const NEEDED: [&str; 3] = ["title", "url", "published"];

/// Items from which on their number says something.
const TELLING: usize = 4;

/// How much of the usual number is a sharp drop if there is less, in percent.
const DROP: usize = 40;

/// Percent of the items that have a field which is usual, and which is gone.
const USUAL: u8 = 50;
const GONE: u8 = 10;

/// Percent that a field may lose before it is filled worse.
const LEEWAY: u8 = 25;

/// In what a source gives less than it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    Fewer {
        now: usize,
        usual: usize,
    },
    Gone {
        field: &'static str,
        items: usize,
        usual: u8,
    },
    /// Nothing that it had is there, and nothing shows that what is there is newer.
    Strangers,
}

/// What counts as less.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub number: bool,
    pub extras: bool,
}

impl Usual {
    pub fn of<'s>(
        sightings: impl IntoIterator<Item = &'s Sighting>,
        rules: &str,
        today: Date,
    ) -> Usual {
        let sightings: Vec<&Sighting> = sightings.into_iter().collect();
        let items = sightings.len();
        let filled = Filled(FIELDS.map(|(_, has)| {
            let with = sightings.iter().filter(|item| has(item)).count();
            (100 * with / items.max(1)) as u8
        }));
        Usual { rules: rules.to_owned(), day: today, items, filled }
    }

    fn shares(&self) -> impl Iterator<Item = (&'static str, u8)> {
        FIELDS.iter().zip(self.filled.0).map(|((name, _), share)| (*name, share))
    }

    fn share(&self, field: &str) -> u8 {
        self.shares().find(|(name, _)| *name == field).map_or(0, |(_, share)| share)
    }

    /// True if there are so many items that what they are like says something.
    pub fn is_telling(&self) -> bool {
        self.items >= TELLING
    }

    /// In what `now` is less than this. That there is nothing counts always; that there are few, and
    /// fields that a list can do without, if `counts` says so.
    pub fn drift(&self, now: &Usual, counts: Counts) -> Option<Drift> {
        let is_short = self.is_telling() && 100 * now.items < DROP * self.items;
        if (is_short && counts.number) || now.items == 0 {
            return Some(Drift::Fewer { now: now.items, usual: self.items });
        }
        // Of one item or two, a field may be missing by chance.
        let is_telling = now.items >= TELLING.min(self.items);
        let is_gone = |(field, usual): &(&'static str, u8)| {
            *usual >= USUAL && now.share(field) < GONE && (counts.extras || NEEDED.contains(field))
        };
        let (field, usual) = self.shares().filter(|_| is_telling).find(is_gone)?;
        Some(Drift::Gone { field, items: now.items, usual })
    }

    /// True if the fields without which a list is none are filled as before.
    pub fn is_met_by(&self, now: &Usual) -> bool {
        NEEDED.iter().all(|field| now.share(field) + LEEWAY >= self.share(field))
    }

    /// What to compare the next look with. A number sinks slowly, by the day: else many small drops
    /// would never make a sharp one.
    pub fn renewed(self, before: &Usual) -> Usual {
        if self.items >= before.items {
            return self;
        }
        if self.day == before.day {
            return Usual { items: before.items, ..self };
        }
        Usual { items: self.items.max(before.items * 9 / 10), ..self }
    }

    /// True if `now` is of the same make: about as many items, with the same fields.
    pub fn is_like(&self, now: &Usual) -> bool {
        2 * now.items >= self.items
            && self.shares().all(|(field, share)| share.abs_diff(now.share(field)) <= LEEWAY)
    }
}

impl Drift {
    /// True if it is the same with these items.
    pub fn is_in(&self, now: &Usual) -> bool {
        match self {
            Drift::Fewer { usual, .. } => 100 * now.items < DROP * usual,
            Drift::Gone { field, .. } => now.share(field) < GONE,
            Drift::Strangers => false,
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Drift::Fewer { now, usual } => {
                write!(f, "found only {now} of the usual {usual} items")
            }
            Drift::Gone { field, items, usual } => {
                write!(f, "found no `{field}` in any of {items}, where {usual} % used to have one")
            }
            Drift::Strangers => f.write_str("found none of the items that it had"),
        }
    }
}
