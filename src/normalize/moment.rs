//! From a date as read to the moment that is published: never in the future, on the right day,
//! distinct, in page order, and the same on every run.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::sighting::Published;
use crate::dates::When;
use crate::model::{Dated, Evidence, Precision};

/// Gives out moments. It has to know the moments that the feed has on the days in question.
#[derive(Debug)]
pub struct Moments<'a> {
    zone: &'a TimeZone,
    now: Timestamp,
    /// Those that the feed had before.
    earlier: BTreeSet<Timestamp>,
    given: BTreeSet<Timestamp>,
}

impl<'a> Moments<'a> {
    pub fn new(zone: &'a TimeZone, now: Timestamp, earlier: BTreeSet<Timestamp>) -> Self {
        Moments { zone, now: whole_second(now), earlier, given: BTreeSet::new() }
    }

    /// The moments for items that came together, in the order of the page.
    pub fn give(&mut self, published: &[Option<&Published>]) -> Vec<Dated> {
        let today = self.now.to_zoned_datetime(self.zone.clone()).date();
        let mut dated: Vec<Option<Dated>> = vec![None; published.len()];
        // From the last to the first, so that of two at one minute the upper one is the later.
        for (place, date) in published.iter().enumerate().rev() {
            dated[place] = self.exact(*date);
        }
        let day_of =
            |date: &Option<&Published>| self.known(*date, today).map(|date| date.when.day());
        let of_item: Vec<Date> =
            published.iter().map(|date| day_of(date).unwrap_or(today).min(today)).collect();
        let days: BTreeSet<Date> = of_item.iter().copied().collect();
        for day in days {
            let places: Vec<usize> = (0..published.len())
                .filter(|at| of_item[*at] == day && dated[*at].is_none())
                .collect();
            for (place, at) in places.iter().zip(self.on_day(day, places.len())) {
                let date = published[*place];
                let known = self.known(date, today);
                dated[*place] = Some(Dated {
                    at,
                    precision: match known.map(|date| date.when) {
                        Some(When::Month(_)) => Precision::Month,
                        _ => Precision::Day,
                    },
                    evidence: known.map_or(Evidence::FirstSeen, |date| date.evidence),
                    text: date.map(|date| date.text.clone()).unwrap_or_default(),
                });
            }
        }
        dated.into_iter().flatten().collect()
    }

    /// A date that can be one of publication: it lies ahead of nobody. Of a month, the first day
    /// counts; today's date with an hour that has not come is the date of an event.
    fn known<'b>(&self, date: Option<&'b Published>, today: Date) -> Option<&'b Published> {
        date.filter(|date| match date.when {
            When::Month(first) => first <= today,
            When::Day(day) => day <= today,
            When::Minute(..) => date.at.is_some_and(|at| at <= self.now),
        })
    }

    /// A date with a time of day, unless it lies ahead. Two at one minute are seconds apart.
    fn exact(&mut self, published: Option<&Published>) -> Option<Dated> {
        let published = published?;
        let mut at = whole_second(published.at.filter(|at| *at <= self.now)?);
        let mut step = SignedDuration::from_secs(1);
        while self.earlier.contains(&at) || !self.given.insert(at) {
            // What is of this minute has no later second to go to.
            if at + step > self.now {
                step = -step;
            }
            at += step;
        }
        Some(Dated {
            at,
            precision: Precision::Minute,
            evidence: published.evidence,
            text: published.text.clone(),
        })
    }

    /// `n` moments on a day, the first the latest: from noon - or from now, if that is earlier -
    /// a second apart. What comes on a day that already has items comes after them: who asks for
    /// what is later than the last item must get it.
    fn on_day(&mut self, day: Date, n: usize) -> Vec<Timestamp> {
        let second = SignedDuration::from_secs(1);
        let at = |day: Date, time| {
            day.to_datetime(time).to_zoned_datetime(self.zone.clone()).map(|at| at.timestamp()).ok()
        };
        let begin = at(day, Time::midnight()).unwrap_or(self.now);
        let end =
            day.tomorrow().ok().and_then(|next| at(next, Time::midnight())).unwrap_or(self.now);
        let noon = at(day, Time::constant(12, 0, 0, 0)).unwrap_or(self.now);
        let latest = self.now.min(end - second);
        let start = noon.min(latest);
        let after =
            self.earlier.range(begin..end).next_back().map(|last| *last + second * n as i32);
        let mut next = match after {
            Some(first) if first <= latest && first > start - second * n as i32 => first,
            _ => start,
        };
        let mut moments = Vec::with_capacity(n);
        for _ in 0..n {
            while self.earlier.contains(&next) || !self.given.insert(next) {
                next -= second;
            }
            moments.push(next);
            next -= second;
        }
        moments
    }
}

/// Everything published has whole seconds: RSS knows no smaller ones.
pub fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
