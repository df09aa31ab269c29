//! Dates with the name of their month: `21 February 2022`, `3. - 5. maja 2026.`, `21.XI.2025`.

use jiff::civil::Date;

use super::{Scan, date};
use crate::dates::names::month_anywhere;
use crate::dates::token::Tokens;

/// Words that may stand between a day and its month, or a month and its year.
const LINKING: [&str; 9] = ["of", "the", "de", "du", "del", "di", "den", "dana", "г"];

/// What is put behind a day's number: `1st`, `2nd`, `3rd`, `4th`, `1er`, `3-го`, `1η`.
const ORDINALS: [&str; 20] = [
    "º", "ª", "st", "nd", "rd", "th", "er", "re", "e", "o", "a", "го", "ого", "ти", "ви", "ри",
    "η", "ης", "nji", "ta",
];

/// What joins the days of a range or a list, beside a dash.
const JOINING: [&str; 34] = [
    "to", "till", "until", "and", "bis", "und", "au", "et", "do", "i", "a", "al", "e", "y", "ed",
    "tot", "en", "met", "t", "m", "az", "po", "deri", "me", "la", "и", "до", "по", "і", "й", "εωσ",
    "και", "الى", "حتى",
];

/// Words that may stand between a range's days: `3, 4 and 5 May`.
const MOST_OF_A_RANGE: usize = 4;

impl Scan<'_> {
    /// `21 February 2022`, `21. februara 2022.`, `1er juin 2026`, `3rd of May, 2026`, `21-Feb-2022`,
    /// `21.II.2022`, `3-5 May 2026`, `30 April - 2 May 2026`
    pub(super) fn day_then_month(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.tokens.number(at, 2)?;
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
            self.tokens.number(joined, 2)?;
            next = self.past_ordinal(joined + 1);
            let Some((last_month, after)) = self.month_behind(next) else { continue };
            let (year, after) = self.year_behind(after)?;
            let month = own_month.map_or(last_month, |(month, _)| month);
            return Some((date(year_of_start(year, month, last_month), month, day)?, after));
        }
        None
    }

    /// `February 21, 2022`, `Feb. 21st 2022`, `May 3-5, 2026`, `May 30 - June 2, 2026`
    pub(super) fn month_then_day(&self, at: usize) -> Option<(Date, usize)> {
        // Most words are no months: look for the number first, it costs nothing.
        self.tokens.word(at)?;
        let behind = self.past(at + 1, ".-/");
        let day = self.tokens.number(behind, 2)?;
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
            self.tokens.number(next, 2)?;
            next = self.past_ordinal(next + 1);
            if let Some((year, next)) = self.year_behind(next) {
                return Some((date(year_of_start(year, month, last_month), month, day)?, next));
            }
        }
        None
    }

    pub(super) fn is_linking(&self, at: usize) -> bool {
        self.tokens.word(at).is_some_and(|word| LINKING.contains(&word))
    }

    pub(super) fn year_behind(&self, mut at: usize) -> Option<(u32, usize)> {
        for _ in 0..MOST_OF_A_RANGE {
            let is_between = self.tokens.mark(at).is_some_and(|mark| ".,-/".contains(mark));
            at += usize::from(is_between || self.is_linking(at));
        }
        Some((self.year(at)?, at + 1))
    }

    pub(super) fn month_behind(&self, at: usize) -> Option<(u32, usize)> {
        let at = self.past(at, "-/,");
        self.month(at).or_else(|| self.roman_month(at))
    }

    /// The month that the words at `at` name: the page's languages first, then all. Arabic names
    /// have two words, or two names: `أيار/مايو`.
    pub(super) fn month(&self, mut at: usize) -> Option<(u32, usize)> {
        for _ in 0..MOST_OF_A_RANGE {
            at += usize::from(self.is_linking(at));
        }
        let named = |word: &str| {
            let own = self.reader.names.iter().find_map(|names| names.month(word));
            own.or_else(|| month_anywhere(word))
        };
        let first = self.tokens.word(at)?;
        let pair =
            self.tokens.word(at + 1).and_then(|second| self.month_in_two_words(first, second));
        let (month, next) = match pair {
            Some(month) => (month, at + 2),
            None => (named(first)?, at + 1),
        };
        let again =
            (self.tokens.mark(next) == Some('/')).then(|| self.tokens.word(next + 1)).flatten();
        let next =
            if again.is_some_and(|word| named(word) == Some(month)) { next + 2 } else { next };
        Some((month as u32, if self.tokens.mark(next) == Some('.') { next + 1 } else { next }))
    }

    pub(super) fn month_in_two_words(&self, first: &str, second: &str) -> Option<i8> {
        let name = format!("{first} {second}");
        let own = self.reader.names.iter().find_map(|names| names.exact_month(&name));
        own.or_else(|| month_anywhere(&name))
    }

    /// `21.XI.2025`: capitals only, or a Slavic `i` would be January.
    pub(super) fn roman_month(&self, at: usize) -> Option<(u32, usize)> {
        const ROMAN: [&str; 12] =
            ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
        let written = &self.text[self.tokens.get(at)?.at.clone()];
        let month = ROMAN.iter().position(|numeral| *numeral == written)?;
        Some((month as u32 + 1, self.past(at + 1, ".")))
    }

    pub(super) fn past_ordinal(&self, at: usize) -> usize {
        let follows_at_once = |at: usize| self.tokens[at - 1].at.end == self.tokens[at].at.start;
        let is_ordinal = |at: usize| {
            self.tokens.word(at).is_some_and(|word| ORDINALS.contains(&word)) && follows_at_once(at)
        };
        match self.tokens.mark(at) {
            Some('.' | 'º' | 'ª' | '°') => at + 1,
            Some('-') if is_ordinal(at + 1) => at + 2,
            _ if is_ordinal(at) => at + 1,
            _ => at,
        }
    }

    /// Behind what joins two days: a dash, a comma, words such as `bis` or `t/m`.
    pub(super) fn past_joining(&self, at: usize) -> Option<usize> {
        let joins = |at: usize| match (self.tokens.mark(at), self.tokens.word(at)) {
            (Some(mark), _) => "-/&,.".contains(mark),
            (_, Some(word)) => JOINING.contains(&word),
            _ => false,
        };
        let next = (at..at + MOST_OF_A_RANGE).find(|at| !joins(*at))?;
        (next > at && self.tokens.mark(next - 1) != Some('.')).then_some(next)
    }
}

/// A range that ends in January has begun the year before.
pub(super) fn year_of_start(year: u32, month: u32, last_month: u32) -> u32 {
    if month > last_month { year - 1 } else { year }
}
