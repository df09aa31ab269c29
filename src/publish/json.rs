//! JSON Feed 1.1 (jsonfeed.org).

use serde::Serialize;

use super::PublishError;
use super::document::{FeedDocument, updated};
use crate::dates::rfc3339;
use crate::model::{Enclosure, Item};

/// The file that readers subscribe to.
pub const NAME: &str = "feed.json";

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'a str,
    title: &'a str,
    home_page_url: String,
    feed_url: String,
    /// The page of the archive before.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    language: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: String,
    url: String,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

pub fn write(document: &FeedDocument) -> Result<String, PublishError> {
    let feed = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &document.feed.title,
        home_page_url: document.home(),
        feed_url: document.own_address(NAME),
        next_url: document.address_before(NAME),
        description: document.feed.description.as_deref(),
        language: &document.feed.language,
        authors: authors(&document.feed.author),
        hubs: document.hub.iter().map(|hub| Hub { kind: "WebSub", url: hub.as_str() }).collect(),
        items: document.items.iter().map(|item| json_item(item, document)).collect(),
    };
    serde_json::to_string_pretty(&feed)
        .map(|json| json + "\n")
        .map_err(|error| PublishError::Format(error.to_string()))
}

fn json_item<'a>(item: &'a Item, document: &FeedDocument) -> JsonItem<'a> {
    let html = Some(item.content.as_str()).filter(|html| !html.is_empty());
    let edited = updated(item) > item.published.at;
    JsonItem {
        id: item.id.urn(),
        url: document.link(item),
        title: &item.title,
        content_html: html,
        // One of the two has to be there.
        content_text: match html {
            Some(_) => None,
            None => Some(item.summary.as_deref().unwrap_or(&item.title)),
        },
        summary: item.summary.as_deref(),
        image: item.image.as_ref().map(|image| image.url.as_str()),
        date_published: rfc3339(item.published.at, document.zone),
        date_modified: edited.then(|| rfc3339(updated(item), document.zone)),
        authors: authors(&item.author),
        tags: document.labels(item).collect(),
        language: document.language(item),
        attachments: item.enclosures.iter().map(attachment).collect(),
    }
}

fn attachment(file: &Enclosure) -> Attachment<'_> {
    Attachment { url: file.url.as_str(), mime_type: &file.media_type, size_in_bytes: file.length }
}

fn authors(name: &Option<String>) -> Vec<Author<'_>> {
    name.iter().map(|name| Author { name }).collect()
}
