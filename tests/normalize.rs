//! Normalising: what comes out is legal, harmless, absolute, and stays the same when done again.

use infocus::normalize::{SafeHtml, inert, line, links, plain_text, summary};
use proptest::prelude::*;
use url::Url;

fn url(text: &str) -> Url {
    text.parse().expect("an address")
}

fn safe(html: &str) -> String {
    SafeHtml::from_html(html, Some(&url("https://www.example.org/news/"))).as_str().to_owned()
}

#[test]
fn addresses_become_absolute_and_lose_tracking_and_sessions() {
    let base = url("https://www.example.org/news/list.html");
    let cases = [
        ("/a?id=7&utm_source=x&fbclid=y", Some("https://www.example.org/a?id=7")),
        ("b.html#top", Some("https://www.example.org/news/b.html#top")),
        ("//cdn.example.net/c.pdf?PHPSESSID=1", Some("https://cdn.example.net/c.pdf")),
        ("/d;jsessionid=99?x=%20&y", Some("https://www.example.org/d?x=%20&y")),
        ("https://user:secret@example.org/e", Some("https://example.org/e")),
        ("javascript:alert(1)", None),
        ("mailto:a@example.org", None),
        ("http://", None),
    ];
    for (href, expected) in cases {
        let got = links::absolute(href, Some(&base));
        assert_eq!(got.as_ref().map(Url::as_str), expected, "{href}");
    }
    assert_eq!(links::absolute("/a", None), None);
}

#[test]
fn a_list_keeps_the_numbers_that_its_text_refers_to() {
    for list in ["<ol start=\"2\"><li>b</li></ol>", "<ol type=\"a\"><li>a</li></ol>"] {
        assert_eq!(safe(list), list);
    }
}

#[test]
fn words_in_small_or_in_colour_are_part_of_their_line() {
    let html = "H<sub>2</sub>O is <font>blue</font> and <u>wet</u>";
    assert_eq!(plain_text(html).trim(), "H2O is blue and wet");
}

#[test]
fn one_page_has_one_key_however_it_is_addressed() {
    let key = |text| links::key(&url(text));
    let same = key("https://www.example.org/news/a?x=1&y=2");
    for other in [
        "http://example.org/news/a/?y=2&x=1",
        "https://www.EXAMPLE.org/news/a?utm_medium=mail&x=1&y=2#part",
        "https://example.org:443/news/a?x=1&y=2&sid=abc",
    ] {
        assert_eq!(key(other), same, "{other}");
    }
    assert_ne!(key("https://example.org/news/a?x=2&y=2"), same);
    assert_ne!(key("https://example.org/news/A?x=1&y=2"), same);
}

#[test]
fn scripts_styles_and_relative_addresses_do_not_get_through() {
    let cases = [
        ("<p onclick=x()>Hi<script>alert(1)</script></p>", "<p>Hi</p>"),
        ("<p style='position:fixed' class=a>Hi</p>", "<p>Hi</p>"),
        ("<a href=javascript:x>Hi</a>", "<a>Hi</a>"),
        ("<a href=/a?utm_source=x>Hi</a>", "<a href=\"https://www.example.org/a\">Hi</a>"),
        ("<iframe src=https://example.com></iframe>Hi", "Hi"),
        ("a\u{0}b&#1;c\u{92}", "abc"),
        ("<p>open", "<p>open</p>"),
    ];
    for (html, expected) in cases {
        assert_eq!(safe(html), expected, "{html}");
    }
}

#[test]
fn endless_nesting_keeps_its_text_in_bounded_time() {
    let deep = format!("{}a &lt; b{}", "<div>".repeat(200_000), "</div>".repeat(200_000));
    assert_eq!(safe(&deep), "a &amp;lt; b");
}

#[test]
fn a_summary_ends_at_a_sentence() {
    let first = "The partners of Dr. Weber met on the 21. March to agree (“in full”).";
    let text = format!("{first} {}", "They went on to talk about the many things ".repeat(20));
    assert_eq!(summary(&text), first);
    assert_eq!(summary("They met. They agreed on three things:"), "They met.");
    assert_eq!(summary("They met (“at last!”)"), "They met (“at last!”)");
    assert_eq!(summary("Short  text\nwithout an end"), "Short text without an end");
    let endless = "word ".repeat(300);
    assert!(summary(&endless).ends_with("word…"));
}

proptest! {
    #[test]
    fn a_line_is_legal_and_normalising_it_again_changes_nothing(text in any::<String>()) {
        let once = line(&text);
        prop_assert_eq!(&line(&once), &once);
        let xml = format!("<t>{}</t>", once.replace('&', "&amp;").replace('<', "&lt;"));
        prop_assert!(roxmltree::Document::parse(&xml).is_ok(), "{:?}", once);
    }

    #[test]
    fn an_inert_text_stays_as_it_is(text in "(<|&|amp;|lt;|#60;|b>|!--|-->|\\PC){0,24}") {
        let once = inert(&text);
        prop_assert_eq!(inert(&once), once.clone());
        prop_assert!(!once.contains("<b>") && !once.contains("&amp;"), "{}", once);
    }

    #[test]
    fn sanitising_again_changes_nothing(html in "(<(p|b|a href=/x|div|script|li|table|td)>|</(p|b|a|div)>|&amp;|&lt;|\\PC){0,24}") {
        let once = safe(&html);
        prop_assert_eq!(&safe(&once), &once);
    }

    #[test]
    fn cleaning_an_address_again_changes_nothing(path in "[a-z/;=&?_%0-9A-F.-]{0,40}") {
        if let Some(once) = links::absolute(&path, Some(&url("https://example.org/"))) {
            prop_assert_eq!(links::clean(once.clone()), once);
        }
    }
}

#[test]
fn a_title_is_text_to_every_reader() {
    for (title, shown) in [
        ("Fish &amp; chips &lt;b&gt; &copy; 2 < 3", "Fish & chips © 2 < 3"),
        ("A plan &amp;amp; a map", "A plan & a map"),
        ("<script>alert('title')</script> bold <b>tag</b>", "alert('title') bold tag"),
        ("Why <script> is not <b>bold</b> in a <title>", "Why ‹script› is not bold in a ‹title›"),
        ("Why &lt;script&gt; is spoken of", "Why ‹script› is spoken of"),
        ("Read <img src=x onerror=alert(1)", "Read ‹img src=x onerror=alert(1)"),
        ("Q&A; R&D &nosuch; &#x41;", "Q&A; R&D &nosuch; A"),
        ("a <3 b, x<y", "a <3 b, x‹y"),
    ] {
        assert_eq!(inert(title), shown, "{title}");
        assert_eq!(inert(shown), shown, "the same again");
    }
}

#[test]
fn nothing_is_loaded_from_the_network_of_the_reader() {
    for host in ["127.0.0.1:1", "localhost", "192.168.1.1", "[::1]", "169.254.169.254"] {
        let html = format!("<p><img src=\"http://{host}/a.gif\" alt=\"\">a</p>");
        assert_eq!(safe(&html), "<p>a</p>", "{host}");
    }
}

#[test]
fn an_image_has_an_address_and_an_alternative() {
    let html = "<img><img src=\"https://e.org/a.jpg\"><img src=\"javascript:x\"><img src=\"https://e.org/b.jpg\" alt=\"a > b\">";
    assert_eq!(
        SafeHtml::from_html(html, None).as_str(),
        "<img alt=\"\" src=\"https://e.org/a.jpg\"><img src=\"https://e.org/b.jpg\" alt=\"a &gt; b\">"
    );
}
