//! Finding a date among words: tokens, then the shapes in which dates come.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::months::{fold, number_of};
use super::{Order, When, day_or_minute};

/// Years outside are no dates of announcements but numbers of other things.
const YEARS: Range<u32> = 1900..2200;

/// Words that may stand between a day and its month, or a month and its year.
const LINKING: [&str; 4] = ["of", "the", "de", "du"];

/// What is put behind a day's number: `1st`, `2nd`, `3rd`, `4th`, `1er`.
const ORDINALS: [&str; 7] = ["st", "nd", "rd", "th", "er", "re", "e"];

/// What stands between a date and its time of day, beside punctuation.
const AT: [&str; 7] = ["at", "um", "a", "u", "t", "ab", "von"];

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Value and number of digits.
    Number(u32, usize),
    /// Folded letters.
    Word(String),
    Mark(char),
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    at: Range<usize>,
}

/// A text cut into tokens, ready to be searched.
pub struct Scan<'a> {
    tokens: Vec<Token>,
    language: &'a str,
    order: Option<Order>,
}

/// The order that this text alone proves, by a number over 12.
pub fn order_shown_by(text: &str) -> Option<Order> {
    let scan = Scan::new(text, "", None);
    (0..scan.tokens.len()).find_map(|at| {
        let (first, second, _, _, mark) = scan.three_numbers(at)?;
        match (first, second) {
            (13..=31, 1..=12) => Some(Order::DayFirst),
            // Dots mean day first anywhere, so they show nothing about the slashes beside them.
            (1..=12, 13..=31) if mark != '.' => Some(Order::MonthFirst),
            _ => None,
        }
    })
}

impl<'a> Scan<'a> {
    pub fn new(text: &str, language: &'a str, order: Option<Order>) -> Self {
        Scan { tokens: tokens(text), language, order }
    }

    /// The first date, with the time of day if one follows it.
    pub fn first(&self) -> Option<(Range<usize>, When)> {
        (0..self.tokens.len()).find_map(|at| {
            let (day, mut next) = self.date(at)?;
            let mut when = When::Day(day);
            if let Some((time, offset, after)) = self.time(next) {
                when = day_or_minute(DateTime::from_parts(day, time), offset);
                next = after;
            }
            Some((self.tokens[at].at.start..self.tokens[next - 1].at.end, when))
        })
    }

    /// A date that begins at token `at`, and the token behind it.
    fn date(&self, at: usize) -> Option<(Date, usize)> {
        if self.is_glued(at) {
            return None;
        }
        self.year_first(at)
            .or_else(|| self.numbers_only(at))
            .or_else(|| self.day_then_month(at))
            .or_else(|| self.month_then_day(at))
    }

    /// `2022-02-21`, `2022/02/21`, `2022.02.21`
    fn year_first(&self, at: usize) -> Option<(Date, usize)> {
        let year = self.year(at)?;
        let mark = self.mark(at + 1).filter(|mark| "-/.".contains(*mark))?;
        let month = self.number(at + 2, 2)?;
        let day = (self.mark(at + 3) == Some(mark)).then(|| self.number(at + 4, 2)).flatten()?;
        Some((date(year, month, day)?, at + 5))
    }

    /// `21.02.2022`, `21. 2. 2022`, `21/02/2022`, `02/21/2022`, `21-02-2022`
    fn numbers_only(&self, at: usize) -> Option<(Date, usize)> {
        let (first, second, year, next, mark) = self.three_numbers(at)?;
        let order = match (first, second) {
            _ if mark == '.' => Order::DayFirst,
            (13.., _) => Order::DayFirst,
            (_, 13..) => Order::MonthFirst,
            (same, other) if same == other => Order::DayFirst,
            _ => self.order?,
        };
        let (day, month) = match order {
            Order::DayFirst => (first, second),
            Order::MonthFirst => (second, first),
        };
        Some((date(year, month, day)?, next))
    }

    fn three_numbers(&self, at: usize) -> Option<(u32, u32, u32, usize, char)> {
        let first = self.number(at, 2)?;
        let mark = self.mark(at + 1).filter(|mark| "./-".contains(*mark))?;
        let second = self.number(at + 2, 2)?;
        if self.mark(at + 3) != Some(mark) {
            return None;
        }
        Some((first, second, self.year(at + 4)?, at + 5, mark))
    }

    /// `21 February 2022`, `21. februara 2022.`, `1er juin 2026`, `3rd of May, 2026`, `3-5 May 2026`
    fn day_then_month(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.number(at, 2)?;
        let mut next = self.past_ordinal(at + 1);
        if let Some((month, after)) = self.month(next)
            && let Some((year, after)) = self.year_behind(after)
        {
            return Some((date(year, month, day)?, after));
        }
        // A range gives its first day: `3-5 May 2026`, `30 April - 2 May 2026`.
        let own_month = self.month(next);
        if let Some((_, after)) = own_month {
            next = after;
        }
        if !self.mark(next).is_some_and(is_dash) {
            return None;
        }
        self.number(next + 1, 2)?;
        let (last_month, after) = self.month(self.past_ordinal(next + 2))?;
        let (year, after) = self.year_behind(after)?;
        let month = own_month.map_or(last_month, |(month, _)| month);
        Some((date(year, month, day)?, after))
    }

    /// `February 21, 2022`, `Feb. 21st 2022`
    fn month_then_day(&self, at: usize) -> Option<(Date, usize)> {
        // Most words are no months: look for the number first, it costs nothing.
        self.word(at)?;
        let behind = if self.mark(at + 1) == Some('.') { at + 2 } else { at + 1 };
        let day = self.number(behind, 2)?;
        let (month, next) = self.month(at)?;
        let (year, next) = self.year_behind(self.past_ordinal(next + 1))?;
        Some((date(year, month, day)?, next))
    }

