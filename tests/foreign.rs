//! Readers of foreign bytes: whatever comes, they answer, and what they answer is clean.
//!
//! `PROPTEST_CASES=1000000 cargo test foreign` looks for longer.

use infocus::dates::{Orders, Reader, fold, timeless};
use infocus::detect;
use infocus::extract::pick::Pick;
use infocus::extract::rules::read_page;
use infocus::extract::{
    Fields, Rules, Source, article, charset, feed, file, json, markup, read, rules, sitemap,
};
use infocus::normalize::sighting::{Ground, Sighting};
use infocus::normalize::{SafeHtml, is_legal};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use scraper::Selector;

fn dates() -> Reader {
    Reader::new("en").with_language("sr").looking_at(Timestamp::UNIX_EPOCH, &TimeZone::UTC)
}

fn html_rules() -> rules::Rules {
    let picks = |rules: &[&str]| rules.iter().map(|rule| Pick::parse(rule).expect(rule)).collect();
    rules::Rules {
        item: Selector::parse("article, tr, h2").expect("a selector"),
        are_runs: true,
        fields: Fields {
            title: vec![
                Pick::column("title", "a").expect("a column"),
                Pick::parse("a").expect("a"),
            ],
            url: picks(&["a @href"]),
            published: vec![Pick::template("{td} {^ h2}").expect("a template")],
            kicker: picks(&["^ h3"]),
            summary: picks(&["p"]),
            content: picks(&["div"]),
            image: picks(&["img @src"]),
            author: picks(&["@title"]),
            ..Fields::default()
        },
        next: picks(&["a[rel~=next] @href"]),
    }
}

/// What is read becomes a sighting, and that holds nothing that XML forbids.
fn settle(listing: infocus::extract::Listing) {
    let ground = Ground {
        base: "https://www.example.org/news/".parse().ok(),
        dates: dates(),
        zone: TimeZone::UTC,
        language: "en".to_owned(),
        scope: String::new(),
        rules: String::new(),
    };
    for item in &listing.items {
        let Some(sighting) = Sighting::of(item, &ground) else { continue };
        let texts = [Some(&sighting.title), sighting.kicker.as_ref(), sighting.summary.as_ref()];
        for text in texts.into_iter().flatten() {
            assert!(text.chars().all(is_legal) && !text.contains('\n'), "{text:?}");
        }
        assert!(sighting.content.as_str().chars().all(is_legal));
        let again = SafeHtml::from_html(sighting.content.as_str(), None);
        assert_eq!(again.as_str(), sighting.content.as_str());
    }
}

fn read_all(bytes: &[u8]) {
    let dates = dates();
    let types = [None, Some("text/html; charset=utf-8"), Some("text/html; charset=windows-1250")];
    for content_type in types {
        let source = Source { bytes, content_type, url: None, file: None, dates: &dates };
        for rules in [Rules::Auto, Rules::Html(html_rules())] {
            if let Ok(listing) = read(source, &rules) {
                settle(listing);
            }
        }
        if let Ok(listing) = feed::read(bytes, content_type, None) {
            settle(listing);
        }
    }
    let text = charset::decode(bytes, None);
    if let Ok(listing) = sitemap::read(&text) {
        settle(listing);
    }
    if let Ok(listing) = read_page(&text, &html_rules().fields) {
        settle(listing);
    }
    let path = |path: &str| vec![json::Path::parse(path).expect(path)];
    let fields = Fields { title: path("$..title"), url: path("$.url"), ..Default::default() };
    let item = json::parse_path("$..*").expect("a path");
    if let Ok(listing) = json::read(&text, &json::Rules { item, fields, next: path("$.next") }) {
        settle(listing);
    }
    for name in ["a.txt", "a.md", "a.html"] {
        if let Ok(Some(item)) = file::read(name, bytes, &dates) {
            settle(infocus::extract::Listing { items: vec![item], ..Default::default() });
        }
    }
}

