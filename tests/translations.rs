//! One announcement in several languages.

use crate::bed::Bed;
use crate::server::{Answer, Request, Server};
use crate::sources::items;

#[test]
fn one_announcement_in_two_languages_is_one_item_of_the_feed_and_names_the_other() {
    let server = Server::start(|request: &Request| {
        let others = |path: &str| {
            format!(
                "<link rel=alternate hreflang=en href=/en/{path}><link rel=alternate hreflang=de href=/de/{path}>\
                 <link rel=alternate hreflang=x-default href=/><link rel=alternate hreflang=fr href=/fr/><div class=text>Text</div>"
            )
        };
        match request.path.as_str() {
            "/de" => Answer::page(
                "<li><a href=/de/plan>Ein Plan</a><li><a href=/de/karte>Eine Karte</a>",
            ),
            "/en" => {
                Answer::page("<li><a href=/en/plan>A plan</a><li><a href=/en/bridge>A bridge</a>")
            }
            path => Answer::page(others(path.rsplit('/').next().unwrap_or_default())),
        }
    });
    let source = |language: &str| {
        let url = server.url(&format!("/{language}"));
        format!(
            "[[source]]\nurl = \"{url}\"\nlanguage = \"{language}\"\n[source.html]\nitem = \"li\"\n\
             [source.detail]\ncontent = \".text\"\n"
        )
    };
    let titles = |bed: &Bed, feed: &str| {
        bed.run(&["refresh", "--force"]).ends(0);
        let items = bed.json_feed(feed)["items"].as_array().expect("items").clone();
        let mut titles: Vec<String> =
            items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect();
        titles.sort();
        titles
    };
    // The feed's language is that of its title, whichever source comes first.
    for (first, second) in [("de", "en"), ("en", "de")] {
        let mut bed = Bed::new();
        bed.write(
            "feeds/english.toml",
            format!("title = \"News\"\n{}{}", source(first), source(second)),
        );
        for now in ["2026-05-04T15:00:00Z", "2026-05-05T15:00:00Z"] {
            assert_eq!(
                titles(bed.at(now), "english"),
                ["A bridge", "A plan", "Eine Karte"],
                "{first}"
            );
        }
        let atom = bed.read("public/english/atom.xml");
        let plan = atom.split("<entry>").find(|entry| entry.contains("A plan")).expect("an entry");
        assert!(
            plan.contains(&format!("href=\"{}\"", server.url("/de/plan")))
                && plan.contains("hreflang=\"de\""),
            "{plan}"
        );
        assert!(!plan.contains("hreflang=\"en\""), "not itself: {plan}");
    }
}

#[test]
fn two_announcements_of_one_language_with_one_translation_stay_two() {
    let server = Server::start(|request: &Request| match request.path.as_str() {
        "/de" => Answer::page("<li><a href=/de/1>Ein Plan</a>"),
        "/en" => {
            Answer::page("<li><a href=/en/1>A plan</a><li><a href=/en/2>Quite another story</a>")
        }
        _ => Answer::page("<link rel=alternate hreflang=de href=/de/1><div class=text>Text</div>"),
    });
    let source = |language: &str| {
        let url = server.url(&format!("/{language}"));
        format!(
            "[[source]]\nurl = \"{url}\"\nlanguage = \"{language}\"\n[source.html]\nitem = \"li\"\n[source.detail]\ncontent = \".text\"\n"
        )
    };
    let bed = Bed::new();
    bed.write("feeds/news.toml", format!("title = \"News\"\n{}{}", source("de"), source("en")));
    let mut titles = items(&bed, &["title"]);
    titles.sort();
    assert_eq!(titles, [["A plan"], ["Quite another story"]]);
}
