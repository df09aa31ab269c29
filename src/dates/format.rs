//! Dates as the formats and the readers want them.

use std::cell::RefCell;
use std::collections::HashMap;

use icu_calendar::{Date as IcuDate, Gregorian};
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::names;

/// Formats a day; a macro because the type of every field set is its own. What is loaded for a language
/// is kept: there are few of them, and many days.
macro_rules! written {
    ($day:expr, $language:expr, $fields:expr, $set:ty) => {{
        type Formatter = FixedCalendarDateTimeFormatter<Gregorian, $set>;
        thread_local! {
            static LOADED: RefCell<HashMap<String, Option<Formatter>>> = RefCell::default();
        }
        let language = if $language == "en" { "en-GB" } else { $language };
        let (year, month, day) = ($day.year().into(), $day.month() as u8, $day.day() as u8);
        LOADED.with_borrow_mut(|loaded| {
            let load = || Formatter::try_new((&names::locale(language)).into(), $fields).ok();
            if !loaded.contains_key(language) {
                loaded.insert(language.to_owned(), load());
            }
            let formatter = loaded.get(language)?.as_ref()?;
            let day = IcuDate::try_new_gregorian(year, month, day).ok()?;
            Some(formatter.format(&day).to_string())
        })
    }};
}

/// `21 February 2022`, `21. Februar 2022`: a day in the reader's language, from CLDR.
/// Plain English is written day first, as the organisations that use this write it.
pub fn long(day: Date, language: &str) -> String {
    written!(day, language, fieldsets::YMD::long(), fieldsets::YMD)
        .unwrap_or_else(|| day.to_string())
}

/// `February 2022`, `Februar 2022`
pub fn long_month(day: Date, language: &str) -> String {
    let month = || day.strftime("%Y-%m").to_string();
    written!(day, language, fieldsets::YM::long(), fieldsets::YM).unwrap_or_else(month)
}

/// RFC 3339 in the site's time zone, whole seconds: `2022-02-21T12:00:00+01:00`.
pub fn rfc3339(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// RFC 2822, for RSS and mail: `Mon, 21 Feb 2022 12:00:00 +0100`.
pub fn rfc2822(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}
