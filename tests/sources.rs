//! Every kind of source gives the same kind of item.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::bed::Bed;
use crate::server::{Answer, Request, Server};

/// A site with one feed of one source at `path`; `rules` follow its address.
pub fn bed(server: &Server, path: &str, rules: &str) -> Bed {
    let bed = Bed::new();
    let url = server.url(path);
    bed.write("feeds/news.toml", format!("title = \"News\"\n[[source]]\nurl = \"{url}\"\n{rules}"));
    bed
}

/// Refreshes and shows of each item the fields that are named.
pub fn items(bed: &Bed, fields: &[&str]) -> Vec<Vec<String>> {
    bed.run(&["refresh", "--force"]).ends(0);
    let feed = bed.json_feed("news");
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let item = |item: &Value| fields.iter().map(|field| shown(&item[field])).collect();
    feed["items"].as_array().expect("items").iter().map(item).collect()
}

pub fn serve(pages: &'static [(&'static str, &'static str, &'static str)]) -> Server {
    Server::start(move |request| {
        let page = pages.iter().find(|(path, _, _)| *path == request.path);
        match page {
            Some((_, media_type, body)) => Answer {
                status: 200,
                headers: vec![("Content-Type".to_owned(), (*media_type).to_owned())],
                body: body.as_bytes().to_vec(),
            },
            None => Answer::status(404),
        }
    })
}

#[test]
fn the_page_of_an_item_dates_it_by_what_it_says_to_programs() {
    let server = Server::start(|request: &Request| {
        let ld = |date: &str| {
            format!(
                r#"{{"@type":["NewsArticle"],"datePublished":"{date}","author":[{{"name":"Ana"}}]}}"#
            )
        };
        let script = |body: String| {
            Answer::page(format!(
                "<script type='application/ld+json'>{body}</script><div class=t>Text.</div>"
            ))
        };
        match request.path.as_str() {
            "/news" => Answer::page(
                "<li><a href=/ld>A</a><li><a href=/meta>B</a><li><a href=/micro>C</a><li><a href=/many>D</a><li><a href=/2026/04/07/e>E</a>",
            ),
            "/ld" => script(format!(
                r#"{{"@context":"https://schema.org","@graph":[{{"@type":"Organization"}},{}]}}"#,
                ld("2026-05-03T09:00:00+02:00")
            )),
            "/meta" => Answer::page(
                "<meta property='article:published_time' content='2026-05-02'><div class=t>Text.</div>",
            ),
            "/micro" => Answer::page(
                "<time itemprop=datePublished datetime=2026-05-01>1 May</time><div class=t>Text.</div>",
            ),
            "/many" => script(format!("[{},{}]", ld("2026-04-01"), ld("2026-04-02"))),
            _ => Answer::page("<div class=t>Text.</div>"),
        }
    });
    let bed =
        bed(&server, "/news", "[source.html]\nitem = \"li\"\n[source.detail]\ncontent = \".t\"\n");
    assert_eq!(
        items(&bed, &["title", "date_published"]),
        [
            // Which of two it would be is not said.
            ["D", "2026-05-04T12:00:00+02:00"],
            ["A", "2026-05-03T09:00:00+02:00"],
            ["B", "2026-05-02T12:00:00+02:00"],
            ["C", "2026-05-01T12:00:00+02:00"],
            ["E", "2026-04-07T12:00:00+02:00"],
        ]
    );
}

#[test]
fn a_page_that_is_read_late_adds_its_text_and_is_no_edit() {
    let is_down = Arc::new(AtomicBool::new(true));
    let down = is_down.clone();
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/news" => Answer::page("<li><a href=/a>A plan</a><p>3 May 2026</p>"),
        _ if down.load(Ordering::Relaxed) => Answer::status(500),
        _ => Answer::page("<div class=t>The towns agreed.</div>"),
    });
    let rules = "[source.html]\nitem = \"li\"\ntitle = \"a\"\npublished = \"p\"\n[source.detail]\ncontent = \".t\"\n";
    let mut bed = bed(&server, "/news", rules);
    bed.run(&["refresh", "--force"]).ends(3);
    is_down.store(false, Ordering::Relaxed);
    bed.at("2026-06-01T10:00:00Z");
    assert_eq!(items(&bed, &["content_html", "date_modified"]), [["The towns agreed.", "-"]]);
}

#[test]
fn rows_of_a_table_are_read_by_the_names_of_its_columns_under_headings() {
    let server = serve(&[(
        "/decisions",
        "text/html",
        "<h3>Press releases</h3><h2>May 2026</h2><table><thead><tr><th>Day</th><th colspan=2>Decision</th><th>Where</th></tr></thead>\
         <tbody><tr><td class=day>12</td><td>1</td><td><a href=/d/1>No. 1: The budget</a></td><td>Hall</td></tr></tbody></table>\
         <h2>April 2026</h2><table><tr><th>Day<th>Decision no.<th>Decision<th>Where</tr><tr class=r><td class=day>30<td><a href=/d/2>2</a><td><a href=/d/2>No. 2: The school</a><td>Hall</tr></table>",
    )]);
    let rules = "[source.html]\nitem = \"tr:has(td)\"\ntitle = { column = \"decision\", select = \"a\", replace = [[\"^No\\\\. \\\\d+: \", \"\"]] }\n\
        url = \"a @href\"\npublished = { template = \"{td.day} {^ h2}\" }\nkicker = \"^ h3\"\n";
    let mut bed = bed(&server, "/decisions", rules);
    bed.at("2026-06-01T10:00:00Z");
    assert_eq!(
        items(&bed, &["title", "date_published", "tags"]),
        [
            ["The budget", "2026-05-12T12:00:00+02:00", "[\"Press releases\"]"],
            ["The school", "2026-04-30T12:00:00+02:00", "[\"Press releases\"]"],
        ]
    );
}

