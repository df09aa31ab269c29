//! What the dates of one page say together about which number is the day.

use jiff::civil::Date;

use super::Reader;
use super::scan::{self, Sides};

/// Which number of `03/05/2026` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// What the language of the page says. Plain `en` says nothing: both orders are English.
    pub fn of_language(language: &str) -> Option<Order> {
        let language = language.to_ascii_lowercase();
        match language.split('-').next().unwrap_or_default() {
            "en" => match language.as_str() {
                "en-us" | "en-ph" | "en-pr" => Some(Order::MonthFirst),
                "en" | "en-ca" | "en-za" => None,
                _ => Some(Order::DayFirst),
            },
            // Where the year comes first, both others are foreign.
            "" | "zh" | "ja" | "ko" | "hu" | "lt" | "mn" => None,
            _ => Some(Order::DayFirst),
        }
    }
}

/// The orders that a page has shown, by the mark between the numbers: dots and slashes on one page
/// need not agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Orders {
    dots: Shown,
    others: Shown,
}

/// What a column shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    #[default]
    Nothing,
    Order(Order),
    /// It contradicts itself, so not even the language decides.
    Contradiction,
}

impl Orders {
    /// What a column of dates shows, in the order of the page: a number over 12 or a weekday
    /// decides for all; failing that, a sequence that runs one way under one order only.
    pub fn of_column<'a>(column: impl IntoIterator<Item = &'a str>, reader: &Reader) -> Orders {
        let sides: Vec<Sides> =
            column.into_iter().filter_map(|text| scan::sides(text, reader)).collect();
        let dots = sides.iter().filter(|sides| sides.mark == '.');
        let dots = proven(dots).unwrap_or_else(|| by_sequence(&sides, |side| side.mark == '.'));
        let others = sides.iter().filter(|sides| sides.mark != '.');
        let others = proven(others).unwrap_or_else(|| by_sequence(&sides, |side| side.mark != '.'));
        Orders { dots, others }
    }

    /// One order whatever the mark.
    pub fn always(order: Order) -> Orders {
        Orders { dots: Shown::Order(order), others: Shown::Order(order) }
    }

    /// What is shown of dates with this mark.
    pub fn of(&self, mark: char) -> Shown {
        if mark == '.' { self.dots } else { self.others }
    }
}

/// What single dates prove, if any does.
fn proven<'a>(sides: impl Iterator<Item = &'a Sides>) -> Option<Shown> {
    let mut proven = sides.filter_map(|sides| sides.proves);
    let first = proven.next()?;
    let agree = proven.all(|order| order == first);
    Some(if agree { Shown::Order(first) } else { Shown::Contradiction })
}

/// Dates that must differ before their sequence says something.
const ENOUGH: usize = 4;

/// What the sequence says of the dates that are `asked` about; the others, dotted ones among
/// slashes, are day first and stand in it as they are.
fn by_sequence(sides: &[Sides], asked: impl Fn(&Sides) -> bool) -> Shown {
    if sides.iter().any(|sides| !asked(sides) && sides.mark != '.') {
        let own: Vec<Sides> = sides.iter().filter(|sides| asked(sides)).cloned().collect();
        return by_sequence(&own, asked);
    }
    let under = |is_day_first: bool| -> Option<Vec<Date>> {
        let side = |sides: &Sides| match is_day_first || !asked(sides) {
            true => sides.day_first,
            false => sides.month_first,
        };
        sides.iter().map(side).collect()
    };
    let (Some(day_first), Some(month_first)) = (under(true), under(false)) else {
        return Shown::Nothing;
    };
    match (runs_one_way(&day_first), runs_one_way(&month_first)) {
        (true, false) => Shown::Order(Order::DayFirst),
        (false, true) => Shown::Order(Order::MonthFirst),
        _ => Shown::Nothing,
    }
}

fn runs_one_way(dates: &[Date]) -> bool {
    let mut different = dates.to_vec();
    different.dedup();
    different.len() >= ENOUGH && (dates.is_sorted() || dates.is_sorted_by(|a, b| a >= b))
}
