//! Output in a bucket: the bytes of the files, none of them written in vain, and never an older one over a
//! newer.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use crate::bed::Bed;
use crate::objects::{Bucket, bucket, decoded};
use crate::postgres;
use crate::served::{Served, exchange};
use crate::server::{Answer, Request, Server};

fn with_news(bed: Bed, titles: &[&str]) -> Bed {
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n");
    for title in titles {
        add(&bed, title);
    }
    bed
}

fn add(bed: &Bed, title: &str) {
    let text = format!("In Focus\n\n{title}\n\n1 May 2026\n\nText of it.");
    bed.write(&format!("feeds/news/{title}.txt"), text);
}

/// A site that publishes into a bucket.
fn site(bucket: &Bucket, titles: &[&str]) -> Bed {
    let mut bed = with_news(Bed::new(), titles);
    bucket.publishes(&mut bed, &bucket.endpoint());
    bed
}

/// Stands between a site and the bucket; each request goes on when the gate lets it, or is answered there.
fn proxy(
    bucket: &Bucket,
    gate: impl Fn(&Request) -> Option<u16> + Send + Sync + 'static,
) -> Server {
    let address = bucket.address();
    Server::start(move |request| {
        if let Some(status) = gate(request) {
            return Answer::status(status);
        }
        let mut head =
            format!("{} {} HTTP/1.1\r\nconnection: close\r\n", request.method, request.path);
        for (name, value) in request.headers.iter().filter(|(name, _)| *name != "connection") {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let reply = exchange(address, format!("{head}\r\n{}", request.body).as_bytes());
        let is_own = |name: &str| ["content-length", "connection"].contains(&name);
        let mut answer = Answer { status: reply.status, headers: Vec::new(), body: reply.body };
        answer.headers.extend(reply.headers.into_iter().filter(|(name, _)| !is_own(name)));
        answer
    })
}

fn asked(proxy: &Server) -> Vec<String> {
    proxy.asked_paths().iter().map(|path| decoded(path)).collect()
}

#[test]
fn what_is_in_a_bucket_are_the_bytes_of_the_files() {
    let Some(bucket) = bucket("what is in a bucket are the bytes of the files") else { return };
    let (bed, files) =
        (site(&bucket, &["Ferry", "Bridge"]), with_news(Bed::new(), &["Ferry", "Bridge"]));
    let told = bed.run(&["refresh"]).ends(0).stdout;
    assert!(told.contains(&format!("Published: {}/index.html", bucket.output(None))), "{told}");
    files.run(&["refresh"]).ends(0);
    let published = files.files("public");
    assert!(published.len() > 6, "{:?}", published.keys());
    for (name, (bytes, _)) in published {
        assert_eq!(bucket.get(&format!("site/{name}")).body, bytes, "{name}");
    }
    assert!(!bed.path("public").exists() && !bed.path("s3:").exists());
    for (name, media_type, good_for) in [
        ("news/feed.xml", "application/rss+xml; charset=utf-8", 900),
        ("news/feed.json", "application/feed+json; charset=utf-8", 900),
        ("index.html", "text/html; charset=utf-8", 300),
    ] {
        let reply = bucket.get(&format!("site/{name}"));
        assert_eq!(reply.header("content-type"), media_type);
        assert_eq!(reply.header("cache-control"), format!("public, max-age={good_for}"));
    }
}

#[test]
fn only_what_has_changed_is_put_and_what_others_link_to_first() {
    let Some(bucket) = bucket("only what has changed is put, and what others link to first") else {
        return;
    };
    let mut bed = with_news(Bed::new(), &["Ferry"]);
    let proxy = proxy(&bucket, |_| None);
    bucket.publishes(&mut bed, &proxy.url(""));
    bed.run(&["refresh"]).ends(0);
    let first = asked(&proxy);
    let place = |end: &str| first.iter().position(|path| path.ends_with(end)).expect(end);
    assert!(first.iter().any(|path| path.contains("/site/news/")), "{first:?}");
    let page = first.iter().position(|path| path.contains("/news/items/")).expect("a page");
    assert!(page < place("/news/feed.xml") && place("/news/feed.xml") < place("/site/index.html"));
    bed.run(&["refresh"]).ends(0);
    assert_eq!(proxy.asked_paths(), Vec::<String>::new());
    add(&bed, "Bridge");
    bed.run(&["refresh"]).ends(0);
    let second = asked(&proxy);
    assert!(second.iter().any(|path| path.ends_with("/news/feed.xml")), "{second:?}");
    assert!(second.iter().all(|path| !path.ends_with("/feeds.opml")), "{second:?}");
}

#[test]
fn what_is_gone_from_a_bucket_or_is_another_there_is_put_again_by_publish() {
    let Some(bucket) = bucket("what is gone from a bucket is put again") else { return };
    let bed = site(&bucket, &["Ferry"]);
    bed.run(&["refresh"]).ends(0);
    let feed = bucket.read("site/news/feed.xml");
    bucket.delete("site/news/feed.xml");
    bucket.delete("site/index.html");
    for name in ["site/news/atom.xml", "site/feeds.opml"] {
        bucket.put(name, b"defaced");
    }
    bed.run(&["publish"]).ends(0);
    assert!(bucket.read("site/index.html").contains("News"));
    assert!(bucket.read("site/feeds.opml").contains("feed.xml"));
    assert_eq!(bucket.read("site/news/feed.xml"), feed);
    assert!(bucket.read("site/news/atom.xml").contains("Ferry"));
}

#[test]
fn who_has_forgotten_what_was_put_finds_it_again() {
    let Some(bucket) = bucket("who has forgotten what was put finds it again") else { return };
    let mut bed = site(&bucket, &["Ferry"]);
    bed.run(&["refresh"]).ends(0);
    bed.forget();
    add(&bed, "Bridge");
    bed.run(&["refresh"]).ends(0);
    assert!(bucket.read("site/news/feed.xml").contains("Bridge"));
    add(&bed, "Road");
    bed.run(&["refresh"]).ends(0);
    assert!(bucket.read("site/news/feed.xml").contains("Road"));
}

/// A gate through which nothing goes to a file before it is opened.
fn gate(bucket: &Bucket, file: &'static str) -> (Server, Arc<Mutex<()>>) {
    let gate = Arc::new(Mutex::new(()));
    let hinge = gate.clone();
    let server = proxy(bucket, move |request| {
        if request.method == "PUT" && decoded(&request.path).ends_with(file) {
            drop(hinge.lock());
        }
        None
    });
    (server, gate)
}

fn is_asked(proxy: &Server, file: &str) {
    while !asked(proxy).iter().any(|path| path.ends_with(file)) {
        std::thread::yield_now();
    }
}

#[test]
fn whoever_was_stopped_for_a_while_writes_nothing_older_over_what_is_newer() {
    let test = "whoever was stopped for a while writes nothing older over what is newer";
    let Some(bucket) = bucket(test) else { return };
    if !postgres::is_there(test) {
        return;
    }
    let database = postgres::fresh();
    let mut other = site(&bucket, &["Ferry"]);
    other.remember_in(&database);
    other.run(&["refresh"]).ends(0);
    // One machine reads what there is, and stops before it has put the feed.
    let (before, gate_before) = gate(&bucket, "/news/feed.xml");
    let closed_before = gate_before.lock().expect("a gate");
    let mut stopped = with_news(Bed::new(), &["Ferry", "Bridge"]);
    stopped.remember_in(&database);
    bucket.publishes(&mut stopped, &before.url(""));
    let refresh =
        |bed: &Bed| bed.command(&["refresh"]).stderr(Stdio::piped()).spawn().expect("a run");
    let run = refresh(&stopped);
    is_asked(&before, "/news/feed.xml");
    // What it had taken is free by the time of another, which finds more and has published half of it.
    for title in ["Bridge", "Road"] {
        add(&other, title);
    }
    let (after, gate_after) = gate(&bucket, "/news/atom.xml");
    let closed_after = gate_after.lock().expect("a gate");
    bucket.publishes(&mut other, &after.url(""));
    let newer = refresh(other.at("2026-05-04T15:10:00Z"));
    is_asked(&after, "/news/atom.xml");
    while !bucket.read("site/news/feed.xml").contains("Road") {
        std::thread::yield_now();
    }
    drop(closed_before);
    let ended = run.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.contains("another process publishes by now"), "{told}");
    drop(closed_after);
    let ended = newer.wait_with_output().expect("an end");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    for name in ["feed.xml", "atom.xml", "feed.json"] {
        assert!(bucket.read(&format!("site/news/{name}")).contains("Road"), "{name}");
    }
}

