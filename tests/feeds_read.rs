//! Feeds that exist, whole or broken, give the items they mean.

use crate::server::{Answer, Server};
use crate::sources::{bed, items, serve};

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

#[test]
fn a_date_of_a_feed_that_is_none_is_reported_and_another_one_counts() {
    let server = serve(&[(
        "/feed",
        "application/rss+xml",
        r#"<rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>A plan</title><link>http://e.org/1</link><pubDate>some day in spring</pubDate></item>
        <item><title>A map</title><link>http://e.org/2</link><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate></item>
        <item><title>A road</title><link>http://e.org/3</link><pubDate>28/04/2026</pubDate></item>
        <item><title>A ferry</title><link>http://e.org/4</link><pubDate>03/04/2026</pubDate></item>
        </channel></rss>"#,
    )]);
    let bed = bed(&server, "/feed", "");
    let told = bed.run(&["refresh"]).ends(0).stderr;
    assert!(
        told.contains(
            "no date of publication in `Thu, 01 Jan 1970 00:00:00 GMT`, `some day in spring`"
        ),
        "{told}"
    );
    assert_eq!(
        items(&bed, &["title", "date_published"]),
        [
            ["A plan", "2026-05-04T12:00:00+02:00"],
            ["A map", "2026-05-04T11:59:59+02:00"],
            ["A road", "2026-04-28T12:00:00+02:00"],
            ["A ferry", "2026-04-03T12:00:00+02:00"],
        ]
    );
}

#[test]
fn an_entry_whose_first_date_is_none_has_the_other() {
    let server = serve(&[(
        "/feed",
        "application/atom+xml",
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><id>urn:n</id><updated>2026-05-03T00:00:00Z</updated>
        <entry><title>A plan</title><link href="http://e.org/plan"/><id>urn:1</id><published>soon</published><updated>2026-05-02T09:00:00Z</updated></entry></feed>"#,
    )]);
    let bed = bed(&server, "/feed", "");
    assert_eq!(
        items(&bed, &["title", "date_published"]),
        [["A plan", "2026-05-02T11:00:00+02:00"]]
    );
}

#[test]
fn addresses_of_a_feed_are_relative_to_what_it_says() {
    let server = serve(&[
        (
            "/atom",
            "application/atom+xml",
            r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://e.org/blog/"><title>N</title><id>urn:n</id><updated>2026-05-03T00:00:00Z</updated>
            <entry><title>One</title><link href="one"/><id>urn:1</id><updated>2026-05-02T09:00:00Z</updated><content type="html">&lt;p&gt;&lt;a href="more"&gt;More&lt;/a&gt;&lt;/p&gt;</content></entry>
            <entry xml:base="deep/"><title>Two</title><link href="two"/><id>urn:2</id><updated>2026-05-02T08:00:00Z</updated>
            <content type="html" xml:base="https://f.org/">&lt;p&gt;&lt;a href="more"&gt;More&lt;/a&gt;&lt;/p&gt;</content></entry></feed>"#,
        ),
        (
            "/news/rss",
            "application/rss+xml",
            r#"<rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
            <item><title>One</title><link>/one</link><pubDate>Sat, 02 May 2026 09:00:00 GMT</pubDate><enclosure url="audio/1.mp3" length="12" type="audio/mpeg"/></item></channel></rss>"#,
        ),
    ]);
    let atom = bed(&server, "/atom", "");
    let found = items(&atom, &["url", "content_html"]);
    assert_eq!(found[0][0], "https://e.org/blog/one");
    assert!(found[0][1].contains("https://e.org/blog/more"), "{}", found[0][1]);
    assert_eq!(found[1][0], "https://e.org/blog/deep/two");
    assert!(found[1][1].contains("https://f.org/more"), "{}", found[1][1]);
    let rss = bed(&server, "/news/rss", "");
    items(&rss, &["url"]);
    let item = &rss.json_feed("news")["items"][0];
    assert_eq!(item["url"], server.url("/one"));
    assert_eq!(item["attachments"][0]["url"], server.url("/news/audio/1.mp3"));
}

