//! Dates as organisations write them: read from text, never guessed, and written back in the
//! reader's language.
//!
//! [`Reader::read`] takes a field that is meant to be a date; [`Reader::find`] looks for the first
//! date in running text. Both refuse what cannot be decided: `03/05/2026` stays unread until the
//! other dates of its page ([`Orders::of_column`]) or the page's language settle which number is the
//! day, and a date that its own weekday denies is none. The names of months and weekdays, and the
//! words for time that has passed, come from CLDR, through ICU4X.

mod clock;
mod column;
mod format;
mod labels;
mod names;
mod relative;
mod scan;
mod token;
mod url;

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

pub use self::url::in_path;
pub use column::{Order, Orders, Shown};
pub use format::{long, long_month, rfc2822, rfc3339};
pub use labels::{Label, label};
pub use names::fold;

use names::Names;
use relative::{Ago, Unit};

/// A point in time as far as a text gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A month and nothing more; its first day.
    Month(Date),
    /// A calendar day and nothing more.
    Day(Date),
    /// A day with a time of day; the offset from UTC if the text says it.
    Minute(DateTime, Option<Offset>),
}

impl When {
    /// The calendar day as it is written; of a month, its last.
    pub fn day(&self) -> Date {
        match self {
            When::Month(first) => first.last_of_month(),
            When::Day(day) => *day,
            When::Minute(at, _) => at.date(),
        }
    }

    /// The instant, for a text that gives a time of day; `zone` counts where the text has no
    /// offset. In the hour that daylight saving skips or repeats: as RFC 5545 settles it.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            When::Month(_) | When::Day(_) => None,
            When::Minute(at, Some(offset)) => offset.to_timestamp(*at).ok(),
            When::Minute(at, None) => {
                at.to_zoned_datetime(zone.clone()).ok().map(|at| at.timestamp())
            }
        }
    }
}

/// Characters of a field in which a date is looked for.
const LONGEST: usize = 300;

/// Reads dates under what is known of where they stand.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Of the page's languages, the definition's first.
    names: Vec<Arc<Names>>,
    languages: Vec<String>,
    orders: Orders,
    formats: Vec<String>,
    /// When the page was fetched, on the clock of those who wrote it.
    looked: Option<ZonedDateTime>,
}

impl Reader {
    /// A reader for text in `language` (BCP 47). Month names of the other known languages are
    /// understood too: official pages quote each other.
    pub fn new(language: &str) -> Self {
        let reader = Reader {
            names: Vec::new(),
            languages: Vec::new(),
            orders: Orders::default(),
            formats: Vec::new(),
            looked: None,
        };
        reader.with_language(language)
    }

    /// The page is said to be in this language too. Where two languages put the day in different
    /// places, neither decides.
    pub fn with_language(mut self, language: &str) -> Self {
        if !language.is_empty() && !self.languages.iter().any(|known| known == language) {
            self.names.push(Names::of(language));
            self.languages.push(language.to_owned());
        }
        self
    }

    /// Formats (strptime, as jiff has it) that are tried before anything else.
    pub fn with_formats(mut self, formats: &[String]) -> Self {
        self.formats = formats.to_vec();
        self
    }

    /// The orders that the whole column has shown outweigh the language.
    pub fn with_orders(mut self, orders: Orders) -> Self {
        self.orders = orders;
        self
    }

    /// Lets "3 days ago" be understood: `now` is when the page was fetched, `zone` whose days it
    /// counts. The only readings that depend on a clock.
    pub fn looking_at(mut self, now: Timestamp, zone: &TimeZone) -> Self {
        self.looked = Some(now.to_zoned_datetime(zone.clone()));
        self
    }

    /// Whose clock a time without an offset is on.
    pub fn zone(&self) -> TimeZone {
        self.looked.as_ref().map_or(TimeZone::UTC, |looked| looked.time_zone().clone())
    }

    /// The date in a field that is meant to hold one, words around it allowed.
    pub fn read(&self, text: &str) -> Option<When> {
        let text = text.trim();
        // What is longer is no field that holds a date.
        let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
        let text = &text[..end];
        self.by_format(text)
            .or_else(|| by_standard(text))
            .or_else(|| scan::Scan::new(text, self).field())
            .filter(|when| !stands_for_none(when))
    }

    /// The first date in a text and where it stands (bytes).
    pub fn find(&self, text: &str) -> Option<(Range<usize>, When)> {
        scan::Scan::new(text, self).first()
    }

    /// True if the text counts back from the moment of the look: what it says is concluded, and
    /// another text tomorrow.
    pub fn is_relative(&self, text: &str) -> bool {
        let timeless = Reader { looked: None, ..self.clone() };
        self.read(text) != timeless.read(text)
    }

