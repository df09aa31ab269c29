//! What other programs of this kind get wrong, each on a page of its own: right here.

use serde_json::Value;

use crate::bed::Bed;
use crate::server::{Answer, Server};

/// A listing of `<li>` with a link, an optional date in `<i>` and a teaser in `<p>`.
fn bed(server: &Server) -> Bed {
    let bed = Bed::new();
    let url = server.url("/news/index.html");
    bed.write(
        "feeds/news.toml",
        format!(
            "title = \"News\"\n[[source]]\nurl = \"{url}\"\n[source.html]\nitem = \"li\"\npublished = \"i\"\nsummary = \"p\"\n"
        ),
    );
    bed
}

fn field(bed: &Bed, name: &str) -> Vec<String> {
    let feed = bed.json_feed("news");
    let mut items = feed["items"].as_array().expect("items").clone();
    items.sort_by_key(|item| item["title"].to_string());
    items.iter().map(|item| item[name].as_str().unwrap_or("-").to_owned()).collect()
}

/// The fields of the items that a page gives, in the order of their titles.
fn read(page: impl Into<Vec<u8>>, content_type: &str, name: &str) -> Vec<String> {
    let mut answer = Answer::page(page);
    answer.headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    let server = Server::start(move |_| answer.clone());
    let mut bed = bed(&server);
    bed.at("2026-11-24T10:00:00Z").run(&["refresh"]).ends(0);
    field(&bed, name).into_iter().map(|value| value.replace(&server.url(""), "")).collect()
}

const HTML: &str = "text/html; charset=utf-8";

#[test]
fn addresses_of_every_form_become_whole_ones() {
    let page = "<li><a href=/a>A</a><li><a href=b>B</a><li><a href='?id=3'>C</a><li><a href=//cdn.example.org/d>D</a>";
    assert_eq!(
        read(page, HTML, "url"),
        ["/a", "/news/b", "/news/index.html?id=3", "http://cdn.example.org/d"]
    );
    let page = "<base href=/sub/><li><a href=a>A</a><li><a href=/b>B</a>";
    assert_eq!(read(page, HTML, "url"), ["/sub/a", "/b"]);
}

#[test]
fn dates_in_french_and_in_numbers_are_those_of_the_page() {
    let french = "<html lang=fr><li><a href=a>A</a><i>3 mai 2026</i><li><a href=b>B</a><i>1er juin 2026</i>\
        <li><a href=c>C</a><i>12 févr. 2026</i><li><a href=d>D</a><i>15 août 2025</i>";
    let days = |page: &str, content_type| -> Vec<String> {
        read(page, content_type, "date_published")
            .into_iter()
            .map(|at| at[..10].to_owned())
            .collect()
    };
    assert_eq!(days(french, HTML), ["2026-05-03", "2026-06-01", "2026-02-12", "2025-08-15"]);
    let numbers = "<li><a href=a>A</a><i>03/05/2026</i><li><a href=b>B</a><i>28/04/2026</i><li><a href=c>C</a><i>05.04.2026</i>";
    assert_eq!(days(numbers, HTML), ["2026-05-03", "2026-04-28", "2026-04-05"]);
    let without = "<li><a href=a>A</a><i>3 May 2026</i><li><a href=b>B</a>";
    assert_eq!(days(without, HTML), ["2026-05-03", "2026-11-24"], "no item lost");
    let none = "<li><a href=a>A</a><li><a href=b>B</a>";
    assert_eq!(days(none, HTML), ["2026-11-24", "2026-11-24"]);
}

#[test]
fn letters_survive_wherever_the_encoding_is_said() {
    let latin = b"<meta charset=iso-8859-1><li><a href=a>Caf\xe9 \xe0 Gen\xe8ve</a>".to_vec();
    assert_eq!(read(latin, "text/html", "title"), ["Café à Genève"]);
    let page = "<meta charset=euc-jp><li><a href=a>お知らせ</a><i>2026年5月3日</i>";
    let japanese = encoding_rs::EUC_JP.encode(page).0.into_owned();
    assert_eq!(read(japanese.clone(), "text/html", "title"), ["お知らせ"]);
    assert_eq!(&read(japanese, "text/html", "date_published")[0][..10], "2026-05-03");
    assert_eq!(read("<li><a href=a>Größe</a>", HTML, "title"), ["Größe"], "in the header alone");
}

#[test]
fn scripts_in_a_teaser_are_text_or_nothing() {
    let page =
        "<li><a href=a onclick=x()>A</a><p onclick=x()>Text<script>x()</script> <b>here</b></p>";
    assert_eq!(read(page, HTML, "summary"), ["Text here"]);
}

#[test]
fn a_list_that_has_vanished_and_an_output_that_was_deleted_lose_nothing() {
    let page = "<li><a href=a>A</a>";
    let server = Server::start(move |request| match request.headers.get("if-none-match") {
        Some(_) => Answer::status(304),
        None => Answer::page(page).with("ETag", "\"1\""),
    });
    let mut bed = bed(&server);
    bed.run(&["refresh"]).ends(0);
    let first = bed.files("public");
    std::fs::remove_dir_all(bed.path("public")).expect("removed");
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let bytes = |files: crate::bed::Files| -> Vec<(String, Vec<u8>)> {
        files.into_iter().map(|(name, (bytes, _))| (name, bytes)).collect()
    };
    assert_eq!(bytes(bed.files("public")), bytes(first), "304, and written again");

    bed.forget();
    let id = field(&bed, "id");
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(field(&bed, "id"), id, "without a memory the address still gives the id");

    server.change(|_| Answer::page("<p>Nothing here</p>"));
    let kept = bed.files("public");
    bed.at("2026-05-07T15:00:00Z").run(&["refresh"]).ends(3);
    assert_eq!(bed.files("public"), kept);
    assert_eq!(bed.json_feed("news")["items"][0]["title"], Value::from("A"));
}
