//! A day of a site with many sources, some of them broken in every way: the report is right for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::bed::Bed;
use crate::drift::{RULES, classic};
use crate::server::{Answer, Request, Server};

/// `INFOCUS_SOURCES=1000 cargo test a_day` for more; every twentieth is broken.
fn sources() -> usize {
    let asked = std::env::var("INFOCUS_SOURCES").ok();
    asked.and_then(|sources| sources.parse().ok()).unwrap_or(220)
}

/// The ways to be broken from the second hour on, the last from the first: outcome, verdict, and the hours of the day in which
/// there is a look.
const BROKEN: [(&str, &str, &[i64]); 11] = [
    ("not_found", "failed", &[0, 1, 2, 4, 8, 16]),
    ("gone", "failed", &[0, 1, 2, 4, 8, 16]),
    ("forbidden", "failed", &[0, 1, 2, 4, 8, 16]),
    ("server_error", "failed", &[0, 1, 2, 4, 8, 16]),
    // Wants to be left alone for three hours each time.
    ("server_error", "failed", &[0, 1, 4, 7, 11, 19]),
    ("redirect", "failed", &[0, 1, 2, 4, 8, 16]),
    ("private", "failed", &[0, 1, 2, 4, 8, 16]),
    // What comes, and is not what it should be, may be so at any hour.
    ("unusable", "degraded", &HOURS),
    ("unusable", "degraded", &HOURS),
    ("too_large", "failed", &[0, 1, 2, 4, 8, 16]),
    ("robots", "failed", &[0, 1, 3, 7, 15]),
];

/// The way to be broken that is so from the beginning: robots.txt, once read, would hold for the day.
const ROBOTS: usize = 10;

const HOURS: [i64; 24] = {
    let mut hours = [0; 24];
    let mut hour = 0;
    while hour < 24 {
        hours[hour] = hour as i64;
        hour += 1;
    }
    hours
};

fn broken(way: usize) -> Answer {
    match way {
        0 => Answer::status(404),
        1 => Answer::status(410),
        2 => Answer::status(403),
        3 => Answer::status(500),
        4 => Answer::status(503).with("Retry-After", "10800"),
        5 => Answer::status(302).with("Location", "/news/"),
        6 => Answer::status(302).with("Location", "http://10.0.0.1/news/"),
        7 => Answer::page("<html><body><p>We are building this page anew.</p></body></html>"),
        8 => classic(7..=8),
        9 => Answer::page(vec![b'a'; 10_000_001]),
        _ => classic(1..=8),
    }
}

/// How source `n` is broken, if it is.
fn way(n: usize) -> Option<usize> {
    n.is_multiple_of(20).then_some(n / 20 % BROKEN.len())
}

/// The number of the source whose host is asked.
fn source(request: &Request) -> usize {
    let host = &request.headers["host"];
    let parts: Vec<usize> = host.split([':', '.']).filter_map(|part| part.parse().ok()).collect();
    parts[2] * 200 + parts[3] - 1
}

#[test]
fn a_day_of_many_sources_is_reported_right_for_each() {
    let hour = Arc::new(AtomicUsize::new(0));
    let now = hour.clone();
    let answer = move |request: &Request| {
        let (n, hour) = (source(request), now.load(Ordering::SeqCst));
        match way(n).filter(|way| hour > 0 || *way == ROBOTS) {
            Some(ROBOTS) if request.path == "/robots.txt" => Answer::status(500),
            _ if request.path == "/robots.txt" => Answer::status(404),
            Some(way) => broken(way),
            // Some have news at noon; the others say that nothing has changed.
            None if n % 20 == 7 && hour >= 12 => classic(1..=9).with("ETag", "\"two\""),
            None if request.headers.contains_key("if-none-match") => Answer::status(304),
            None => classic(1..=8).with("ETag", "\"one\""),
        }
    };
    let server = Server::at("0.0.0.0:0", answer);
    server.says_to_robots_by_handler();
    let mut bed = Bed::new();
    for n in 0..sources() {
        let host = format!("127.0.{}.{}:{}", n / 200, n % 200 + 1, server.port());
        bed.write(
            &format!("feeds/s{n:04}.toml"),
            format!("title = \"{n}\"\n[[source]]\nurl = \"http://{host}/news/\"\n{RULES}"),
        );
    }
    let mut looks: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for at in HOURS {
        hour.store(at as usize, Ordering::SeqCst);
        let time = jiff::civil::date(2026, 5, 20).at(at as i8, 0, 0, 0);
        bed.at(&format!("{time}Z"));
        let ran = bed.run(&["refresh", "--json"]);
        let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
        for report in told["sources"].as_array().expect("sources") {
            let n: usize = report["feed"].as_str().expect("a slug")[1..].parse().expect("a number");
            looks.entry(n).or_default().push(at);
            let (outcome, verdict) = match way(n) {
                way if at == 0 && way != Some(ROBOTS) => ("read", "fresh"),
                Some(way) => (BROKEN[way].0, BROKEN[way].1),
                None if n % 20 == 7 && at == 12 => ("read", "fresh"),
                None if n % 20 == 7 && at > 12 => ("read", "unchanged"),
                None => ("not_modified", "unchanged"),
            };
            let said = (report["outcome"].as_str(), report["verdict"].as_str());
            assert_eq!(said, (Some(outcome), Some(verdict)), "{report} at {at}");
        }
        assert_eq!(ran.code, 3);
    }
    for n in 0..sources() {
        let expected = way(n).map_or(&HOURS[..], |way| BROKEN[way].2);
        assert_eq!(looks[&n], expected, "source {n}, broken by {:?}", way(n));
        if way(n) == Some(ROBOTS) {
            assert!(!bed.path(&format!("public/s{n:04}")).exists());
            continue;
        }
        let items = bed.json_feed(&format!("s{n:04}"))["items"].as_array().map(Vec::len);
        assert_eq!(items, Some(if n % 20 == 7 { 9 } else { 8 }), "source {n}");
    }
}
