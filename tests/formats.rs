//! Announcements as Markdown and HTML files: the same item as from plain text.

use infocus::dates::Reader;
use infocus::extract::{RawItem, file};
use infocus::model::Evidence;

use crate::text::reading;

fn read(name: &str, content: &str) -> RawItem {
    let read = file::read(name, content.as_bytes(), &Reader::new("en")).expect(name);
    read.expect("no draft")
}

fn header(item: &RawItem) -> [Option<&str>; 3] {
    let date = item.published.as_ref().map(|date| date.text.as_str());
    [item.kicker.as_deref(), item.title.as_deref(), date]
}

const BODY: &str = "<p>The <strong>towns</strong> met.</p>\n<ol>\n<li>One</li>\n<li>Two</li>\n</ol>\n<h2>Background</h2>\n<p>They met before.</p>\n";

#[test]
fn markdown_is_read_with_and_without_front_matter() {
    let body = "The **towns** met.\n\n1. One\n2. Two\n\n## Background\n\nThey met before.\n";
    let expected = [Some("In Focus"), Some("A handbook: the valley"), Some("4 March 2024")];
    let plain =
        read("a.md", &format!("In Focus\n\n# A handbook: the valley\n\n*4 March 2024*\n\n{body}"));
    assert_eq!(header(&plain), expected);
    assert_eq!(plain.content.as_deref(), Some(BODY));

    let front = "---\ntitle: \"A handbook: the valley\"\nkicker: In Focus\ndate: 4 March 2024\n\
                 url: https://www.example.org/handbook\nauthor: [Ana, Bo]\ndraft: false\n---\n";
    for again in ["", "# A handbook: the valley\n\n"] {
        let item = read("a.md", &format!("{front}{again}{body}"));
        assert_eq!(header(&item), expected);
        assert_eq!(item.content.as_deref(), Some(BODY));
        assert_eq!(item.url.as_deref(), Some("https://www.example.org/handbook"));
        assert_eq!(item.author.as_deref(), Some("Ana"));
    }
}

#[test]
fn broken_front_matter_is_named_with_its_line() {
    let told = file::read("a.md", b"---\ntitle: \"open\nkicker: x\n---\nText", &Reader::new("en"));
    let told = told.expect_err("broken");
    assert!(told.starts_with("front matter, line "), "{told}");
}

#[test]
fn front_matter_that_copies_itself_or_never_ends_is_refused_at_once() {
    let bomb = format!("---\na: &a [x]\n{}title: T\n---\nText", "b: [*a, *a]\n".repeat(9));
    let deep = format!("---\ntitle: {}\n---\nText", "[".repeat(20_000));
    for content in [bomb, deep] {
        let told = file::read("a.md", content.as_bytes(), &Reader::new("en"));
        assert!(told.expect_err("refused").starts_with("front matter, line "));
    }
    let nested = read("a.md", "---\nmeta: {title: No}\ntags: [x, y]\ntitle: Yes\n---\nText.");
    assert_eq!(nested.title.as_deref(), Some("Yes"));
}

#[test]
fn a_saved_page_is_read_without_what_surrounds_the_announcement() {
    let page = format!(
        "<!DOCTYPE html><html lang=de><head><title>A handbook: the valley | Site</title>\
         <link rel=canonical href=https://www.example.org/handbook>\
         <meta name=author content=Ana><meta property=og:image content=/a.jpg></head>\
         <body><nav><a href=/>Home</a></nav><main><div class=label>In Focus</div>\
         <h1>A handbook: the valley</h1><div><time datetime=2024-03-04>4 March 2024</time></div>\
         <div>{BODY}<script>x()</script></div></main><footer>Imprint</footer></body></html>"
    );
    let item = read("a.html", &page);
    assert_eq!(
        header(&item),
        [Some("In Focus"), Some("A handbook: the valley"), Some("4 March 2024")]
    );
    assert_eq!(item.content.as_deref(), Some(BODY));
    assert_eq!((item.language.as_deref(), item.author.as_deref()), (Some("de"), Some("Ana")));
    assert_eq!(item.url.as_deref(), Some("https://www.example.org/handbook"));
}

#[test]
fn a_page_may_declare_what_it_does_not_show() {
    let item = read(
        "a.htm",
        "<title>A handbook</title><meta property=article:published_time content=2024-03-04T10:00:00Z><p>Text of the handbook. More.",
    );
    assert_eq!(item.published.map(|date| date.text).as_deref(), Some("2024-03-04T10:00:00Z"));
}

