//! Announcements are found on pages that nobody wrote rules for.

use infocus::dates::Reader;
use infocus::detect::{Candidate, SURE, lists};
use infocus::extract::markup;

use crate::bed::Bed;
use crate::server::{Answer, Server};

/// What every page has around its list.
pub fn page(lang: &str, list: &str) -> String {
    let menu: String = ["About us", "What we do", "Where we work", "Publications", "Contact us"]
        .iter()
        .map(|name| format!("<li><a href='/{}'>{name}</a></li>", name.replace(' ', "-")))
        .collect();
    let popular: String = (1..=5)
        .map(|n| {
            format!("<li><a href='/popular/{n}'>Something that many people read, {n}</a></li>")
        })
        .collect();
    format!(
        "<html lang={lang}><title>N</title><body><nav class=menu><ul>{menu}</ul></nav><div id=content>{list}</div>\
         <div class=sidebar><h3>Most read</h3><ul>{popular}</ul></div><footer><ul>{menu}</ul></footer></body></html>"
    )
}

/// The best list: title, last part of the address, and day of each item.
fn best(lang: &str, list: &str) -> Vec<[String; 3]> {
    let html = markup::parse(&page(lang, list)).expect("a page");
    let url = "https://www.example.org/news/".parse().expect("an address");
    let now = "2026-11-24T10:00:00Z".parse().expect("an instant");
    let dates = Reader::new(lang).looking_at(now, &jiff::tz::TimeZone::UTC);
    let found: Vec<Candidate> = lists(&html, &url, &dates);
    let Some(best) = found.into_iter().next().filter(|list| list.score >= SURE) else {
        return Vec::new();
    };
    let reader = best.dates;
    let shown = |text: Option<&str>| text.unwrap_or("-").to_owned();
    best.items
        .iter()
        .map(|item| {
            let date = item.published.as_ref().and_then(|date| reader.read(&date.text));
            let url = item.url.as_deref().and_then(|url| url.rsplit('/').next());
            let day = date.map(|date| date.day().to_string());
            [shown(item.title.as_deref()), shown(url), shown(day.as_deref())]
        })
        .collect()
}

/// `n` pieces of markup, the newest day first; `{n}`, `{day}` and `{title}` stand for what differs.
fn repeat(n: usize, piece: &str) -> String {
    const TITLES: [&str; 6] = [
        "The towns agree on a plan for the river",
        "A map of all the mills is published",
        "Bridge at the old market opens again",
        "Ferry timetable for the winter season",
        "Call for proposals: school gardens",
        "Annual report on the state of the dikes",
    ];
    (0..n)
        .map(|at| {
            piece
                .replace("{n}", &(at + 1).to_string())
                .replace("{day}", &(28 - at).to_string())
                .replace("{title}", TITLES[at % TITLES.len()])
        })
        .collect()
}

fn first(title: &str, day: &str) -> [String; 3] {
    [title.to_owned(), "1".to_owned(), day.to_owned()]
}

const TITLE: &str = "The towns agree on a plan for the river";

/// A list in the shapes that lists have.
pub const SHAPES: [(&str, &str); 8] = [
    (
        "cards",
        "<div class=card><h3><a href=/n/{n}>{title}</a></h3><span class=date>{day} May 2026</span><p>About the river and all who live beside it, in short.</p></div>",
    ),
    (
        "a link around each card",
        "<a class=card href=/n/{n}><div class=card__date>{day} May 2026</div><div class=card__title>{title}</div><p>About the river and all who live beside it, in short.</p></a>",
    ),
    ("a list", "<li>{day}.05.2026 <a href=/n/{n}>{title}</a></li>"),
    ("rows", "<tr><td>{day} May 2026</td><td><a href=/n/{n}>{title}</a></td></tr>"),
    (
        "headings and what follows",
        "<h2><a href=/n/{n}>{title}</a></h2><p>{day} May 2026</p><p>About the river and all who live beside it, in short.</p><hr>",
    ),
    ("terms", "<dt><a href=/n/{n}>{title}</a></dt><dd>{day} May 2026</dd>"),
    (
        "links that all say the same",
        "<div class=item><b>{title}</b><p>{day} May 2026</p><a href=/n/{n}>Read more</a></div>",
    ),
    (
        "a date in pieces",
        "<div class=item><div class=date><span>{day}</span><span>May</span><span>2026</span></div><a href=/n/{n}>{title}</a></div>",
    ),
];

/// Six pieces with what their elements have to stand in.
pub fn in_shape(piece: &str) -> String {
    let list = repeat(6, piece);
    match &piece[..3] {
        "<tr" => format!("<table>{list}</table>"),
        "<li" => format!("<ul>{list}</ul>"),
        "<dt" => format!("<dl>{list}</dl>"),
        _ => list,
    }
}

