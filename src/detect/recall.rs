//! A list by its items: a page that was built anew still has most of what it had.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Candidate;
use super::group::FEWEST;
use crate::dates::fold;
use crate::model::{Evidence, Item};
use crate::normalize::links;
use crate::normalize::sighting::Sighting;

/// Percent of the items known again that have to say what they said.
pub const FAITHFUL: usize = 80;

/// What is known of an item of a list.
#[derive(Debug, Clone, Copy)]
struct Known {
    with_title: bool,
    /// With its day, or without any.
    with_day: bool,
}

/// The list that has the remembered items, if enough of them are there, say what they said, and the
/// whole is good enough for `suits`; and how many of them it has. Of its items, those stay that are
/// known, or stand where known ones do, or are newer. `sighted` normalises the items of a list, with
/// `None` for what is none.
pub fn recall(
    lists: &[Candidate],
    remembered: &[Item],
    zone: &TimeZone,
    sighted: impl Fn(&Candidate) -> Vec<Option<Sighting>>,
    suits: impl Fn(&[&Sighting]) -> bool,
) -> Option<(Candidate, usize)> {
    let memory = Memory::of(remembered, zone);
    let mut found: Vec<(&Candidate, Vec<bool>, usize)> = Vec::new();
    for list in lists {
        let sightings = sighted(list);
        let known = memory.of_list(&sightings);
        let belongs = memory.belongs(list, &sightings, &known);
        let kept = sightings.iter().zip(&belongs).filter(|(_, belongs)| **belongs);
        let own: Vec<&Sighting> = kept.filter_map(|(sighting, _)| sighting.as_ref()).collect();
        let known: Vec<Known> = known.into_iter().flatten().collect();
        if is_enough(&known, own.len(), remembered.len()) && suits(&own) {
            found.push((list, belongs, known.len()));
        }
    }
    let most = found.iter().map(|(.., known)| *known).max()?;
    // All that is known, and as little else as can be; of what people are shown, if they are.
    let fit = |(list, belongs, known): &(&Candidate, Vec<bool>, usize)| {
        let items = belongs.iter().filter(|belongs| **belongs).count();
        (!list.cards.is_empty(), 2.0 * *known as f64 / (items + most) as f64)
    };
    // The first of those that are as good.
    let best = found.iter().rev().max_by(|one, other| {
        let (one, other) = (fit(one), fit(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    })?;
    let (list, belongs, known) = best;
    Some((list.with(belongs), *known))
}

fn is_enough(known: &[Known], items: usize, remembered: usize) -> bool {
    let is_faithful = |is_it: fn(&Known) -> bool| {
        100 * known.iter().filter(|known| is_it(known)).count() >= FAITHFUL * known.len()
    };
    known.len() >= FEWEST.min(remembered).max(1)
        && 2 * known.len() >= items.min(remembered)
        && is_faithful(|known| known.with_title)
        && is_faithful(|known| known.with_day)
}

/// The remembered items by their names.
struct Memory<'a> {
    by_address: HashMap<String, &'a Item>,
    by_title: HashMap<String, &'a Item>,
    zone: &'a TimeZone,
    newest: Option<Date>,
}

impl<'a> Memory<'a> {
    fn of(items: &'a [Item], zone: &'a TimeZone) -> Memory<'a> {
        let address = |item: &'a Item| Some((links::key(item.url.as_ref()?), item));
        let mut memory = Memory {
            by_address: items.iter().filter_map(address).collect(),
            by_title: items.iter().map(|item| (fold(&item.title), item)).collect(),
            zone,
            newest: None,
        };
        let read = items.iter().filter(|item| item.published.evidence != Evidence::FirstSeen);
        memory.newest = read.map(|item| memory.day(item)).max();
        memory
    }

    fn day(&self, item: &Item) -> Date {
        item.published.at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// What is known of each item, the first time that it is there.
    fn of_list(&self, sightings: &[Option<Sighting>]) -> Vec<Option<Known>> {
        let mut seen = HashSet::new();
        let known = |sighting: &Option<Sighting>| {
            let sighting = sighting.as_ref()?;
            let title = fold(&sighting.title);
            let by_address =
                sighting.url.as_ref().and_then(|url| self.by_address.get(&links::key(url)));
            let item = by_address.or_else(|| self.by_title.get(&title))?;
            seen.insert(item.id).then(|| Known {
                with_title: title == fold(&item.title),
                with_day: self.is_its_day(item, sighting),
            })
        };
        sightings.iter().map(known).collect()
    }

    fn is_its_day(&self, item: &Item, sighting: &Sighting) -> bool {
        sighting.published.as_ref().is_none_or(|date| {
            // "Yesterday" is another day each day.
            let are_read = ![date.evidence, item.published.evidence]
                .iter()
                .any(|evidence| matches!(evidence, Evidence::FirstSeen | Evidence::Inferred));
            !are_read || date.when.day() == self.day(item)
        })
    }

    /// Navigation, and what is read most, may stand in the same kind of place elsewhere on the page.
    fn belongs(
        &self,
        list: &Candidate,
        sightings: &[Option<Sighting>],
        known: &[Option<Known>],
    ) -> Vec<bool> {
        let with_known: HashSet<_> = list
            .containers
            .iter()
            .zip(known)
            .filter_map(|(container, known)| known.and(Some(*container)))
            .collect();
        let is_newer = |sighting: &Sighting| {
            let day = sighting.published.as_ref().map(|date| date.when.day());
            matches!((day, self.newest), (Some(day), Some(newest)) if day >= newest)
        };
        sightings
            .iter()
            .enumerate()
            .map(|(at, sighting)| {
                let container = list.containers.get(at);
                let is_among = container.is_none_or(|container| with_known.contains(container));
                sighting.as_ref().is_some_and(|sighting| is_among || is_newer(sighting))
            })
            .collect()
    }
}
