//! Files and pages that are asked about without being read: documents, and what has gone.

use crate::server::{Answer, Request, Server};
use crate::sources::{bed, items};

#[test]
fn a_document_is_an_item_with_its_file_measured_and_never_read_as_a_page() {
    let server = Server::start(|request: &Request| match request.path.as_str() {
        "/papers" => Answer::page(
            "<ul><li><a href=/files/budget.pdf>Budget 2027 (PDF, 2.3 MB)</a><li><a href=/download?id=7>Annual report [pdf]</a>\
             <li><a href=/page>A page</a></ul>",
        ),
        "/page" => Answer::page("<div class=text>All of it.</div>"),
        _ => Answer {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "application/pdf".to_owned())],
            body: vec![b'%'; 2048],
        },
    });
    let bed = bed(
        &server,
        "/papers",
        "[source.html]\nitem = \"li\"\n[source.detail]\ncontent = \".text\"\n",
    );
    let found = items(&bed, &["title", "attachments", "content_html"]);
    let file = |path: &str| {
        format!(
            r#"[{{"mime_type":"application/pdf","size_in_bytes":2048,"url":"{}"}}]"#,
            server.url(path)
        )
    };
    assert_eq!(found[0], ["Budget 2027", &file("/files/budget.pdf"), "-"]);
    assert_eq!(found[1], ["Annual report", &file("/download?id=7"), "-"]);
    assert_eq!(found[2], ["A page", "-", "All of it."]);
    let asked = server.asked();
    assert!(
        asked.iter().any(|request| request.method == "HEAD" && request.path == "/files/budget.pdf"),
        "{asked:?}"
    );
    let page = bed.read("public/news/index.html");
    assert!(page.contains("Budget 2027"), "{page}");
}

#[test]
fn what_is_called_a_document_and_is_a_page_is_no_file_and_each_is_asked_about_once() {
    let list = "<ul><li><a href=/login.pdf>Budget 2027 (PDF)</a><li><a href=/lost.pdf>Report</a><li><a href=/word.pdf>Letter</a>";
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/papers" => Answer::page(list),
        "/lost.pdf" => Answer::status(500),
        "/word.pdf" => Answer {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "application/msword".to_owned())],
            body: vec![b'w'; 100],
        },
        _ => Answer::page("<form>Log in</form>"),
    });
    let bed = bed(&server, "/papers", "[source.html]\nitem = \"li\"\n");
    let file = |path: &str, media_type: &str, size: &str| {
        format!(r#"[{{"mime_type":"{media_type}",{size}"url":"{}"}}]"#, server.url(path))
    };
    let expected = [
        ["Budget 2027".to_owned(), "-".to_owned()],
        ["Report".to_owned(), file("/lost.pdf", "application/pdf", "")],
        ["Letter".to_owned(), file("/word.pdf", "application/msword", r#""size_in_bytes":100,"#)],
    ];
    for _ in 0..3 {
        assert_eq!(items(&bed, &["title", "attachments"]), expected);
    }
    let asked = server.asked().iter().filter(|request| request.method == "HEAD").count();
    assert_eq!(asked, 3);
    server.change(move |request| match request.path.as_str() {
        "/papers" => Answer::page(list.replace("Budget 2027", "The budget of 2027")),
        _ => Answer::page("<form>Log in</form>"),
    });
    assert_eq!(items(&bed, &["title", "attachments"])[0], ["The budget of 2027", "-"]);
}

#[test]
fn an_item_is_taken_back_by_its_page_or_by_the_definition() {
    let server = Server::start(|request: &Request| match request.path.as_str() {
        "/news" => Answer::page("<li><a href=/1>One</a><p>a</p><li><a href=/2>Two</a>"),
        _ => Answer::page("<div class=text>Text.</div>"),
    });
    let rules =
        "[source.html]\nitem = \"li\"\nsummary = \"p\"\n[source.detail]\ncontent = \".text\"\n";
    let mut bed = bed(&server, "/news", rules);
    bed.run(&["refresh"]).ends(0);
    server.change(|request| match request.path.as_str() {
        "/news" => Answer::page("<li><a href=/1>One</a><p>b</p><li><a href=/2>Two</a>"),
        _ => Answer::status(410),
    });
    let definition = bed.read("feeds/news.toml").replacen(
        "title = \"News\"\n",
        &format!("title = \"News\"\nretracted = [\"{}\"]\n", server.url("/2")),
        1,
    );
    bed.write("feeds/news.toml", definition);
    let found = items(bed.at("2026-05-05T15:00:00Z"), &["title", "tags", "content_html"]);
    assert_eq!(found, [["One", "[\"Retracted\"]", "Text."], ["Two", "[\"Retracted\"]", "Text."]]);
    let id =
        bed.json_feed("news")["items"][0]["id"].as_str().expect("an id").replace("urn:uuid:", "");
    assert!(
        bed.read(&format!("public/news/items/{id}.html"))
            .contains("This announcement was taken back.")
    );
}

#[test]
fn an_item_that_has_gone_from_the_page_is_asked_for_once_and_marked_if_it_was_taken_back() {
    let list = |items: &[(u8, u8)]| {
        let item = |(n, day): &(u8, u8)| {
            format!("<li><a href=/{n}>Item {n}</a><p>{day} May 2026</p></li>")
        };
        Answer::page(items.iter().map(item).collect::<String>())
    };
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/news" => list(&[(0, 1), (5, 4), (4, 4), (3, 3), (2, 2)]),
        _ => Answer::page(""),
    });
    let rules = "[source.html]\nitem = \"li\"\ntitle = \"a\"\npublished = \"p\"\n";
    let mut bed = bed(&server, "/news", rules);
    items(&bed, &["title"]);
    server.change(move |request| match request.path.as_str() {
        // The first is pinned; the second has only made room.
        "/news" => list(&[(0, 1), (6, 4), (3, 3)]),
        "/4" => Answer::status(410),
        "/5" => Answer::status(404),
        _ => Answer::page(""),
    });
    bed.at("2026-05-05T15:00:00Z");
    let before = server.asked().len();
    for _ in 0..2 {
        assert_eq!(
            items(&bed, &["title", "tags"]),
            [
                ["Item 6", "-"],
                ["Item 5", "-"],
                ["Item 4", "[\"Retracted\"]"],
                ["Item 3", "-"],
                ["Item 2", "-"],
                ["Item 0", "-"],
            ]
        );
    }
    let asked: Vec<String> = server.asked()[before..]
        .iter()
        .filter(|request| request.method == "HEAD")
        .map(|request| request.path.clone())
        .collect();
    assert_eq!(asked, ["/5", "/4"]);
    server.change(move |request| match request.path.as_str() {
        "/news" => list(&[(0, 1), (6, 4), (4, 4), (3, 3)]),
        _ => Answer::page(""),
    });
    let back = items(bed.at("2026-05-06T15:00:00Z"), &["title", "tags"]);
    assert_eq!(back[2], ["Item 4", "-"]);
}

