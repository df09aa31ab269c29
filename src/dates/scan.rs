//! Finding a date among words: the shapes in which dates come.

use std::ops::Range;

use jiff::civil::{Date, Weekday};

use super::clock::Clock;
use super::names::{month_anywhere, weekday_anywhere};
use super::token::{Kind, Token, tokens};
use super::{Order, Reader, When};

/// Years outside are no dates of announcements but numbers of other things.
const YEARS: Range<u32> = 1900..2200;

/// Words that may stand between a day and its month, or a month and its year.
const LINKING: [&str; 9] = ["of", "the", "de", "du", "del", "di", "den", "dana", "г"];

/// What is put behind a day's number: `1st`, `2nd`, `3rd`, `4th`, `1er`, `3-го`, `1η`.
const ORDINALS: [&str; 18] = [
    "st", "nd", "rd", "th", "er", "re", "e", "o", "a", "го", "ого", "ти", "ви", "ри", "η", "ης",
    "nji", "ta",
];

/// What joins the days of a range or a list, beside a dash.
const JOINING: [&str; 26] = [
    "to", "till", "until", "and", "bis", "und", "au", "et", "do", "i", "a", "al", "e", "y", "ed",
    "tot", "en", "az", "po", "и", "до", "по", "і", "й", "εωσ", "και",
];

/// A day before this of a year in two digits is of this century.
const CENTURY: u32 = 70;

/// Words that may stand between a range's days: `3, 4 and 5 May`.
const MOST_OF_A_RANGE: usize = 4;

/// A text cut into tokens, ready to be searched.
pub struct Scan<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    reader: &'a Reader,
}

/// What a date is, and how far it goes.
type Found = (When, usize);

/// The two readings of the first date in numbers of a text, and which of them its own words prove.
#[derive(Debug)]
pub struct Sides {
    pub mark: char,
    pub day_first: Option<Date>,
    pub month_first: Option<Date>,
    pub proves: Option<Order>,
}

