//! When an item was published and updated, as the ledger puts it down.

use std::collections::HashSet;

use infocus::model::{Evidence, Precision};
use infocus::normalize::ledger::Kind;

use crate::ledger::{AFTERNOON, Ledger, MORNING, NEXT_DAY, kinds, moments, raw};

#[test]
fn items_and_edits_of_one_moment_are_seconds_apart_in_page_order() {
    let mut ledger = Ledger::new();
    let page = ["/a", "/b", "/c"].map(|url| raw(url, url, "3 May 2026, 18:30"));
    assert_eq!(
        moments(&ledger.see(MORNING, &page)),
        ["2026-05-03T16:30:02Z", "2026-05-03T16:30:01Z", "2026-05-03T16:30:00Z"]
    );
    let edited = ["/a", "/b", "/c"].map(|url| raw(url, &format!("{url}, corrected"), ""));
    let updated: HashSet<_> =
        ledger.see(AFTERNOON, &edited).iter().map(|change| change.item.updated_at).collect();
    assert_eq!(updated.len(), 3);
}

#[test]
fn a_month_without_a_day_is_published_as_a_month() {
    let mut ledger = Ledger::new();
    let page =
        [raw("/a", "A", "May 2026"), raw("/b", "B", "April 2026"), raw("/c", "C", "June 2026")];
    let published: Vec<_> = ledger
        .see(MORNING, &page)
        .iter()
        .map(|change| (change.item.published.at.to_string(), change.item.published.precision))
        .collect();
    assert_eq!(
        published,
        [
            // Of this month and of one to come: as late as it was seen.
            ("2026-05-04T07:00:00Z".to_owned(), Precision::Month),
            ("2026-04-30T10:00:00Z".to_owned(), Precision::Month),
            ("2026-05-04T06:59:59Z".to_owned(), Precision::Day),
        ]
    );
}

#[test]
fn an_address_dates_what_nothing_else_dates() {
    let mut ledger = Ledger::new();
    let page = [raw("/2026/04/17/plan", "A plan", ""), raw("/2026/04/18/map", "A map", "TBA")];
    let dated = ledger.see(MORNING, &page);
    assert_eq!(dated[0].item.published.evidence, Evidence::Url);
    assert_eq!(
        moments(&dated),
        ["2026-04-17T10:00:00Z".to_owned(), "2026-04-18T10:00:00Z".to_owned()]
    );
    assert_eq!(dated[1].unread.as_deref(), Some("TBA"), "and what should have dated it is told");
}

#[test]
fn a_day_is_published_at_noon_in_page_order_and_never_ahead() {
    let mut ledger = Ledger::new();
    let page = [
        raw("/a", "A", "4 May 2026"),
        raw("/b", "B", "4 May 2026"),
        raw("/c", "C", "3 May 2026"),
        raw("/d", "D", "3 May 2026, 18:30"),
    ];
    assert_eq!(
        moments(&ledger.see(MORNING, &page)),
        [
            "2026-05-04T07:00:00Z",
            "2026-05-04T06:59:59Z",
            "2026-05-03T10:00:00Z",
            "2026-05-03T16:30:00Z",
        ]
    );
}

#[test]
fn what_comes_later_on_a_day_is_later_than_what_was_there() {
    let mut ledger = Ledger::new();
    ledger.see(AFTERNOON, &[raw("/a", "A", "4 May 2026")]);
    let later = ledger.see(
        "2026-05-04T16:00:00Z",
        &[raw("/c", "C", "4 May 2026"), raw("/b", "B", "4 May 2026"), raw("/a", "A", "4 May 2026")],
    );
    assert_eq!(
        moments(&later),
        ["2026-05-04T10:00:02Z", "2026-05-04T10:00:01Z", "2026-05-04T10:00:00Z",]
    );
}

#[test]
fn no_date_is_first_seen_and_a_date_that_turns_up_fills_in() {
    let mut ledger = Ledger::new();
    let first = ledger.see(AFTERNOON, &[raw("/a", "A", "")]).remove(0).item.published;
    assert_eq!((first.evidence, first.precision), (Evidence::FirstSeen, Precision::Day));
    assert_eq!(first.at.to_string(), "2026-05-04T10:00:00Z");
    let filled = ledger.see(NEXT_DAY, &[raw("/a", "A", "1 May 2026")]).remove(0).item.published;
    assert_eq!(
        (filled.at.to_string().as_str(), filled.evidence),
        ("2026-05-01T10:00:00Z", Evidence::Page)
    );
}

#[test]
fn a_date_ahead_is_an_event_and_stays_first_seen_when_its_day_comes() {
    let mut ledger = Ledger::new();
    let first =
        ledger.see(AFTERNOON, &[raw("/a", "A", "9 May 2026"), raw("/b", "B", "4 May 2026, 20:00")]);
    for change in &first {
        assert_eq!(change.item.published.evidence, Evidence::FirstSeen);
    }
    let page = [raw("/a", "A", "9 May 2026"), raw("/b", "B", "4 May 2026, 20:00")];
    assert_eq!(kinds(&ledger.see("2026-06-01T10:00:00Z", &page)), [Kind::Unchanged; 2]);
}
