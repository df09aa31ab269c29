//! What nobody watches: two runs at once, runs with nothing to do, output and memory that are gone.

use std::fs;
use std::fs::File;

use serde_json::Value;

use crate::bed::{Bed, is_on_file};
use crate::drift::{RULES, classic};
use crate::server::{Answer, Server};
use crate::sources::bed;

/// A feed that has been refreshed, and its server, that says from now on that nothing has changed.
fn refreshed() -> (Server, Bed) {
    let server = Server::start(|_| classic(1..=8).with("ETag", "\"one\""));
    let mut bed = bed(&server, "/news/", RULES);
    bed.at("2026-05-20T10:00:00Z").run(&["refresh"]).ends(0);
    server.asked();
    server.change(|request| match request.headers.contains_key("if-none-match") {
        true => Answer::status(304),
        false => classic(1..=8).with("ETag", "\"one\""),
    });
    (server, bed)
}

#[test]
fn a_second_run_at_the_same_time_leaves_it_to_the_first() {
    if !is_on_file("a second run at the same time leaves it to the first") {
        return;
    }
    let (server, mut bed) = refreshed();
    let lock = File::open(bed.path(".infocus.lock")).expect("the lock");
    lock.lock().expect("nobody else");
    bed.at("2026-05-20T12:00:00Z");
    for command in [&["refresh"][..], &["refresh", "--force"], &["publish"]] {
        let ran = bed.run(command).ends(0);
        assert_eq!(ran.stderr, "another run is at work here; this one leaves it to that\n");
    }
    assert!(server.asked_paths().is_empty());
    lock.unlock().expect("locked");
    bed.run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/news/"]);
}

#[test]
fn with_nothing_due_the_site_is_not_even_read() {
    if !is_on_file("with nothing due the site is not even read") {
        return;
    }
    let (server, mut bed) = refreshed();
    bed.at("2026-05-20T10:30:00Z");
    let idle = |bed: &Bed| {
        let ran = bed.run(&["refresh", "--json"]).ends(0);
        let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
        told["idle"] == true
    };
    assert!(idle(&bed));
    // Whatever changes at the site is seen.
    bed.write("feeds/news.toml", bed.read("feeds/news.toml").replace("News", "Newer"));
    assert!(!idle(&bed));
    assert_eq!(bed.json_feed("news")["title"], "Newer");
    assert!(idle(&bed));
    bed.write("templates/page.css", "p { color: red }");
    assert!(!idle(&bed));
    assert!(idle(&bed));
    fs::remove_file(bed.path("public/news/atom.xml")).expect("it was there");
    assert!(!idle(&bed));
    assert!(bed.path("public/news/atom.xml").exists());
    assert!(idle(&bed));
    // So is the time.
    assert!(server.asked_paths().is_empty());
    bed.at("2026-05-20T11:00:00Z");
    assert!(!idle(&bed));
    assert_eq!(server.asked_paths(), ["/news/"]);
}