#[test]
fn a_cell_that_spans_rows_is_a_cell_of_each() {
    let server = serve(&[(
        "/decisions",
        "text/html",
        "<table><thead><tr><th rowspan=2>Day</th><th colspan=2>Decision</th></tr><tr><th>No.</th><th>Title</th></tr></thead>\
         <tbody><tr><td rowspan=2>12 May 2026</td><td>1</td><td><a href=/d/1>The budget</a></td></tr>\
         <tr><td>2</td><td><a href=/d/2>The school</a></td></tr></tbody>\
         <tbody><tr><td>13 May 2026<td>3<td rowspan=0><a href=/d/3>The bridge</a></tr></tbody></table>",
    )]);
    let rules = "[source.html]\nitem = \"tbody tr\"\ntitle = { column = \"title\" }\nkicker = { column = \"No.\" }\n\
        url = { column = \"decision\", select = \"a @href\" }\npublished = { column = \"day\" }\n";
    let mut bed = bed(&server, "/decisions", rules);
    bed.at("2026-06-01T10:00:00Z");
    assert_eq!(
        items(&bed, &["title", "date_published", "tags"]),
        [
            ["The bridge", "2026-05-13T12:00:00+02:00", "[\"3\"]"],
            ["The budget", "2026-05-12T12:00:00+02:00", "[\"1\"]"],
            ["The school", "2026-05-12T11:59:59+02:00", "[\"2\"]"],
        ]
    );
}

#[test]
fn a_heading_and_what_follows_it_is_an_item_where_there_is_no_other() {
    let server = serve(&[
        (
            "/notices",
            "text/html",
            "<h2>Water off</h2><p class=meta>Published: 3 May 2026</p><p>Until noon.</p><hr><h2>Road closed</h2><p>For a week. <a href=/road>More</a></p>",
        ),
        (
            "/notices?page=2",
            "text/html",
            "<dl><dt>Bridge open</dt><dd class=date>1 May 2026</dd><dt>Ferry stops</dt></dl>",
        ),
    ]);
    let rules = format!(
        "pages = 3\nnext_url = \"{}?page={{page}}\"\n[source.html]\nitem = \"h2, dt\"\nrun = true\ntitle = \"h2, dt\"\nurl = \"a @href\"\n\
         published = [{{ select = \".meta\", regex = \"Published: (.+)\" }}, \".date\"]\nsummary = \"p:not(.meta)\"\n",
        server.url("/notices")
    );
    let bed = bed(&server, "/notices", &rules);
    bed.run(&["refresh"]).ends(0);
    let feed = bed.json_feed("news");
    let mut found: Vec<_> = feed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            (
                item["title"].as_str().expect("a title"),
                item["summary"].as_str().unwrap_or("-"),
                &item["date_published"].as_str().expect("a date")[..10],
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("Bridge open", "-", "2026-05-01"),
            ("Ferry stops", "-", "2026-05-04"),
            ("Road closed", "For a week. More", "2026-05-04"),
            ("Water off", "Until noon.", "2026-05-03"),
        ]
    );
}

#[test]
fn a_server_is_asked_with_what_it_wants_and_no_other_server_hears_of_it() {
    let elsewhere = Server::start(|_| Answer::page("<div class=text>Elsewhere.</div>"));
    let other = elsewhere.url("/1");
    let server = Server::start(move |_| {
        Answer::page(format!("<li><a href='{other}'>One</a><li><a href=/2>Two</a>"))
    });
    let rules = "[source.request]\nmethod = \"POST\"\nbody = \"section=news\"\nheaders = { Cookie = \"consent=${CONSENT}\" }\n\
        user = \"reader\"\npassword = \"${NEWS_PASSWORD}\"\n[source.html]\nitem = \"li\"\n[source.detail]\ncontent = \".text\"\n";
    let bed = bed(&server, "/members", rules);
    let run = |command: &mut std::process::Command| {
        crate::bed::Ran::from(command.output().expect("it runs"))
    };
    let told = run(&mut bed.command(&["refresh"])).ends(2).stderr;
    assert!(
        told.contains("there is no `CONSENT` in the environment\n  at: feeds/news.toml:"),
        "{told}"
    );
    run(bed.command(&["refresh"]).env("CONSENT", "yes").env("NEWS_PASSWORD", "geheim")).ends(0);
    let asked = server.asked();
    assert_eq!(
        (asked[0].method.as_str(), asked[0].headers["cookie"].as_str()),
        ("POST", "consent=yes")
    );
    assert_eq!(asked[0].headers["authorization"], "Basic cmVhZGVyOmdlaGVpbQ==");
    assert_eq!((asked[1].path.as_str(), asked[1].method.as_str()), ("/2", "GET"));
    assert_eq!(asked[1].headers["cookie"], "consent=yes");
    let asked = elsewhere.asked();
    assert!(
        !asked[0].headers.contains_key("cookie") && !asked[0].headers.contains_key("authorization"),
        "{asked:?}"
    );
}

