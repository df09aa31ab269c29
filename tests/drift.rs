//! A source is held against what it used to give; what it lost is found again, or nothing is touched.

use serde_json::Value;

use crate::bed::Bed;
use crate::server::{Answer, Server};
use crate::sources::bed;

pub const RULES: &str = "[source.html]\nitem = \"ul.news > li\"\ntitle = \"h3\"\nurl = \"h3 a @href\"\n\
                     published = \"time\"\nsummary = \"p\"\n";

pub const TITLES: [&str; 12] = [
    "The towns agree on a plan for the river",
    "A map of all the mills is published",
    "Bridge at the old market opens again",
    "Ferry timetable for the winter season",
    "Call for proposals: school gardens",
    "Annual report on the state of the dikes",
    "New members of the water board elected",
    "Harbour wall repaired before the storms",
    "Free swimming lessons for all children",
    "Public hearing on the northern bypass",
    "Library opens a second reading room",
    "Minutes of the meeting of the council",
];

/// The announcements `from..=until`, the last one first; `{n}`, `{day}` and `{title}` differ.
pub fn list(numbers: std::ops::RangeInclusive<usize>, piece: &str) -> String {
    numbers
        .rev()
        .map(|n| {
            piece
                .replace("{n}", &n.to_string())
                .replace("{day}", &(n + 1).to_string())
                .replace("{title}", TITLES[n % TITLES.len()])
        })
        .collect()
}

const CARD: &str = "<li><time>{day} May 2026</time><h3><a href='/news/{n}'>{title}</a></h3><p>What is behind it, in a few words: {n}.</p></li>";

pub fn page(list: &str) -> Answer {
    Answer::page(format!(
        "<html lang=en><body><nav class=menu><ul class=top><li><a href=/about-us>About us</a><li><a href=/contact-us>Contact us</a>\
         <li><a href=/what-we-do>What we do</a></ul></nav><main>{list}</main></body></html>"
    ))
}

pub fn classic(numbers: std::ops::RangeInclusive<usize>) -> Answer {
    page(&format!("<ul class=news>{}</ul>", list(numbers, CARD)))
}

/// A feed that has read the announcements 1 to 8, a day ago.
pub fn settled(rules: &str) -> (Server, Bed) {
    let server = Server::start(|_| classic(1..=8));
    let mut bed = bed(&server, "/news/", rules);
    bed.at("2026-05-20T10:00:00Z");
    bed.run(&["refresh"]).ends(0);
    bed.at("2026-05-21T10:00:00Z");
    (server, bed)
}

pub fn ids(bed: &Bed) -> Vec<(String, String)> {
    let feed = bed.json_feed("news");
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let items = feed["items"].as_array().expect("items");
    items.iter().map(|item| (text(item, "url"), text(item, "id"))).collect()
}

/// The same announcements, less one and with a new one, on a page that was built anew.
pub fn modern() -> Answer {
    let card = "<div class=card><span class=when>{day}.05.2026</span><div class=head><a href='/news/{n}'>{title}</a></div></div>";
    let grid = list(2..=9, card);
    page(&format!("<section class=hero><h1>News</h1></section><div class=grid>{grid}</div>"))
}

#[test]
fn a_source_that_gives_less_than_it_did_leaves_its_feed_as_it_is() {
    let untitled = CARD.replace("<time>{day} May 2026</time>", "");
    let other: String = list(1..=8, CARD).replace("/news/", "/offers/").replace("May", "April");
    let other =
        TITLES.iter().fold(other, |other, title| other.replace(title, &title.to_uppercase()[4..]));
    let cases: [(&str, String, &str); 5] = [
        ("nothing", "<p>We have moved</p>".to_owned(), "found no items"),
        ("few", list(7..=8, CARD), "found only 2 of the usual 8 items"),
        (
            "undated",
            list(1..=9, &untitled),
            "found no `published` in any of 9, where 100 % used to have one",
        ),
        (
            "without teasers",
            list(1..=9, CARD).replace("<p>", "<i>").replace("</p>", "</i>"),
            "found no `summary`",
        ),
        ("others", other, "found none of the items that it had"),
    ];
    for (what, cards, told) in cases {
        let (server, bed) = settled(RULES);
        let before = bed.files("public");
        server.change(move |_| page(&format!("<ul class=news>{cards}</ul>")));
        let ran = bed.run(&["refresh", "--force"]).ends(3);
        assert!(ran.stderr.contains(told), "{what}: {}", ran.stderr);
        assert_eq!(bed.files("public"), before, "{what}");
    }
}

