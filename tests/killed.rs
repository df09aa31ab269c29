//! A refresh that is killed at any moment leaves whole files, and loses no item.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::bed::Bed;
use crate::drift::RULES;
use crate::server::{Answer, Server};

/// Refreshes that are killed; `INFOCUS_KILLS=1000 cargo test killed` for more.
fn kills() -> usize {
    std::env::var("INFOCUS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(40)
}

/// A listing whose newest announcement is number `newest`, 20 of them; the title of each has been
/// edited once when the next ten had come.
fn listing(newest: usize) -> Answer {
    let card = |n: usize| {
        let edition = if newest >= n + 10 { " (corrected)" } else { "" };
        let day = jiff::civil::date(2020, 1, 1) + jiff::Span::new().days(n as i64);
        format!(
            "<li><time>{day}</time><h3><a href='/news/{n}'>The town decides on matter {n} of the year{edition}</a></h3>\
             <p>What it is about, in some words: {n}.</p></li>"
        )
    };
    let cards: String = (newest.saturating_sub(19)..=newest).rev().map(card).collect();
    Answer::page(format!("<html lang=en><body><ul class=news>{cards}</ul></body></html>"))
}

/// The id and day of each item by its address, from the feed as it lies there; nothing before there
/// is one. All files have to be whole.
fn published(bed: &Bed, slug: &str) -> BTreeMap<String, (String, String)> {
    let files = bed.files("public");
    for (name, (bytes, _)) in files.iter().filter(|(name, _)| !name.starts_with(".infocus-new")) {
        let text = String::from_utf8(bytes.clone()).expect(name);
        match name.rsplit('.').next() {
            Some("xml" | "opml") => drop(roxmltree::Document::parse(&text).expect(name)),
            Some("json") => drop(serde_json::from_str::<serde_json::Value>(&text).expect(name)),
            _ => assert!(text.trim_end().ends_with("</html>"), "{name} is torn"),
        }
    }
    let Some((json, _)) = files.get(&format!("{slug}/feed.json")) else { return BTreeMap::new() };
    let feed: serde_json::Value = serde_json::from_slice(json).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let items = feed["items"].as_array().expect("items").clone();
    items
        .iter()
        .map(|item| (text(&item["url"]), (text(&item["id"]), text(&item["date_published"]))))
        .collect()
}

#[test]
fn a_refresh_that_is_killed_leaves_whole_files_and_loses_nothing() {
    let newest = Arc::new(AtomicUsize::new(20));
    let counted = newest.clone();
    let server = Server::start(move |_| listing(counted.load(Ordering::SeqCst)));
    let mut bed = Bed::new();
    let feeds = ["one", "two", "three"];
    for feed in feeds {
        let url = server.url(&format!("/{feed}/"));
        bed.write(
            &format!("feeds/{feed}.toml"),
            format!("title = \"{feed}\"\nwindow = 2000\n[[source]]\nurl = \"{url}\"\n{RULES}"),
        );
    }
    let mut known: BTreeMap<&str, BTreeMap<String, (String, String)>> = BTreeMap::new();
    let mut now: jiff::Timestamp = "2026-05-20T10:00:00Z".parse().expect("an instant");
    let mut killed = 0;
    for round in 0..kills() {
        newest.fetch_add(usize::from(round % 3 == 0), Ordering::SeqCst);
        now += jiff::SignedDuration::from_hours(5);
        bed.at(&now.to_string());
        let mut command = bed.command(&["refresh"]);
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("it runs");
        // Over all moments of a run, in an order that is the same in every test.
        std::thread::sleep(Duration::from_millis((round * 37 % 160) as u64));
        killed += usize::from(child.try_wait().expect("a state").is_none());
        child.kill().expect("it ends");
        child.wait().expect("it has ended");
        for feed in feeds {
            let items = published(&bed, feed);
            let before = known.entry(feed).or_default();
            for (url, item) in before.iter() {
                assert_eq!(items.get(url), Some(item), "{url} in round {round}");
            }
            before.extend(items);
        }
    }
    assert!(killed > kills() / 4, "only {killed} runs were still at it");
    now += jiff::SignedDuration::from_hours(25);
    bed.at(&now.to_string()).run(&["refresh"]).ends(0);
    for feed in feeds {
        let items = published(&bed, feed);
        assert!(known[feed].iter().all(|(url, item)| items.get(url) == Some(item)));
        assert!(
            items.contains_key(&server.url(&format!("/news/{}", newest.load(Ordering::SeqCst))))
        );
    }
    assert!(!bed.files("public").keys().any(|name| name.starts_with(".infocus-new")));
}
