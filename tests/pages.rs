//! The definition of a news listing that comes with the program, against a server that behaves as
//! such sites do: cards with the teaser twice, session tokens in links, `?page=N`, a spinner.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bed::Bed;
use crate::server::{Answer, Request, Server};

/// One announcement of the made-up site.
struct News {
    path: &'static str,
    kicker: &'static str,
    title: &'static str,
    date: &'static str,
}

const NEWS: [News; 5] = [
    News {
        path: "/about/news/handbook",
        kicker: "In Focus",
        title: "A handbook for the valley",
        date: "3 May 2026",
    },
    News {
        path: "/about/news/vacancy",
        kicker: "Vacancy",
        title: "Laboratory assistant",
        date: "2 May 2026",
    },
    News { path: "/about/news/budget", kicker: "IN FOCUS", title: "Budget 2027", date: "" },
    News {
        path: "/topics/water/mayors",
        kicker: "In Focus",
        title: "“Mayors & partners” meet",
        date: "28/04/2026",
    },
    News {
        path: "/about/news/summer",
        kicker: "In Focus",
        title: "Summer school",
        date: "03/04/2026",
    },
];

fn card(news: &News, token: usize) -> String {
    let teaser = format!("Teaser of {}.", news.title);
    format!(
        "<div class=news-card><span class=news-card__label>{}</span>\
         <h3 class=news-card__title><a href='{}?PHPSESSID={token}&amp;utm_source=list'>{}</a></h3>\
         <span class=news-card__date>{}</span><p class='news-card__teaser'>{teaser}</p>\
         <p class='news-card__teaser mobile-only'>{teaser}</p></div>",
        news.kicker, news.path, news.title, news.date
    )
}

/// Three cards a page; every request gets its own session token.
fn site(token: usize) -> impl Fn(&Request) -> Answer + Send + 'static {
    move |request| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if path != "/news" {
            let known = NEWS.iter().any(|news| news.path == path);
            return match known {
                true => Answer::page(format!(
                    "<div class=article-body><p>All of <a href=more.html>{path}</a>.</p></div>"
                )),
                false => Answer::status(404),
            };
        }
        let cards: String = match query {
            "page=2" => NEWS[3..].iter().map(|news| card(news, token)).collect(),
            _ => {
                NEWS[..3].iter().map(|news| card(news, token)).collect::<String>()
                    + "<div class=pagination><a class=next href='?page=2'>Next</a></div>"
            }
        };
        Answer::page(format!(
            "<html lang=en><body>{cards}<div class='news-card spinner'></div></body></html>"
        ))
    }
}

fn bed(server: &Server) -> Bed {
    let bed = Bed::new();
    let definition = include_str!("../feeds/newsroom.toml")
        .replace("https://www.example.org/news", &server.url("/news"))
        .replace("paused = true\n", "");
    bed.write("feeds/newsroom.toml", definition);
    bed
}

#[test]
fn a_listing_is_read_over_its_pages_with_the_page_of_each_item() {
    let server = Server::start(site(1));
    let bed = bed(&server);
    bed.run(&["refresh"]).ends(0);
    let feed = bed.json_feed("newsroom");
    let items = feed["items"].as_array().expect("items");
    let shown: Vec<_> = items
        .iter()
        .map(|item| {
            (
                item["title"].as_str().expect("a title"),
                item["date_published"].as_str().expect("a date"),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Budget 2027", "2026-05-04T12:00:00+02:00"),
            ("A handbook for the valley", "2026-05-03T12:00:00+02:00"),
            ("“Mayors & partners” meet", "2026-04-28T12:00:00+02:00"),
            // The column has shown that the day comes first.
            ("Summer school", "2026-04-03T12:00:00+02:00"),
        ]
    );
    let handbook = &items[1];
    assert_eq!(handbook["url"], server.url("/about/news/handbook"));
    assert_eq!(handbook["summary"], "Teaser of A handbook for the valley.");
    let content = handbook["content_html"].as_str().expect("content");
    let more = server.url("/about/news/more.html");
    assert_eq!(content, format!("<p>All of <a href=\"{more}\">/about/news/handbook</a>.</p>"));
}

#[test]
fn the_second_look_asks_for_the_listing_alone_and_changes_nothing() {
    let server = Server::start(site(1));
    let mut bed = bed(&server);
    bed.run(&["refresh"]).ends(0);
    let first = bed.files("public");
    assert_eq!(server.asked().len(), 2 + 4, "two pages of the listing, four items that are kept");
    bed.run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), [""; 0], "not due yet");
    server.change(site(2));
    bed.at("2026-05-04T17:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/news"], "nothing new on the first page: no need for more");
    assert_eq!(bed.files("public"), first, "other session tokens are no change");
}

