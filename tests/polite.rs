//! A good guest: conditional, as robots.txt says, with time between, and patient with failure.

use serde_json::Value;

use crate::bed::Bed;
use crate::drift::{RULES, classic};
use crate::server::{Answer, Server};
use crate::sources::bed;

/// What the report says of the first source.
fn report(bed: &Bed, code: i32) -> Value {
    let ran = bed.run(&["refresh", "--json"]).ends(code);
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    report["sources"][0].clone()
}

/// A server that is fine, and a feed of it that was never refreshed.
fn fresh() -> (Server, Bed) {
    let server = Server::start(|_| classic(1..=8));
    let mut bed = bed(&server, "/news/", RULES);
    bed.at("2026-05-20T10:00:00Z");
    (server, bed)
}

fn robots(text: &str) -> Answer {
    Answer::page(text.to_owned()).with("Content-Type", "text/plain")
}

#[test]
fn robots_are_asked_first_and_once_a_day() {
    let (server, mut bed) = fresh();
    server.says_to_robots(robots("User-agent: *\nDisallow: /private/\n"));
    bed.run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/robots.txt", "/news/"]);
    bed.at("2026-05-20T18:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/news/"]);
    bed.at("2026-05-21T18:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/robots.txt", "/news/"]);
}

#[test]
fn what_robots_forbid_is_not_asked_for_unless_the_definition_says_so() {
    let (server, bed) = fresh();
    server.says_to_robots(robots("User-agent: infocus\nDisallow: /news/\n"));
    let told = report(&bed, 3);
    assert_eq!((&told["outcome"], &told["verdict"]), (&"robots".into(), &"failed".into()));
    assert!(told["problems"][0].as_str().is_some_and(|told| told.contains("ignore_robots")));
    assert_eq!(server.asked_paths(), ["/robots.txt"]);
    let definition = bed.read("feeds/news.toml");
    bed.write("feeds/news.toml", format!("{definition}[source.request]\nignore_robots = true\n"));
    let told = bed.run(&["refresh", "--force", "--json"]).ends(0);
    let told: Value = serde_json::from_str(&told.stdout).expect("a report");
    assert_eq!(told["sources"][0]["ignores_robots"], true);
    assert_eq!(told["sources"][0]["new"], 8);
}

#[test]
fn robots_that_cannot_be_read_forbid_everything_and_those_that_were_read_hold_on() {
    let (server, mut bed) = fresh();
    server.says_to_robots(Answer::status(500));
    let told = report(&bed, 3);
    assert_eq!(told["outcome"], "robots");
    assert_eq!(server.asked_paths(), ["/robots.txt"]);
    server.says_to_robots(robots("User-agent: *\nDisallow: /private/\n"));
    bed.at("2026-05-20T12:00:00Z").run(&["refresh"]).ends(0);
    server.says_to_robots(Answer::status(500));
    bed.at("2026-05-22T12:00:00Z").run(&["refresh"]).ends(0);
    server.asked();
    bed.at("2026-07-22T12:00:00Z").run(&["refresh"]).ends(3);
    assert_eq!(server.asked_paths(), ["/robots.txt"]);
}

#[test]
fn robots_that_forbid_the_pages_of_items_leave_what_the_listing_says() {
    let (server, bed) = fresh();
    server.says_to_robots(robots("User-agent: *\nDisallow: /news/1\nDisallow: /news/2$\n"));
    let definition = bed.read("feeds/news.toml");
    bed.write("feeds/news.toml", format!("{definition}[source.detail]\ncontent = \"main\"\n"));
    let told = report(&bed, 0);
    assert_eq!((&told["new"], &told["verdict"]), (&8.into(), &"fresh".into()));
    assert!(told["warnings"][0].as_str().is_some_and(|told| told.contains("pages of 2 items")));
    let asked = server.asked_paths();
    assert!(asked.contains(&"/news/3".to_owned()) && !asked.contains(&"/news/1".to_owned()));
}