#[test]
fn output_that_is_gone_is_written_again_though_nothing_has_changed() {
    let (server, mut bed) = refreshed();
    let before = bed.files("public");
    fs::remove_dir_all(bed.path("public")).expect("it was there");
    bed.at("2026-05-20T12:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(server.asked().len(), 1);
    let bytes = |files: &crate::bed::Files| {
        files.iter().map(|(name, (bytes, _))| (name.clone(), bytes.clone())).collect::<Vec<_>>()
    };
    assert_eq!(bytes(&bed.files("public")), bytes(&before));
}

#[test]
fn memory_that_is_gone_leads_to_a_full_fetch_and_the_same_items() {
    let (server, mut bed) = refreshed();
    let ids = |bed: &Bed| {
        let feed = bed.json_feed("news");
        let items = feed["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    let before = ids(&bed);
    bed.forget();
    bed.at("2026-05-20T10:30:00Z").run(&["refresh"]).ends(0);
    let asked = server.asked();
    assert!(!asked[0].headers.contains_key("if-none-match"));
    assert_eq!(ids(&bed), before);
}

#[test]
fn nothing_is_left_of_an_interrupted_run() {
    let (_server, mut bed) = refreshed();
    bed.write("public/.infocus-new1/3", "half").write("public/.infocus-new1/lock", "");
    bed.at("2026-05-20T12:00:00Z").run(&["refresh"]).ends(0);
    assert!(!bed.path("public/.infocus-new1").exists());
}

#[test]
fn a_ping_is_heard_of_every_run_and_of_the_failed_ones_as_such() {
    let (server, mut bed) = refreshed();
    let ear = Server::start(|_| Answer::status(200));
    let settings = bed.read("infocus.toml");
    bed.write("infocus.toml", format!("{settings}[alerts]\nping = \"{}\"\n", ear.url("/a1b2")));
    for now in ["2026-05-20T12:00:00Z", "2026-05-20T12:00:01Z"] {
        bed.at(now).run(&["refresh"]).ends(0);
        assert_eq!(ear.asked_paths(), ["/a1b2"]);
    }
    // One source that is broken is no run that failed.
    server.change(|_| Answer::status(404));
    bed.at("2026-05-20T14:00:00Z").run(&["refresh"]).ends(3);
    assert_eq!(ear.asked_paths(), ["/a1b2"]);
    bed.write("feeds/broken.toml", "title = ");
    bed.run(&["refresh"]).ends(2);
    assert_eq!(ear.asked_paths(), ["/a1b2/fail"]);
    ear.change(|_| Answer::status(500));
    fs::remove_file(bed.path("feeds/broken.toml")).expect("it was there");
    let told = bed.at("2026-05-20T14:00:01Z").run(&["refresh"]).ends(0).stderr;
    assert!(told.starts_with("warning: the ping was not heard: "), "{told}");
}

#[test]
fn the_status_is_a_table_and_a_feed_of_what_went_wrong() {
    let (server, mut bed) = refreshed();
    server.change(|_| Answer::status(404));
    for now in ["2026-05-20T12:00:00Z", "2026-05-20T13:00:00Z"] {
        bed.at(now).run(&["refresh"]).ends(3);
    }
    let told = bed.at("2026-05-20T13:30:00Z").run(&["status"]).ends(0).stdout;
    let url = server.url("/news/");
    let expected = format!(
        "source  state   items   looked at   next look  location\n\
         news/1  failed      8  30 min ago      in 2 h  {url}\n  \
         source `news/1`: the server answered 404 Not Found\n  \
         2 looks in a row have failed\n\nnews: 8 items\n"
    );
    assert_eq!(told, expected);
    server.change(|_| classic(1..=8));
    bed.at("2026-05-20T15:00:00Z").run(&["refresh"]).ends(0);
    let feed = bed.run(&["status", "--feed"]).ends(0).stdout;
    let parsed = feed_rs::parser::parse(feed.as_bytes()).expect("a feed");
    let titles: Vec<String> =
        parsed.entries.iter().map(|entry| entry.title.clone().expect("a title").content).collect();
    assert_eq!(titles, ["news/1 is well again", "news/1 is in need of a look"]);
    assert_eq!(bed.run(&["status", "--feed"]).ends(0).stdout, feed);
}

#[test]
fn a_run_that_was_killed_leaves_no_word_that_nothing_is_due() {
    let (server, mut bed) = refreshed();
    // Whoever is asked never gets to answer.
    let (block, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    server.change(move |_| {
        let _ = blocked.lock().expect("a channel").recv();
        Answer::status(304)
    });
    bed.at("2026-05-20T10:30:00Z");
    let mut child = bed.command(&["refresh", "--force"]).spawn().expect("it runs");
    while server.asked().is_empty() {
        std::thread::yield_now();
    }
    child.kill().expect("it ends");
    child.wait().expect("it has ended");
    drop(block);
    let ran = bed.run(&["refresh", "--json"]).ends(0);
    let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(told["idle"], Value::Null);
}
