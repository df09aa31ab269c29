//! A hub hears of every change of a feed, once, whatever comes between.

use std::collections::BTreeSet;

use url::form_urlencoded;

use crate::bed::Bed;
use crate::served::Served;
use crate::server::{Answer, Server};

const BASE: &str = "https://news.example.org";

/// A site of two feeds and a hub.
fn site(hub: &Server) -> Bed {
    let bed = Bed::new();
    let settings = bed.read("infocus.toml");
    bed.write("infocus.toml", format!("hub = \"{}\"\n{settings}", hub.url("/hub")));
    for feed in ["news", "notes"] {
        let definition = format!("title = \"A\"\n[[source]]\nfiles = \"{feed}/*.txt\"\n");
        bed.write(&format!("feeds/{feed}.toml"), definition)
            .write(&format!("feeds/{feed}/one.txt"), "The first one\n\n3 May 2026\n\nText.");
    }
    bed
}

/// What a hub has been told of since the last time.
fn told(hub: &Server) -> Vec<String> {
    let topic = |request: crate::server::Request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hub"));
        assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
        let mut pairs = form_urlencoded::parse(request.body.as_bytes()).into_owned();
        assert_eq!(pairs.next(), Some(("hub.mode".to_owned(), "publish".to_owned())));
        let (name, topic) = pairs.next().expect("a topic");
        assert_eq!((name.as_str(), pairs.next()), ("hub.url", None));
        topic
    };
    let mut topics: Vec<String> = hub.asked().into_iter().map(topic).collect();
    topics.sort();
    topics
}

fn topics(feed: &str) -> Vec<String> {
    ["atom.xml", "feed.json", "feed.xml"].map(|name| format!("{BASE}/{feed}/{name}")).into()
}

#[test]
fn a_hub_hears_once_of_what_has_changed() {
    let hub = Server::start(|_| Answer::status(204));
    let mut bed = site(&hub);
    bed.run(&["refresh"]).ends(0);
    assert_eq!(told(&hub), [topics("news"), topics("notes")].concat());
    bed.run(&["refresh", "--force"]).ends(0);
    bed.run(&["publish"]).ends(0);
    assert!(told(&hub).is_empty());
    bed.write("feeds/notes/two.txt", "The second one\n\n4 May 2026\n\nText.");
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(told(&hub), topics("notes"));
    // What changes the title changes all three.
    bed.write("feeds/news.toml", bed.read("feeds/news.toml").replace("\"A\"", "\"B\""));
    assert_eq!(bed.run(&["publish"]).ends(0).stderr, "");
    assert_eq!(told(&hub), topics("news"));
}

#[test]
fn a_hub_that_fails_hears_of_it_at_the_next_refresh() {
    let hub = Server::start(|_| Answer::status(503));
    let bed = site(&hub);
    let ran = bed.run(&["refresh"]).ends(0);
    assert!(
        ran.stderr.starts_with("warning: the hub did not hear what has changed: "),
        "{}",
        ran.stderr
    );
    assert_eq!((ran.stderr.lines().count(), told(&hub).len()), (1, 6));
    // Of one of them it wants to hear nothing yet.
    hub.change(|request| {
        Answer::status(if request.body.contains("news%2Fatom") { 429 } else { 202 })
    });
    let ran = bed.run(&["refresh"]).ends(0);
    assert_eq!((ran.stderr.lines().count(), told(&hub).len()), (1, 6));
    hub.change(|_| Answer::status(202));
    assert_eq!(bed.run(&["refresh"]).ends(0).stderr, "");
    assert_eq!(told(&hub), [format!("{BASE}/news/atom.xml")]);
    bed.run(&["refresh"]).ends(0);
    assert!(told(&hub).is_empty());
}

#[test]
fn the_feeds_name_the_hub() {
    let hub = Server::start(|_| Answer::status(202));
    let bed = site(&hub);
    let settings = bed.read("infocus.toml");
    let (_, without) = settings.split_once('\n').expect("lines");
    bed.write("infocus.toml", without);
    bed.run(&["refresh"]).ends(0);
    let bare = bed.files("public");
    assert!(told(&hub).is_empty());
    bed.write("infocus.toml", &settings);
    bed.run(&["refresh"]).ends(0);
    assert_eq!(told(&hub), [topics("news"), topics("notes")].concat());
    for name in ["feed.xml", "atom.xml"] {
        let text = bed.read(&format!("public/news/{name}"));
        let xml = roxmltree::Document::parse(&text).expect("XML");
        let mut links = xml.descendants().filter(|node| node.attribute("rel") == Some("hub"));
        let link = links.next().expect("a link");
        assert_eq!(link.tag_name().namespace(), Some("http://www.w3.org/2005/Atom"));
        assert_eq!(link.attribute("href"), Some(hub.url("/hub").as_str()));
    }
    let hubs = serde_json::json!([{ "type": "WebSub", "url": hub.url("/hub") }]);
    assert_eq!(bed.json_feed("news")["hubs"], hubs);
    let with = bed.files("public");
    let changed: BTreeSet<&str> = with
        .iter()
        .filter(|(name, file)| bare.get(*name) != Some(file))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(changed.len(), 6, "{changed:?}");
    // Without it, every byte is as it was.
    bed.write("infocus.toml", without);
    bed.run(&["refresh"]).ends(0);
    let again = bed.files("public");
    assert!(again.iter().all(|(name, (bytes, _))| bare[name].0 == *bytes));
    assert!(told(&hub).is_empty());
}

#[test]
fn a_reader_finds_the_hub_without_reading_the_feed() {
    let hub = Server::start(|_| Answer::status(204));
    let bed = site(&hub);
    bed.run(&["refresh"]).ends(0);
    let served = Served::start(&bed);
    let address = hub.url("/hub");
    for name in ["feed.xml", "atom.xml", "feed.json"] {
        let own = format!("<{address}>; rel=\"hub\", <{BASE}/news/{name}>; rel=\"self\"");
        assert_eq!(served.get(&format!("/news/{name}")).header("link"), own);
    }
    assert_eq!(served.get("/news/").header("link"), "");
}
