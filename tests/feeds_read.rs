//! Feeds that exist, whole or broken, give the items they mean.

use crate::server::{Answer, Server};
use crate::sources::{bed, items};

/// One announcement in every kind of feed there has been.
const FEEDS: [(&str, &str); 8] = [
    (
        "RSS 0.91",
        r#"<rss version="0.91"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>A plan &amp; a map</title><link>http://e.org/plan</link><description>The towns agreed.</description></item></channel></rss>"#,
    ),
    (
        "RSS 2.0",
        r#"<?xml version="1.0"?><rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>A plan &amp; a map</title><link>http://e.org/plan</link><description>&lt;p&gt;The towns agreed.&lt;/p&gt;</description>
        <guid isPermaLink="false">7</guid><pubDate>Sun, 03 May 2026 18:30:00 +0200</pubDate><category>In Focus</category></item></channel></rss>"#,
    ),
    (
        "RDF",
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="http://e.org/"><title>N</title><link>http://e.org/</link><description>d</description></channel>
        <item rdf:about="http://e.org/plan"><title>A plan &amp; a map</title><link>http://e.org/plan</link><description>The towns agreed.</description><dc:date>2026-05-03T18:30:00+02:00</dc:date></item></rdf:RDF>"#,
    ),
    (
        "Atom 0.3",
        r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>N</title><modified>2026-05-03T18:30:00+02:00</modified>
        <entry><title>A plan &amp; a map</title><link rel="alternate" type="text/html" href="http://e.org/plan"/><id>tag:e.org,2026:7</id>
        <issued>2026-05-03T18:30:00+02:00</issued><modified>2026-05-03T18:30:00+02:00</modified><summary>The towns agreed.</summary></entry></feed>"#,
    ),
    (
        "Atom 1.0",
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><id>urn:n</id><updated>2026-05-03T18:30:00+02:00</updated>
        <entry><title type="html">A plan &amp;amp; a map</title><link href="http://e.org/plan"/><id>urn:7</id>
        <updated>2026-05-03T18:30:00+02:00</updated><summary>The towns agreed.</summary></entry></feed>"#,
    ),
    (
        "JSON Feed",
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"N","items":[{"id":"7","url":"http://e.org/plan","title":"A plan & a map",
        "content_html":"<p>The towns agreed.</p>","date_published":"2026-05-03T18:30:00+02:00"}]}"#,
    ),
    (
        "broken XML",
        "\n<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>N & M</title><link>http://e.org/</link><description>caf&eacute;</description>\
        <item><title>A plan & a map\u{8}</title><link>http://e.org/plan</link><description>The towns agreed.&nbsp;</description>\
        <pubDate>Sun, 03 May 2026 18:30:00 +0200</pubDate></item></channel></rss>",
    ),
    (
        "dates in other words",
        r#"<rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description><language>de</language>
        <item><title>A plan &amp; a map</title><link>http://e.org/plan</link><description>The towns agreed.</description><pubDate>3. Mai 2026, 18:30 Uhr</pubDate></item></channel></rss>"#,
    ),
];

#[test]
fn a_feed_that_exists_is_read_whatever_its_version_and_mended_where_it_is_broken() {
    for (kind, feed) in FEEDS {
        let server = Server::start(move |_| Answer::page(feed));
        let found =
            items(&bed(&server, "/feed", ""), &["title", "url", "summary", "date_published"]);
        let date = if kind == "RSS 0.91" {
            "2026-05-04T12:00:00+02:00"
        } else {
            "2026-05-03T18:30:00+02:00"
        };
        assert_eq!(
            found,
            [["A plan & a map", "http://e.org/plan", "The towns agreed.", date]],
            "{kind}"
        );
    }
}