/// A listing with one card, whose page knows better.
fn detailed(
    lead: &'static str,
    page: &'static str,
) -> impl Fn(&Request) -> Answer + Send + 'static {
    move |request| match request.path.as_str() {
        "/news" => Answer::page(format!(
            "<div class=c><h3><a href=/1>A title, cut by the li…</a></h3><p>{lead}</p></div>"
        )),
        "/1" => Answer::page(page),
        _ => Answer::status(404),
    }
}

const DETAILED: &str = "every = \"1h\"\n[source.html]\nitem = \".c\"\nsummary = \"p\"\n\
    [source.detail]\ntitle = \"h1\"\nkicker = \".k\"\nsummary = \".lead\"\n";

#[test]
fn what_the_page_of_an_item_said_stays_until_the_listing_says_something_else() {
    let page = "<span class=k>In Focus</span><h1>A title, whole</h1><p class=lead>Lead.</p>";
    let server = Server::start(detailed("Teaser.", page));
    let mut bed = Bed::new();
    bed.write(
        "feeds/news.toml",
        format!("title = \"News\"\n[[source]]\nurl = \"{}\"\n{DETAILED}", server.url("/news")),
    );
    bed.run(&["refresh"]).ends(0);
    let first = bed.files("public");
    let item = bed.json_feed("news")["items"][0].clone();
    assert_eq!((&item["title"], &item["summary"]), (&"A title, whole".into(), &"Lead.".into()));
    server.asked();
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/news"], "its page has been read");
    assert_eq!(bed.files("public"), first);

    server.change(detailed("Another teaser.", "<h1>A title, corrected</h1>"));
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    let item = bed.json_feed("news")["items"][0].clone();
    assert_eq!(item["title"], "A title, corrected");
    assert_eq!(item["tags"][0], "In Focus", "a field that is gone stays");
    server.change(|request| match request.path.as_str() {
        "/news" => detailed("A third teaser.", "")(request),
        _ => Answer::status(500),
    });
    bed.at("2026-05-07T15:00:00Z").run(&["refresh"]).ends(3);
    assert_eq!(bed.json_feed("news")["items"][0]["title"], "A title, corrected");
}

#[test]
fn a_listing_that_is_in_another_order_at_every_request_is_read_whole() {
    let listing = |most: usize| {
        let asked = AtomicUsize::new(0);
        move |request: &Request| {
            let page: usize =
                request.path.rsplit('=').next().and_then(|n| n.parse().ok()).unwrap_or(1);
            // Each reading begins elsewhere, and so does each page of it.
            let turn = asked.fetch_add(1, Ordering::Relaxed) * 7;
            let shown = (0..most / 3).map(|at| (turn + (page - 1) * 4 + at) % most + 1);
            let items: String =
                shown.map(|n| format!("<li><a href=/n/{n}>Item {n}</a></li>")).collect();
            Answer::page(items)
        }
    };
    let server = Server::start(listing(12));
    let bed = Bed::new();
    let url = server.url("/news");
    bed.write(
        "feeds/news.toml",
        format!("title = \"News\"\n[[source]]\nurl = \"{url}\"\nnext_url = \"{url}?page={{page}}\"\npages = 3\n[source.html]\nitem = \"li\"\n"),
    );
    let items = |bed: &Bed| bed.json_feed("news")["items"].as_array().map(Vec::len);
    bed.run(&["refresh"]).ends(0);
    assert_eq!(items(&bed), Some(12));
    // What is new need not stand on the first page; what one look misses, another finds.
    server.change(listing(15));
    for _ in 0..2 {
        bed.run(&["refresh", "--force"]).ends(0);
    }
    assert_eq!(items(&bed), Some(15));
}

#[test]
fn what_a_first_look_leaves_unread_the_next_ones_read() {
    let server = Server::start(|request| match request.path.as_str() {
        "/news" | "/news?page=2" => {
            let second = request.path.ends_with('2');
            let cards: String = (0..40)
                .map(|n| format!("<div class=c><a href=/{second}/{n}>Title {n}</a></div>"))
                .collect();
            Answer::page(format!("{cards}<a rel=next href='/news?page=2'>»</a>"))
        }
        _ => Answer::page("<p class=lead>Lead.</p>"),
    });
    let mut bed = Bed::new();
    bed.write(
        "feeds/news.toml",
        format!(
            "title = \"News\"\nwindow = 100\n[[source]]\nurl = \"{}\"\npages = 2\n[source.html]\n\
             item = \".c\"\n[source.detail]\nsummary = \".lead\"\n",
            server.url("/news")
        ),
    );
    let unread = |bed: &Bed| {
        let feed = bed.json_feed("news");
        let items = feed["items"].as_array().expect("items").clone();
        (items.len(), items.iter().filter(|item| item["summary"].is_null()).count())
    };
    bed.run(&["refresh"]).ends(0);
    assert_eq!(unread(&bed), (80, 30));
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(unread(&bed), (80, 0));
}

