//! Web pages: the index, a page and an archive for each feed, a page for each item, OPML.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::document::{FeedDocument, date_of, day_of, page_of};
use crate::catalog::Feed;
use crate::model::{Enclosure, Evidence, Item, Translation};
use crate::templates::{TemplateError, Templates};

/// `SLUG/index.html`, of what pages show of the items that the feed has.
pub fn feed(
    document: &FeedDocument,
    entries: &[Value],
    templates: &Templates,
) -> Result<String, TemplateError> {
    let items = &entries[..document.items.len().min(entries.len())];
    templates.render("feed.html", page(document, "../", json!({ "items": items }), templates))
}

/// What pages show of items.
pub fn entries(document: &FeedDocument, items: &[Item]) -> Vec<Value> {
    items.iter().map(|item| entry(item, document)).collect()
}

/// The archive: a page for each year, and one for each item; none of them goes away.
pub fn archive(
    document: &FeedDocument,
    items: &[Item],
    entries: &[Value],
    templates: &Templates,
) -> Result<Vec<(String, String)>, TemplateError> {
    let mut years: BTreeMap<i16, Vec<Value>> = BTreeMap::new();
    let mut pages = Vec::new();
    for (item, entry) in items.iter().zip(entries) {
        let year = day_of(item, document.zone).year();
        years.entry(year).or_default().push(line(entry));
        let mut entry = entry.clone();
        entry["content"] = item.content.as_str().into();
        let context = page(document, "../../", json!({ "item": entry }), templates);
        pages.push((page_of(item), templates.render("item.html", context)?));
    }
    let all: Vec<Value> = years
        .iter()
        .rev()
        .map(|(year, items)| json!({ "year": year, "count": items.len() }))
        .collect();
    for (year, items) in &years {
        let own = json!({ "year": year, "years": all, "items": items });
        let context = page(document, "../../", own, templates);
        pages.push((format!("archive/{year}.html"), templates.render("archive.html", context)?));
    }
    let context = page(document, "../../", json!({ "years": all }), templates);
    pages.push(("archive/index.html".to_owned(), templates.render("archive.html", context)?));
    Ok(pages)
}

/// What the archive shows of an item.
fn line(entry: &Value) -> Value {
    const SHOWN: [&str; 5] = ["title", "page", "language", "day", "date"];
    SHOWN.iter().map(|name| ((*name).to_owned(), entry[name].clone())).collect()
}

/// `index.html`
pub fn index(
    title: &str,
    language: &str,
    feeds: &[&Feed],
    base_url: &Url,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let mut context = listing(title, language, feeds, base_url);
    context["t"] = json!(templates.texts(language));
    templates.render("index.html", context)
}

/// `feeds.opml` (OPML 2.0)
pub fn opml(
    title: &str,
    feeds: &[&Feed],
    base_url: &Url,
    templates: &Templates,
) -> Result<String, TemplateError> {
    templates.render("feeds.opml", listing(title, "", feeds, base_url))
}

fn listing(title: &str, language: &str, feeds: &[&Feed], base_url: &Url) -> Value {
    let feeds: Vec<Value> = feeds
        .iter()
        .map(|feed| {
            json!({
                "slug": feed.slug,
                "title": feed.title,
                "description": feed.description,
                "language": feed.language,
                "home_url": feed.home_url,
                "feed_url": format!("{base_url}{}/feed.xml", feed.slug),
                "page_url": format!("{base_url}{}/", feed.slug),
            })
        })
        .collect();
    json!({ "title": title, "language": language, "root": "", "feeds": feeds })
}

/// What every page of a feed knows, with what is its own; `root` leads to the top of the output.
fn page(document: &FeedDocument, root: &str, own: Value, templates: &Templates) -> Value {
    let feed = document.feed;
    let mut context = json!({
        "root": root,
        "language": feed.language,
        "t": templates.texts(&feed.language),
        "feed": {
            "slug": feed.slug,
            "title": feed.title,
            "description": feed.description,
            "home_url": feed.home_url,
            "rss": document.address("feed.xml"),
            "atom": document.address("atom.xml"),
            "json": document.address("feed.json"),
        },
    });
    if let (Some(context), Value::Object(own)) = (context.as_object_mut(), own) {
        context.extend(own);
    }
    context
}

/// An item as pages show it.
fn entry(item: &Item, document: &FeedDocument) -> Value {
    let day = day_of(item, document.zone);
    let language = item.language.as_deref().unwrap_or(&document.feed.language);
    json!({
        "title": item.title,
        "kicker": item.kicker,
        "summary": item.summary,
        "author": item.author,
        "language": language,
        "url": item.url,
        "page": page_of(item),
        "image": item.image.as_ref().map(|image| json!({ "url": image.url, "alt": image.alt })),
        // Its own link is among its files, with its size.
        "is_document": item.enclosures.iter().any(|file| Some(&file.url) == item.url.as_ref()),
        "files": item.enclosures.iter().map(file).collect::<Vec<_>>(),
        "translations": item.translations.iter().map(translation).collect::<Vec<_>>(),
        "retracted": item.retracted_at.is_some(),
        "day": day.to_string(),
        "date": date_of(item, document.zone, language),
        "first_seen": item.published.evidence == Evidence::FirstSeen,
    })
}

/// A file with its name and, if that is known, its size in the units of people.
fn file(file: &Enclosure) -> Value {
    let name = file.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let size = file.length.map(|bytes| match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    });
    json!({ "url": file.url, "name": name, "media_type": file.media_type, "size": size })
}

fn translation(other: &Translation) -> Value {
    json!({ "url": other.url, "language": other.language })
}