    /// `, 14:30`, `um 9.15 Uhr`, `à 14h30`, `at 2:30 pm`, `T10:00:00+01:00`
    fn time(&self, mut at: usize) -> Option<(jiff::civil::Time, Option<Offset>, usize)> {
        while self.mark(at).is_some_and(|mark| ",|-–—.@".contains(mark)) {
            at += 1;
        }
        if self.word(at).is_some_and(|word| AT.contains(&word)) {
            at += 1;
        }
        let mut hour = self.number(at, 2)?;
        let separator = match &self.tokens.get(at + 1)?.kind {
            Kind::Mark(mark @ (':' | '.')) => *mark,
            Kind::Word(word) if word == "h" => 'h',
            _ => return None,
        };
        let minute = self.number(at + 2, 2)?;
        let mut next = at + 3;
        let mut second = 0;
        if separator == ':' && self.mark(next) == Some(':') {
            second = self.number(next + 1, 2)?;
            next += 2;
        }
        let mut named = separator != '.';
        match self.word(next) {
            Some("pm") if hour < 12 => (hour, next, named) = (hour + 12, next + 1, true),
            Some("am") if hour == 12 => (hour, next, named) = (0, next + 1, true),
            Some("am" | "pm" | "uhr" | "h" | "sati" | "casova") => (next, named) = (next + 1, true),
            _ => {}
        }
        let time = jiff::civil::Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
        let (offset, next) = self.offset(next);
        named.then_some((time, offset, next))
    }

    fn offset(&self, at: usize) -> (Option<Offset>, usize) {
        let hours = |hours| Offset::from_hours(hours).ok();
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => match word.as_str() {
                "z" | "utc" | "gmt" => (hours(0), at + 1),
                "cet" | "mez" => (hours(1), at + 1),
                "cest" | "mesz" => (hours(2), at + 1),
                _ => (None, at),
            },
            Some(Kind::Mark(sign @ ('+' | '-'))) => {
                let (Some(h), Some(':'), Some(m)) =
                    (self.number(at + 1, 2), self.mark(at + 2), self.number(at + 3, 2))
                else {
                    return (None, at);
                };
                let seconds = (h * 3600 + m * 60) as i32;
                let seconds = if *sign == '-' { -seconds } else { seconds };
                (Offset::from_seconds(seconds).ok(), at + 4)
            }
            _ => (None, at),
        }
    }

    fn number(&self, at: usize, most_digits: usize) -> Option<u32> {
        match self.tokens.get(at)?.kind {
            Kind::Number(value, digits) if digits <= most_digits => Some(value),
            _ => None,
        }
    }

    fn year(&self, at: usize) -> Option<u32> {
        match self.tokens.get(at)?.kind {
            Kind::Number(value, 4) if YEARS.contains(&value) => Some(value),
            _ => None,
        }
    }

    fn year_behind(&self, mut at: usize) -> Option<(u32, usize)> {
        while self.mark(at).is_some_and(|mark| ".,".contains(mark)) || self.is_linking(at) {
            at += 1;
        }
        Some((self.year(at)?, at + 1))
    }

    fn month(&self, mut at: usize) -> Option<(u32, usize)> {
        while self.is_linking(at) {
            at += 1;
        }
        let month = number_of(self.word(at)?, self.language)?;
        let next = if self.mark(at + 1) == Some('.') { at + 2 } else { at + 1 };
        Some((month as u32, next))
    }

    fn past_ordinal(&self, at: usize) -> usize {
        let follows_at_once = || self.tokens[at - 1].at.end == self.tokens[at].at.start;
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Mark('.' | 'º')) => at + 1,
            Some(Kind::Word(w)) if ORDINALS.contains(&w.as_str()) && follows_at_once() => at + 1,
            _ => at,
        }
    }

    fn is_linking(&self, at: usize) -> bool {
        self.word(at).is_some_and(|word| LINKING.contains(&word))
    }

    fn word(&self, at: usize) -> Option<&str> {
        match &self.tokens.get(at)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn mark(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)?.kind {
            Kind::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    /// `COP31-2026`, `v1.21.02.2022`: part of something else.
    fn is_glued(&self, at: usize) -> bool {
        let touches = |at: usize| at > 0 && self.tokens[at - 1].at.end == self.tokens[at].at.start;
        touches(at)
            && match &self.tokens[at - 1].kind {
                Kind::Number(..) | Kind::Word(_) => true,
                Kind::Mark(mark) => {
                    "./-:_".contains(*mark)
                        && touches(at - 1)
                        && matches!(self.tokens[at - 2].kind, Kind::Number(..))
                }
            }
    }
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(year as i16, month as i8, day as i8).ok()
}

fn is_dash(mark: char) -> bool {
    matches!(mark, '-' | '–' | '—' | '/')
}

fn tokens(text: &str) -> Vec<Token> {
    let class = |c: char| match c {
        c if c.is_ascii_digit() => 0,
        c if c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c) => 1,
        c if c.is_whitespace() => 2,
        _ => 3,
    };
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let kind = class(first);
        let mut end = start + first.len_utf8();
        if kind < 2 {
            while let Some((at, c)) = chars.next_if(|(_, c)| class(*c) == kind) {
                end = at + c.len_utf8();
            }
        }
        let run = &text[start..end];
        let kind = match kind {
            0 => Kind::Number(run.parse().unwrap_or(u32::MAX), run.len()),
            1 => Kind::Word(fold(run)),
            2 => continue,
            _ => Kind::Mark(first),
        };
        tokens.push(Token { kind, at: start..end });
    }
    tokens
}