/// Feeds as they are met: each of these has the two announcements of which one is broken.
const BROKEN_FEEDS: [(&str, &str); 5] = [
    (
        "mark-up that is not closed",
        r#"<rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>A plan & <b>a map</title><link>http://e.org/plan</link></item>
        <item><title>A ferry</title><link>http://e.org/ferry</link></item></channel></rss>"#,
    ),
    (
        "cut off in the third",
        r#"<rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>A plan &amp; a map</title><link>http://e.org/plan</link></item>
        <item><title>A ferry</title><link>http://e.org/ferry</link></item>
        <item><title>A bri"#,
    ),
    (
        "a warning of what made it",
        r#"<br />
<b>Warning</b>: something in <b>feed.php</b> on line <b>3</b><br />
<?xml version="1.0"?><rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>A plan &amp; a map</title><link>http://e.org/plan</link></item>
        <item><title>A ferry</title><link>http://e.org/ferry</link></item></channel></rss>"#,
    ),
    (
        "Atom that ends in the wrong order",
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><id>urn:n</id><updated>2026-05-03T00:00:00Z</updated>
        <entry><title>A plan &amp; a map</title><link href="http://e.org/plan"/><id>urn:1</id><summary>An <i>odd <b>end</i></b></summary></entry>
        <entry><title>A ferry</title><link href="http://e.org/ferry"/><id>urn:2</id></entry></feed>"#,
    ),
    (
        "JSON Feed with numbers for names and a file of no type",
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"N","items":[
        {"id":1,"url":"http://e.org/plan","title":"A plan & a map","content_text":"One.\n\nTwo.","attachments":[{"url":"http://e.org/a.bin"}]},
        {"id":"2","url":"http://e.org/ferry","title":"A ferry","content_text":"Both < one.","attachments":[{"url":"http://e.org/a.pdf","mime_type":"application/pdf","size_in_bytes":"12"}]}]}"#,
    ),
];

#[test]
fn a_broken_entry_of_a_feed_costs_no_other_and_not_even_itself() {
    for (name, feed) in BROKEN_FEEDS {
        let server = Server::start(move |request| match request.path.as_str() {
            "/feed" => Answer::page(feed),
            _ => Answer::status(404),
        });
        let bed = bed(&server, "/feed", "");
        let mut titles: Vec<_> = items(&bed, &["title"]).concat();
        titles.sort();
        assert_eq!(titles, ["A ferry", "A plan & a map"], "{name}");
    }
}

#[test]
fn a_feed_keeps_its_days_days_and_its_charset_and_its_enclosures() {
    let server = Server::start(|_| {
        let feed = "<?xml version=\"1.0\" encoding=\"windows-1250\"?><rss version=\"2.0\"><channel><title>N</title>\
            <link>http://e.org/</link><description>d</description>\
            <item><title>Čuvari šume</title><link>http://e.org/1</link><guid>http://e.org/1</guid><pubDate>2026-05-03</pubDate>\
            <enclosure url=\"http://e.org/1.mp3\" length=\"1234\" type=\"audio/mpeg\"/></item>\
            <item><title>Drugo</title><link>http://e.org/2</link><pubDate>Sun, 03 May 2026 20:00:00 -0400</pubDate></item>\
            </channel></rss>";
        let mut answer = Answer::page(encoding_rs::WINDOWS_1250.encode(feed).0.into_owned());
        answer.headers = vec![("Content-Type".to_owned(), "application/rss+xml".to_owned())];
        answer
    });
    let bed = bed(&server, "/feed", "");
    assert_eq!(
        items(&bed, &["title", "date_published"]),
        [["Drugo", "2026-05-04T02:00:00+02:00"], ["Čuvari šume", "2026-05-03T12:00:00+02:00"],]
    );
    let rss = bed.read("public/news/feed.xml");
    assert!(
        rss.contains(r#"<enclosure url="http://e.org/1.mp3" length="1234" type="audio/mpeg"/>"#),
        "{rss}"
    );
    assert_eq!(bed.json_feed("news")["items"][1]["attachments"][0]["size_in_bytes"], 1234);
}
