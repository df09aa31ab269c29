//! Dates too short to be looked for in running text: years in two digits, months without a day.

use jiff::civil::Date;

use super::{Scan, YEARS, date};
use crate::dates::token::{Kind, Token, Tokens};

impl Scan<'_> {
    /// A date with a year in two digits, and one in eight digits: too short to be looked for in
    /// running text.
    pub(super) fn short_date(&self, at: usize) -> Option<(Date, usize)> {
        if self.is_glued(at) {
            return None;
        }
        let found = self
            .numbers_with_short_year(at)
            .or_else(|| self.named_with_short_year(at))
            .or_else(|| self.day_over_month(at))
            .or_else(|| self.lettered_era(at))
            .or_else(|| self.eight_digits(at))?;
        self.agreed(at, found)
    }

    pub(super) fn numbers_with_short_year(&self, at: usize) -> Option<(Date, usize)> {
        let numbers = self.three_numbers(at)?;
        let year = self.short_year(at + 4)?;
        // `26-05-03` may as well begin with the year, and so may anything where years come first.
        let is_clear = match numbers.2 {
            '.' => !self.reader.puts_year_first(),
            '/' => self.reader.order(numbers.2).is_some(),
            _ => false,
        };
        if !is_clear || self.goes_on(at + 5) || self.tokens.mark(at + 5) == Some(':') {
            return None;
        }
        self.ordered(at, numbers, year)
    }

    /// `21 Feb 22`, `3 May ’26`
    pub(super) fn named_with_short_year(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.tokens.number(at, 2)?;
        let (month, after) = self.month_behind(self.past_ordinal(at + 1))?;
        let after = self.past(after, ".,-'’");
        let is_time = matches!(self.tokens.mark(after + 1), Some(':'))
            || self.tokens.word(after + 1).is_some_and(|word| matches!(word, "h" | "uhr"));
        let year = self.short_year(after).filter(|_| !is_time)?;
        Some((date(year, month, day)?, after + 1))
    }

    /// `R7.10.8`: the era by its letter, as Japanese offices write it.
    pub(super) fn lettered_era(&self, at: usize) -> Option<(Date, usize)> {
        let before_first = match self.tokens.word(at)? {
            "r" => 2018,
            "h" => 1988,
            _ => return None,
        };
        let (year, month, mark) = self.three_numbers(at + 1)?;
        let day =
            self.tokens.number(at + 5, 2).filter(|_| mark == '.' && self.reader.is_japanese())?;
        Some((date(before_first + year, month, day)?, at + 6))
    }

    /// `03` over `2026-05`: a leaf of a calendar, and nothing else in the field.
    pub(super) fn day_over_month(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.tokens.number(at, 2).filter(|_| self.tokens.len() == 4)?;
        let year = self.year(at + 1)?;
        let month =
            self.tokens.mark(at + 2).filter(|mark| "-/.".contains(*mark)).map(|_| at + 3)?;
        Some((date(year, self.tokens.number(month, 2)?, day)?, at + 4))
    }

    /// `20260503`
    pub(super) fn eight_digits(&self, at: usize) -> Option<(Date, usize)> {
        let Kind::Number(value, 8) = self.tokens.get(at)?.kind else { return None };
        let year = Some(value / 10_000).filter(|year| YEARS.contains(year))?;
        Some((date(year, value / 100 % 100, value % 100)?, at + 1))
    }

    /// `May 2026`, `maj 2026.`, `2026年5月`; and, where there is nothing else, `05/2026`: the first
    /// day of the month. A number beside it is a day that was not understood.
    pub(super) fn month_of_year(&self, at: usize) -> Option<(Date, usize)> {
        if self.is_glued(at) {
            return None;
        }
        let counted = || {
            let (year, behind) = self.era(at).or_else(|| Some((self.year(at)?, at + 1)))?;
            let month = self.tokens.number(behind + 1, 2).filter(|_| self.unit(behind, "年년"))?;
            self.unit(behind + 2, "月월").then_some((year, month, behind + 3))
        };
        let named = || {
            let (month, next) = self.month(at)?;
            let (year, next) = self.year_behind(next)?;
            Some((year, month, next))
        };
        let numbered = || {
            self.tokens
                .mark(at + 1)
                .filter(|mark| "/.-".contains(*mark) && self.tokens.len() == 3)?;
            let year_last = self.tokens.number(at, 2).zip(self.year(at + 2));
            let (month, year) =
                year_last.or_else(|| self.tokens.number(at + 2, 2).zip(self.year(at)))?;
            Some((year, month, at + 3))
        };
        let (year, month, next) = counted().or_else(named).or_else(numbered)?;
        let is_day = |token: &Token| matches!(token.kind, Kind::Number(_, 1 | 2));
        let before = self.tokens[..at].iter().rev().take(3);
        let behind = self.tokens[next..].iter().take(2);
        if before.chain(behind).any(is_day) {
            return None;
        }
        Some((date(year, month, 1)?, next))
    }
}