#[test]
fn what_another_definition_finds_is_neither_news_nor_an_edit() {
    let page = "<div class=c><a href=/1>One</a><p>Teaser.</p><i>3 May 2026</i></div>\
        <div class=o><a href=/2>Two</a><i>1 March 2026</i></div><div class=o><a href=/3>Three</a></div>";
    let server = Server::start(move |_| Answer::page(page));
    let mut bed = Bed::new();
    let settings = bed.read("infocus.toml");
    bed.write(
        "infocus.toml",
        settings
            + "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n",
    );
    let definition = |rules: &str| {
        let url = server.url("/news");
        format!(
            "title = \"News\"\n[[source]]\nurl = \"{url}\"\n[source.html]\npublished = \"i\"\n{rules}"
        )
    };
    bed.write("feeds/news.toml", definition("item = \".c\"\n"));
    bed.run(&["refresh"]).ends(0);
    bed.write("feeds/news.toml", definition("item = \".c, .o\"\nsummary = \"p\"\n"));
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let feed = bed.json_feed("news");
    assert_eq!(feed["items"].as_array().map(Vec::len), Some(3));
    for item in feed["items"].as_array().expect("items") {
        assert!(item["date_modified"].is_null(), "{item}");
    }
    let told = bed.run(&["digest", "weekly", "--since", "2026-05-04T00:00:00Z"]).ends(0).stdout;
    assert_eq!(told, "Nothing new: there would be no edition.\n");
}

#[test]
fn a_page_of_an_item_that_is_not_there_is_asked_for_once() {
    let server = Server::start(|request| match request.path.as_str() {
        "/news" => detailed("Teaser.", "")(request),
        _ => Answer::status(404),
    });
    let mut bed = Bed::new();
    bed.write(
        "feeds/news.toml",
        format!("title = \"News\"\n[[source]]\nurl = \"{}\"\n{DETAILED}", server.url("/news")),
    );
    bed.run(&["refresh"]).ends(3);
    server.asked();
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(server.asked_paths(), ["/news"]);
}

#[test]
fn a_filter_on_what_only_the_page_of_an_item_has_is_judged_by_it() {
    let page = "<span class=k>In Focus</span><h1>A title, whole</h1>";
    let server = Server::start(detailed("Teaser.", page));
    let bed = Bed::new();
    let definition = |kicker: &str| {
        let url = server.url("/news");
        format!(
            "title = \"News\"\n[[source]]\nurl = \"{url}\"\n{DETAILED}[source.keep]\nkicker = \"{kicker}\"\n"
        )
    };
    bed.write("feeds/kept.toml", definition("In Focus"));
    bed.write("feeds/dropped.toml", definition("Vacancy"));
    bed.run(&["refresh"]).ends(0);
    assert_eq!(bed.json_feed("kept")["items"][0]["tags"][0], "In Focus");
    assert!(!bed.path("public/dropped").exists());
}

#[test]
fn times_are_those_of_the_source_and_days_those_its_page_shows() {
    let server = Server::start(|_| {
        Answer::page(
            "<html lang=de><p class=c><a href=/1>Eins</a> <i>3. Mai 2026, 9 Uhr</i></p>\
             <p class=c><a href=/2>Zwei</a> <i>vor 2 Stunden</i></p>\
             <p class=c><a href=/3>Drei</a> <i>02/03/2026</i></p>",
        )
    });
    let bed = Bed::new();
    bed.write(
        "feeds/news.toml",
        format!(
            "title = \"News\"\n[[source]]\nurl = \"{}\"\ntime_zone = \"Asia/Tokyo\"\n\
             [source.html]\nitem = \".c\"\npublished = \"i\"\n",
            server.url("/news")
        ),
    );
    bed.run(&["refresh"]).ends(0);
    let feed = bed.json_feed("news");
    let dates: Vec<_> = (0..3).map(|at| feed["items"][at]["date_published"].clone()).collect();
    assert_eq!(
        dates,
        [
            "2026-05-04T15:00:00+02:00",
            "2026-05-03T02:00:00+02:00",
            // The page says that it is German.
            "2026-03-02T12:00:00+01:00",
        ]
    );
}