#[test]
fn a_page_that_has_lost_most_of_what_it_had_has_taken_nothing_back() {
    let list = |days: std::ops::RangeInclusive<u8>| {
        let item = |day: u8| format!("<li><a href=/{day}>Item {day}</a><p>{day} May 2026</p></li>");
        Answer::page(days.rev().map(item).collect::<String>())
    };
    let server = Server::start(move |_| list(1..=12));
    let rules = "[source.html]\nitem = \"li\"\ntitle = \"a\"\npublished = \"p\"\n";
    let mut bed = bed(&server, "/news", rules);
    bed.at("2026-05-20T15:00:00Z");
    items(&bed, &["title"]);
    server.change(move |request| match request.path.as_str() {
        "/news" => Answer::page(format!(
            "{}{}",
            String::from_utf8_lossy(&list(12..=13).body),
            String::from_utf8_lossy(&list(1..=3).body)
        )),
        _ => Answer::status(410),
    });
    let found = items(bed.at("2026-05-21T15:00:00Z"), &["tags"]);
    assert_eq!(found, vec![["-"]; 13]);
}

#[test]
fn documents_and_missing_pages_are_asked_for_as_the_server_wants_until_it_answers() {
    let item =
        |path: &str, day: u8| format!("<li><a href={path}>{path}</a><p>{day} May 2026</p></li>");
    let is_member = |request: &Request| request.headers.contains_key("cookie");
    let list = move |paths: &[(&str, u8)]| {
        Answer::page(paths.iter().map(|(path, day)| item(path, *day)).collect::<String>())
    };
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/papers" => list(&[("/a.pdf", 3), ("/2", 2), ("/1", 1)]),
        "/a.pdf" if is_member(request) => Answer {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "application/pdf".to_owned())],
            body: vec![b'%'; 2048],
        },
        _ => Answer::page("<form>Log in</form>"),
    });
    let rules = "[source.request]\nheaders = { Cookie = \"member=yes\" }\n\
        [source.html]\nitem = \"li\"\ntitle = \"a\"\nurl = \"a @href\"\npublished = \"p\"\n";
    let mut bed = bed(&server, "/papers", rules);
    items(&bed, &["title"]);
    assert_eq!(bed.json_feed("news")["items"][0]["attachments"][0]["size_in_bytes"], 2048);
    bed.at("2026-05-05T15:00:00Z");
    let answers = [(503, "-"), (410, "[\"Retracted\"]")];
    for (status, tags) in answers {
        server.change(move |request| match request.path.as_str() {
            "/papers" => list(&[("/a.pdf", 3), ("/1", 1)]),
            "/2" if is_member(request) => Answer::status(status),
            _ => Answer::page("<form>Log in</form>"),
        });
        assert_eq!(items(&bed, &["title", "tags"])[1], ["/2", tags]);
    }
}