#[test]
fn an_image_is_what_is_shown_in_the_end() {
    let server = serve(&[(
        "/news",
        "text/html",
        "<article><h3>A</h3><img data-src=/a.jpg src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' alt='A bridge' width=640 height=480></article>\
         <article><h3>B</h3><img srcset='/b-400.jpg 400w, /b-1200.jpg 1200w, /b-4000.jpg 4000w' src=/b-400.jpg></article>\
         <article><h3>C</h3><picture><source data-srcset=/c.webp><img data-lazy-src=/c.jpg></picture></article>\
         <article><h3>D</h3><noscript><img src=/d.jpg></noscript></article>\
         <article><h3>E</h3><div class=body><p>Text <img src='data:image/png;base64,AA' data-src='/e.jpg'><noscript><img src=/e.jpg></noscript></p></div></article>",
    )]);
    let bed = bed(
        &server,
        "/news",
        "[source.html]\nitem = \"article\"\nimage = \"img @src\"\ncontent = \".body\"\n",
    );
    let found = items(&bed, &["title", "image", "content_html"]);
    let images: Vec<_> = found.iter().map(|item| item[1].replace(&server.url(""), "")).collect();
    assert_eq!(images, ["/a.jpg", "/b-1200.jpg", "/c.jpg", "/d.jpg", "/e.jpg"]);
    assert_eq!(found[4][2], format!("<p>Text <img alt=\"\" src=\"{}\"></p>", server.url("/e.jpg")));
    let rss = bed.read("public/news/feed.xml");
    assert!(rss.contains(r#"height="480""#) && rss.contains(r#"width="640""#), "{rss}");
}

#[test]
fn two_sources_of_one_page_take_turns_of_their_own() {
    let server = serve(&[(
        "/news",
        "text/html",
        "<ul class=a><li><a href=/1>One</a></ul><ul class=b><li><a href=/2>Two</a></ul>",
    )]);
    let bed = Bed::new();
    let source = |id: &str, list: &str| {
        format!(
            "[[source]]\n{id}url = \"{}\"\n[source.html]\nitem = \"{list} li\"\n",
            server.url("/news")
        )
    };
    bed.write(
        "feeds/news.toml",
        format!("title = \"News\"\n{}{}", source("", ".a"), source("", ".b")),
    );
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(
        told.contains("` already\n  at: feeds/news.toml:6\nhelp: give each an `id` of its own"),
        "{told}"
    );
    bed.write(
        "feeds/news.toml",
        format!("title = \"News\"\n{}{}", source("", ".a"), source("id = \"b\"\n", ".b")),
    );
    assert_eq!(items(&bed, &["title"]), [["Two"], ["One"]], "what came later is later");
}

#[test]
fn secrets_go_to_no_other_server_that_a_page_names() {
    let elsewhere = Server::start(|_| Answer::page("{}"));
    let other = elsewhere.url("/steal");
    let server = Server::start(move |_| {
        Answer::page(format!(r#"{{"data":[{{"title":"One","url":"/1"}}],"next":"{other}"}}"#))
    });
    let rules = "pages = 3\n[source.request]\nheaders = { X-Api-Key = \"geheim\" }\nuser = \"u\"\npassword = \"p\"\n\
        [source.json]\nitem = \"$.data[*]\"\ntitle = \"$.title\"\nurl = \"$.url\"\nnext = \"$.next\"\n";
    let bed = bed(&server, "/api", rules);
    bed.run(&["refresh"]);
    assert_eq!(server.asked()[0].headers["x-api-key"], "geheim");
    for request in elsewhere.asked() {
        assert!(!request.headers.contains_key("x-api-key"), "{request:?}");
        assert!(!request.headers.contains_key("authorization"), "{request:?}");
    }
}

#[test]
fn a_key_is_an_items_alone_within_its_source() {
    let feed = |title: &str| {
        Answer::page(format!(
            "<rss version='2.0'><channel><title>N</title><item><title>{title}</title><link>http://e.org/{title}</link><guid isPermaLink='false'>1</guid></item></channel></rss>"
        ))
    };
    let server = Server::start(move |request: &Request| feed(request.path.trim_matches('/')));
    let bed = Bed::new();
    bed.write(
        "feeds/news.toml",
        format!(
            "title = \"News\"\n[[source]]\nurl = \"{}\"\n[[source]]\nurl = \"{}\"\n",
            server.url("/alpha"),
            server.url("/beta")
        ),
    );
    let mut titles = items(&bed, &["title"]);
    titles.sort();
    assert_eq!(titles, [["alpha"], ["beta"]]);
}
