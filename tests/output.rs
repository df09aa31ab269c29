//! What is published: read back by other parsers, legal whatever comes in, and as it was.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use infocus::catalog::Feed;
use infocus::config::Settings;
use infocus::dates::Reader;
use infocus::extract::{RawDate, RawItem};
use infocus::model::{Evidence, Slug};
use infocus::normalize::ledger::{Known, Occasion, settle};
use infocus::normalize::sighting::{Ground, Sighting};
use infocus::publish::{Directory, Publisher, Rollout};
use infocus::templates::Templates;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::bed::Bed;

/// The example site that lies in the checkout, in a directory of its own.
fn example() -> Bed {
    let mut bed = Bed::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    bed.write("infocus.toml", fs::read(root.join("infocus.toml")).expect("settings"));
    for directory in ["feeds", "feeds/in-focus", "feeds/im-fokus", "feeds/u-fokusu"] {
        for entry in fs::read_dir(root.join(directory)).expect(directory) {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                bed.write(&format!("{directory}/{name}"), fs::read(&path).expect("readable"));
            }
        }
    }
    bed.at("2026-05-04T15:00:00Z");
    bed
}

#[test]
fn the_example_site_is_published_as_it_was() {
    let bed = example();
    bed.run(&["refresh"]).ends(0);
    insta::assert_snapshot!("feed.xml", bed.read("public/in-focus/feed.xml"));
    insta::assert_snapshot!("atom.xml", bed.read("public/u-fokusu/atom.xml"));
    insta::assert_snapshot!("feed.json", bed.read("public/im-fokus/feed.json"));
    insta::assert_snapshot!("feeds.opml", bed.read("public/feeds.opml"));
    insta::assert_snapshot!("digest.txt", bed.read("preview/weekly/digest.txt"));
    insta::assert_snapshot!("digest.eml", bed.read("preview/weekly/digest.eml").replace('\r', ""));
}

/// Id, title, link and moment of each item, as a parser of feeds sees them.
type Seen = BTreeSet<(String, String, String, i64)>;

fn seen_by_feed_rs(text: &str) -> Seen {
    let feed = feed_rs::parser::parse(text.as_bytes()).expect("a feed");
    let entry = |entry: feed_rs::model::Entry| {
        let title = entry.title.expect("a title").content;
        let at = entry.published.expect("a date").timestamp();
        (entry.id, title, entry.links[0].href.clone(), at)
    };
    feed.entries.into_iter().map(entry).collect()
}

#[test]
fn all_formats_say_the_same_to_another_parser() {
    let bed = example();
    bed.run(&["refresh"]).ends(0);
    for slug in ["in-focus", "im-fokus", "u-fokusu"] {
        let read = |name: &str| seen_by_feed_rs(&bed.read(&format!("public/{slug}/{name}")));
        let rss = read("feed.xml");
        assert_eq!(rss.len(), bed.json_feed(slug)["items"].as_array().expect("items").len());
        assert_eq!(rss, read("atom.xml"), "{slug}");
        assert_eq!(rss, read("feed.json"), "{slug}");
    }
}

#[test]
fn the_opml_lists_every_feed() {
    let bed = example();
    bed.run(&["refresh"]).ends(0);
    let text = bed.read("public/feeds.opml");
    let opml = roxmltree::Document::parse(&text).expect("XML");
    let feeds: Vec<_> = opml.descendants().filter_map(|node| node.attribute("xmlUrl")).collect();
    let address = |slug: &str| format!("https://news.example.org/{slug}/feed.xml");
    assert_eq!(feeds, ["im-fokus", "in-focus", "u-fokusu"].map(address));
}

fn raw_item() -> impl Strategy<Value = RawItem> {
    let text = || prop::option::of(any::<String>());
    (text(), text(), text(), text(), text(), text(), text()).prop_map(
        |(title, kicker, summary, content, url, date, author)| RawItem {
            title,
            kicker,
            summary,
            content,
            url,
            author,
            published: date.map(|text| RawDate { text, evidence: Evidence::Page }),
            ..RawItem::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_output_is_legal_whatever_comes_in(raw in prop::collection::vec(raw_item(), 1..6)) {
        let ground = Ground { base: "https://example.org/".parse().ok(), dates: Reader::new("en"), zone: TimeZone::UTC, language: "en".to_owned(), scope: String::new(),
        rules: String::new() };
        let sightings = raw.iter().filter_map(|raw| Sighting::of(raw, &ground)).collect();
        let slug = Slug::parse("news").expect("a slug");
        let now = "2026-06-01T12:00:00Z".parse().expect("an instant");
        let occasion = Occasion { feed: &slug, source: "page", sources: &[], is_whole: false, language: "en", feed_language: "en", zone: &TimeZone::UTC, now, is_first: true, unread_since: None, are_rules_new: false };
        let items: Vec<_> = settle(sightings, &Known::default(), occasion).into_iter().map(|change| change.item).collect();
        let directory = tempfile::tempdir().expect("a directory");
        let (settings, templates) = (Settings::default(), Templates::load(directory.path()).expect("templates"));
        let output = Directory::new(directory.path().to_owned());
        let publisher = Publisher { base_url: &settings.base_url, zone: &TimeZone::UTC, hub: None, templates: &templates };
        let mut rollout = Rollout::within(&output).expect("a directory");
        publisher.feed(&Feed { window: 50, ..Feed::sample() }, &items, &mut rollout).expect("written");
        tokio::runtime::Runtime::new().expect("a runtime").block_on(rollout.commit()).expect("written");
        for name in ["feed.xml", "atom.xml"] {
            let xml = fs::read_to_string(directory.path().join("sample").join(name)).expect(name);
            let parsed = roxmltree::Document::parse(&xml);
            prop_assert!(parsed.is_ok(), "{}: {:?}\n{}", name, parsed.err(), xml);
            let tag = if name == "feed.xml" { "item" } else { "entry" };
            let found = parsed.expect("XML").descendants().filter(|node| node.has_tag_name(tag) || node.tag_name().name() == tag).count();
            prop_assert_eq!(found, items.len());
        }
        let json = fs::read(directory.path().join("sample/feed.json")).expect("JSON");
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    }
}