#[test]
fn a_page_is_added_with_rules_that_find_what_was_found() {
    for (shape, piece) in SHAPES {
        let html = page("en-GB", &in_shape(piece));
        let server = Server::start(move |_| Answer::page(html.clone()));
        let bed = Bed::new();
        bed.run(&["add", &server.url("/news/"), "--slug", "news"]).ends(0);
        let definition = bed.read("feeds/news.toml");
        bed.run(&["check"]).ends(0);
        bed.run(&["refresh", "--now", "2026-11-24T10:00:00Z"]).ends(0);
        let feed = bed.json_feed("news");
        let items = feed["items"].as_array().expect("items");
        assert_eq!(items.len(), 6, "{shape}: {definition}");
        let first = &items[0];
        assert_eq!(first["title"], TITLE, "{shape}: {definition}");
        assert_eq!(first["url"], server.url("/n/1"), "{shape}: {definition}");
        let day = first["date_published"].as_str().map(|at| &at[..10]);
        assert_eq!(day, Some("2026-05-28"), "{shape}: {definition}");
    }
}

#[test]
fn a_list_is_found_in_whatever_it_is_made_of() {
    for (shape, piece) in SHAPES {
        let list = in_shape(piece);
        let found = best("en-GB", &list);
        assert_eq!(found.len(), 6, "{shape}: {found:?}");
        assert_eq!(found[0], first(TITLE, "2026-05-28"), "{shape}");
    }
}

#[test]
fn a_heading_over_several_dates_them() {
    let group = |day: u8, piece: &str| format!("<h3>{day} May 2026</h3><ul>{piece}</ul>");
    let list = group(3, &repeat(3, "<li><a href=/n/{n}>{title}</a></li>"))
        + &group(2, &repeat(3, "<li><a href=/m/{n}>{title}</a></li>"));
    let days: Vec<String> = best("en-GB", &list).into_iter().map(|[_, _, day]| day).collect();
    assert_eq!(
        days,
        ["2026-05-03", "2026-05-03", "2026-05-03", "2026-05-02", "2026-05-02", "2026-05-02"]
    );
}

#[test]
fn short_titles_and_titles_without_blanks_are_titles() {
    let list =
        repeat(5, "<li><a href=/n/{n}>Annual report {n}</a> <span>{day} May 2026</span></li>");
    assert_eq!(best("en-GB", &format!("<ul>{list}</ul>")).len(), 5);
    let list = repeat(
        5,
        "<li><a href=/n/{n}>关于印发河流保护规划的通知（第{n}号）</a><span>2026-05-{day}</span></li>",
    );
    assert_eq!(best("zh", &format!("<ul>{list}</ul>")).len(), 5);
}

#[test]
fn a_page_without_announcements_gives_none() {
    assert_eq!(best("en", "<h1>Log in</h1><form><input name=user></form>").len(), 0);
    assert_eq!(best("en", "").len(), 0);
}

#[test]
fn a_notice_without_a_link_stands_among_the_others() {
    let list =
        repeat(2, "<tr class=r><td><a href=/n/{n}>{title}</a></td><td>{day} May 2026</td></tr>")
            + "<tr class=r><td>Water is off until noon</td><td>20 May 2026</td></tr>"
            + &repeat(
                2,
                "<tr class=r><td><a href=/m/{n}>{title}</a></td><td>{day} May 2026</td></tr>",
            );
    let found = best("en", &format!("<table>{list}</table>"));
    assert_eq!(found[2], ["Water is off until noon", "-", "2026-05-20"].map(str::to_owned));
}

#[test]
fn probe_tells_people_and_programs_what_it_found() {
    let bed = Bed::new();
    let list =
        repeat(6, "<div class=card><h3><a href=/n/{n}>{title}</a></h3><p>{day} May 2026</p></div>");
    bed.write("page.html", page("en-GB", &list));
    let file = bed.path("page.html");
    let file = file.to_str().expect("a path");
    let told = bed.run(&["probe", file, "--base-url", "https://www.example.org/"]).ends(0).stdout;
    assert!(told.starts_with("6 announcements"), "{told}");
    assert!(told.contains("2026-05-28  The towns agree on a plan for the river"), "{told}");
    let told = bed
        .run(&["probe", file, "--base-url", "https://www.example.org/", "--format", "jsonfeed"])
        .ends(0)
        .stdout;
    let feed: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(feed["items"][5]["url"], "https://www.example.org/n/6");
    let named = "<link rel=alternate type=application/rss+xml href=/feed.xml title=News><link rel=alternate type=application/rss+xml href=/comments/feed/><p>Hi</p>";
    bed.write("page.html", named);
    let told = bed.run(&["probe", file, "--base-url", "https://www.example.org/"]).ends(0).stdout;
    assert!(told.contains("\n  https://www.example.org/feed.xml\n    feed News\n"), "{told}");
    for (shown, told) in [
        ("<p>Hello</p>", "No announcements: there are no links that could make a list."),
        (
            "<div id=root></div><script src=/app.js></script>",
            "No announcements: the page is empty until its scripts have run in a browser.",
        ),
        (
            "<title>Just a moment...</title><p>Checking your browser</p>",
            "No announcements: the server lets only browsers in, and asks whether a person is there.",
        ),
    ] {
        bed.write("page.html", shown);
        assert_eq!(bed.run(&["probe", file]).ends(1).stdout.trim(), told);
    }
    bed.write("page.html", page("en-GB", "<h1>Nothing</h1>"));
    let told = bed.run(&["probe", file, "--format", "jsonfeed"]).ends(1).stdout;
    let feed: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(feed["items"], serde_json::json!([]));
}

