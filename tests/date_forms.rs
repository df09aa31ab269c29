//! The date reader against texts as they stand on real pages: every one right or refused, none
//! wrong. The tables are in `tests/dates/`; add a line for every form that turns up.

use infocus::dates::{Orders, Reader, When};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const FORMS: &str = include_str!("dates/forms.tsv");
const COLUMNS: &str = include_str!("dates/columns.tsv");

/// When the pages of the tables were fetched.
const LOOKED: &str = "2026-11-24T10:00:00Z";

fn shown(when: Option<When>) -> String {
    match when {
        None => "-".to_owned(),
        Some(When::Month(first)) => first.strftime("%Y-%m").to_string(),
        Some(When::Day(day)) => day.to_string(),
        Some(When::Minute(at, offset)) => {
            let offset = offset.map(|offset| {
                let seconds = offset.seconds();
                let sign = if seconds < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
            });
            at.strftime("%Y-%m-%dT%H:%M").to_string() + &offset.unwrap_or_default()
        }
    }
}

fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}

#[test]
fn every_form_is_read_right_or_refused() {
    let now: Timestamp = LOOKED.parse().expect("an instant");
    let mut checked = 0;
    let mut wrong = Vec::new();
    let mut refused = Vec::new();
    for row in rows(FORMS).filter(|row| !row.is_empty()) {
        let [language, text, expected] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let reader = Reader::new(language).looking_at(now, &TimeZone::UTC);
        let got = shown(reader.read(&unescaped(text)));
        checked += 1;
        match got.as_str() {
            "-" if expected != "-" => refused.push(format!("{language}: {text}: {expected}")),
            got if got != expected.replace("Z", "+00:00") => {
                wrong.push(format!("{language}: {text}: {got}, truly {expected}"));
            }
            _ => {}
        }
    }
    assert!(checked >= 400, "only {checked} forms");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}

#[test]
fn a_column_decides_which_number_is_the_day_or_nothing_does() {
    let mut wrong = Vec::new();
    let table: Vec<&str> = rows(COLUMNS).collect();
    for block in table.split(|line| line.is_empty()).filter(|block| !block.is_empty()) {
        let (language, verdict) = block[0].split_once('\t').expect("language and verdict");
        let texts: Vec<String> = block[1..].iter().map(|text| unescaped(text)).collect();
        let orders = Orders::of_column(texts.iter().map(String::as_str), &Reader::new(language));
        let reader = Reader::new(language).with_orders(orders);
        // What the column decides shows in a date that is open by itself.
        let got = match reader.read("05/04/2026") {
            Some(When::Day(day)) if day.month() == 4 => "day-first",
            Some(When::Day(_)) => "month-first",
            _ => "undecided",
        };
        if got != verdict {
            wrong.push(format!("{language}: {texts:?}: {got}, truly {verdict} {orders:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
