//! Lists in the data that a page carries for programs: JSON-LD, and the state that its own scripts
//! start from (`__NEXT_DATA__` and its kin). Where scripts write the page, they are all there is.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html, Selector};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::Candidate;
use super::group::FEWEST;
use super::score::{is_title, reason};
use crate::dates::{Orders, Reader};
use crate::extract::structured::json_of;
use crate::extract::{RawDate, RawItem};
use crate::model::Evidence;
use crate::normalize::images::Picture;
use crate::normalize::{line, links, plain_field};

/// What fields are called, the surest first.
const TITLES: [&str; 4] = ["headline", "title", "name", "heading"];
const ADDRESSES: [&str; 10] = [
    "url",
    "link",
    "href",
    "permalink",
    "canonicalUrl",
    "canonical_url",
    "webUrl",
    "path",
    "uri",
    "@id",
];
const DATES: [&str; 17] = [
    "datePublished",
    "date_published",
    "publishedAt",
    "published_at",
    "publishDate",
    "publish_date",
    "publicationDate",
    "publication_date",
    "firstPublishedAt",
    "first_published_at",
    "published",
    "pubDate",
    "releaseDate",
    "release_date",
    "date",
    "createdAt",
    "created_at",
];
const TEASERS: [&str; 8] =
    ["description", "excerpt", "summary", "teaser", "lead", "abstract", "intro", "subtitle"];
const IMAGES: [&str; 5] = ["image", "thumbnail", "thumbnailUrl", "featuredImage", "cover"];

/// What the fields of an item stand in, in some systems.
const WRAPPERS: [&str; 5] = ["node", "item", "attributes", "fields", "_source"];

/// Levels of wrapping, bytes of scripts that are read, and places in them that are tried.
const DEPTH: usize = 3;
const LARGEST: usize = 5_000_000;
const ATTEMPTS: usize = 100;

/// Lists that are looked at.
const MOST: usize = 40;

/// The lists in the data of a page.
pub fn lists(html: &Html, page: &Url, reader: &Reader) -> Vec<Candidate> {
    let mut found = Vec::new();
    for value in values(html) {
        walk(&value, &mut |entries| {
            if found.len() < MOST {
                found.extend(candidate(entries, page, reader));
            }
        });
    }
    found
}

/// The JSON of the scripts of a page.
fn values(html: &Html) -> Vec<Value> {
    // `window.__STATE__ = {`, `window["data"] = [`, `var initial = JSON.parse("`
    static START: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"=\s*(?:JSON\.parse\(\s*(")|([\[{]))"#).ok());
    let Some(start) = &*START else { return Vec::new() };
    let Ok(scripts) = Selector::parse("script:not([src])") else { return Vec::new() };
    let (mut left, mut attempts) = (LARGEST, ATTEMPTS);
    let mut values = Vec::new();
    for script in html.select(&scripts) {
        let text: String = script.text().collect();
        left = left.saturating_sub(text.len());
        if left == 0 {
            break;
        }
        if is_data(script) {
            values.extend(json_of(&text));
            continue;
        }
        let mut at = 0;
        while let Some(begun) = start.captures_at(&text, at) {
            let Some(begin) = begun.get(1).or(begun.get(2)) else { break };
            // Each may be read to the end in vain.
            attempts = attempts.saturating_sub(1);
            if attempts == 0 {
                break;
            }
            let (value, length) = first_value(&text[begin.start()..]);
            at = begin.start() + length.max(1);
            values.extend(match value {
                Some(Value::String(text)) => serde_json::from_str(&text).ok(),
                value => value,
            });
            // The rest of a character.
            while !text.is_char_boundary(at) {
                at += 1;
            }
        }
    }
    values
}

fn is_data(script: ElementRef) -> bool {
    script.value().attr("type").is_some_and(|kind| kind.trim().ends_with("json"))
}

/// The JSON that a text begins with, and how long it is.
fn first_value(text: &str) -> (Option<Value>, usize) {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = stream.next().and_then(Result::ok);
    let length = if value.is_some() { stream.byte_offset() } else { 0 };
    (value, length)
}