/// Files, and what they are read as.
#[track_caller]
fn check(name: &str, table: &[(&str, [&str; 5])]) {
    let mut wrong = String::new();
    for (content, expected) in table {
        let got = reading(read(name, content));
        if got != *expected {
            wrong += &format!("\n{content}\n  expected {expected:#?}\n  got      {got:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_heading_of_a_page_is_the_title_whatever_stands_before_it() {
    check(
        "a.html",
        &[
            (
                "<title>Site</title><article><figure><img src=/a.jpg></figure><span>In Focus</span><h1>Handbook for all</h1><p>The towns met. More.</p></article>",
                [
                    "In Focus",
                    "Handbook for all",
                    "-",
                    "-",
                    "<figure><img src=\"/a.jpg\"></figure><p>The towns met. More.</p>",
                ],
            ),
            (
                "<p>Ministry of the Interior</p><h1>Was tun?</h1><p>The towns met. More.</p>",
                ["Ministry of the Interior", "Was tun?", "-", "-", "<p>The towns met. More.</p>"],
            ),
            (
                "<p>Read this first. It is short.</p><p>And this</p><h1>Was tun?</h1><p>4 May 2026</p><p>The towns met.</p>",
                [
                    "-",
                    "Was tun?",
                    "4 May 2026",
                    "-",
                    "<p>Read this first. It is short.</p><p>And this</p><p>The towns met.</p>",
                ],
            ),
            (
                "<main><article class=teaser><h2>Other</h2><p>Teaser.</p></article><h1>Real title</h1><p>The towns met.</p></main>",
                ["-", "Real title", "-", "-", "<h2>Other</h2><p>Teaser.</p><p>The towns met.</p>"],
            ),
            (
                "<body><header><h1>The site</h1></header><main><article><h1>Real title</h1><p>The towns met.</p></article><article><p>Other</p></article></main>",
                ["-", "Real title", "-", "-", "<p>The towns met.</p>"],
            ),
            (
                "<h1>Handbook<br>for all people</h1><p>The towns met.</p>",
                ["-", "Handbook for all people", "-", "-", "<p>The towns met.</p>"],
            ),
            (
                "<a href=/x><h1>Handbook</h1><p>The <b>towns</b> met.</p></a>",
                ["-", "Handbook", "-", "-", "<p>The <b>towns</b> met.</p>"],
            ),
            (
                "<table><tr><td>In Focus</td></tr><tr><td><h1>Handbook</h1><p>The towns met.</p></td></tr></table>",
                ["In Focus", "Handbook", "-", "-", "<p>The towns met.</p>"],
            ),
            (
                "<h1>Election of 3 May 2026</h1><p>4 May 2026</p><p>The towns met.</p>",
                ["-", "Election of 3 May 2026", "4 May 2026", "-", "<p>The towns met.</p>"],
            ),
            (
                "<h1>Visit us</h1><p>Open Day, 14 June 2026</p><p>The towns met.</p>",
                ["-", "Visit us", "-", "-", "<p>Open Day, 14 June 2026</p><p>The towns met.</p>"],
            ),
            (
                "<h1>Handbook</h1><h2>4 March 2024</h2><p>The towns met.</p>",
                ["-", "Handbook", "-", "-", "<h2>4 March 2024</h2><p>The towns met.</p>"],
            ),
        ],
    );
}

#[test]
fn a_page_says_when_it_was_published() {
    check(
        "a.html",
        &[
            (
                "<meta property=article:published_time content=2024-03-04><title>A handbook</title><p>On 6 December 2021, we met. Good.</p>",
                ["-", "A handbook", "2024-03-04", "-", "<p>On 6 December 2021, we met. Good.</p>"],
            ),
            (
                "<h1>Handbook</h1><div><time datetime=2024-03-04>two days ago</time></div><p>The towns met.</p>",
                ["-", "Handbook", "2024-03-04", "-", "<p>The towns met.</p>"],
            ),
            (
                "<h1>Handbook</h1><p>Come on <time datetime=2026-06-14>14 June</time>. All of you.</p>",
                [
                    "-",
                    "Handbook",
                    "-",
                    "-",
                    "<p>Come on <time datetime=\"2026-06-14\">14 June</time>. All of you.</p>",
                ],
            ),
        ],
    );
}

#[test]
fn text_that_flows_is_one_paragraph_and_keeps_its_mark_up() {
    check(
        "a.html",
        &[
            (
                "<h1>T</h1><div><u>Note</u> this is <sub>x</sub> text <font>red</font> end.</div>",
                [
                    "-",
                    "T",
                    "-",
                    "-",
                    "<p><u>Note</u> this is <sub>x</sub> text <font>red</font> end.</p>",
                ],
            ),
            (
                "<p>In Focus<br>Handbook for all<br>4 March 2024<br>The <b>towns</b> met.<br>All.</p>",
                [
                    "In Focus",
                    "Handbook for all",
                    "4 March 2024",
                    "-",
                    "<p>The <b>towns</b> met.<br>All.</p>",
                ],
            ),
            (
                "<h1>T</h1><p><img src=/a.jpg></p><p>The towns met.</p><p><a href=/more>Read more</a></p><p><a href=/x>Share this</a></p>",
                [
                    "-",
                    "T",
                    "-",
                    "-",
                    "<p><img src=\"/a.jpg\"></p><p>The towns met.</p><p><a href=\"/more\">Read more</a></p>",
                ],
            ),
        ],
    );
}

#[test]
fn markdown_keeps_subtitles_pictures_and_footnotes() {
    check(
        "a.md",
        &[
            (
                "# Title\n\n## Subtitle\n\n4 March 2024\n\nThe towns met.",
                ["-", "Title", "4 March 2024", "-", "<h2>Subtitle</h2><p>The towns met.</p>"],
            ),
            (
                "# Title\n\n![Pic](https://e.org/b.jpg)\n\nThe towns[^1] met.\n\n[^1]: All of them.\n",
                [
                    "-",
                    "Title",
                    "-",
                    "-",
                    "<p><img alt=\"Pic\" src=\"https://e.org/b.jpg\"></p><p>The towns<sup>1</sup> met.</p><p><sup>1</sup> All of them.</p>",
                ],
            ),
            (
                "# Title\r\rThe towns met.\r\r- one\r- two",
                ["-", "Title", "-", "-", "<p>The towns met.</p><ul><li>one</li><li>two</li></ul>"],
            ),
        ],
    );
}

#[test]
fn front_matter_is_read_however_it_is_fenced() {
    let expected = ["In Focus", "A handbook", "2024-03-04", "Ana", "<p>The towns met.</p>"];
    let yaml = "Title: A handbook\nKicker: In Focus\nDate: 2024-03-04\nauthors: [Ana, Bo]\n";
    let toml = "title = \"A handbook\"\nkicker = \"In Focus\"\ndate = 2024-03-04\nauthors = [\"Ana\", \"Bo\"]\n[extra]\nx = 1\n";
    for file in [
        format!("---\n{yaml}---\nThe towns met."),
        format!("\n\n---\n{yaml}---\nThe towns met."),
        format!("---\n{yaml}...\nThe towns met."),
        format!("---\r\n{}---\r\n\r\nThe towns met.", yaml.replace('\n', "\r\n")),
        format!("+++\n{toml}+++\nThe towns met."),
        format!("---\n{yaml}---\n# A handbook\n\n4 March 2024\n\nThe towns met."),
    ] {
        check("a.md", &[(&file, expected)]);
    }
    check(
        "a.md",
        &[
            (
                "---\ntitle: null\n---\n# Real\n\nThe towns met.",
                ["-", "Real", "-", "-", "<p>The towns met.</p>"],
            ),
            (
                "---\n\nThe towns met. Good.\n\n---\n\nThey agreed.",
                ["-", "-", "-", "-", "<p>The towns met. Good.</p><p>They agreed.</p>"],
            ),
            (
                "---\ntitle: T\n---\n## News\n\nThe towns met.",
                ["-", "T", "-", "-", "<h2>News</h2><p>The towns met.</p>"],
            ),
        ],
    );
    let told = file::read("a.md", b"+++\ntitle = \"T\"\nx = \n+++\nText", &Reader::new("en"));
    assert!(told.expect_err("broken").starts_with("front matter, line 3: "));
}

#[test]
fn a_draft_is_no_announcement_and_no_error() {
    for front in
        ["---\ndraft: true\n---\n", "---\npublished: false\n---\n", "+++\ndraft = true\n+++\n"]
    {
        let read =
            file::read("a.md", format!("{front}# Title\n\nText.").as_bytes(), &Reader::new("en"));
        assert_eq!(read, Ok(None));
    }
}

#[test]
fn a_file_name_can_date_what_nothing_else_dates() {
    let date = |name, content| read(name, content).published.map(|date| (date.text, date.evidence));
    let day = "2024-03-04".to_owned();
    assert_eq!(
        date("news/2024-03-04-handbook.txt", "A handbook\n\nText."),
        Some((day, Evidence::Url))
    );
    assert_eq!(date("2024-13-04.txt", "A handbook\n\nText."), None);
    let own = date("2024-03-04.txt", "A handbook\n\n1 March 2024\n\nText.");
    assert_eq!(own, Some(("1 March 2024".to_owned(), Evidence::Page)));
}