#[test]
fn a_title_points_at_its_list() {
    let html = page(
        "en-GB",
        &repeat(
            4,
            "<div class=card><h3><a href=/n/{n}>{title}</a></h3><p>{day} May 2026</p></div>",
        ),
    );
    let server = Server::start(move |_| Answer::page(html.clone()));
    let bed = Bed::new();
    let example = ["--example", "many people read, 2"];
    let told = bed.run(&["probe", &server.url("/"), example[0], example[1]]).ends(0).stdout;
    assert!(told.starts_with("5 announcements"), "{told}");
    bed.run(&["add", &server.url("/"), "--slug", "news", example[0], example[1]]).ends(0);
    bed.run(&["refresh"]).ends(0);
    assert_eq!(bed.json_feed("news")["items"].as_array().map(Vec::len), Some(5));
    let told =
        bed.run(&["add", &server.url("/"), "--slug", "x", "--example", "Nobody"]).ends(2).stderr;
    assert!(told.starts_with("error: the page has no list with these titles"), "{told}");
}

#[test]
fn article_reads_one_page_with_what_only_people_are_told() {
    let bed = Bed::new();
    let paragraph = "<p>The towns along the river agreed on a common plan for the next ten years, which names what every one of them will do.</p>";
    bed.write(
        "page.html",
        page(
            "en-GB",
            &format!(
                "<article><h1>{TITLE}</h1><p class=byline>By Jane Doe</p><p class=posted>Updated 9 May 2026, published 3 May 2026</p>{}</article>",
                paragraph.repeat(4)
            ),
        ),
    );
    let file = bed.path("page.html");
    let file = file.to_str().expect("a path");
    let told = bed
        .run(&["article", file, "--base-url", "https://www.example.org/plan", "--format", "json"])
        .ends(0)
        .stdout;
    let read: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(read["title"], TITLE);
    assert_eq!(read["authors"], serde_json::json!(["Jane Doe"]));
    assert_eq!(read["date_published"].as_str().map(|at| &at[..10]), Some("2026-05-03"));
    let text = read["content_text"].as_str().expect("a text");
    assert!(text.contains("a common plan") && !text.contains("Most read"), "{text}");
    let shown =
        bed.run(&["article", file, "--base-url", "https://www.example.org/plan"]).ends(0).stdout;
    assert!(shown.contains("date     2026-05-03 (page)\nauthor   Jane Doe"), "{shown}");
}

