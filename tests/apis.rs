//! What is written for programs: APIs over their pages, WordPress, sitemaps.

use std::io::Read;

use flate2::Compression;
use flate2::read::GzEncoder;

use crate::server::{Answer, Request, Server};
use crate::sources::{bed, items, serve};

#[test]
fn an_api_is_read_by_paths_over_its_pages() {
    let server = Server::start(|request: &Request| {
        let page = |ids: [u32; 2], next: &str| {
            let post = |id: u32| {
                format!(
                    r#"{{"id":{id},"title":"Plan {id} &amp; map","links":{{"web":"/plan/{id}"}},"published_at":177784{id}200,"tags":["In Focus"]}}"#
                )
            };
            Answer::page(format!(
                r#"{{"data":[{},{}],"meta":{{"cursor":{next}}}}}"#,
                post(ids[0]),
                post(ids[1])
            ))
        };
        match request.path.as_str() {
            "/api" => page([9, 8], "\"a b\""),
            "/api?after=a+b" => page([7, 6], "null"),
            _ => Answer::status(404),
        }
    });
    let rules = format!(
        "pages = 5\nnext_url = \"{}?after={{next}}\"\n[source.json]\nitem = \"$.data[*]\"\nkey = \"$.id\"\ntitle = \"$.title\"\n\
         url = [\"$.url\", \"$.links.web\"]\npublished = \"$.published_at\"\nkicker = {{ select = \"$.tags[0]\", regex = \"In (.+)\" }}\n\
         next = \"$.meta.cursor\"\n",
        server.url("/api")
    );
    let bed = bed(&server, "/api", &rules);
    let found = items(&bed, &["title", "url", "tags"]);
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[0], ["Plan 9 & map", &server.url("/plan/9"), "[\"Focus\"]"]);
    assert_eq!(server.asked_paths(), ["/api", "/api?after=a+b"]);
}

#[test]
fn pages_are_counted_by_number_and_by_what_was_read() {
    let server = Server::start(|request: &Request| {
        let post = |id: u32| format!(r#"{{"id":{id},"title":"Plan {id}","url":"/{id}"}}"#);
        match request.path.as_str() {
            "/api" => Answer::page(format!("[{},{}]", post(1), post(2))),
            "/api?offset=2" | "/api?p=2" => Answer::page(format!("[{}]", post(3))),
            "/api?offset=3" | "/api?p=3" => Answer::page("[]"),
            _ => Answer::status(404),
        }
    });
    for place in ["offset={offset}", "p={page}"] {
        let rules = format!(
            "pages = 9\nnext_url = \"{}?{place}\"\n[source.json]\nitem = \"$[*]\"\ntitle = \"$.title\"\nurl = \"$.url\"\n",
            server.url("/api")
        );
        assert_eq!(items(&bed(&server, "/api", &rules), &["title"]).len(), 3, "{place}");
        assert_eq!(server.asked().len(), 3, "{place}: a page without items is the last");
    }
}

#[test]
fn posts_of_wordpress_need_no_paths() {
    let server = serve(&[(
        "/wp-json/wp/v2/posts?_embed",
        "application/json",
        r#"[{"id":5,"date":"2026-05-04T01:30:00","date_gmt":"2026-05-03T23:30:00","guid":{"rendered":"https://e.org/?p=5"},"link":"https://e.org/plan",
        "title":{"rendered":"A plan &#8211; a map"},"excerpt":{"rendered":"<p>The towns agreed. [&hellip;]</p>"},"content":{"rendered":"<p>The <b>towns</b> agreed.</p>"},
        "_embedded":{"author":[{"name":"Ana"}],"wp:term":[[{"name":"In Focus"}]],"wp:featuredmedia":[{"source_url":"https://e.org/a.jpg"}]}}]"#,
    )]);
    let bed =
        bed(&server, "/wp-json/wp/v2/posts?_embed", "[source.json]\npreset = \"wordpress\"\n");
    assert_eq!(
        items(&bed, &["title", "url", "date_published", "tags", "image", "content_html"]),
        [[
            "A plan – a map",
            "https://e.org/plan",
            "2026-05-04T01:30:00+02:00",
            "[\"In Focus\"]",
            "https://e.org/a.jpg",
            "<p>The <b>towns</b> agreed.</p>"
        ]]
    );
}