    /// The date of a whole text in one of the formats.
    pub fn by_format(&self, text: &str) -> Option<When> {
        self.formats.iter().find_map(|format| {
            let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
            // Without a time of day in the format, jiff would make it midnight.
            if parsed.hour().is_none() {
                return parsed.to_date().ok().map(When::Day);
            }
            Some(day_or_minute(parsed.to_datetime().ok()?, parsed.offset()))
        })
    }

    /// Which number of a date with this mark is the day.
    fn order(&self, mark: char) -> Option<Order> {
        match self.orders.of(mark) {
            Shown::Order(order) => return Some(order),
            Shown::Contradiction => return None,
            Shown::Nothing => {}
        }
        let mut said = self.languages.iter().filter_map(|language| Order::of_language(language));
        let first = said.next();
        let agree = said.all(|order| Some(order) == first);
        match first {
            // Dots mean day first, unless the language has the month there.
            None if mark == '.' && agree => Some(Order::DayFirst),
            Some(Order::MonthFirst) if mark == '.' => None,
            order => order.filter(|_| agree),
        }
    }

    /// In these languages `26.5.3` is a day of 2026.
    fn puts_year_first(&self) -> bool {
        self.languages.iter().any(|language| {
            matches!(language.split('-').next(), Some("zh" | "ja" | "ko" | "hu" | "lt" | "mn"))
        })
    }

    fn is_japanese(&self) -> bool {
        self.languages.iter().any(|language| language.split('-').next() == Some("ja"))
    }

    /// The moment so long before the look; `with_time` adds the time of day that stands beside.
    fn before(&self, ago: &Ago, with_time: impl Fn(Date) -> When) -> Option<When> {
        let looked = self.looked.as_ref()?;
        let count = i64::from(ago.count);
        let elapsed = match ago.unit {
            Unit::Day => return Some(with_time(looked.date().checked_sub(count.days()).ok()?)),
            Unit::Hour => SignedDuration::from_hours(count),
            Unit::Minute => SignedDuration::from_mins(count),
        };
        let at = looked.checked_sub(elapsed).ok()?;
        Some(When::Minute(at.datetime(), Some(at.offset())))
    }
}

/// A text without the words that count back from now ("3 days ago", "yesterday"), blanks folded:
/// what is left is the same tomorrow.
pub fn timeless(text: &str, language: &str) -> String {
    let names = Names::of(language);
    let tokens = token::tokens(text);
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < tokens.len() {
        if let Some(ago) = names.relative.at(&tokens, at) {
            at = ago.next;
            continue;
        }
        kept.push_str(&text[tokens[at].at.clone()]);
        kept.push(' ');
        at += 1;
    }
    kept
}

/// True if `format` is a format that [`Reader::with_formats`] understands and that says a day.
pub fn format_is_valid(format: &str) -> bool {
    let Ok(sample) = "2022-03-14T15:09:26Z".parse::<Timestamp>() else { return false };
    let sample = sample.to_zoned_datetime(TimeZone::UTC);
    jiff::fmt::strtime::format(format, &sample).is_ok_and(|text| {
        let day = jiff::fmt::strtime::parse(format, &text).and_then(|parsed| parsed.to_date());
        day.is_ok_and(|day| day == sample.date())
    })
}

/// True for a well-formed language tag (BCP 47).
pub fn is_language(tag: &str) -> bool {
    !tag.is_empty() && tag.parse::<icu_locale_core::Locale>().is_ok()
}

/// The days that databases and programs write where there is no date.
fn stands_for_none(when: &When) -> bool {
    [date(1970, 1, 1), date(1900, 1, 1), date(1899, 12, 30), date(1, 1, 1)].contains(&when.day())
}

/// ISO 8601, RFC 2822 and seconds or milliseconds since 1970, whole.
fn by_standard(text: &str) -> Option<When> {
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(day_or_minute(zoned.datetime(), Some(zoned.offset())));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        let at = match text.len() {
            10 => Timestamp::from_second(number),
            13 => Timestamp::from_millisecond(number),
            _ => return None,
        };
        return at.ok().map(|at| {
            When::Minute(at.to_zoned_datetime(TimeZone::UTC).datetime(), Some(Offset::UTC))
        });
    }
    if text.len() <= 10 {
        return text.parse::<Date>().ok().map(When::Day);
    }
    if let Ok(zoned) = text.parse::<ZonedDateTime>() {
        return Some(day_or_minute(zoned.datetime(), Some(zoned.offset())));
    }
    let pieces = jiff::fmt::temporal::DateTimeParser::new();
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
