//! Dates in addresses.

use jiff::civil::Date;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{When, fold};

/// Years in which an address can have been made; other numbers are other things.
const YEARS: std::ops::Range<i16> = 1995..2100;

/// Words of folders whose dates are not of publication, [folded](fold): calendars and files.
const ELSEWHERE: [&str; 48] = [
    "event",
    "events",
    "agenda",
    "calendar",
    "meeting",
    "meetings",
    "conference",
    "conferences",
    "webinar",
    "webinars",
    "seminar",
    "seminars",
    "workshop",
    "workshops",
    "kalender",
    "termin",
    "termine",
    "veranstaltung",
    "veranstaltungen",
    "evenement",
    "evenements",
    "calendrier",
    "evento",
    "eventos",
    "eventi",
    "calendario",
    "evenementen",
    "wydarzenia",
    "kalendarz",
    "akce",
    "udalosti",
    "dogadjaji",
    "dogadaji",
    "desavanja",
    "dogodki",
    "etkinlik",
    "etkinlikler",
    "события",
    "мероприятия",
    "uploads",
    "upload",
    "files",
    "attachments",
    "fileadmin",
    "filer",
    "storage",
    "documents",
    "downloads",
];

/// The date in the path of an address: `/2026/05/03/title`, `/2026-05-03-title`, `/20260503-title`,
/// and of the month only, `/2026/05/title`. Years come first there, so nothing has to be decided.
/// Under `/events/` it is the day of what happens, under `/uploads/` that of a file.
pub fn in_path(url: &Url) -> Option<When> {
    let segments: Vec<&str> = url.path_segments()?.collect();
    let is_of_something_else = |segment: &&str| {
        let name = fold(&percent_decode_str(segment).decode_utf8_lossy());
        name.split(['-', '_']).any(|word| ELSEWHERE.contains(&word))
    };
    // The last part names the page itself.
    let (_, folders) = segments.split_last()?;
    if folders.iter().any(is_of_something_else) {
        return None;
    }
    let whole = segments.iter().find_map(|segment| day(&numbers(segment)));
    whole.or_else(|| {
        (0..segments.len()).find_map(|at| {
            let number = |at: usize| {
                let segment = segments.get(at)?;
                let length = segment.len();
                let is_number = segment.bytes().all(|b| b.is_ascii_digit());
                is_number.then(|| segment.parse::<i16>().ok()).flatten().map(|n| (n, length))
            };
            let (year, 4) = number(at)? else { return None };
            let (month, 1..=2) = number(at + 1)? else { return None };
            let month_of = |day: i16| date(year, month, day);
            match number(at + 2) {
                Some((day, 1..=2)) => month_of(day).map(When::Day),
                // The last part names the page, so a month is no end.
                _ if at + 2 < segments.len() => month_of(1).map(When::Month),
                _ => None,
            }
        })
    })
}

/// The numbers at the start of a segment, each with its length.
fn numbers(segment: &str) -> Vec<(i16, usize)> {
    let parts = segment.split(['-', '_', '.']);
    let digits = parts.map_while(|part| {
        let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then_some(part)
    });
    let mut numbers = Vec::new();
    for part in digits {
        if part.len() == 8 {
            numbers.extend(
                [(&part[..4], 4), (&part[4..6], 2), (&part[6..], 2)]
                    .map(|(digits, length)| (digits.parse().unwrap_or(0), length)),
            );
        } else {
            numbers.push((part.parse().unwrap_or(0), part.len()));
        }
    }
    numbers
}

fn day(numbers: &[(i16, usize)]) -> Option<When> {
    match numbers {
        [(year, 4), (month, 1..=2), (day, 1..=2), ..] => date(*year, *month, *day).map(When::Day),
        _ => None,
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    let in_range = YEARS.contains(&year);
    in_range.then(|| Date::new(year, month as i8, day as i8).ok()).flatten()
}
