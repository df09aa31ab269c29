//! Every item of a feed can be had by a feed reader, which gets no page of the archive twice.

use std::collections::BTreeSet;

use roxmltree::Node;
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::server::{Answer, Server};
use crate::sources::bed;

const FORMATS: [&str; 3] = ["feed.xml", "atom.xml", "feed.json"];
const BASE: &str = "https://news.example.org/news/";

/// A feed of so many announcements, one a day.
fn river(count: usize) -> Answer {
    let item = |n: usize| {
        let date = format!("{}-{:02}-{:02}T12:00:00Z", 2024 + n / 336, n / 28 % 12 + 1, n % 28 + 1);
        json!({
            "id": format!("https://www.example.org/news/{n}"),
            "url": format!("https://www.example.org/news/{n}"),
            "title": format!("The meeting of the council, the {n}th of its kind"),
            "content_text": "What was agreed.",
            "date_published": date,
        })
    };
    let items: Vec<Value> = (1..=count).rev().map(item).collect();
    let feed =
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": "N", "items": items });
    Answer::page(feed.to_string()).with("Content-Type", "application/feed+json")
}

/// A site whose feed shows three of so many announcements.
fn shown(count: usize, window: usize) -> (Server, Bed) {
    let server = Server::start(move |_| river(count));
    let bed = bed(&server, "/feed.json", "");
    let definition = bed.read("feeds/news.toml");
    bed.write("feeds/news.toml", format!("window = {window}\n{definition}"));
    bed.run(&["refresh"]).ends(0);
    (server, bed)
}

/// What a reader makes of a document.
#[derive(Default)]
struct Document {
    ids: Vec<String>,
    links: Vec<(String, String)>,
    is_archive: bool,
}

impl Document {
    fn read(bed: &Bed, address: &str) -> Document {
        let file = address.strip_prefix(BASE).expect("an address of the feed");
        let text = bed.read(&format!("public/news/{}", file.split('?').next().expect("a name")));
        if text.starts_with('{') { Document::of_json(&text) } else { Document::of_xml(&text) }
    }

    fn of_json(text: &str) -> Document {
        let feed: Value = serde_json::from_str(text).expect("JSON");
        let string = |value: &Value| value.as_str().map(str::to_owned);
        let items = feed["items"].as_array().expect("items");
        let links = [("self", &feed["feed_url"]), ("prev-archive", &feed["next_url"])];
        Document {
            ids: items.iter().filter_map(|item| string(&item["id"])).collect(),
            links: links
                .into_iter()
                .filter_map(|(rel, address)| Some((rel.to_owned(), string(address)?)))
                .collect(),
            is_archive: false,
        }
    }

    fn of_xml(text: &str) -> Document {
        let xml = roxmltree::Document::parse(text).expect("XML");
        let head = xml.descendants().find(|node| ["feed", "channel"].contains(&name(node)));
        let mut document = Document::default();
        for node in head.expect("a feed").children() {
            match name(&node) {
                "entry" | "item" => {
                    let id = node.children().find(|node| ["id", "guid"].contains(&name(node)));
                    document.ids.extend(id.and_then(|id| id.text()).map(str::to_owned));
                }
                "link" => {
                    let attribute = |name| node.attribute(name).map(str::to_owned);
                    document.links.extend(attribute("rel").zip(attribute("href")));
                }
                "archive" => document.is_archive = true,
                _ => {}
            }
        }
        document
    }

    fn link(&self, rel: &str) -> Option<&str> {
        let mut links = self.links.iter().filter(|(other, _)| other == rel);
        let link = links.next().map(|(_, address)| address.as_str());
        assert_eq!(links.next(), None, "one of a kind");
        link
    }
}

fn name<'a>(node: &Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// Reads what is subscribed to, and back from there to an address that is known.
fn walk(bed: &Bed, format: &str, known: &mut BTreeSet<String>) -> Vec<String> {
    let mut document = Document::read(bed, &format!("{BASE}{format}"));
    let mut ids = std::mem::take(&mut document.ids);
    while let Some(address) = document.link("prev-archive").map(str::to_owned) {
        if !known.insert(address.clone()) {
            break;
        }
        document = Document::read(bed, &address);
        ids.append(&mut document.ids);
    }
    ids
}

#[test]
fn a_reader_gets_every_item_by_walking_back() {
    let (_server, bed) = shown(250, 3);
    for format in FORMATS {
        assert_eq!(Document::read(&bed, &format!("{BASE}{format}")).ids.len(), 3);
        let mut known = BTreeSet::new();
        let ids = walk(&bed, format, &mut known);
        assert_eq!((ids.len(), known.len()), (253, 3), "{format}");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 250, "{format}");
    }
}