#[test]
fn what_was_published_elsewhere_meanwhile_is_published_here_again() {
    let Some(bucket) = bucket("what was published elsewhere meanwhile is published here again")
    else {
        return;
    };
    let mut bed = site(&bucket, &["Ferry"]);
    bed.run(&["refresh"]).ends(0);
    add(&bed, "Bridge");
    bed.set("INFOCUS_OUTPUT", "public").run(&["refresh"]).ends(0);
    assert!(bed.read("public/news/feed.xml").contains("Bridge"));
    bucket.publishes(&mut bed, &bucket.endpoint());
    bed.run(&["refresh"]).ends(0);
    assert!(bucket.read("site/news/feed.xml").contains("Bridge"));
}

#[test]
fn a_store_that_does_not_answer_is_not_asked_for_each_file() {
    let Some(bucket) = bucket("a store that does not answer is not asked for each file") else {
        return;
    };
    let mut bed = site(&bucket, &["Ferry"]);
    bed.run(&["refresh"]).ends(0);
    let proxy = proxy(&bucket, |_| Some(500));
    bucket.publishes(&mut bed, &proxy.url(""));
    let served = Served::start(&bed);
    assert_eq!(served.get("/news/feed.xml").status, 503);
    assert!(!proxy.asked().is_empty());
    assert_eq!(served.get("/news/atom.xml").status, 503);
    assert_eq!(proxy.asked_paths(), Vec::<String>::new());
    assert_eq!(served.get("/health").status, 200);
}

