//! What the dates of one page say together about which number is the day.

use jiff::civil::Date;

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
    dots: Option<Order>,
    others: Option<Order>,
}

impl Orders {
    /// What a column of dates shows, in the order of the page: a number over 12 or a weekday
    /// decides for all; failing that, a sequence that runs one way under one order only. Nothing
    /// where nothing decides, or where the column contradicts itself.
    pub fn of_column<'a>(column: impl IntoIterator<Item = &'a str>) -> Orders {
        let sides: Vec<Sides> = column.into_iter().filter_map(scan::sides).collect();
        let shown = |is_dotted: bool| {
            let own: Vec<&Sides> = sides.iter().filter(|s| (s.mark == '.') == is_dotted).collect();
            decided(&own).unwrap_or_else(|| by_sequence(&own))
        };
        Orders { dots: shown(true), others: shown(false) }
    }

    /// The order of dates with this mark.
    pub fn of(&self, mark: char) -> Option<Order> {
        if mark == '.' { self.dots } else { self.others }
    }
}

/// What single dates prove: `None` if none proves anything, `Some(None)` if they are at odds.
fn decided(sides: &[&Sides]) -> Option<Option<Order>> {
    let mut proven = sides.iter().filter_map(|sides| sides.proves);
    let first = proven.next()?;
    Some(proven.all(|order| order == first).then_some(first))
}

/// Dates that must differ before their sequence says something.
const ENOUGH: usize = 4;

fn by_sequence(sides: &[&Sides]) -> Option<Order> {
    let under = |side: fn(&Sides) -> Option<Date>| -> Option<Vec<Date>> {
        sides.iter().map(|sides| side(sides)).collect()
    };
    let day_first = under(|sides| sides.day_first)?;
    let month_first = under(|sides| sides.month_first)?;
    match (runs_one_way(&day_first), runs_one_way(&month_first)) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => None,
    }
}

fn runs_one_way(dates: &[Date]) -> bool {
    let mut different = dates.to_vec();
    different.dedup();
    different.len() >= ENOUGH && (dates.is_sorted() || dates.is_sorted_by(|a, b| a >= b))
}