#[test]
fn what_scripts_would_show_is_found_in_the_data_of_the_page() {
    let entry = |wrap: fn(String) -> String| -> String {
        let entries: Vec<String> = (1..=6)
            .map(|n| wrap(format!(
                r#""title":"A plan for river number {n} &amp; its towns","path":"/n/{n}","publishedAt":"2026-05-1{n}T08:00:00Z","teaser":"All that is known.""#
            )))
            .collect();
        format!("[{}]", entries.join(","))
    };
    let plain = entry(|fields| format!("{{{fields}}}"));
    let nested = entry(|fields| format!("{{\"node\":{{\"id\":1,\"attributes\":{{{fields}}}}}}}"));
    let quoted = serde_json::to_string(&format!("{{\"news\":{plain}}}")).expect("JSON");
    let linked: String = (1..=6)
        .map(|n| format!(r#"{{"@type":"ListItem","position":{n},"item":{{"@type":"NewsArticle","headline":"A plan for river number {n} & its towns","url":"/n/{n}","datePublished":"2026-05-1{n}"}}}}"#))
        .collect::<Vec<_>>()
        .join(",");
    let shells = [
        format!(
            "<script id=__NEXT_DATA__ type='application/json'>{{\"props\":{{\"menu\":[1,2,3],\"posts\":{plain}}}}}</script>"
        ),
        format!("<script>var a = 1; window.__STATE__ = {{\"edges\":{nested}}}; start();</script>"),
        format!("<script>window['ÄÖ'] = 'x = {{ no'; window.data = JSON.parse({quoted});</script>"),
        format!(
            "<script type='application/ld+json'>{{\"@type\":\"ItemList\",\"itemListElement\":[{linked}]}}</script>"
        ),
    ];
    for shell in shells {
        let html = format!("<html lang=en><body><div id=root></div>{shell}</body></html>");
        let server = Server::start(move |_| Answer::page(html.clone()));
        let bed = Bed::new();
        bed.run(&["add", &server.url("/news/"), "--slug", "news"]).ends(0);
        bed.run(&["refresh", "--now", "2026-11-24T10:00:00Z"]).ends(0);
        let feed = bed.json_feed("news");
        let items = feed["items"].as_array().expect("items");
        assert_eq!(items.len(), 6, "{}", bed.read("feeds/news.toml"));
        assert_eq!(items[0]["title"], "A plan for river number 6 & its towns");
        assert_eq!(items[0]["url"], server.url("/n/6"));
        assert!(items[0]["date_published"].as_str().expect("a date").starts_with("2026-05-16"));
    }
}

const RSS: &str = "<rss version='2.0'><channel><title>N</title><item><title>A plan</title><link>https://e.org/1</link></item></channel></rss>";

const POSTS: &str = r#"[{"id":5,"date_gmt":"2026-05-03T23:30:00","guid":{"rendered":"https://e.org/?p=5"},"link":"https://e.org/plan","title":{"rendered":"A plan"}}]"#;

/// A site whose news page is written by scripts; all other addresses answer with `others`.
fn shell(
    head: &'static str,
    others: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
) -> Server {
    let shell =
        format!("<html><head>{head}</head><body><div id=root></div><script src=/a.js></script>");
    Server::start(move |request| match request.path.as_str() {
        "/robots.txt" => Answer::status(404),
        path => Answer::page(others(path).map_or_else(|| shell.clone(), str::to_owned)),
    })
}

#[test]
fn what_a_site_has_already_is_found_where_it_says_and_where_such_things_are() {
    let announced = "<link rel=alternate type='application/rss+xml' href=/blog.rss title='All news'><link rel=alternate type='application/rss+xml' href=/gone.rss>";
    let api = "<link rel='https://api.w.org/' href='/wp-json/'>";
    let cases: [(&str, &str, &str, &str); 3] = [
        (announced, "/blog.rss", RSS, "feed, 1 item All news"),
        ("", "/feed.xml", RSS, "feed, 1 item"),
        (api, "/wp-json/wp/v2/posts?_embed", POSTS, "WordPress, 1 item"),
    ];
    for (head, place, body, told) in cases {
        let server = shell(head, move |path| (path == place).then_some(body));
        let bed = Bed::new();
        let probed = bed.run(&["probe", &server.url("/news/")]).ends(0).stdout;
        assert!(probed.contains(&server.url(place)) && probed.contains(told), "{probed}");
        assert!(!probed.contains("gone.rss"), "it is the page that every address has: {probed}");
        let added = bed.run(&["add", &server.url("/news/"), "--slug", "news"]).ends(0).stdout;
        assert!(added.contains("The page has no clear list"), "{added}");
        bed.run(&["refresh"]).ends(0);
        assert_eq!(bed.json_feed("news")["items"][0]["title"], "A plan");
    }
}

#[test]
fn a_page_for_every_address_is_no_feed() {
    let server = shell("", |_| None);
    let bed = Bed::new();
    let probed = bed.run(&["probe", &server.url("/news/")]).ends(1).stdout;
    assert_eq!(
        probed,
        "No announcements: the page is empty until its scripts have run in a browser.\n\
         `--browser` loads it in one.\n"
    );
    bed.run(&["add", &server.url("/news/"), "--slug", "news"]).ends(2);
}

#[test]
fn what_is_marked_for_programs_is_read_as_that() {
    let marked = [
        "<div class=h-entry><a class='p-name u-url' href=/n/{n}>{title}</a> <span class=dt-published>{day} May 2026</span></div>",
        "<div itemscope itemtype=https://schema.org/NewsArticle><meta itemprop=datePublished content=2026-05-{day}><a itemprop=url href=/n/{n}><span itemprop=headline>{title}</span></a></div>",
    ];
    for piece in marked {
        // Among other links of the page that look as good.
        let others: String = (1..=6)
            .map(|n| {
                format!("<p><a href=/service/{n}>What we do for all who live here, {n}</a></p>")
            })
            .collect();
        let found = best("en-GB", &format!("{}{others}", repeat(6, piece)));
        assert_eq!(found.len(), 6, "{found:?}");
        assert_eq!(found[0], first(TITLE, "2026-05-28"));
    }
}
