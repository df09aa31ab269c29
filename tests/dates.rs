//! The date reader: right, or refused; never wrong.

use infocus::dates::{Order, Orders, Reader, Shown, When, in_path, long, rfc2822, rfc3339};
use jiff::tz::TimeZone;

/// How a reading prints: the day, the time if there is one, the offset if there is one.
fn shown(when: Option<When>) -> String {
    match when {
        None => "-".to_owned(),
        Some(When::Month(first)) => first.strftime("%Y-%m").to_string(),
        Some(When::Day(day)) => day.to_string(),
        Some(When::Minute(at, None)) => at.strftime("%Y-%m-%d %H:%M").to_string(),
        Some(When::Minute(at, Some(offset))) => {
            format!("{} {offset}", at.strftime("%Y-%m-%d %H:%M"))
        }
    }
}

fn check(language: &str, table: &[(&str, &str)]) {
    let reader = Reader::new(language);
    let wrong: Vec<_> = table
        .iter()
        .map(|(text, expected)| (text, expected, shown(reader.read(text))))
        .filter(|(_, expected, got)| **expected != got.as_str())
        .collect();
    assert!(wrong.is_empty(), "language {language}: (text, expected, got) {wrong:#?}");
}

#[test]
fn english_dates_are_read() {
    check(
        "en",
        &[
            ("21 February 2022", "2022-02-21"),
            ("February 21, 2022", "2022-02-21"),
            ("Feb. 21st 2022", "2022-02-21"),
            ("3rd of May, 2026", "2026-05-03"),
            ("9 Sept 2025", "2025-09-09"),
            ("Monday, 21 February 2022", "2022-02-21"),
            ("Published: 21 February 2022 | Vienna", "2022-02-21"),
            ("3-5 May 2026", "2026-05-03"),
            ("30 April – 2 May 2026", "2026-04-30"),
            ("28/04/2026", "2026-04-28"),
            ("04/28/2026", "2026-04-28"),
            ("21 February 2022, 14:30", "2022-02-21 14:30"),
            ("Feb 21, 2022 at 2:30 pm", "2022-02-21 14:30"),
            ("21 February 2022 12:05 am CET", "2022-02-21 00:05 +01"),
        ],
    );
}

#[test]
fn german_french_and_serbian_dates_are_read() {
    check(
        "de",
        &[
            ("21. Februar 2022", "2022-02-21"),
            ("3. März 2026", "2026-03-03"),
            ("12 Dezember 2025", "2025-12-12"),
            ("05.04.2026", "2026-04-05"),
            ("5. 4. 2026", "2026-04-05"),
            ("Veröffentlicht am 3. Mrz. 2026", "2026-03-03"),
            ("21.02.2022 um 9.15 Uhr", "2022-02-21 09:15"),
        ],
    );
    check(
        "fr",
        &[
            ("15 août 2025", "2025-08-15"),
            ("15 aout 2025", "2025-08-15"),
            ("12 févr. 2026", "2026-02-12"),
            ("1er juin 2026", "2026-06-01"),
            ("3 mai 2026", "2026-05-03"),
            ("jeudi 3 juil. 2025 à 14h30", "2025-07-03 14:30"),
            ("3 jui 2025", "-"),
        ],
    );
    check(
        "sr-Latn",
        &[
            ("21. februara 2022.", "2022-02-21"),
            ("1. marta 2026.", "2026-03-01"),
            ("5. maj 2026. u 10:00 sati", "2026-05-05 10:00"),
            ("3. avgusta 2025.", "2025-08-03"),
            ("18. septembra 2025.", "2025-09-18"),
            ("2. decembra 2025", "2025-12-02"),
        ],
    );
    check(
        "sr",
        &[
            ("21. фебруара 2022.", "2022-02-21"),
            ("1. јун 2026.", "2026-06-01"),
            ("9. октобра 2025.", "2025-10-09"),
        ],
    );
}

#[test]
fn standard_forms_are_read_and_a_written_midnight_is_a_day() {
    check(
        "en",
        &[
            ("2022-02-21", "2022-02-21"),
            ("2022/02/21", "2022-02-21"),
            ("2022-02-21T10:15:00+01:00", "2022-02-21 10:15 +01"),
            ("2022-02-21T10:15:00Z", "2022-02-21 10:15 +00"),
            ("2022-02-21T10:15:00", "2022-02-21 10:15"),
            ("2022-02-21 10:15", "2022-02-21 10:15"),
            ("2022-02-21T00:00:00Z", "2022-02-21"),
            ("Mon, 21 Feb 2022 10:15:00 +0100", "2022-02-21 10:15 +01"),
        ],
    );
}