#[test]
fn validators_are_sent_as_they_came() {
    let (server, mut bed) = fresh();
    let (etag, date) = ("W/\"caf\u{e9}--gzip;x\"", "Tue, 19 May 2026 08:00:00 GMT");
    server.change(move |_| classic(1..=8).with("ETag", etag).with("Last-Modified", date));
    bed.run(&["refresh"]).ends(0);
    server.asked();
    server.change(|_| Answer::status(304));
    bed.at("2026-05-20T18:00:00Z");
    let told = report(&bed, 0);
    assert_eq!((&told["outcome"], &told["verdict"]), (&"not_modified".into(), &"unchanged".into()));
    let asked = server.asked();
    assert_eq!(asked[0].headers["if-none-match"], etag);
    assert_eq!(asked[0].headers["if-modified-since"], date);
}

#[test]
fn a_server_that_is_busy_for_a_moment_is_asked_once_more() {
    let (server, bed) = fresh();
    let busy = std::sync::atomic::AtomicUsize::new(0);
    server.change(move |_| match busy.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Answer::status(429).with("Retry-After", "1"),
        _ => classic(1..=8),
    });
    let began = std::time::Instant::now();
    assert_eq!(report(&bed, 0)["new"], 8);
    assert!(began.elapsed().as_millis() >= 1000);
    assert_eq!(server.asked_paths(), ["/news/", "/news/"]);
}

#[test]
fn a_server_that_wants_to_be_left_alone_is_left_alone_in_later_runs_too() {
    for after in ["7200", "Wed, 20 May 2026 12:00:00 GMT"] {
        let (server, mut bed) = fresh();
        server.change(move |_| {
            let busy = Answer::status(503).with("Retry-After", after);
            busy.with("Date", "Wed, 20 May 2026 10:00:00 GMT")
        });
        let told = report(&bed, 3);
        assert_eq!(told["outcome"], "server_error");
        assert_eq!(told["next_check_at"], "2026-05-20T12:00:00Z", "{after}");
        assert_eq!(server.asked_paths(), ["/news/"]);
        server.change(|_| classic(1..=8));
        bed.at("2026-05-20T11:00:00Z");
        let told = bed.run(&["refresh", "--force", "--json"]).ends(0);
        let told: Value = serde_json::from_str(&told.stdout).expect("a report");
        assert_eq!(told["sources"][0]["outcome"], "postponed");
        assert!(server.asked_paths().is_empty());
        bed.at("2026-05-20T12:01:00Z").run(&["refresh"]).ends(0);
        assert_eq!(server.asked_paths(), ["/news/"]);
    }
}

#[test]
fn failures_are_waited_out_longer_and_longer_and_never_for_good() {
    let (server, mut bed) = fresh();
    bed.run(&["refresh"]).ends(0);
    server.change(|_| Answer::status(404));
    let mut now: jiff::Timestamp = "2026-05-20T12:00:00Z".parse().expect("an instant");
    for hours in [1, 2, 4, 8, 16, 24, 24, 24] {
        bed.at(&now.to_string());
        let told = report(&bed, 3);
        assert_eq!(told["outcome"], "not_found");
        let next = now + jiff::SignedDuration::from_hours(hours);
        assert_eq!(told["next_check_at"], next.to_string());
        server.asked();
        // A minute before, nobody asks.
        let before = next - jiff::SignedDuration::from_mins(1);
        bed.at(&before.to_string()).run(&["refresh"]).ends(0);
        assert!(server.asked_paths().is_empty());
        now = next;
    }
    server.change(|_| classic(1..=8));
    bed.at(&now.to_string()).run(&["refresh"]).ends(0);
    server.change(|_| Answer::status(404));
    let now = now + jiff::SignedDuration::from_hours(5);
    bed.at(&now.to_string());
    let next = now + jiff::SignedDuration::from_hours(1);
    assert_eq!(report(&bed, 3)["next_check_at"], next.to_string());
}

