//! A list by its items: a page that was built anew still has most of what it had.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;

use super::Candidate;
use crate::dates::fold;
use crate::model::{Evidence, Item};
use crate::normalize::links;
use crate::normalize::sighting::Sighting;

/// Items that have to be known again, if there are as many.
const FEWEST: usize = 3;

/// Percent of the items known again that have to say what they said.
const FAITHFUL: usize = 80;

/// What of a list is known.
#[derive(Debug, Default)]
struct Recall {
    items: usize,
    known: usize,
    /// Of these, with the title that they had, and with their day or without any.
    with_title: usize,
    with_day: usize,
}

/// The list that has the remembered items, if enough of them are there, say what they said, and the
/// whole is good enough for `suits`; `sighted` normalises the items of a list.
pub fn recall<'a>(
    lists: &'a [Candidate],
    remembered: &[Item],
    zone: &TimeZone,
    sighted: impl Fn(&Candidate) -> Vec<Sighting>,
    suits: impl Fn(&[Sighting]) -> bool,
) -> Option<&'a Candidate> {
    let memory = Memory::of(remembered);
    let recalled: Vec<(&Candidate, Recall, bool)> = lists
        .iter()
        .map(|list| {
            let sightings = sighted(list);
            (list, memory.recall(&sightings, zone), suits(&sightings))
        })
        .collect();
    let most = recalled.iter().map(|(_, recall, _)| recall.known).max()?;
    // All that is known, and as little else as can be.
    let fit = |recall: &Recall| 2.0 * recall.known as f64 / (recall.items + most) as f64;
    recalled
        .into_iter()
        .filter(|(_, recall, suits)| *suits && recall.is_enough(remembered.len()))
        .max_by(|(one, a, _), (other, b, _)| {
            fit(a).total_cmp(&fit(b)).then(one.score.total_cmp(&other.score))
        })
        .map(|(list, ..)| list)
}

impl Recall {
    fn is_enough(&self, remembered: usize) -> bool {
        let is_faithful = |count: usize| 100 * count >= FAITHFUL * self.known;
        self.known >= FEWEST.min(remembered).max(1)
            && 2 * self.known >= self.items.min(remembered)
            && is_faithful(self.with_title)
            && is_faithful(self.with_day)
    }
}

/// The remembered items by their names.
struct Memory<'a> {
    by_address: HashMap<String, &'a Item>,
    by_title: HashMap<String, &'a Item>,
}

impl<'a> Memory<'a> {
    fn of(items: &'a [Item]) -> Memory<'a> {
        let address = |item: &'a Item| Some((links::key(item.url.as_ref()?), item));
        Memory {
            by_address: items.iter().filter_map(address).collect(),
            by_title: items.iter().map(|item| (fold(&item.title), item)).collect(),
        }
    }

    fn recall(&self, sightings: &[Sighting], zone: &TimeZone) -> Recall {
        let mut recall = Recall { items: sightings.len(), ..Recall::default() };
        let mut known = HashSet::new();
        for sighting in sightings {
            let title = fold(&sighting.title);
            let by_address =
                sighting.url.as_ref().and_then(|url| self.by_address.get(&links::key(url)));
            let Some(item) = by_address.or_else(|| self.by_title.get(&title)) else { continue };
            if !known.insert(item.id) {
                continue;
            }
            recall.known += 1;
            recall.with_title += usize::from(title == fold(&item.title));
            let day = item.published.at.to_zoned_datetime(zone.clone()).date();
            let is_its_day = sighting.published.as_ref().is_none_or(|date| {
                let are_read = ![date.evidence, item.published.evidence]
                    .iter()
                    .any(|evidence| matches!(evidence, Evidence::FirstSeen | Evidence::Inferred));
                // "Yesterday" is another day each day.
                !are_read || date.when.day() == day
            });
            recall.with_day += usize::from(is_its_day);
        }
        recall
    }
}
