//! Finding a date among words: the shapes in which dates come.

mod named;
mod numbers;
mod short;
mod weekday;

use std::ops::Range;

use jiff::civil::Date;

use super::clock::Clock;
use super::labels::{self, Label};
use super::token::{Kind, Token, Tokens, tokens};
use super::{Reader, When};

pub use numbers::{Sides, sides};

/// Years outside are no dates of announcements but numbers of other things.
const YEARS: Range<u32> = 1900..2200;

/// A day before this of a year in two digits is of this century.
const CENTURY: u32 = 70;

/// A text cut into tokens, ready to be searched.
pub struct Scan<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    reader: &'a Reader,
}

/// What a date is, and the token behind it.
type Found = (When, usize);

/// Of a date that is said to be the publication's.
const PUBLISHED: u8 = 0;

/// How much a date counts for an announcement, the most first; a day by which something has to
/// happen counts for nothing.
fn standing(label: Option<Label>) -> Option<u8> {
    match label {
        Some(Label::Published) => Some(PUBLISHED),
        None => Some(1),
        Some(Label::Updated) => Some(2),
        Some(Label::Due) => None,
    }
}

/// How a field says when; the plainest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Day,
    Ago,
    Month,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str, reader: &'a Reader) -> Self {
        Scan { text, tokens: tokens(text), reader }
    }

    /// The first full date of running text, with the time of day if one follows it.
    pub fn first(&self) -> Option<(Range<usize>, When)> {
        (0..self.tokens.len()).find_map(|at| {
            let (day, next) = self.date(at)?;
            let (when, next) = self.with_time(day, at, next, false);
            Some((self.place(at, next), when))
        })
    }

    /// The date of a field that is meant to hold one: also years in two digits, how long ago it was,
    /// and months without a day. Of several, that which is [labelled](Label) as the publication's
    /// counts, then the first that is bare, then that of a change.
    pub fn field(&self) -> Option<When> {
        let mut best: Option<((u8, Form), When)> = None;
        let mut earlier = None;
        let (mut at, mut end) = (0, 0);
        while at < self.tokens.len() {
            let Some((form, (when, next))) = self.dated(at) else {
                at += 1;
                continue;
            };
            let before = labels::before(&self.tokens[end..at], earlier, &self.reader.languages);
            let before = before.map(|label| (label, next));
            let behind =
                || labels::behind(&self.tokens[next - 1..]).map(|(label, n)| (label, next + n));
            let labelled = before.or_else(behind);
            let (label, next) = match labelled {
                Some((label, next)) => (Some(label), next),
                None => (None, next),
            };
            if let Some(standing) = standing(label)
                && best.is_none_or(|(known, _)| (standing, form) < known)
            {
                best = Some(((standing, form), when));
            }
            earlier = label;
            (at, end) = (next, next);
        }
        let is_published = best.is_some_and(|((standing, _), _)| standing == PUBLISHED);
        let is_other = !is_published && labels::promises_publication(&self.tokens);
        best.filter(|_| !is_other).map(|(_, when)| when)
    }

    /// What says when, from token `at`.
    fn dated(&self, at: usize) -> Option<(Form, Found)> {
        let whole = || {
            let (day, next) = self.date(at).or_else(|| self.short_date(at))?;
            Some((Form::Day, self.with_time(day, at, next, true)))
        };
        let ago = || Some((Form::Ago, self.ago(at)?));
        let month = || {
            let (first, next) = self.month_of_year(at)?;
            Some((Form::Month, (When::Month(first), next)))
        };
        whole().or_else(ago).or_else(month)
    }

    fn with_time(&self, day: Date, at: usize, next: usize, is_field: bool) -> Found {
        let clock = Clock { tokens: &self.tokens, is_field };
        match clock.behind(next).or_else(|| clock.before(at).map(|time| (time, next))) {
            Some((time, next)) => (time.on(day), next),
            None => (When::Day(day), next),
        }
    }

    fn place(&self, from: usize, next: usize) -> Range<usize> {
        self.tokens[from].at.start..self.tokens[next - 1].at.end
    }

    /// A date that begins at token `at`, and the token behind it. One that its own weekday denies
    /// is none.
    fn date(&self, at: usize) -> Option<(Date, usize)> {
        if self.is_glued(at) {
            return None;
        }
        let found = self
            .year_first(at)
            .or_else(|| self.numbers_only(at))
            .or_else(|| self.range_of_numbers(at))
            .or_else(|| self.day_then_month(at))
            .or_else(|| self.month_then_day(at))?;
        self.agreed(at, found)
    }

    /// The date unless the weekday beside it is another.
    fn agreed(&self, at: usize, (day, next): (Date, usize)) -> Option<(Date, usize)> {
        let weekday = self.weekday_of(at, next);
        weekday.is_none_or(|weekday| weekday == day.weekday()).then_some((day, next))
    }

    /// `3 days ago`, `yesterday, 10:54`: counted from the moment of the look.
    fn ago(&self, at: usize) -> Option<Found> {
        let ago = self.reader.names.iter().find_map(|names| names.relative.at(&self.tokens, at))?;
        let when = self.reader.before(&ago, |day| self.with_time(day, at, ago.next, true).0)?;
        Some((when, ago.next))
    }

    fn year(&self, at: usize) -> Option<u32> {
        match self.tokens.get(at)?.kind {
            Kind::Number(value, 4) if YEARS.contains(&value) => Some(value),
            _ => None,
        }
    }

    fn short_year(&self, at: usize) -> Option<u32> {
        match self.tokens.get(at)?.kind {
            Kind::Number(value, 2) if value < CENTURY => Some(2000 + value),
            Kind::Number(value, 2) => Some(1900 + value),
            _ => None,
        }
    }

    /// Behind one mark of these, if there is one.
    fn past(&self, at: usize, marks: &str) -> usize {
        at + usize::from(self.tokens.mark(at).is_some_and(|mark| marks.contains(mark)))
    }

    /// One of these characters stands at `at`.
    fn unit(&self, at: usize, units: &str) -> bool {
        self.tokens.word(at).is_some_and(|word| units.contains(word))
    }

    /// A number follows after a mark: what is before is part of more.
    fn goes_on(&self, at: usize) -> bool {
        self.tokens.mark(at).is_some_and(|mark| "-/.".contains(mark))
            && matches!(self.tokens.get(at + 1).map(|t| &t.kind), Some(Kind::Number(..)))
    }

    /// `COP31-2026`, `v1.21.02.2022`: part of something else.
    fn is_glued(&self, at: usize) -> bool {
        let touches = |at: usize| at > 0 && self.tokens[at - 1].at.end == self.tokens[at].at.start;
        touches(at)
            && match &self.tokens[at - 1].kind {
                Kind::Number(..) => true,
                // Nothing parts the characters of 发布于2026年5月3日.
                Kind::Word(word) => !is_han(word),
                Kind::Mark(mark) => {
                    "./-:_".contains(*mark)
                        && touches(at - 1)
                        && matches!(self.tokens[at - 2].kind, Kind::Number(..))
                }
            }
    }
}

fn is_han(word: &str) -> bool {
    word.starts_with(|c| matches!(c, '\u{4e00}'..='\u{9fff}'))
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(year as i16, month as i8, day as i8).ok()
}