#[test]
fn what_is_wrong_is_told_once_and_so_is_that_it_is_over() {
    let (server, bed) = settled(RULES);
    server.change(|_| page("<p>Down for maintenance"));
    assert!(bed.run(&["refresh", "--force"]).ends(3).stderr.contains("found no items"));
    assert_eq!(bed.run(&["refresh", "--force"]).ends(3).stderr, "");
    let status = bed.run(&["status"]).ends(0).stdout;
    assert!(status.contains("degraded") && status.contains("found no items"), "{status}");
    server.change(|_| classic(1..=9));
    let told = bed.run(&["refresh", "--force"]).ends(0).stderr;
    assert_eq!(told, "source `news/1` gives its items again\n");
    assert_eq!(bed.run(&["refresh", "--force"]).ends(0).stderr, "");
    assert_eq!(ids(&bed).len(), 9);
}

#[test]
fn a_webhook_hears_of_it_once() {
    let (server, bed) = settled(RULES);
    let ear = Server::start(|_| Answer::page("ok"));
    let settings = bed.read("infocus.toml");
    let webhook = ear.url("/hook");
    bed.write("infocus.toml", format!("{settings}[alerts]\nwebhook = \"{webhook}\"\n"));
    bed.run(&["refresh", "--force"]).ends(0);
    assert!(ear.asked().is_empty());
    server.change(|_| Answer::status(500));
    bed.run(&["refresh", "--force"]).ends(3);
    bed.run(&["refresh", "--force"]).ends(3);
    assert_eq!(ear.asked_paths(), ["/hook"]);
    server.change(|_| classic(1..=9));
    let ran = bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ran.stderr, "source `news/1` gives its items again\n");
    let asked = ear.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method, "POST");
}

#[test]
fn a_page_that_says_there_is_no_news_is_not_at_fault() {
    for says in [
        "<ul class=news></ul><p>There are currently no announcements.</p>",
        "<ul class=news><p>Keine Meldungen vorhanden.</p></ul>",
    ] {
        let (server, bed) = settled(RULES);
        server.change(move |_| page(says));
        assert_eq!(bed.run(&["refresh", "--force"]).ends(0).stderr, "", "{says}");
        assert_eq!(ids(&bed).len(), 8);
    }
}

#[test]
fn a_new_year_on_the_page_is_no_fault() {
    let (server, bed) = settled(RULES);
    server.change(|_| classic(9..=10));
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ids(&bed).len(), 10);
}

#[test]
fn a_page_that_was_built_anew_goes_on_with_the_items_it_had() {
    let (server, bed) = settled(RULES);
    let before = ids(&bed);
    server.change(|_| modern());
    let told = bed.run(&["refresh", "--force"]).ends(0).stderr;
    assert!(told.contains("infocus add --repair news"), "{told}");
    let after = ids(&bed);
    assert_eq!(after.len(), 9, "{after:?}");
    assert!(before.iter().all(|known| after.contains(known)));
    assert_eq!(bed.run(&["refresh", "--force"]).ends(0).stderr, "", "told once");
    let status = bed.run(&["status"]).ends(0).stdout;
    assert!(status.contains("healed") && status.contains("item = \"div.card\""), "{status}");
}