#[test]
fn what_nothing_decides_is_refused() {
    check(
        "en",
        &[
            ("03/05/2026", "-"),
            ("30 February 2026", "-"),
            ("21 February", "-"),
            ("Directive 2011/36/EU", "-"),
            ("EU Strategy (2021 – 2025)", "-"),
            ("version 1.21.02.2022", "-"),
            ("COP31-12.2026", "-"),
            ("in two days", "-"),
            ("", "-"),
        ],
    );
}

#[test]
fn language_and_column_decide_day_and_month() {
    check("fr", &[("03/05/2026", "2026-05-03")]);
    check("en-US", &[("03/05/2026", "2026-03-05")]);

    let orders = |column: &[&str]| Orders::of_column(column.iter().copied(), &Reader::new("en"));
    let order = |column: &[&str]| orders(column).of('/');
    assert_eq!(order(&["03/05/2026", "28/04/2026"]), Shown::Order(Order::DayFirst));
    assert_eq!(order(&["03/05/2026", "04/28/2026"]), Shown::Order(Order::MonthFirst));
    assert_eq!(order(&["03/05/2026", "04/05/2026"]), Shown::Nothing);
    assert_eq!(
        order(&["28/04/2026", "04/28/2026"]),
        Shown::Contradiction,
        "a column at odds with itself"
    );

    let reader = Reader::new("en-US").with_orders(orders(&["28/04/2026"]));
    assert_eq!(shown(reader.read("03/05/2026")), "2026-05-03", "the column outweighs the language");
}

#[test]
fn the_first_date_in_running_text_is_found_where_it_stands() {
    let text = "17 February 2022, The Programme presents a paper of 6 December 2021";
    let (span, when) = Reader::new("en").find(text).expect("a date");
    assert_eq!((&text[span], shown(Some(when))), ("17 February 2022", "2022-02-17".to_owned()));
}

#[test]
fn explicit_formats_come_first() {
    let reader = Reader::new("en").with_formats(&["%m.%d.%Y".to_owned()]);
    assert_eq!(shown(reader.read("02.03.2026")), "2026-02-03");
}

#[test]
fn an_instant_takes_the_zone_only_where_the_text_has_no_offset() {
    let vienna = TimeZone::get("Europe/Vienna").expect("a known zone");
    let reader = Reader::new("en");
    let instant = |text| reader.read(text).and_then(|when| when.instant(&vienna)).expect("instant");
    assert_eq!(instant("2022-02-21T10:15:00").to_string(), "2022-02-21T09:15:00Z");
    assert_eq!(instant("2022-02-21T10:15:00Z").to_string(), "2022-02-21T10:15:00Z");
    // Skipped by daylight saving: as RFC 5545 settles it, by the offset before the gap.
    assert_eq!(instant("2026-03-29T02:30:00").to_string(), "2026-03-29T01:30:00Z");
}

#[test]
fn dates_are_written_as_formats_and_readers_want_them() {
    let vienna = TimeZone::get("Europe/Vienna").expect("a known zone");
    let at = "2022-02-21T11:00:00Z".parse().expect("an instant");
    assert_eq!(rfc2822(at, &vienna), "Mon, 21 Feb 2022 12:00:00 +0100");
    assert_eq!(rfc3339(at, &vienna), "2022-02-21T12:00:00+01:00");
    let day = "2022-02-21".parse().expect("a day");
    let written = ["en", "en-US", "de", "fr", "sr-Latn", "sr"].map(|language| long(day, language));
    assert_eq!(
        written,
        [
            "21 February 2022",
            "February 21, 2022",
            "21. Februar 2022",
            "21 février 2022",
            "21. februar 2022.",
            "21. фебруар 2022.",
        ]
    );
}

#[test]
fn an_address_dates_its_page_but_neither_a_meeting_nor_a_file() {
    let table = [
        ("https://example.org/2026/05/03/title", "2026-05-03"),
        ("https://example.org/news/2026-05-03-title", "2026-05-03"),
        ("https://example.org/news/20260503-title.html", "2026-05-03"),
        ("https://example.org/2026/05/title", "2026-05"),
        ("https://example.org/2026/05/", "2026-05"),
        ("https://example.org/events/2026/05/03/title", "-"),
        ("https://example.org/en/Calendar/2026-05-03", "-"),
        ("https://example.org/veranstaltungen/2026/05/title", "-"),
        ("https://example.org/wp-content/uploads/2026/05/report.pdf", "-"),
        ("https://example.org/news/2026/05/03/calendar", "2026-05-03"),
        ("https://example.org/upcoming-events/2026/05/03/gala", "-"),
        ("https://example.org/%C3%A9v%C3%A9nements/2026/05/03/gala", "-"),
        ("https://example.org/fileadmin/2026/05/03/x.pdf", "-"),
        ("https://example.org/2026/13/03/title", "-"),
        ("https://example.org/article/20260503123", "-"),
    ];
    for (address, expected) in table {
        let url = address.parse().expect("an address");
        assert_eq!(shown(in_path(&url)), expected, "{address}");
    }
}