#[test]
fn a_sitemap_names_pages_and_they_say_what_they_are() {
    const ARTICLE: &str = "<html lang=en><head><title>Site</title><meta property='article:published_time' content='2026-05-02T09:00:00+02:00'></head>\
        <body><nav>Home</nav><main><h1>A plan for the river</h1><p>The towns agreed. It begins in June.</p></main></body></html>";
    let server = serve(&[
        (
            "/sitemap.xml",
            "application/xml",
            "<sitemapindex><sitemap><loc>/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap><sitemap><loc>/new.xml</loc><lastmod>2026-05-01</lastmod></sitemap></sitemapindex>",
        ),
        (
            "/new.xml",
            "application/xml",
            "<urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc><![CDATA[/press/plan]]></loc><lastmod>2026-05-03</lastmod></url>\
            <url><loc><![CDATA[/about]]></loc><lastmod>2026-05-03</lastmod></url><url><loc>/press/gone</loc></url>\
            <url><loc>/press/map</loc><news:news><news:publication_date>2026-05-01</news:publication_date><news:title>A map</news:title></news:news></url></urlset>",
        ),
        ("/old.xml", "application/xml", "<urlset></urlset>"),
        ("/press/plan", "text/html", ARTICLE),
        ("/press/map", "text/html", "<h1>A map of the river</h1><p>It shows all gauges.</p>"),
    ]);
    let mut bed = bed(&server, "/sitemap.xml", "[source.keep]\nurl = \"/press/\"\n");
    bed.run(&["refresh"]).ends(3);
    assert!(server.asked_paths().contains(&"/old.xml".to_owned()));
    let found = items(bed.at("2026-05-05T15:00:00Z"), &["title", "summary", "date_published"]);
    assert_eq!(
        found,
        [
            [
                "A plan for the river",
                "The towns agreed. It begins in June.",
                "2026-05-02T09:00:00+02:00"
            ],
            ["A map of the river", "It shows all gauges.", "2026-05-01T12:00:00+02:00"],
        ]
    );
    assert_eq!(
        server.asked_paths(),
        ["/sitemap.xml", "/new.xml", "/old.xml"],
        "what was read or gone is known"
    );
}

#[test]
fn a_sitemap_in_gzip_is_a_sitemap() {
    let server = Server::start(|request: &Request| match request.path.as_str() {
        "/sitemap.xml.gz" => {
            let page = format!("http://{}/plan", request.headers["host"]);
            let text = format!(
                "<urlset><url><loc>{page}</loc><news:title>A plan</news:title><news:publication_date>2026-05-03</news:publication_date></url></urlset>"
            );
            let mut packed = GzEncoder::new(text.as_bytes(), Compression::fast());
            let mut body = Vec::new();
            packed.read_to_end(&mut body).expect("it packs");
            Answer { body, ..Answer::page("") }
        }
        "/bomb.xml.gz" => {
            let mut packed =
                GzEncoder::new(std::io::repeat(b' ').take(20_000_000), Compression::fast());
            let mut body = Vec::new();
            packed.read_to_end(&mut body).expect("it packs");
            Answer { body, ..Answer::page("") }
        }
        _ => Answer::page("<h1>A plan</h1>"),
    });
    let plain = bed(&server, "/sitemap.xml.gz", "");
    assert_eq!(
        items(&plain, &["title", "date_published"]),
        [["A plan", "2026-05-03T12:00:00+02:00"]]
    );
    let told = bed(&server, "/bomb.xml.gz", "").run(&["refresh"]).ends(3).stderr;
    assert!(told.contains("unpacked, it is larger than 10 MB"), "{told}");
}