#[test]
fn a_source_without_rules_finds_its_list_by_itself() {
    let (server, bed) = settled("");
    assert_eq!(ids(&bed).len(), 8);
    server.change(|_| {
        let card =
            "<article><h2><a href='/news/{n}'>{title}</a></h2><b>{day}.05.2026</b></article>";
        page(&list(2..=9, card))
    });
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ids(&bed).len(), 9);
    let before = bed.files("public");
    server.change(|_| page("<form>Log in</form>"));
    bed.run(&["refresh", "--force"]).ends(3);
    assert_eq!(bed.files("public"), before);
}

#[test]
fn what_stands_elsewhere_in_the_same_kind_of_place_stays_out() {
    let anew = "<div><ul><li><a href=/offices>Offices and more of it</a></li><li><a href=/contacts>Contacts and more of it</a></li>\
                <li><a href=/old/1>What was read by most people</a> 2024-05-03</li></ul></div>";
    for rules in [RULES, ""] {
        let (server, bed) = settled(rules);
        server.change(move |_| {
            let card = "<li><a href=/news/{n}>{title}</a> {day}.05.2026</li>";
            let list = format!("{anew}<div><ul>{}</ul></div>", list(2..=9, card));
            Answer::page(format!("<html lang=en><body>{list}"))
        });
        bed.run(&["refresh", "--force"]).ends(0);
        let urls: Vec<String> = ids(&bed).into_iter().map(|(url, _)| url).collect();
        assert_eq!(urls.len(), 9, "{urls:?}");
        assert!(urls.iter().all(|url| url.contains("/news/")), "{urls:?}");
    }
}

#[test]
fn an_announcement_that_begins_with_no_hides_no_redesign() {
    let (server, bed) = settled(RULES);
    server.change(|_| {
        let card = "<article><h2><a href=/news/{n}>{title}</a></h2><b>{day}.05.2026</b></article>";
        let first = "<article><h2><a href=/news/9>No news items left behind</a></h2><b>21.05.2026</b></article>";
        page(&format!("{first}{}", list(1..=8, card)))
    });
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ids(&bed).len(), 9);
    server.change(|_| page("<p>There is no connection to the database server."));
    bed.run(&["refresh", "--force"]).ends(3);
}

#[test]
fn items_that_the_ledger_would_not_know_are_not_taken_for_the_known_ones() {
    let undated = RULES.replace("published = \"time\"\n", "");
    let server = Server::start(|_| {
        page(&format!(
            "<ul class=news>{}</ul>",
            list(1..=8, "<li><h3><a href=/news/{n}>{title}</a></h3></li>")
        ))
    });
    let bed = bed(&server, "/news/", &undated);
    bed.run(&["refresh"]).ends(0);
    server.change(|_| {
        page(&list(1..=8, "<article><h2><a href=/en/stories/{n}-x>{title}</a></h2></article>"))
    });
    bed.run(&["refresh", "--force"]);
    assert_eq!(ids(&bed).len(), 8, "none is there twice");
}

#[test]
fn unwanted_items_and_late_entries_are_no_fault() {
    let rules = format!("{RULES}[source.keep]\ntitle = \"/(?i)river|mills|bridge|ferry|call/\"\n");
    let (server, bed) = settled(&rules);
    // One that is wanted among six others, all that was there is gone, and one came a day late.
    server.change(|_| {
        let card = CARD.replace("{day} May", "{day} June");
        let late = CARD
            .replace("{day} May", "8 May")
            .replace("{n}", "99")
            .replace("{title}", "Ferry to the island");
        page(&format!("<ul class=news>{}{late}</ul>", list(10..=15, &card)))
    });
    let mut bed = bed;
    bed.at("2026-06-20T10:00:00Z").run(&["refresh", "--force"]).ends(0);
    assert!(ids(&bed).iter().any(|(url, _)| url.ends_with("/news/12")), "{:?}", ids(&bed));
}

#[test]
fn the_words_that_there_is_no_news_are_no_item() {
    let (server, bed) = settled(RULES);
    server.change(|_| page("<ul class=news><li><h3>There is no news at present</h3></li></ul>"));
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ids(&bed).len(), 8);
}

