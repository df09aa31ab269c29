//! What a refresh does with a listing: extract, normalise, write; for 30 items and for 10,000.
//!
//! `cargo bench` prints the figures. Compare rows of one run with each other, not runs.

use std::collections::HashMap;

use divan::Bencher;
use divan::counter::ItemsCount;
use infocus::catalog::Feed;
use infocus::config::Settings;
use infocus::dates::Reader;
use infocus::extract::Fields;
use infocus::extract::RawItem;
use infocus::extract::pick::Pick;
use infocus::extract::rules::{Rules, read};
use infocus::model::{Item, Slug};
use infocus::normalize::ledger::{Known, Occasion, settle};
use infocus::normalize::sighting::{Ground, Sighting};
use infocus::publish::{Directory, Publisher, Rollout};
use infocus::templates::Templates;
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [30, 10_000];

fn page(items: usize) -> String {
    let card = |n| {
        format!(
            "<article class=news><span class=label>In Focus</span><h3><a href='/news/{n}?utm_source=list'>Announcement {n} of the valley</a></h3>\
             <time>{} May 2026</time><p class=teaser>The towns met &amp; agreed on plan {n}. It begins in June.</p>\
             <div class=body><p>The <b>towns</b> met. They agreed on plan {n}.</p><ul><li>One</li><li>Two</li></ul></div></article>",
            n % 28 + 1
        )
    };
    format!("<html lang=en><body>{}</body></html>", (0..items).map(card).collect::<String>())
}

fn rules() -> Rules {
    let picks = |rule: &str| vec![Pick::parse(rule).expect("a rule")];
    Rules {
        item: scraper::Selector::parse("article.news").expect("a selector"),
        fields: Fields {
            title: picks("h3"),
            url: picks("h3 a @href"),
            published: picks("time"),
            kicker: picks(".label"),
            summary: picks(".teaser"),
            content: picks(".body"),
            image: picks("img @src"),
            ..Fields::default()
        },
        next: Vec::new(),
        are_runs: false,
    }
}

fn ground() -> Ground {
    Ground {
        base: "https://www.example.org/news".parse().ok(),
        dates: Reader::new("en"),
        zone: TimeZone::UTC,
        language: "en".to_owned(),
        scope: String::new(),
        rules: String::new(),
    }
}

fn raw(items: usize) -> Vec<RawItem> {
    read(&page(items), &rules()).expect("a listing").items
}

fn normalized(items: usize) -> Vec<Sighting> {
    let ground = ground();
    raw(items).iter().filter_map(|raw| Sighting::of(raw, &ground)).collect()
}

fn settled(items: usize) -> Vec<Item> {
    let feed = Slug::parse("news").expect("a slug");
    let now: Timestamp = "2026-06-01T12:00:00Z".parse().expect("an instant");
    let occasion = Occasion {
        feed: &feed,
        source: "page",
        sources: &[],
        is_whole: false,
        language: "en",
        feed_language: "en",
        zone: &TimeZone::UTC,
        now,
        is_first: true,
        unread_since: None,
        are_rules_new: false,
    };
    let changes = settle(normalized(items), &Known::default(), occasion);
    changes.into_iter().map(|change| change.item).collect()
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn extract(bencher: Bencher, items: usize) {
    let (page, rules) = (page(items), rules());
    bencher.bench(|| read(&page, &rules));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn normalize(bencher: Bencher, items: usize) {
    let (raw, ground) = (raw(items), ground());
    bencher.bench(|| raw.iter().filter_map(|raw| Sighting::of(raw, &ground)).count());
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn write(bencher: Bencher, items: usize) {
    let settings = Settings::default();
    let directory = tempfile::tempdir().expect("a directory");
    let templates = Templates::load(directory.path()).expect("templates");
    let output = Directory::new(directory.path().to_owned());
    let publisher = Publisher {
        base_url: &settings.base_url,
        zone: &TimeZone::UTC,
        hub: None,
        templates: &templates,
    };
    let feed = Feed { window: items, ..Feed::sample() };
    let items = settled(items);
    bencher.bench_local(|| {
        let mut rollout = Rollout::within(&output).expect("a directory");
        publisher.feed(&feed, &items, &mut rollout).expect("written");
        tokio::runtime::Runtime::new()
            .expect("a runtime")
            .block_on(rollout.commit())
            .expect("written");
    });
}

/// The forms of `tests/dates/forms.tsv`, each with a reader of its language.
fn forms() -> Vec<(Reader, String)> {
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().expect("an instant");
    let rows = include_str!("../tests/dates/forms.tsv").lines().filter(|row| !row.starts_with('#'));
    let mut readers: HashMap<&str, Reader> = HashMap::new();
    rows.filter_map(|row| row.split_once('\t'))
        .map(|(language, rest)| {
            let new = || Reader::new(language).looking_at(now, &TimeZone::UTC);
            let text = rest.split('\t').next().unwrap_or_default().replace("\\n", "\n");
            (readers.entry(language).or_insert_with(new).clone(), text)
        })
        .collect()
}

/// All forms of the table once; the counter gives dates per second.
#[divan::bench(sample_count = 20)]
fn dates(bencher: Bencher) {
    let forms = forms();
    bencher
        .counter(ItemsCount::new(forms.len()))
        .bench(|| forms.iter().filter(|(reader, text)| reader.read(text).is_some()).count());
}