#[test]
fn a_date_is_the_first_of_its_places_that_holds_one() {
    let server = Server::start(|_| {
        Answer::page("<li data-id=7><a href=/1>One</a><time datetime=now>3 May 2026</time>")
    });
    let bed = Bed::new();
    bed.write(
        "feeds/news.toml",
        format!(
            "title = \"News\"\n[[source]]\nurl = \"{}\"\n[source.html]\nitem = \"li\"\n\
             key = \"@data-id\"\npublished = [\"time @datetime\", \"time\"]\n",
            server.url("/news")
        ),
    );
    let told = bed.run(&["refresh"]).ends(0).stderr;
    assert_eq!(told, "", "nothing is wrong with a date that was found");
    assert_eq!(bed.json_feed("news")["items"][0]["date_published"], "2026-05-03T12:00:00+02:00");
}

#[test]
fn a_page_that_breaks_or_empties_leaves_the_feed_as_it_is() {
    let server = Server::start(site(1));
    let mut bed = bed(&server);
    bed.run(&["refresh"]).ends(0);
    let first = bed.files("public");
    for (answer, told) in [
        (Answer::status(503), "source `newsroom/1`: the server answered 503 Service Unavailable"),
        (Answer::page("<p>We have moved"), "source `newsroom/1` found no items"),
        (
            Answer::page("<div>".repeat(100_000)),
            "source `newsroom/1`: the page is too complex to be read",
        ),
        (
            Answer::page(vec![b'a'; 10_000_001]),
            "source `newsroom/1`: the page is larger than 10 MB",
        ),
        (
            Answer::status(302).with("Location", "file:///etc/passwd"),
            "redirected to `file:///etc/passwd`",
        ),
        (
            Answer::status(302).with("Location", "http://10.0.0.1/"),
            "10.0.0.1 is in a private network",
        ),
        (Answer::status(302).with("Location", "/news"), "it redirects in a circle"),
    ] {
        server.change(move |_| answer.clone());
        let stderr = bed.at("2026-05-05T15:00:00Z").run(&["refresh", "--force"]).ends(3).stderr;
        assert!(stderr.starts_with("error: ") && stderr.contains(told), "{told}: {stderr}");
        assert_eq!(bed.files("public"), first);
    }
    server.change(site(3));
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(bed.files("public"), first);
}

#[test]
fn a_server_that_knows_validators_is_asked_with_them_exactly_as_it_gave_them() {
    let server = Server::start(|request| {
        let page = site(1)(request);
        match request.headers.get("if-none-match") {
            Some(etag) if etag == "W/\"a b\"" => Answer::status(304),
            _ => page
                .with("ETag", "W/\"a b\"")
                .with("Last-Modified", "Sun, 03 May 2026 10:00:00 GMT"),
        }
    });
    let mut bed = bed(&server);
    bed.run(&["refresh"]).ends(0);
    server.asked();
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].headers["if-none-match"], "W/\"a b\"");
    assert_eq!(asked[0].headers["if-modified-since"], "Sun, 03 May 2026 10:00:00 GMT");
    assert!(asked[0].headers["user-agent"].starts_with("infocus/"), "{asked:?}");
    // Under another definition the page has not been read yet.
    let definition =
        bed.read("feeds/newsroom.toml").replace("[source.keep]\nkicker = \"In Focus\"\n", "");
    bed.write("feeds/newsroom.toml", definition);
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(bed.json_feed("newsroom")["items"].as_array().map(Vec::len), Some(5));
}

#[test]
fn loopback_is_refused_unless_the_site_allows_it() {
    let server = Server::start(site(1));
    let bed = bed(&server);
    bed.write("infocus.toml", "base_url = \"https://news.example.org/\"\n");
    let told = bed.run(&["refresh"]).ends(3).stderr;
    assert!(told.contains("127.0.0.1 is in a private network"), "{told}");
    assert!(told.contains("help: allow the network in `infocus.toml`"), "{told}");
    assert!(server.asked().is_empty());
}

#[test]
fn the_definition_that_comes_with_the_program_is_valid_and_paused() {
    let bed = Bed::new();
    bed.write("feeds/newsroom.toml", include_str!("../feeds/newsroom.toml"));
    bed.run(&["check"]).ends(0);
    bed.run(&["refresh"]).ends(0);
    assert!(!bed.path("public").exists(), "nothing to publish, nothing published");
}