/// What is found without rules; rules that are learnt find the same.
fn detect_all(text: &str) {
    let dates = dates();
    let page = "https://www.example.org/news/".parse().expect("an address");
    let _ = article::read(text, &page, &dates);
    let Ok(html) = markup::parse(text) else { return };
    detect::obstacle(&html);
    detect::feeds(&html, &page);
    for rule in ["article", "ul > li", "div a"] {
        detect::says_none(&html, Selector::parse(rule).ok().as_ref());
    }
    for list in detect::lists(&html, &page, &dates) {
        detect::learn::learn(&html, &page, &list);
        settle(infocus::extract::Listing { items: list.items, ..Default::default() });
    }
}

/// Announcements that a list can be made of, between pieces that disturb it.
const LISTS: &str = "(<article><h2><a href=/n/1>The towns agree on a plan</a></h2>|<article><a href=/n/2>A map of all the mills</a>|<article><b>Bridge opens again</b><a href=/n/3>more</a>\
    |<li><a href=/n/4>Ferry timetable for winter</a>|<li>3 May 2026 <a href=/n/5>Call for proposals</a>|<tr><td>4.5.2026<td><a href=/n/6>Annual report</a>|<dt><a href=/n/7>New members</a><dd>\
    |<time>[1-9] May 2026</time>|<p>What is behind it, in a few words</p>|<ul>|</ul>|<div class=[a-c]>|</div>|</article>|<nav>|</nav>|<main>|<br>|<hr>|<script>x = |</script>\
    |\\[\\{\"title\":\"One\",\"url\":\"/1\"\\},\\{\"title\":\"Two\"\\},\\{\"name\":\"Three\",\"date\":3\\}\\]|\\{\"a\":|\\}|\\PC){0,40}";

fn read_dates(text: &str) {
    let dates = dates();
    dates.read(text);
    if let Some((span, _)) = dates.find(text) {
        assert!(text.get(span).is_some());
    }
    Orders::of_column([text], &dates);
    timeless(text, "en");
    fold(text);
}

/// Pieces that mean something to a reader, and some that do not.
const PIECES: &str = "(<(p|a href=/x|article|tr|td|th|table|div|h1|h2|h3|li|ul|br|img src=a|img data-src=b srcset='c 2x'\
    |noscript|script|title|svg|b|time datetime=2026-05-03|td rowspan=2 colspan=3|th rowspan=0|font|select|feed xml:base=\"/x\"|rss|channel|item|feed|entry|link|guid|pubDate|urlset|url|loc|\\?xml encoding=\"x\"\\?)>\
    |</(p|a|article|tr|table|div|h2|li|noscript|script|title|b|rss|channel|item|feed|entry|link|url|urlset)>|<!--|-->|<!\\[CDATA\\[|\\]\\]>\
    |\\{\"title\":|\"url\":\"/x\"\\}|\\[|\\]|,|---\n|\\+\\+\\+\n|title: |date: |\n\n|\n|- |1\\. |In Focus|3 May 2026|03/05/2026|Vienna, |&amp;|&nbsp;|&|\\PC){0,40}";

const DATE_PIECES: &str = "([0-9]{1,4}|[0-9]{8}|May|maja|Mai|мај|lunedì|Sunday|понедељак|年|月|日|令和|五|十|г\\.|de|st|er|[-–/.,: ]|to|am|pm|Uhr|h|UTC|\\+0200\
    |days ago|Published|until|Deadline:|Updated|更新|まで|\\||vor|Tagen|gestern|\u{200f}|\u{660}|\u{ff11}|\\PC){0,14}";

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn any_markup_is_answered(text in PIECES) {
        read_all(text.as_bytes());
    }

    #[test]
    fn any_list_is_judged(text in LISTS) {
        detect_all(&text);
    }

    #[test]
    fn any_text_is_searched_for_dates(text in DATE_PIECES) {
        read_dates(&text);
    }
}

#[test]
fn a_time_that_is_part_of_a_date_does_not_stand_before_it() {
    read_dates("0:0days ago");
    read_dates("\u{660}:0days ago");
}
