//! How well pages are read that nobody wrote rules for: the figures for `probe` and `article` over
//! a collection of real pages with their true items. The collection lies beside the checkout, in
//! `../shared/pages`; without it there is nothing to measure.
//!
//!     cargo bench --bench pages

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use infocus::dates::Reader;
use infocus::detect::{SURE, lists};
use infocus::extract::{article, charset, markup};
use infocus::normalize::{line, links};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use url::Url;

fn main() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages");
    let read = |name: &str| -> Option<Vec<Value>> {
        let text = std::fs::read_to_string(pages.join(name)).ok()?;
        let whole: Value = serde_json::from_str(&text).ok()?;
        whole["pages"].as_array().cloned()
    };
    let (Some(listings), Some(articles)) = (read("listing.json"), read("article.json")) else {
        println!("there are no pages in {}", pages.display());
        return;
    };
    let found: Vec<Listing> = listings.iter().filter_map(|page| listing(&pages, page)).collect();
    let mean = |value: fn(&Listing) -> f64| {
        found.iter().map(value).sum::<f64>() / found.len().max(1) as f64
    };
    let dated: usize = found.iter().map(|page| page.dated).sum();
    let right: usize = found.iter().map(|page| page.days).sum();
    println!("listing  {} pages", found.len());
    println!("  F1 by link, mean          {:.3}", mean(|page| page.f1));
    println!("  days right of those found {:.3}", right as f64 / dated.max(1) as f64);
    println!("  milliseconds a page       {:.1}", mean(|page| page.took.as_secs_f64() * 1000.0));
    let read: Vec<Article> = articles.iter().filter_map(|page| one(&pages, page)).collect();
    let share = |of: fn(&Article) -> Option<bool>| {
        let known: Vec<bool> = read.iter().filter_map(of).collect();
        known.iter().filter(|right| **right).count() as f64 / known.len().max(1) as f64
    };
    let took: Duration = read.iter().map(|page| page.took).sum();
    println!("article  {} pages", read.len());
    println!("  titles to the letter      {:.3}", share(|page| page.title));
    println!("  days right                {:.3}", share(|page| page.day));
    println!("  milliseconds a page       {:.1}", took.as_secs_f64() * 1000.0 / read.len() as f64);
}

struct Listing {
    f1: f64,
    /// Found items that have a true date, and those whose day is right.
    dated: usize,
    days: usize,
    took: Duration,
}

struct Article {
    title: Option<bool>,
    day: Option<bool>,
    took: Duration,
}

fn page_of(pages: &Path, page: &Value) -> Option<(String, Url, Reader)> {
    let bytes = std::fs::read(pages.join(page["file"].as_str()?)).ok()?;
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().ok()?;
    let dates = Reader::new(page["lang"].as_str().unwrap_or("en")).looking_at(now, &TimeZone::UTC);
    Some((charset::decode(&bytes, None), page["url"].as_str()?.parse().ok()?, dates))
}

fn listing(pages: &Path, page: &Value) -> Option<Listing> {
    let (text, url, dates) = page_of(pages, page)?;
    let begin = Instant::now();
    let html = markup::parse(&text).ok()?;
    let best = lists(&html, &url, &dates).into_iter().next().filter(|list| list.score >= SURE);
    let took = begin.elapsed();
    let key = |address: &str| links::absolute(address, Some(&url)).map(|url| links::key(&url));
    let truth: Vec<(HashSet<String>, Option<&str>)> = page["items"]
        .as_array()?
        .iter()
        .map(|item| {
            let addresses = item["links"].as_array().into_iter().flatten();
            (addresses.filter_map(|link| key(link.as_str()?)).collect(), item["date"].as_str())
        })
        .filter(|(links, _): &(HashSet<String>, _)| !links.is_empty())
        .collect();
    let optional: HashSet<String> = page["optional_links"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|link| key(link.as_str()?))
        .collect();
    let (mut hits, mut all, mut dated, mut days) = (HashSet::new(), 0, 0, 0);
    for item in best.iter().flat_map(|list| &list.items) {
        let Some(own) = item.url.as_deref().and_then(key) else { continue };
        let Some(at) = truth.iter().position(|(links, _)| links.contains(&own)) else {
            all += usize::from(!optional.contains(&own));
            continue;
        };
        all += 1;
        hits.insert(at);
        let reader = best.as_ref().map_or(&dates, |list| &list.dates);
        let date = item.published.as_ref().and_then(|date| reader.read(&date.text));
        if let (Some(day), Some(date)) = (truth[at].1, date) {
            dated += 1;
            days += usize::from(date.day().to_string() == day);
        }
    }
    let (precision, recall) =
        (hits.len() as f64 / all.max(1) as f64, hits.len() as f64 / truth.len().max(1) as f64);
    let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
    Some(Listing { f1, dated, days, took })
}

fn one(pages: &Path, page: &Value) -> Option<Article> {
    let (text, url, dates) = page_of(pages, page)?;
    let begin = Instant::now();
    let item = article::read(&text, &url, &dates).ok()?;
    let took = begin.elapsed();
    let title = page["title"].as_str().map(|title| item.title.as_deref() == Some(&line(title)));
    let read = item.published.as_ref().and_then(|date| dates.read(&date.text));
    let day = page["date"].as_str();
    Some(Article {
        title,
        day: day
            .map(|day| read.is_some_and(|when| when.day().to_string() == day[..10.min(day.len())])),
        took,
    })
}