#[test]
fn each_page_says_where_it_is_and_what_is_around_it() {
    let (_server, bed) = shown(250, 3);
    for (format, page) in [("feed.xml", "archive/feed-"), ("atom.xml", "archive/atom-")] {
        let current = format!("{BASE}{format}");
        let [first, second, third] =
            ["1.xml", "2.xml", "3.xml?n=50"].map(|number| format!("{BASE}{page}{number}"));
        for (own, around, is_archive, items) in [
            (&current, [None, Some(&third), None], false, 3),
            (&third, [Some(&current), Some(&second), None], false, 50),
            // The third has another address tomorrow, and the second stays as it is.
            (&second, [Some(&current), Some(&first), None], true, 100),
            (&first, [Some(&current), None, Some(&second)], true, 100),
        ] {
            let document = Document::read(&bed, own);
            assert_eq!(document.link("self"), Some(own.as_str()));
            let links = ["current", "prev-archive", "next-archive"].map(|rel| document.link(rel));
            assert_eq!(links, around.map(|address| address.map(String::as_str)), "{own}");
            assert_eq!((document.is_archive, document.ids.len()), (is_archive, items), "{own}");
        }
    }
}

#[test]
fn what_comes_later_is_found_without_reading_a_page_twice() {
    let (server, mut bed) = shown(250, 3);
    let mut had: BTreeSet<String> =
        walk(&bed, "feed.json", &mut BTreeSet::new()).into_iter().collect();
    let mut known = FORMATS.map(|_| BTreeSet::new());
    for (format, known) in FORMATS.iter().zip(&mut known) {
        walk(&bed, format, known);
    }
    for (now, count, pages) in [
        ("2026-06-04T15:00:00Z", 251, &["3"][..]),
        ("2026-07-04T15:00:00Z", 299, &["3"]),
        // It is complete, which the page before it says.
        ("2026-08-04T15:00:00Z", 300, &["2", "3"]),
        ("2026-09-04T15:00:00Z", 301, &["4"]),
    ] {
        server.change(move |_| river(count));
        let before = bed.files("public/news/archive");
        bed.at(now).run(&["refresh"]).ends(0);
        let after = bed.files("public/news/archive");
        let changed: BTreeSet<&str> = after
            .iter()
            .filter(|(name, file)| before.get(*name) != Some(file))
            .filter_map(|(name, _)| name.split(['-', '.']).rev().nth(1))
            .filter(|number| number.len() == 1)
            .collect();
        assert_eq!(changed, pages.iter().copied().collect(), "of {count}");
        let all: BTreeSet<String> =
            walk(&bed, "feed.json", &mut BTreeSet::new()).into_iter().collect();
        assert_eq!(all.len(), count);
        for (format, known) in FORMATS.iter().zip(&mut known) {
            let ids = walk(&bed, format, known);
            assert!(ids.len() < 200, "{format}: {} read of {count}", ids.len());
            assert_eq!(had.iter().cloned().chain(ids).collect::<BTreeSet<_>>(), all, "{format}");
        }
        had = all;
    }
}

#[test]
fn a_feed_that_shows_all_it_has_is_without_pages() {
    let (_server, bed) = shown(150, 200);
    let archive = bed.files("public/news/archive");
    assert!(!archive.is_empty() && archive.keys().all(|name| name.ends_with(".html")));
    for format in FORMATS {
        let document = Document::read(&bed, &format!("{BASE}{format}"));
        assert_eq!((document.ids.len(), document.link("prev-archive")), (150, None));
    }
}

#[test]
fn every_item_has_a_page_that_stays_even_one_of_which_nothing_is_known_but_its_title() {
    let html = "<ul><li><a href=\"/1\">The ferry sails again on Sundays</a> 4 May 2026</li>\
                <li><a href=\"/2\">The bridge at the mill is closed</a> 3 May 2026</li></ul>";
    let server = Server::start(move |_| Answer::page(html));
    let mut bed = bed(&server, "/news", "[source.html]\nitem = \"li\"\n");
    bed.run(&["refresh"]).ends(0);
    let ids = bed.json_feed("news")["items"].as_array().expect("items").clone();
    assert_eq!(ids.len(), 2);
    let later = html.replace("/1", "/3").replace("ferry", "train");
    server.change(move |_| Answer::page(later.clone()));
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let archive = bed.read("public/news/archive/2026.html");
    for item in ids {
        let id = item["id"].as_str().and_then(|id| id.rsplit(':').next()).expect("an id");
        let page = bed.read(&format!("public/news/items/{id}.html"));
        let [title, url] = ["title", "url"].map(|name| item[name].as_str().expect("text"));
        assert!(page.contains(title) && page.contains(url), "{page}");
        assert!(archive.contains(&format!("../items/{id}.html")), "{archive}");
    }
}
