//! An item is the same item for ever; its date is read once and never guessed.

use std::collections::HashSet;

use infocus::dates::Reader;
use infocus::extract::{RawDate, RawItem};
use infocus::model::{Evidence, ItemId, Precision, Slug};
use infocus::normalize::ledger::{Change, Kind, Known, Occasion, settle};
use infocus::normalize::sighting::{Ground, Sighting, part};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const MORNING: &str = "2026-05-04T07:00:00Z";
const AFTERNOON: &str = "2026-05-04T15:00:00Z";
const NEXT_DAY: &str = "2026-05-05T15:00:00Z";

/// A ledger kept in memory, with the source of one feed in Vienna.
struct Ledger {
    feed: Slug,
    known: Known,
    zone: TimeZone,
}

impl Ledger {
    fn new() -> Ledger {
        let feed = Slug::parse("news").expect("a slug");
        let zone = TimeZone::get("Europe/Vienna").expect("a zone");
        Ledger { feed, known: Known::default(), zone }
    }

    /// A refresh of `source` that finds these items.
    fn see_at(&mut self, source: &str, now: &str, raw: &[RawItem]) -> Vec<Change> {
        let ground = Ground {
            base: "https://www.example.org/news".parse().ok(),
            dates: Reader::new("en"),
            zone: self.zone.clone(),
            language: "en".to_owned(),
            rules: String::new(),
        };
        let mut sightings: Vec<_> =
            raw.iter().filter_map(|raw| Sighting::of(raw, &ground)).collect();
        part(&mut sightings);
        let occasion = Occasion {
            feed: &self.feed,
            source,
            sources: &["page".to_owned(), "other page".to_owned()],
            is_whole: false,
            language: "en",
            zone: &self.zone,
            now: now.parse().expect("an instant"),
            is_first: self.known.items.is_empty(),
        };
        let changes = settle(sightings, &self.known, occasion);
        for change in &changes {
            for alias in &change.aliases {
                self.known.aliases.insert(alias.clone(), change.item.id);
            }
            self.known.moments.insert(change.item.published.at);
            self.known.items.insert(change.item.id, change.item.clone());
        }
        changes
    }

    fn see(&mut self, now: &str, raw: &[RawItem]) -> Vec<Change> {
        self.see_at("page", now, raw)
    }
}

fn raw(url: &str, title: &str, date: &str) -> RawItem {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    RawItem {
        url: some(url),
        title: some(title),
        published: some(date).map(|text| RawDate { text, evidence: Evidence::Page }),
        ..RawItem::default()
    }
}

fn ids(changes: &[Change]) -> Vec<ItemId> {
    changes.iter().map(|change| change.item.id).collect()
}

fn kinds(changes: &[Change]) -> Vec<Kind> {
    changes.iter().map(|change| change.kind).collect()
}

fn moments(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| change.item.published.at.to_string()).collect()
}

#[test]
fn an_item_stays_itself_through_edits_tokens_and_a_new_host() {
    let mut ledger = Ledger::new();
    let first = ledger.see(MORNING, &[raw("http://www.example.org/news/a", "One", "3 May 2026")]);
    for (url, title) in [
        ("https://example.org/news/a/", "One"),
        ("/news/a?utm_source=x&sid=9", "One"),
        ("/news/a", "One, corrected"),
        ("https://new.example.net/2026/a", "One, corrected"),
        ("https://new.example.net/2026/a", "One, corrected again"),
    ] {
        let again = ledger.see(AFTERNOON, &[raw(url, title, "3 May 2026")]);
        assert_eq!(ids(&again), ids(&first), "{url} {title}");
    }
}

#[test]
fn nothing_new_changes_nothing_even_tomorrow() {
    let mut ledger = Ledger::new();
    let page = [raw("/a", "One", "3 May 2026"), raw("/b", "Two", ""), raw("", "Three", "")];
    let first = ledger.see(MORNING, &page);
    let later = ledger.see(NEXT_DAY, &page);
    assert_eq!(kinds(&later), [Kind::Unchanged; 3]);
    let items = |changes: &[Change]| changes.iter().map(|c| c.item.clone()).collect::<Vec<_>>();
    assert_eq!(items(&first), items(&later));
}

#[test]
fn an_edit_moves_updated_once_and_never_published() {
    let mut ledger = Ledger::new();
    let first = ledger.see(MORNING, &[raw("/a", "One", "3 May 2026")]).remove(0).item;
    let edited = ledger.see(AFTERNOON, &[raw("/a", "One!", "4 May 2026")]).remove(0);
    assert_eq!(edited.kind, Kind::Updated);
    assert_eq!(edited.item.published, first.published);
    assert_eq!(edited.item.updated_at, AFTERNOON.parse::<Timestamp>().expect("an instant"));
    let again = ledger.see(NEXT_DAY, &[raw("/a", "One!", "4 May 2026")]).remove(0);
    assert_eq!((again.kind, again.item), (Kind::Unchanged, edited.item));
}