#[test]
fn what_a_feed_speaks_of_is_not_its_root() {
    let server = serve(&[(
        "/feed",
        "application/atom+xml",
        r#"<?xml version="1.0"?><a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:base='https://e.org/blog/'><a:title>On &lt;rss xml:base="https://x.org/"></a:title><a:id>urn:n</a:id><a:updated>2026-05-03T00:00:00Z</a:updated>
        <a:entry><a:title>One</a:title><a:id>urn:1</a:id><a:link href="one"/><a:updated>2026-05-02T09:00:00Z</a:updated><a:content type="html"><![CDATA[<p><a href="more">More</a> of <rss xml:base="https://y.org/"></p>]]></a:content></a:entry></a:feed>"#,
    )]);
    let found = items(&bed(&server, "/feed", ""), &["url", "content_html"]);
    assert_eq!(found[0][0], "https://e.org/blog/one");
    assert!(found[0][1].contains("https://e.org/blog/more"), "{}", found[0][1]);
}

#[test]
fn what_a_podcast_says_in_its_own_words_is_read() {
    let server = serve(&[(
        "/feed",
        "application/rss+xml",
        r#"<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><itunes:title>A talk</itunes:title><link>http://e.org/1</link><pubDate>Sat, 02 May 2026 09:00:00 GMT</pubDate>
        <itunes:author>Ana Reed</itunes:author><itunes:summary>About the towns.</itunes:summary><itunes:image href="http://e.org/1.jpg"/>
        <enclosure url="http://e.org/1.mp3" length="12" type="audio/mpeg"/></item></channel></rss>"#,
    )]);
    let bed = bed(&server, "/feed", "");
    assert_eq!(
        items(&bed, &["title", "summary", "image"]),
        [["A talk", "About the towns.", "http://e.org/1.jpg"]]
    );
    assert_eq!(bed.json_feed("news")["items"][0]["authors"][0]["name"], "Ana Reed");
}

#[test]
fn nothing_of_an_item_is_lost_beside_other_media_and_other_dates() {
    let server = serve(&[
        (
            "/rss",
            "application/rss+xml",
            r#"<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>N</title><link>http://e.org/</link><description>d</description>
            <item><title>A</title><link>http://e.org/1</link><pubDate>Sun, 03 May 2026 10:00:00 GMT</pubDate><dc:date>some day</dc:date>
            <enclosure url="http://e.org/d.mp3?a=1&amp;b=2" length="1" type="audio/mpeg"/><media:content url="http://e.org/m.jpg" medium="image"/></item>
            <item><title>B</title><link>http://e.org/2</link><pubDate>Sun, 03 May 2026 09:00:00 GMT</pubDate><dc:date/><itunes:image href="http://e.org/i.jpg"/></item></channel></rss>"#,
        ),
        (
            "/json",
            "application/feed+json",
            r#"{"version":"https://jsonfeed.org/version/1.1","title":"N","authors":["Q"],"items":[
            {"id":"1","title":"A","date_published":"2026-05-03T10:00:00Z","attachments":[{"url":"https://e.org/f.mp3","mime_type":"audio/mpeg","size_in_bytes":12}]},
            {"id":"2","title":5,"date_published":1777798800,"tags":"n","content_text":1,"url":"https://e.org/2"}]}"#,
        ),
    ]);
    let rss = bed(&server, "/rss", "");
    assert_eq!(
        items(&rss, &["date_published", "image"]),
        [
            ["2026-05-03T12:00:00+02:00", "http://e.org/m.jpg"],
            ["2026-05-03T11:00:00+02:00", "http://e.org/i.jpg"]
        ]
    );
    let file = &rss.json_feed("news")["items"][0]["attachments"][0];
    assert_eq!(file["url"], "http://e.org/d.mp3?a=1&b=2");
    let json = bed(&server, "/json", "");
    assert_eq!(
        items(&json, &["title", "external_url", "date_published"])
            .concat()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        ["A", "-", "2026-05-03T12:00:00+02:00", "5", "-", "2026-05-03T11:00:00+02:00"]
    );
    let file = &json.json_feed("news")["items"][0]["attachments"][0];
    assert_eq!((&file["url"], &file["size_in_bytes"]), (&"https://e.org/f.mp3".into(), &12.into()));
}

#[test]
fn a_title_that_speaks_of_an_element_is_whole() {
    let server = serve(&[(
        "/feed",
        "application/rss+xml",
        r#"<rss version="2.0"><channel><title>N</title><link>http://e.org/</link><description>d</description>
        <item><title>Why &lt;script&gt; is &lt;b&gt;not&lt;/b&gt; loaded</title><link>http://e.org/1</link><pubDate>Sat, 02 May 2026 09:00:00 GMT</pubDate></item></channel></rss>"#,
    )]);
    assert_eq!(items(&bed(&server, "/feed", ""), &["title"]), [["Why ‹script› is not loaded"]]);
}
