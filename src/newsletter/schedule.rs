//! When a newsletter comes. Pure.

use std::str::FromStr;

use chrono::NaiveDateTime;
use croner::Cron;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

/// `Mon 08:00`, `daily 08:00`, `monthly 08:00` (on the first), or the five fields of a cron line.
///
/// It is told by the clock on the wall: what falls into an hour that a change of clocks leaves out
/// comes an hour later, what falls into one that there is twice comes once.
#[derive(Debug, Clone)]
pub struct Schedule(Cron);

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    pub fn parse(text: &str) -> Option<Schedule> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = match words.as_slice() {
            [time] => daily(time, "*", "*")?,
            ["daily", time] => daily(time, "*", "*")?,
            ["monthly", time] => daily(time, "1", "*")?,
            [days, time] => daily(time, "*", &numbers(days)?)?,
            [_, _, _, _, _] => text.to_owned(),
            _ => return None,
        };
        Cron::from_str(&line).ok().map(Schedule)
    }

    /// The last time before or at a moment; none if there never was one.
    pub fn last(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut before = on_the_wall(now, zone)?;
        let mut is_inclusive = true;
        loop {
            let found = self.0.find_previous_occurrence(&before, is_inclusive).ok()?;
            let at = in_zone(found, zone)?;
            if at <= now {
                return Some(at);
            }
            (before, is_inclusive) = (found, false);
        }
    }

    /// The first time after a moment.
    pub fn next(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut after = on_the_wall(now, zone)?;
        loop {
            let found = self.0.find_next_occurrence(&after, false).ok()?;
            let at = in_zone(found, zone)?;
            if at > now {
                return Some(at);
            }
            after = found;
        }
    }
}

/// What the clock on the wall shows, as if it were never changed.
fn on_the_wall(now: Timestamp, zone: &TimeZone) -> Option<NaiveDateTime> {
    let shown = TimeZone::UTC.to_timestamp(zone.to_datetime(now)).ok()?;
    let shown = chrono::DateTime::from_timestamp(shown.as_second(), 0)?;
    Some(shown.naive_utc())
}

/// When the clock on the wall shows it.
fn in_zone(shown: NaiveDateTime, zone: &TimeZone) -> Option<Timestamp> {
    let shown = Timestamp::from_second(shown.and_utc().timestamp()).ok()?;
    zone.to_timestamp(TimeZone::UTC.to_datetime(shown)).ok()
}

/// A cron line for a time of day.
fn daily(time: &str, day: &str, weekdays: &str) -> Option<String> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then(|| format!("{minute} {hour} {day} * {weekdays}"))
}

/// `Mon,Thu` or `Monday` as the numbers of cron.
fn numbers(days: &str) -> Option<String> {
    let number = |day: &str| {
        let day = day.to_lowercase();
        let short = day.get(..3)?;
        DAYS.iter().position(|known| *known == short).map(|number| number.to_string())
    };
    let numbers: Option<Vec<String>> = days.split(',').map(number).collect();
    Some(numbers?.join(","))
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Schedule, D::Error> {
        let text = String::deserialize(deserializer)?;
        Schedule::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no schedule, expected such as `Mon 08:00`, `daily 08:00` or `0 8 * * 1`"
            ))
        })
    }
}

/// Who looks at an edition before it goes out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Approval {
    /// Nobody: it goes out when it is due.
    #[default]
    None,
    /// Somebody has to approve it.
    Required,
    /// Somebody may hold it until this time of day.
    Until(Time),
}

impl Approval {
    fn parse(text: &str) -> Option<Approval> {
        match text.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["none"] => Some(Approval::None),
            ["required"] => Some(Approval::Required),
            ["until", time] => time.parse().ok().map(Approval::Until),
            _ => None,
        }
    }

    /// From when an edition of a slot may go out, if nobody has to approve it.
    pub fn release(self, slot: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Approval::None => Some(slot),
            Approval::Required => None,
            Approval::Until(time) => {
                let day = zone.to_datetime(slot).date();
                let at = |day: Date| zone.to_timestamp(day.to_datetime(time)).ok();
                at(day).filter(|at| *at >= slot).or_else(|| at(day.tomorrow().ok()?))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Approval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Approval, D::Error> {
        let text = String::deserialize(deserializer)?;
        Approval::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no approval, expected `none`, `required` or such as `until 10:00`"
            ))
        })
    }
}
