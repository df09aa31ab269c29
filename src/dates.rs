//! Dates as organisations write them: read from text, never guessed, and written back in the
//! reader's language.
//!
//! [`Reader::read`] takes a field that is meant to be a date; [`Reader::find`] looks for the first
//! date in running text. Both refuse what cannot be decided: `03/05/2026` stays unread until the
//! other dates of its page ([`Order::of_column`]) or the page's language settle which number is
//! the day. Month names come from CLDR, through ICU4X.

mod format;
mod months;
mod scan;

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

pub use format::{long, rfc2822, rfc3339};
pub use months::fold;

/// A point in time as far as a text gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A calendar day and nothing more.
    Day(Date),
    /// A day with a time of day; the offset from UTC if the text says it.
    Minute(DateTime, Option<Offset>),
}

impl When {
    /// The calendar day as it is written.
    pub fn day(&self) -> Date {
        match self {
            When::Day(day) => *day,
            When::Minute(at, _) => at.date(),
        }
    }

    /// The instant, for a text that gives a time of day; `zone` counts where the text has no
    /// offset. In the hour that daylight saving skips or repeats: as RFC 5545 settles it.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            When::Day(_) => None,
            When::Minute(at, Some(offset)) => offset.to_timestamp(*at).ok(),
            When::Minute(at, None) => {
                at.to_zoned_datetime(zone.clone()).ok().map(|at| at.timestamp())
            }
        }
    }
}

/// Which number of `03/05/2026` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// What a column of dates says together: one value over 12 decides for all. `None` when
    /// nothing decides, or when the column contradicts itself.
    pub fn of_column<'a>(column: impl IntoIterator<Item = &'a str>) -> Option<Order> {
        let mut seen = None;
        for order in column.into_iter().filter_map(scan::order_shown_by) {
            match seen {
                None => seen = Some(order),
                Some(earlier) if earlier != order => return None,
                Some(_) => {}
            }
        }
        seen
    }

    /// What the language of the page says. Plain `en` says nothing: both orders are English.
    pub fn of_language(language: &str) -> Option<Order> {
        match language.to_ascii_lowercase().as_str() {
            "en" => None,
            "en-us" | "en-ph" => Some(Order::MonthFirst),
            "" => None,
            _ => Some(Order::DayFirst),
        }
    }
}

/// Reads dates under what is known of where they stand.
#[derive(Debug, Clone)]
pub struct Reader {
    language: String,
    order: Option<Order>,
    formats: Vec<String>,
}

impl Reader {
    /// A reader for text in `language` (BCP 47). Month names of the other known languages are
    /// understood too: official pages quote each other.
    pub fn new(language: &str) -> Self {
        Reader {
            language: language.to_owned(),
            order: Order::of_language(language),
            formats: Vec::new(),
        }
    }

    /// Formats (strptime, as jiff has it) that are tried before anything else.
    pub fn with_formats(mut self, formats: &[String]) -> Self {
        self.formats = formats.to_vec();
        self
    }

    /// The order that the whole column has shown outweighs the language.
    pub fn with_order(mut self, order: Option<Order>) -> Self {
        self.order = order.or(self.order);
        self
    }

    /// The date in a field that is meant to hold one, words around it allowed.
    pub fn read(&self, text: &str) -> Option<When> {
        let text = text.trim();
        self.by_format(text)
            .or_else(|| by_standard(text))
            .or_else(|| self.find(text).map(|(_, when)| when))
    }

    /// The first date in a text and where it stands (bytes).
    pub fn find(&self, text: &str) -> Option<(Range<usize>, When)> {
        scan::Scan::new(text, &self.language, self.order).first()
    }

    fn by_format(&self, text: &str) -> Option<When> {
        self.formats.iter().find_map(|format| {
            let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
            // Without a time of day in the format, jiff would make it midnight.
            if parsed.hour().is_none() {
                return parsed.to_date().ok().map(When::Day);
            }
            Some(day_or_minute(parsed.to_datetime().ok()?, parsed.offset()))
        })
    }
}

/// True if `format` is a format that [`Reader::with_formats`] understands.
pub fn format_is_valid(format: &str) -> bool {
    let sample = Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC);
    jiff::fmt::strtime::format(format, &sample).is_ok()
}

/// True for a well-formed language tag (BCP 47).
pub fn is_language(tag: &str) -> bool {
    !tag.is_empty() && tag.parse::<icu_locale_core::Locale>().is_ok()
}

/// ISO 8601 and RFC 2822, whole.
fn by_standard(text: &str) -> Option<When> {
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(day_or_minute(zoned.datetime(), Some(zoned.offset())));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if text.len() <= 10 {
        return text.parse::<Date>().ok().map(When::Day);
    }
    let pieces = jiff::fmt::temporal::DateTimeParser::new();
    if let Ok(zoned) = text.parse::<ZonedDateTime>() {
        return Some(day_or_minute(zoned.datetime(), Some(zoned.offset())));
    }
    let at = pieces.parse_datetime(text).ok()?;
    // `parse_datetime` ignores the offset, `parse_timestamp` insists on one.
    let offset = pieces.parse_timestamp(text).ok().and_then(|instant| {
        let ahead =
            at.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_second() - instant.as_second();
        Offset::from_seconds(i32::try_from(ahead).ok()?).ok()
    });
    Some(day_or_minute(at, offset))
}

/// A written midnight is how databases spell "day only".
fn day_or_minute(at: DateTime, offset: Option<Offset>) -> When {
    if at.time() == jiff::civil::Time::midnight() {
        When::Day(at.date())
    } else {
        When::Minute(at, offset)
    }
}