#[test]
fn two_announcements_with_one_title_stay_two() {
    let mut ledger = Ledger::new();
    let page = [raw("/a", "Vacancy", "3 May 2026"), raw("/b", "Vacancy", "3 May 2026")];
    let first = ledger.see(MORNING, &page);
    assert_ne!(first[0].item.id, first[1].item.id);
    let third = [page[0].clone(), page[1].clone(), raw("/c", "Vacancy", "3 May 2026")];
    let later = ledger.see(AFTERNOON, &third);
    assert_eq!(ids(&later)[..2], ids(&first)[..]);
    assert_eq!(later[2].kind, Kind::New);
}

#[test]
fn one_announcement_is_one_item_however_often_and_wherever_it_is_seen() {
    let mut ledger = Ledger::new();
    let twice = [raw("/a?fbclid=1", "One", "3 May 2026"), raw("/a#x", "One", "3 May 2026")];
    let first = ledger.see(MORNING, &twice);
    assert_eq!(first.len(), 1);
    let mut elsewhere = raw("/a", "One, in another list", "");
    elsewhere.kicker = Some("In Focus".to_owned());
    let other = ledger.see_at("other page", AFTERNOON, &[elsewhere]);
    assert_eq!(ids(&other), ids(&first));
    assert_eq!(other[0].item.title, "One", "only the source that brought it may change it");
    assert_eq!(other[0].item.kicker.as_deref(), Some("In Focus"), "another may add");
    let back = ledger.see(AFTERNOON, &twice[..1]);
    assert_eq!(kinds(&back), [Kind::Unchanged]);
}

#[test]
fn a_field_that_is_gone_stays_as_it_was() {
    let mut ledger = Ledger::new();
    let mut full = raw("/a", "One", "3 May 2026");
    full.summary = Some("Teaser".to_owned());
    full.content = Some("<p>Text</p>".to_owned());
    ledger.see(MORNING, &[full]);
    let later = ledger.see(AFTERNOON, &[raw("/a", "One", "")]);
    assert_eq!(kinds(&later), [Kind::Unchanged]);
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

proptest! {
    #[test]
    fn ids_depend_on_neither_order_nor_time_nor_title(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        hours in 0..5000_i32,
        words in prop::collection::vec("[A-Za-z ]{1,12}x", 12),
    ) {
        let page: Vec<_> = (0..12).map(|n| raw(&format!("/item/{n}"), &format!("Title {n}"), "3 May 2026")).collect();
        let mut expected = ids(&Ledger::new().see(MORNING, &page));
        let now = MORNING.parse::<Timestamp>().expect("an instant") + jiff::SignedDuration::from_hours(hours.into());
        let shuffled: Vec<_> = order.iter().map(|n| raw(&format!("/item/{n}"), &words[*n], "3 May 2026")).collect();
        let mut got = ids(&Ledger::new().see(&now.to_string(), &shuffled));
        expected.sort();
        got.sort();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn moments_are_distinct_in_page_order_and_not_ahead(
        days in prop::collection::vec(prop::option::of(1..5_u8), 1..40),
        then in prop::collection::vec(prop::option::of(1..5_u8), 0..10),
    ) {
        let page = |prefix: &str, days: &[Option<u8>]| -> Vec<RawItem> {
            let date = |day: &Option<u8>| day.map(|day| format!("{day} May 2026")).unwrap_or_default();
            days.iter().enumerate().map(|(n, day)| raw(&format!("/{prefix}/{n}"), &format!("{prefix} {n}"), &date(day))).collect()
        };
        let mut ledger = Ledger::new();
        let mut all = ledger.see(MORNING, &page("a", &days));
        all.extend(ledger.see(AFTERNOON, &page("b", &then)));
        let distinct: HashSet<_> = all.iter().map(|change| change.item.published.at).collect();
        prop_assert_eq!(distinct.len(), all.len());
        let limit: Timestamp = AFTERNOON.parse().expect("an instant");
        for change in &all {
            prop_assert!(change.item.published.at <= limit);
        }
        for (n, pair) in all[..days.len()].windows(2).enumerate() {
            if days[n] == days[n + 1] {
                prop_assert!(pair[0].item.published.at > pair[1].item.published.at);
            }
        }
    }
}