/// The readings of the first date in numbers, if there is one.
pub fn sides(text: &str) -> Option<Sides> {
    let nobody = Reader::new("");
    let scan = Scan::new(text, &nobody);
    (0..scan.tokens.len()).filter(|at| !scan.is_glued(*at)).find_map(|at| {
        let (first, second, mark) = scan.three_numbers(at)?;
        let year = scan.year(at + 4).or_else(|| scan.short_year(at + 4))?;
        let (day_first, month_first) = (date(year, second, first), date(year, first, second));
        let weekday = scan.weekday_of(at, at + 5);
        let stands =
            |day: Option<Date>| day.filter(|day| weekday.is_none_or(|w| w == day.weekday()));
        let proves = match (stands(day_first), stands(month_first)) {
            (Some(_), None) => Some(Order::DayFirst),
            (None, Some(_)) => Some(Order::MonthFirst),
            _ => None,
        };
        Some(Sides { mark, day_first, month_first, proves })
    })
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

    /// The date of a field that is meant to hold one: also years in two digits, months without a
    /// day, and how long ago it was.
    pub fn field(&self) -> Option<When> {
        let every = || 0..self.tokens.len();
        if let Some(when) = every().find_map(|at| {
            let (day, next) = self.date(at).or_else(|| self.short_date(at))?;
            Some(self.with_time(day, at, next, true).0)
        }) {
            return Some(when);
        }
        if let Some(when) = every().find_map(|at| self.ago(at)) {
            return Some(when);
        }
        every().find_map(|at| self.month_of_year(at)).map(When::Month)
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
        let (day, next) = self
            .year_first(at)
            .or_else(|| self.numbers_only(at))
            .or_else(|| self.range_of_numbers(at))
            .or_else(|| self.day_then_month(at))
            .or_else(|| self.month_then_day(at))?;
        let agrees = self.weekday_of(at, next).is_none_or(|weekday| weekday == day.weekday());
        agrees.then_some((day, next))
    }

    /// A date with a year in two digits, and one in eight digits: too short to be looked for in
    /// running text.
    fn short_date(&self, at: usize) -> Option<(Date, usize)> {
        if self.is_glued(at) {
            return None;
        }
        let (day, next) = self
            .numbers_with_short_year(at)
            .or_else(|| self.named_with_short_year(at))
            .or_else(|| self.eight_digits(at))?;
        let agrees = self.weekday_of(at, next).is_none_or(|weekday| weekday == day.weekday());
        agrees.then_some((day, next))
    }

    /// `2022-02-21`, `2022/02/21`, `2022. 02. 21.`, `2022. február 21.`, `2022年2月21日`, `令和4年2月21日`
    fn year_first(&self, at: usize) -> Option<(Date, usize)> {
        let (year, behind) = self.era(at).or_else(|| Some((self.year(at)?, at + 1)))?;
        if self.unit(behind, "年년") {
            let month = self.number(behind + 1, 2)?;
            let day =
                self.unit(behind + 2, "月월").then(|| self.number(behind + 3, 2)).flatten()?;
            let next = behind + 4 + usize::from(self.unit(behind + 4, "日号號일"));
            return Some((date(year, month, day)?, next));
        }
        if let Some(mark) = self.mark(behind).filter(|mark| "-/.".contains(*mark))
            && let Some(month) = self.number(behind + 1, 2)
        {
            let day = (self.mark(behind + 2) == Some(mark)).then(|| self.number(behind + 3, 2));
            return Some((date(year, month, day.flatten()?)?, behind + 4));
        }
        let (month, next) = self.month(self.past(behind, ".,-/"))?;
        let day = self.number(self.past(next, ".,-/"), 2)?;
        Some((date(year, month, day)?, self.past(next, ".,-/") + 1))
    }

    /// The year of an era, and the token behind it: 令和, 平成, 昭和, 民國.
    fn era(&self, at: usize) -> Option<(u32, usize)> {
        let name = format!("{}{}", self.word(at)?, self.word(at + 1)?);
        let before_first = match name.as_str() {
            "令和" => 2018,
            "平成" => 1988,
            "昭和" => 1925,
            "民國" | "民国" => 1911,
            _ => return None,
        };
        Some((before_first + self.number(at + 2, 3)?, at + 3))
    }

    /// `21.02.2022`, `21. 2. 2022`, `21/02/2022`, `02/21/2022`, `21-02-2022`
    fn numbers_only(&self, at: usize) -> Option<(Date, usize)> {
        let numbers = self.three_numbers(at)?;
        let year = self.year(at + 4)?;
        self.ordered(at, numbers, year)
    }

    fn numbers_with_short_year(&self, at: usize) -> Option<(Date, usize)> {
        let numbers = self.three_numbers(at)?;
        let year = self.short_year(at + 4)?;
        // `26-05-03` may as well begin with the year, and so may anything where years come first.
        let is_clear = match numbers.2 {
            '.' => !self.reader.puts_year_first(),
            '/' => self.reader.order(numbers.2).is_some(),
            _ => false,
        };
        if !is_clear || self.goes_on(at + 5) || self.mark(at + 5) == Some(':') {
            return None;
        }
        self.ordered(at, numbers, year)
    }

    /// First, second, mark.
    fn three_numbers(&self, at: usize) -> Option<(u32, u32, char)> {
        let first = self.number(at, 2)?;
        let mark = self.mark(at + 1).filter(|mark| "./-".contains(*mark))?;
        let second = self.number(at + 2, 2)?;
        (self.mark(at + 3) == Some(mark)).then_some((first, second, mark))
    }

    /// Which of the two is the day: what can be, then what the weekday says, then the order.
    fn ordered(
        &self,
        at: usize,
        (first, second, mark): (u32, u32, char),
        year: u32,
    ) -> Option<(Date, usize)> {
        let next = at + 5;
        let day_first = date(year, second, first);
        let month_first = date(year, first, second);
        let (day_first, month_first) = match (day_first, month_first) {
            (Some(one), Some(same)) if one == same => return Some((one, next)),
            (Some(one), Some(other)) => (one, other),
            (only, other) => return Some((only.or(other)?, next)),
        };
        if let Some(weekday) = self.weekday_of(at, next) {
            return match (day_first.weekday() == weekday, month_first.weekday() == weekday) {
                (true, false) => Some((day_first, next)),
                (false, true) => Some((month_first, next)),
                _ => None,
            };
        }
        match self.reader.order(mark)? {
            Order::DayFirst => Some((day_first, next)),
            Order::MonthFirst => Some((month_first, next)),
        }
    }

    /// `03.-05.05.2026`, `30.04. - 02.05.2026`: the first day of it.
    fn range_of_numbers(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.number(at, 2)?;
        let mut next = self.past(at + 1, ".");
        let own_month = (self.mark(at + 1) == Some('.')).then(|| self.number(at + 2, 2)).flatten();
        if own_month.is_some() {
            next = self.past(at + 3, ".");
        }
        if self.mark(next) != Some('-') || self.mark(next + 2) != Some('.') {
            return None;
        }
        self.number(next + 1, 2)?;
        let last_month = self.number(next + 3, 2)?;
        let year = (self.mark(next + 4) == Some('.')).then(|| self.year(next + 5)).flatten()?;
        let month = own_month.unwrap_or(last_month);
        Some((date(year_of_start(year, month, last_month), month, day)?, next + 6))
    }

    /// `21 February 2022`, `21. februara 2022.`, `1er juin 2026`, `3rd of May, 2026`, `21-Feb-2022`,
    /// `21.II.2022`, `3-5 May 2026`, `30 April - 2 May 2026`
    fn day_then_month(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.number(at, 2)?;
        let behind = self.past_ordinal(at + 1);
        let own_month = self.month_behind(behind);
        if let Some((month, after)) = own_month
            && let Some((year, after)) = self.year_behind(after)
        {
            return Some((date(year, month, day)?, after));
        }
        // A range gives its first day.
        let mut next = own_month.map_or(behind, |(_, after)| after);
        for _ in 0..MOST_OF_A_RANGE {
            let joined = self.past_joining(next)?;
            self.number(joined, 2)?;
            next = self.past_ordinal(joined + 1);
            let Some((last_month, after)) = self.month_behind(next) else { continue };
            let (year, after) = self.year_behind(after)?;
            let month = own_month.map_or(last_month, |(month, _)| month);
            return Some((date(year_of_start(year, month, last_month), month, day)?, after));
        }
        None
    }

    /// `21 Feb 22`, `3 May ’26`
    fn named_with_short_year(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.number(at, 2)?;
        let (month, after) = self.month_behind(self.past_ordinal(at + 1))?;
        let after = self.past(after, ".,-'’");
        let is_time = matches!(self.mark(after + 1), Some(':'))
            || self.word(after + 1).is_some_and(|word| matches!(word, "h" | "uhr"));
        let year = self.short_year(after).filter(|_| !is_time)?;
        Some((date(year, month, day)?, after + 1))
    }

    /// `February 21, 2022`, `Feb. 21st 2022`, `May 3-5, 2026`, `May 30 - June 2, 2026`
    fn month_then_day(&self, at: usize) -> Option<(Date, usize)> {
        // Most words are no months: look for the number first, it costs nothing.
        self.word(at)?;
        let behind = self.past(at + 1, ".-/");
        let day = self.number(behind, 2)?;
        let (month, _) = self.month(at)?;
        let mut next = self.past_ordinal(behind + 1);
        if let Some((year, next)) = self.year_behind(next) {
            return Some((date(year, month, day)?, next));
        }
        let mut last_month = month;
        for _ in 0..MOST_OF_A_RANGE {
            next = self.past_joining(next)?;
            if let Some((month, behind)) = self.month(next) {
                (last_month, next) = (month, behind);
            }
            self.number(next, 2)?;
            next = self.past_ordinal(next + 1);
            if let Some((year, next)) = self.year_behind(next) {
                return Some((date(year_of_start(year, month, last_month), month, day)?, next));
            }
        }
        None
    }

    /// `20260503`
    fn eight_digits(&self, at: usize) -> Option<(Date, usize)> {
        let Kind::Number(value, 8) = self.tokens.get(at)?.kind else { return None };
        let year = Some(value / 10_000).filter(|year| YEARS.contains(year))?;
        Some((date(year, value / 100 % 100, value % 100)?, at + 1))
    }

    /// `May 2026`, `maj 2026.`, `2026年5月`, `05/2026`: the first day of the month.
    fn month_of_year(&self, at: usize) -> Option<Date> {
        if self.is_glued(at) || self.follows_number(at) {
            return None;
        }
        let year_first = || {
            let year = self.year(at)?;
            let month = match (self.unit(at + 1, "年년"), self.mark(at + 1)) {
                (true, _) => self.number(at + 2, 2).filter(|_| self.unit(at + 3, "月월")),
                (_, Some('-' | '/')) => self.number(at + 2, 2).filter(|_| !self.goes_on(at + 3)),
                _ => None,
            };
            date(year, month?, 1)
        };
        let month_first = || {
            let month = self.number(at, 2)?;
            let year = matches!(self.mark(at + 1)?, '/' | '.').then(|| self.year(at + 2))?;
            date(year.filter(|_| !self.goes_on(at + 3))?, month, 1)
        };
        let named = || {
            let (month, next) = self.month(at)?;
            let (year, _) = self.year_behind(next)?;
            date(year, month, 1)
        };
        year_first().or_else(month_first).or_else(named)
    }

    /// `3 days ago`, `yesterday, 10:54`: counted from the moment of the look.
    fn ago(&self, at: usize) -> Option<When> {
        let ago = self.reader.names.iter().find_map(|names| names.relative.at(&self.tokens, at))?;
        self.reader.before(&ago, |day| self.with_time(day, at, ago.next, true).0)
    }

    /// The weekday that stands beside the date from token `at` to `next`, names of the page's
    /// languages first.
    fn weekday_of(&self, at: usize, next: usize) -> Option<Weekday> {
        let is_near = |token: &&Token| !matches!(token.kind, Kind::Number(..));
        let before = self.tokens[..at].iter().rev().take(4).take_while(is_near);
        let behind = self.tokens[next..].iter().take(2).take_while(is_near);
        before.chain(behind).find_map(|token| match &token.kind {
            Kind::Word(word) => self.weekday(word),
            _ => None,
        })
    }

    fn weekday(&self, word: &str) -> Option<Weekday> {
        // `mar.` is a month to the one and a weekday to the other.
        let is_clear = word.chars().count() > 3
            || !self.reader.names.iter().any(|names| names.month(word).is_some());
        let own = || self.reader.names.iter().find_map(|names| names.weekday(word));
        is_clear.then(own).flatten().or_else(|| weekday_anywhere(word))
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

    fn short_year(&self, at: usize) -> Option<u32> {
        match self.tokens.get(at)?.kind {
            Kind::Number(value, 2) if value < CENTURY => Some(2000 + value),
            Kind::Number(value, 2) => Some(1900 + value),
            _ => None,
        }
    }

    fn year_behind(&self, mut at: usize) -> Option<(u32, usize)> {
        while self.mark(at).is_some_and(|mark| ".,-/".contains(mark)) || self.is_linking(at) {
            at += 1;
        }
        Some((self.year(at)?, at + 1))
    }

    fn month_behind(&self, at: usize) -> Option<(u32, usize)> {
        let at = self.past(at, "-/,");
        self.month(at).or_else(|| self.roman_month(at))
    }

    /// The month that the words at `at` name: the page's languages first, then all. Arabic names
    /// have two words, or two names: `أيار/مايو`.
    fn month(&self, mut at: usize) -> Option<(u32, usize)> {
        while self.is_linking(at) {
            at += 1;
        }
        let named = |word: &str| {
            let own = self.reader.names.iter().find_map(|names| names.month(word));
            own.or_else(|| month_anywhere(word))
        };
        let first = self.word(at)?;
        let pair = self.word(at + 1).and_then(|second| named(&format!("{first} {second}")));
        let (month, next) = match pair {
            Some(month) => (month, at + 2),
            None => (named(first)?, at + 1),
        };
        let again = (self.mark(next) == Some('/')).then(|| self.word(next + 1)).flatten();
        let next =
            if again.is_some_and(|word| named(word) == Some(month)) { next + 2 } else { next };
        Some((month as u32, if self.mark(next) == Some('.') { next + 1 } else { next }))
    }

    /// `21.XI.2025`: capitals only, or a Slavic `i` would be January.
    fn roman_month(&self, at: usize) -> Option<(u32, usize)> {
        const ROMAN: [&str; 12] =
            ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
        let written = &self.text[self.tokens.get(at)?.at.clone()];
        let month = ROMAN.iter().position(|numeral| *numeral == written)?;
        Some((month as u32 + 1, self.past(at + 1, ".")))
    }

    fn past_ordinal(&self, at: usize) -> usize {
        let follows_at_once = |at: usize| self.tokens[at - 1].at.end == self.tokens[at].at.start;
        let is_ordinal = |at: usize| {
            self.word(at).is_some_and(|word| ORDINALS.contains(&word)) && follows_at_once(at)
        };
        match self.mark(at) {
            Some('.' | 'º' | 'ª' | '°') => at + 1,
            Some('-') if is_ordinal(at + 1) => at + 2,
            _ if is_ordinal(at) => at + 1,
            _ => at,
        }
    }

    /// Behind a dash or a word that joins two days.
    fn past_joining(&self, at: usize) -> Option<usize> {
        let comma = self.past(at, ",.");
        match (self.mark(comma), self.word(comma)) {
            (Some('-' | '/' | '&'), _) => Some(comma + 1),
            (_, Some(word)) if JOINING.contains(&word) => Some(comma + 1),
            _ => (comma > at && self.mark(at) == Some(',')).then_some(comma),
        }
    }

    /// Behind one mark of these, if there is one.
    fn past(&self, at: usize, marks: &str) -> usize {
        at + usize::from(self.mark(at).is_some_and(|mark| marks.contains(mark)))
    }

    /// One of these characters stands at `at`.
    fn unit(&self, at: usize, units: &str) -> bool {
        self.word(at).is_some_and(|word| units.contains(word))
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

    /// A day stands before the month: it was not understood, so the month is not all of it.
    fn follows_number(&self, at: usize) -> bool {
        let before = (0..at).rev().find(|at| !matches!(self.tokens[*at].kind, Kind::Mark(_)));
        before.is_some_and(|at| matches!(self.tokens[at].kind, Kind::Number(..)))
    }

    /// A number follows after a mark: what is before is part of more.
    fn goes_on(&self, at: usize) -> bool {
        self.mark(at).is_some_and(|mark| "-/.".contains(mark))
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

/// A range that ends in January has begun the year before.
fn year_of_start(year: u32, month: u32, last_month: u32) -> u32 {
    if month > last_month { year - 1 } else { year }
}
