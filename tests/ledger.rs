//! An item is the same item for ever.

use std::collections::HashSet;

use infocus::dates::Reader;
use infocus::extract::{RawDate, RawItem, Translation};
use infocus::model::{Evidence, ItemId, Slug};
use infocus::normalize::ledger::{Change, Kind, Known, Occasion, settle};
use infocus::normalize::sighting::{Ground, Sighting, part};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

pub const MORNING: &str = "2026-05-04T07:00:00Z";
pub const AFTERNOON: &str = "2026-05-04T15:00:00Z";
pub const NEXT_DAY: &str = "2026-05-05T15:00:00Z";

/// A ledger kept in memory, with the source of one feed in Vienna.
pub struct Ledger {
    feed: Slug,
    known: Known,
    zone: TimeZone,
}

impl Ledger {
    pub fn new() -> Ledger {
        let feed = Slug::parse("news").expect("a slug");
        let zone = TimeZone::get("Europe/Vienna").expect("a zone");
        Ledger { feed, known: Known::default(), zone }
    }

    /// A refresh of `source` that finds these items.
    pub fn see_at(&mut self, source: &str, now: &str, raw: &[RawItem]) -> Vec<Change> {
        let ground = Ground {
            base: "https://www.example.org/news".parse().ok(),
            dates: Reader::new("en"),
            zone: self.zone.clone(),
            language: "en".to_owned(),
            scope: String::new(),
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
            feed_language: "en",
            zone: &self.zone,
            now: now.parse().expect("an instant"),
            is_first: self.known.items.is_empty(),
            unread_since: None,
            are_rules_new: false,
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

    pub fn see(&mut self, now: &str, raw: &[RawItem]) -> Vec<Change> {
        self.see_at("page", now, raw)
    }
}

pub fn raw(url: &str, title: &str, date: &str) -> RawItem {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    RawItem {
        url: some(url),
        title: some(title),
        published: some(date).map(|text| RawDate { text, evidence: Evidence::Page }),
        ..RawItem::default()
    }
}

pub fn ids(changes: &[Change]) -> Vec<ItemId> {
    changes.iter().map(|change| change.item.id).collect()
}

pub fn kinds(changes: &[Change]) -> Vec<Kind> {
    changes.iter().map(|change| change.kind).collect()
}

pub fn moments(changes: &[Change]) -> Vec<String> {
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
fn announcements_that_share_a_link_are_told_apart() {
    let mut ledger = Ledger::new();
    let one_page = [raw("/news#a1", "One", ""), raw("/news#a2", "Two", ""), raw("#", "Three", "")];
    let first = ledger.see(MORNING, &one_page);
    assert_eq!(first.len(), 3, "{first:?}");
    assert_eq!(kinds(&ledger.see(AFTERNOON, &one_page)), [Kind::Unchanged; 3]);
    // Story numbers under a name that is a session to others.
    let stories = [raw("/article.php?sid=1", "Four", ""), raw("/article.php?sid=2", "Five", "")];
    let first = ledger.see(MORNING, &stories);
    assert_eq!(kinds(&first), [Kind::New; 2]);
    assert_eq!(first[0].item.url.as_ref().and_then(|url| url.query()), Some("sid=1"));
    assert_eq!(kinds(&ledger.see(AFTERNOON, &stories)), [Kind::Unchanged; 2]);
}

#[test]
fn undated_items_stay_themselves_on_a_new_host_and_with_another_token() {
    let mut ledger = Ledger::new();
    let first =
        ledger.see(MORNING, &[raw("/news/5?key=a81cc04e77f2b9", "A plan for the river", "")]);
    for url in ["/news/5?key=b0193ffab77d21", "https://new.example.net/news/5?key=c7712de01b3a0f"] {
        let again = ledger.see(AFTERNOON, &[raw(url, "A plan for the river", "")]);
        assert_eq!(ids(&again), ids(&first), "{url}");
    }
}

#[test]
fn a_title_that_is_only_a_label_does_not_make_two_announcements_one() {
    let mut ledger = Ledger::new();
    ledger.see(MORNING, &[raw("/press/1", "Press release", "3 May 2026")]);
    let later = ledger.see(AFTERNOON, &[raw("/press/2", "Press release", "3 May 2026")]);
    assert_eq!(kinds(&later), [Kind::New]);
    // A page that was only moved has kept its name.
    let moved =
        ledger.see(AFTERNOON, &[raw("/archive/press/2.html", "Press release", "3 May 2026")]);
    assert_eq!(ids(&moved), ids(&later));
}

#[test]
fn the_same_title_on_the_same_day_is_not_enough_where_the_texts_differ() {
    let mut ledger = Ledger::new();
    let notice = |url: &str, text: &str| {
        let mut item = raw(url, "Water notice for the whole town", "3 May 2026");
        item.summary = Some(text.to_owned());
        [item]
    };
    let first = ledger.see(MORNING, &notice("/r/1", "Street A."));
    let second = ledger.see(AFTERNOON, &notice("/r/2", "Street B."));
    assert_eq!(kinds(&second), [Kind::New]);
    let moved = ledger.see(NEXT_DAY, &notice("/x/9", "Street A."));
    assert_eq!(ids(&moved), ids(&first), "its text is the same");
    // One link for what is announced anew every week.
    let weekly =
        [raw("/apply", "Apply now", "4 May 2026"), raw("/apply", "Apply now", "27 April 2026")];
    assert_eq!(kinds(&ledger.see(NEXT_DAY, &weekly)), [Kind::New; 2]);
    assert_eq!(kinds(&ledger.see(NEXT_DAY, &weekly)), [Kind::Unchanged; 2]);
}

#[test]
fn a_card_that_cuts_the_title_or_lacks_the_date_is_the_same_announcement() {
    let mut ledger = Ledger::new();
    let page = [
        raw("/n/1", "Handbook for the towns…", ""),
        raw("/n/1", "Handbook for the towns of the valley", "3 May 2026"),
    ];
    let seen = ledger.see(MORNING, &page);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].item.title, "Handbook for the towns of the valley");
    assert_eq!(seen[0].item.published.evidence, Evidence::Page);
}

#[test]
fn an_announcement_that_comes_in_the_language_of_the_feed_is_no_edit() {
    let mut ledger = Ledger::new();
    let of = |language: &str, url: &str, title: &str, other: (&str, &str)| RawItem {
        language: Some(language.to_owned()),
        translations: vec![Translation { language: other.0.to_owned(), url: other.1.to_owned() }],
        ..raw(url, title, "3 May 2026")
    };
    let french = of("fr", "/fr/plan", "Un plan", ("en", "/en/plan"));
    let first = ledger.see(MORNING, std::slice::from_ref(&french)).remove(0).item;
    let english = of("en", "/en/plan", "A plan", ("fr", "/fr/plan"));
    let taken = ledger.see(AFTERNOON, &[french, english]).remove(0).item;
    assert_eq!((taken.id, taken.title.as_str()), (first.id, "A plan"));
    assert_eq!(taken.updated_at, first.updated_at);
}

#[test]
fn counters_and_passing_time_and_blanks_are_no_edits() {
    let mut ledger = Ledger::new();
    let seen = |views: u32, ago: &str, token: u32| {
        let mut item = raw("/a", "A plan", "3 May 2026");
        item.summary = Some(format!("The towns   agreed. {views} views, {ago}, Comments: {views}"));
        item.content =
            Some(format!("<p>Posted {ago}</p><img src=\"/a.jpg?cache={token}\" alt=\"A\">"));
        [item]
    };
    let first = ledger.see(MORNING, &seen(12, "2 hours ago", 1)).remove(0).item;
    for (views, ago) in [(13, "3 hours ago"), (1900, "yesterday")] {
        let later = ledger.see(NEXT_DAY, &seen(views, ago, views));
        assert_eq!((kinds(&later), &later[0].item), (vec![Kind::Unchanged], &first), "{ago}");
    }
    let mut edited = seen(13, "yesterday", 2);
    edited[0].summary = Some("The towns agreed on 13 polders.".to_owned());
    assert_eq!(kinds(&ledger.see(NEXT_DAY, &edited)), [Kind::Updated]);
}

#[test]
fn what_counts_readers_in_any_language_is_no_edit() {
    let counters = [
        "Read by # people",
        "Read by #",
        "Viewed # times",
        "# people read this",
        "#K views",
        "Gelesen: #",
        "# Mal gelesen",
        "# Leser",
        "Lu # fois",
        "Vu : #",
        "Consulté # fois",
        "Leído # veces",
        "Letto # volte",
        "Lido # vezes",
        "Gelezen: #",
        "# keer bekeken",
        "Przeczytano # razy",
        "Odsłon: #",
        "Přečteno # krát",
        "Pročitano # puta",
        "Прочитано # пута",
        "Pregleda: #",
        "Прегледано # пати",
        "Прочетена # пъти",
        "Citit de # ori",
        "Lexuar # herë",
        "Прочитано # раз",
        "Переглядів: #",
        "Διαβάστηκε # φορές",
        "# okunma",
        "# مشاهدة",
        "阅读：#",
        "浏览次数: #",
        "#次阅读",
        "閲覧数：#",
    ];
    let see_twice = |text: &str| {
        let mut ledger = Ledger::new();
        let mut see = |number: &str| {
            let mut item = raw("/a", "A plan", "3 May 2026");
            let text = text.replace('#', number);
            item.summary = Some(format!("The towns agreed on 12 polders. {text}"));
            ledger.see(NEXT_DAY, &[item]).remove(0)
        };
        (see("17").item, see("1904"))
    };
    for counter in counters {
        let (first, later) = see_twice(counter);
        assert_eq!((later.kind, later.item), (Kind::Unchanged, first), "{counter}");
    }
    for said in [
        "The minister read # laws to them",
        "Il a lu # livres",
        "# polders",
        "Vista # del plan",
        "Apply by 12.06.#. Read more",
        "Doors open at 10.#. Read more",
        "The fee is 1,#. Read the notice.",
        "Section #. Comment on the draft",
        "The company sold # shares.",
        "The hearing drew # comments from residents.",
        "Besplatnih # pregleda u domu zdravlja",
        "Wir suchen # Leser.",
        "Le décret a été lu # fois.",
    ] {
        assert_eq!(see_twice(said).1.kind, Kind::Updated, "{said}");
    }
}

#[test]
fn a_source_whose_address_was_changed_goes_on_with_its_items() {
    let mut ledger = Ledger::new();
    let first = ledger.see_at("old page", MORNING, &[raw("/a", "A pln", "3 May 2026")]);
    let later = ledger.see_at("page", AFTERNOON, &[raw("/a", "A plan", "3 May 2026")]);
    assert_eq!(ids(&later), ids(&first));
    assert_eq!((later[0].kind, later[0].item.title.as_str()), (Kind::Updated, "A plan"));
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