#[test]
fn a_site_is_served_from_its_bucket() {
    let Some(bucket) = bucket("a site is served from its bucket") else { return };
    let bed = site(&bucket, &["Ferry"]);
    bed.run(&["refresh"]).ends(0);
    let served = Served::start(&bed);
    let first = served.get("/news/feed.xml");
    assert_eq!(first.text(), bucket.read("site/news/feed.xml"));
    let known = [("if-none-match", first.header("etag"))];
    assert_eq!(served.ask("GET", "/news/feed.xml", &known, b"").status, 304);
    assert_eq!(served.get("/news").header("location"), "./news/");
    assert_eq!(served.get("/news/").text(), bucket.read("site/news/index.html"));
    assert_eq!(served.get("/news/nothing.xml").status, 404);
    // Of what somebody has taken away nothing else suffers.
    bucket.delete("site/news/feed.json");
    assert_eq!(served.get("/news/feed.json").status, 404);
    assert_eq!(served.get("/news/atom.xml").status, 200);
    add(&bed, "Bridge");
    bed.run(&["refresh"]).ends(0);
    served.until("change", || served.get("/news/feed.xml").text().contains("Bridge").then_some(()));
}

#[test]
fn what_was_mailed_is_archived_in_the_bucket() {
    let Some(bucket) = bucket("what was mailed is archived in the bucket") else { return };
    let mut bed = site(&bucket, &["Old"]);
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"In Focus <news@example.org>\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n";
    bed.write("infocus.toml", settings);
    bed.run(&["subscribers", "add", "weekly", "ana@example.org"]).ends(0);
    bed.run(&["refresh"]).ends(0);
    add(&bed, "Ferry");
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-05T16:00:00Z").run(&["send", "weekly"]).ends(0);
    assert!(bucket.read("site/newsletters/weekly/index.html").contains("Ferry"));
    // What could not be put is put by a later run.
    for status in [403, 200] {
        let proxy = proxy(&bucket, move |request| {
            let is_list =
                request.method == "PUT" && decoded(&request.path).ends_with("/weekly/index.html");
            (is_list && status == 403).then_some(status)
        });
        bucket.publishes(&mut bed, &proxy.url(""));
        add(&bed, "Bridge");
        bed.at("2026-05-12T15:00:00Z").run(&["refresh"]).ends(0);
        let code = bed.at("2026-05-12T16:00:00Z").run(&["send", "weekly"]).code;
        assert_eq!(code, if status == 403 { 1 } else { 0 });
    }
    assert!(bucket.read("site/newsletters/weekly/index.html").contains("Bridge"));
    let feed = bucket.read("site/newsletters/weekly/feed.xml");
    assert!(feed.contains("https://news.example.org/newsletters/weekly/"), "{feed}");
}

#[test]
fn what_is_no_bucket_is_told_with_the_way_out() {
    let bed = Bed::new();
    for output in ["ftp://example.org/x", "s3://", "s3:///prefix", "s3://bucket?region=x"] {
        bed.write("infocus.toml", format!("output = \"{output}\"\n"));
        let told = bed.run(&["check"]).ends(2).stderr;
        assert!(told.contains("infocus.toml:1") && told.contains("s3://bucket/prefix"), "{told}");
    }
}

#[test]
fn what_a_store_says_is_told_in_a_line() {
    let Some(bucket) = bucket("what a store says is told in a line") else { return };
    let mut bed = site(&bucket, &["Ferry"]);
    bed.set("INFOCUS_OUTPUT", bucket.output(Some("another")));
    let told = bed.run(&["refresh"]).ends(1).stderr;
    let (first, _) = told.split_once('\n').expect("a line");
    assert!(first.contains("`: The specified ") && first.contains(" does not exist"), "{told}");
    assert!(first.contains(&format!("{}/news/", bucket.output(Some("another")))), "{told}");
    // What could not be published is, when it can be.
    bucket.publishes(&mut bed, &bucket.endpoint());
    bed.run(&["refresh"]).ends(0);
    assert!(bucket.read("site/news/feed.xml").contains("Ferry"));
}
