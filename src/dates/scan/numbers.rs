//! Dates in numbers: `21.02.2022`, `2022-02-21`, `02/21/2022`, `2022年2月21日`.

use jiff::civil::Date;

use super::named::year_of_start;
use super::{Scan, date};
use crate::dates::token::Tokens;
use crate::dates::{Order, Reader};

/// The two readings of the first date in numbers of a text, and which of them its own words prove.
#[derive(Debug, Clone)]
pub struct Sides {
    pub mark: char,
    pub day_first: Option<Date>,
    pub month_first: Option<Date>,
    pub proves: Option<Order>,
}

/// The readings of the first date in numbers, if there is one.
pub fn sides(text: &str, reader: &Reader) -> Option<Sides> {
    let scan = Scan::new(text, reader);
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

impl Scan<'_> {
    /// `2022-02-21`, `2022/02/21`, `2022. 02. 21.`, `2022. február 21.`, `2022年2月21日`, `令和4年2月21日`
    pub(super) fn year_first(&self, at: usize) -> Option<(Date, usize)> {
        let (year, behind) = self.era(at).or_else(|| Some((self.year(at)?, at + 1)))?;
        if self.unit(behind, "年년") {
            let month = self.tokens.number(behind + 1, 2)?;
            let day = self
                .unit(behind + 2, "月월")
                .then(|| self.tokens.number(behind + 3, 2))
                .flatten()?;
            let next = behind + 4 + usize::from(self.unit(behind + 4, "日号號일"));
            return Some((date(year, month, day)?, next));
        }
        if let Some(mark) = self.tokens.mark(behind).filter(|mark| "-/.".contains(*mark))
            && let Some(month) = self.tokens.number(behind + 1, 2)
        {
            let day = (self.tokens.mark(behind + 2) == Some(mark))
                .then(|| self.tokens.number(behind + 3, 2));
            return Some((date(year, month, day.flatten()?)?, behind + 4));
        }
        let (month, next) = self.month(self.past(behind, ".,-/"))?;
        let day = self.tokens.number(self.past(next, ".,-/"), 2)?;
        Some((date(year, month, day)?, self.past(next, ".,-/") + 1))
    }

    /// The year of an era, and the token behind it: 令和, 平成, 昭和, 民國.
    pub(super) fn era(&self, at: usize) -> Option<(u32, usize)> {
        let name = format!("{}{}", self.tokens.word(at)?, self.tokens.word(at + 1)?);
        let before_first = match name.as_str() {
            "令和" => 2018,
            "平成" => 1988,
            "昭和" => 1925,
            "民國" | "民国" => 1911,
            _ => return None,
        };
        Some((before_first + self.tokens.number(at + 2, 3)?, at + 3))
    }

    /// `21.02.2022`, `21. 2. 2022`, `21/02/2022`, `02/21/2022`, `21-02-2022`
    pub(super) fn numbers_only(&self, at: usize) -> Option<(Date, usize)> {
        let numbers = self.three_numbers(at)?;
        let year = self.year(at + 4)?;
        self.ordered(at, numbers, year)
    }

    /// First, second, mark.
    pub(super) fn three_numbers(&self, at: usize) -> Option<(u32, u32, char)> {
        let first = self.tokens.number(at, 2)?;
        let mark = self.tokens.mark(at + 1).filter(|mark| "./-".contains(*mark))?;
        let second = self.tokens.number(at + 2, 2)?;
        (self.tokens.mark(at + 3) == Some(mark)).then_some((first, second, mark))
    }

    /// Which of the two is the day: what can be, then what the weekday says, then the order.
    pub(super) fn ordered(
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
    pub(super) fn range_of_numbers(&self, at: usize) -> Option<(Date, usize)> {
        let day = self.tokens.number(at, 2)?;
        let mut next = self.past(at + 1, ".");
        let own_month = (self.tokens.mark(at + 1) == Some('.'))
            .then(|| self.tokens.number(at + 2, 2))
            .flatten();
        if own_month.is_some() {
            next = self.past(at + 3, ".");
        }
        if self.tokens.mark(next) != Some('-') || self.tokens.mark(next + 2) != Some('.') {
            return None;
        }
        self.tokens.number(next + 1, 2)?;
        let last_month = self.tokens.number(next + 3, 2)?;
        let year =
            (self.tokens.mark(next + 4) == Some('.')).then(|| self.year(next + 5)).flatten()?;
        let month = own_month.unwrap_or(last_month);
        Some((date(year_of_start(year, month, last_month), month, day)?, next + 6))
    }
}