#[test]
fn a_list_that_is_shown_is_preferred_to_the_data_at_every_look() {
    let server = Server::start(|_| {
        let entry = "{\"headline\":\"{title}\",\"url\":\"/news/{n}\",\"datePublished\":\"2026-05-1{n}T08:30:00Z\",\"description\":\"Other words of it\"},";
        let data = list(1..=8, entry);
        let card = "<li><a href=/news/{n}>{title}</a> <span class=date>2026-05-1{n}</span></li>";
        Answer::page(format!(
            "<html lang=en><body><div><ul>{}</ul></div><p>{}</p><script type='application/json'>[{}]</script>",
            list(1..=8, card),
            "Long words about all of it. ".repeat(20),
            data.trim_end_matches(',')
        ))
    });
    let bed = bed(&server, "/news/", "");
    bed.run(&["refresh"]).ends(0);
    let before = bed.files("public");
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(bed.files("public"), before);
}

#[test]
fn a_fault_of_another_number_is_the_same_fault() {
    let (server, bed) = settled(RULES);
    for (most, is_told) in [(2, true), (1, false), (3, false)] {
        server.change(move |_| classic(1..=most));
        let told = bed.run(&["refresh", "--force"]).ends(3).stderr;
        assert_eq!(!told.is_empty(), is_told, "{most}: {told}");
    }
}

#[test]
fn a_source_that_is_healed_no_longer_is_told() {
    let (server, bed) = settled(RULES);
    server.change(|_| modern());
    assert!(bed.run(&["refresh", "--force"]).ends(0).stderr.contains("found again"));
    server.change(|_| page("<p>Under construction"));
    assert!(bed.run(&["refresh", "--force"]).ends(3).stderr.starts_with("error: "));
    assert!(bed.run(&["status"]).ends(0).stdout.contains("degraded"));
    server.change(|_| modern());
    let told = bed.run(&["refresh", "--force"]).ends(0).stderr;
    assert!(told.contains("found again") && !told.contains("gives its items again"), "{told}");
    server.change(|_| classic(1..=9));
    let told = bed.run(&["refresh", "--force"]).ends(0).stderr;
    assert_eq!(told, "source `news/1` gives its items again\n");
}

#[test]
fn a_webhook_that_fails_hears_of_it_at_the_next_pass() {
    let (server, bed) = settled(RULES);
    let ear = Server::start(|_| Answer::status(500));
    let settings = bed.read("infocus.toml");
    let webhook = ear.url("/hook");
    bed.write("infocus.toml", format!("{settings}[alerts]\nwebhook = \"{webhook}\"\n"));
    server.change(|_| Answer::status(500));
    assert!(bed.run(&["refresh", "--force"]).ends(3).stderr.contains("the webhook heard nothing"));
    ear.change(|_| Answer::page("ok"));
    bed.run(&["refresh", "--force"]).ends(3);
    bed.run(&["refresh", "--force"]).ends(3);
    assert_eq!(ear.asked().len(), 2, "one in vain, one heard");
}

#[test]
fn what_denies_that_there_is_news_is_told_from_news() {
    use infocus::detect::says_no_news;
    for said in [
        "There are currently no announcements.",
        "No news at present",
        "Derzeit sind keine Meldungen vorhanden.",
        "Es liegen zurzeit keine Meldungen vor.",
        "Aucune actualité pour le moment",
        "No hay noticias.",
        "Nema novosti.",
        "Тренутно нема вести.",
        "Новостей нет",
        "Haber bulunamadı",
        "Nincsenek hírek",
        "Det finns inga nyheter.",
        "Ei uutisia.",
        "現在お知らせはありません",
        "目前没有新闻。",
        "현재 공지사항이 없습니다.",
        "ขณะนี้ไม่มีข่าว",
        "لا توجد أخبار",
    ] {
        assert!(says_no_news(said), "{said}");
    }
    for news in [
        "Press release No. 12",
        "Announcement No 3/2024",
        "Post office will not open on Friday",
        "Results: no change in interest rates",
        "There is no connection to the database server",
        "No cookies, please",
    ] {
        assert!(!says_no_news(news), "{news}");
    }
}