/// Shows every list of some objects.
fn walk<'a>(value: &'a Value, show: &mut impl FnMut(Vec<&'a Map<String, Value>>)) {
    match value {
        Value::Array(values) => {
            let objects: Vec<_> = values.iter().filter_map(Value::as_object).collect();
            if objects.len() >= FEWEST {
                show(objects);
            }
            values.iter().for_each(|value| walk(value, show));
        }
        Value::Object(fields) => fields.values().for_each(|value| walk(value, show)),
        _ => {}
    }
}

fn candidate(entries: Vec<&Map<String, Value>>, page: &Url, reader: &Reader) -> Option<Candidate> {
    let mut seen = HashSet::new();
    let mut items: Vec<RawItem> =
        entries.into_iter().filter_map(|entry| item(unwrapped(entry), page)).collect();
    items.retain(|item| seen.insert((item.url.clone(), item.title.clone())));
    if items.len() < FEWEST {
        return None;
    }
    let texts = items.iter().filter_map(|item| Some(item.published.as_ref()?.text.as_str()));
    let dates = reader.clone().with_orders(Orders::of_column(texts, reader));
    let n = items.len() as f64;
    let share = |is_it: &dyn Fn(&RawItem) -> bool| {
        items.iter().filter(|item| is_it(item)).count() as f64 / n
    };
    let dated =
        share(&|item| item.published.as_ref().is_some_and(|date| dates.read(&date.text).is_some()));
    let linked = share(&|item| item.url.is_some());
    let told = share(&|item| item.summary.is_some());
    let pictured = share(&|item| item.image.is_some());
    let titled = share(&|item| item.title.as_deref().is_some_and(is_title));
    let reasons = vec![
        reason("cards", n, n.ln().min(3.5) * 0.6),
        reason("with a date", dated, 2.5 * dated),
        reason("with an address", linked, 2.0 * linked - 1.0),
        reason("with a text of their own", told, told),
        reason("with an image", pictured, 0.4 * pictured),
        reason("with a title of some words", titled, 2.0 * titled - 1.0),
        reason("in the data of the page", 1.0, 0.0),
    ];
    Some(Candidate {
        items,
        cards: Vec::new(),
        containers: Vec::new(),
        are_runs: false,
        dates,
        score: reasons.iter().map(|reason| reason.points).sum(),
        reasons,
    })
}

/// The object that has the fields.
fn unwrapped(entry: &Map<String, Value>) -> &Map<String, Value> {
    let mut entry = entry;
    for _ in 0..DEPTH {
        if text(entry, &TITLES).is_some() {
            break;
        }
        let inner = WRAPPERS.iter().find_map(|name| entry.get(*name)?.as_object());
        let Some(inner) = inner else { break };
        entry = inner;
    }
    entry
}

fn item(entry: &Map<String, Value>, page: &Url) -> Option<RawItem> {
    let title = text(entry, &TITLES).map(|title| line(&plain_field(&title)))?;
    let is_address = |text: &String| text.starts_with('/') || text.starts_with("http");
    let url = ADDRESSES
        .iter()
        .filter_map(|name| told(entry.get(*name)?))
        .find(is_address)
        .and_then(|url| links::absolute(&url, Some(page)));
    let image = IMAGES.iter().find_map(|name| told(entry.get(*name)?)).filter(is_address);
    let published = text(entry, &DATES);
    Some(RawItem {
        title: Some(title).filter(|title| !title.is_empty()),
        url: url.map(|url| url.to_string()),
        published: published.map(|text| RawDate { text, evidence: Evidence::Page }),
        summary: text(entry, &TEASERS).map(|text| line(&plain_field(&text))),
        image: image.map(|address| Picture { address, alt: None, width: None, height: None }),
        ..RawItem::default()
    })
    .filter(|item| item.title.is_some())
}

/// The first of these fields that says something.
fn text(entry: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| told(entry.get(*name)?))
}

/// A text, or that in what is around it: `{"rendered": ...}`, `[{"url": ...}]`.
fn told(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Object(fields) => {
            let inner = ["rendered", "url", "src", "@id", "text", "value", "current"];
            String::deserialize(inner.iter().find_map(|name| fields.get(*name))?).ok()?
        }
        Value::Array(values) => return told(values.first()?),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