#[test]
fn an_answer_that_holds_longer_is_not_asked_for_before() {
    for (header, value, next) in [
        ("Cache-Control", "public, max-age=14400", "2026-05-20T14:00:00Z"),
        ("Cache-Control", "max-age=14400, no-cache", "2026-05-20T11:00:00Z"),
        ("Cache-Control", "max-age=31536000", "2026-05-21T10:00:00Z"),
        ("Cache-Control", "max-age=60", "2026-05-20T11:00:00Z"),
        ("Expires", "Wed, 20 May 2026 13:00:00 GMT", "2026-05-20T13:00:00Z"),
        ("Expires", "0", "2026-05-20T11:00:00Z"),
    ] {
        let (server, bed) = fresh();
        server.change(move |_| classic(1..=8).with(header, value));
        assert_eq!(report(&bed, 0)["next_check_at"], next, "{value}");
    }
}

#[test]
fn a_source_that_has_been_quiet_is_asked_less_often() {
    let (server, mut bed) = fresh();
    bed.run(&["refresh"]).ends(0);
    bed.at("2026-05-22T10:00:00Z");
    assert_eq!(report(&bed, 0)["next_check_at"], "2026-05-22T12:00:00Z");
    bed.at("2026-06-20T10:00:00Z");
    assert_eq!(report(&bed, 0)["next_check_at"], "2026-06-20T14:00:00Z");
    server.change(|_| classic(1..=9));
    bed.at("2026-06-20T14:00:00Z");
    assert_eq!(report(&bed, 0)["next_check_at"], "2026-06-20T15:00:00Z");
}

#[test]
fn when_nothing_answers_at_all_nothing_is_counted_against_the_sources() {
    let mut bed = Bed::new();
    for name in ["one", "two"] {
        bed.write(
            &format!("feeds/{name}.toml"),
            format!(
                "title = \"{name}\"\n[[source]]\nurl = \"http://{name}.invalid/news/\"\n{RULES}"
            ),
        );
    }
    let ran = bed.run(&["refresh", "--json"]).ends(3);
    let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert!(
        ran.stderr.starts_with("error: none of 2 sources could be reached\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(told["sources"][0]["outcome"], "offline");
    // One host that answers, and it is the others that are to blame.
    let server = Server::start(|_| classic(1..=8));
    bed.write(
        "feeds/three.toml",
        format!("title = \"three\"\n[[source]]\nurl = \"{}\"\n{RULES}", server.url("/news/")),
    );
    bed.at("2026-05-04T15:00:01Z");
    let ran = bed.run(&["refresh", "--json"]).ends(3);
    let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(told["sources"][0]["outcome"], "dns");
    assert_eq!(told["sources"][1]["outcome"], "read");
}

#[test]
fn what_was_not_asked_is_neither_well_again_nor_worse() {
    let (server, mut bed) = fresh();
    bed.run(&["refresh"]).ends(0);
    server.change(|_| Answer::status(503).with("Retry-After", "7200"));
    bed.at("2026-05-20T12:00:00Z").run(&["refresh"]).ends(3);
    server.change(|_| classic(1..=8));
    let ran = bed.at("2026-05-20T13:00:00Z").run(&["refresh", "--force"]).ends(0);
    assert_eq!(ran.stderr, "");
    let status = bed.run(&["status"]).ends(0).stdout;
    assert!(status.contains("failed") && status.contains("503"), "{status}");
    let ran = bed.at("2026-05-20T14:30:00Z").run(&["refresh"]).ends(0);
    assert_eq!(ran.stderr, "source `news/1` gives its items again\n");
}

#[test]
fn a_feed_that_says_how_long_it_holds_is_not_asked_for_before() {
    let server = Server::start(|_| {
        Answer::page(
            "<rss version='2.0'><channel><title>N</title><ttl>180</ttl><item><title>One</title><link>/1</link></item></channel></rss>",
        )
        .with("Content-Type", "application/rss+xml")
    });
    let mut bed = bed(&server, "/feed.xml", "");
    bed.at("2026-05-20T10:00:00Z");
    assert_eq!(report(&bed, 0)["next_check_at"], "2026-05-20T13:00:00Z");
}
