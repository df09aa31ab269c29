//! Atom 1.0 (RFC 4287).

use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Text, WriteConfig,
};
use jiff::Timestamp;

use super::document::{FeedDocument, updated};
use super::{PublishError, paging};
use crate::dates::rfc3339;
use crate::model::Item;

/// The file that readers subscribe to.
pub const NAME: &str = "atom.xml";

const MEDIA_TYPE: &str = "application/atom+xml";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

pub fn write(document: &FeedDocument) -> Result<String, PublishError> {
    let around = document.around(NAME).into_iter().map(|(rel, href)| link(href, rel, MEDIA_TYPE));
    let hub = document.hub.map(|hub| Link { mime_type: None, ..link(hub.to_string(), "hub", "") });
    let history = document.is_archive().then_some(paging::NAMESPACE);
    let author = document.feed.author.as_ref().unwrap_or(&document.feed.title);
    let feed = Feed {
        // The address of the page is the feed's for ever: it is its name.
        id: document.address(""),
        title: Text::plain(document.feed.title.clone()),
        subtitle: document.feed.description.clone().map(Text::plain),
        updated: moment(document.updated(), document)?,
        authors: vec![person(author)],
        generator: Some(Generator { value: "infocus".to_owned(), uri: None, version: None }),
        links: [
            link(document.own_address(NAME), "self", MEDIA_TYPE),
            link(document.home(), "alternate", "text/html"),
        ]
        .into_iter()
        .chain(hub)
        .chain(around)
        .collect(),
        lang: Some(document.feed.language.clone()),
        entries: document
            .items
            .iter()
            .map(|item| entry(item, document))
            .collect::<Result<_, _>>()?,
        namespaces: history
            .into_iter()
            .map(|(prefix, name)| (prefix.to_owned(), name.to_owned()))
            .collect(),
        ..Feed::default()
    };
    // The crate's own declaration does not name the encoding.
    let config = WriteConfig { indent_size: Some(2), write_document_declaration: false };
    let xml = feed
        .write_with_config(Vec::from(DECLARATION), config)
        .map_err(|error| PublishError::Format(error.to_string()))?;
    let xml = String::from_utf8(xml).map_err(|error| PublishError::Format(error.to_string()))?;
    Ok(match history {
        Some((prefix, _)) => marked(&xml, prefix),
        None => xml,
    })
}

/// Marks a page of the archive that stays as it is. The crate would put the mark behind the entries,
/// where the schema of the RFC wants none.
fn marked(xml: &str, prefix: &str) -> String {
    let mark = format!("<{prefix}:{}/>", paging::MARK);
    xml.replacen("\n  <entry>", &format!("\n  {mark}\n  <entry>"), 1)
}

fn entry(item: &Item, document: &FeedDocument) -> Result<Entry, PublishError> {
    let content = item.content.as_str();
    Ok(Entry {
        id: item.id.urn(),
        title: Text::plain(item.title.clone()),
        links: links(item, document),
        published: Some(moment(item.published.at, document)?),
        updated: moment(updated(item), document)?,
        authors: item.author.iter().map(|name| person(name)).collect(),
        categories: document.labels(item).map(category).collect(),
        summary: item.summary.clone().map(Text::plain),
        content: (!content.is_empty()).then(|| Content {
            value: Some(content.to_owned()),
            content_type: Some("html".to_owned()),
            lang: document.language(item).map(str::to_owned),
            ..Content::default()
        }),
        ..Entry::default()
    })
}

/// Where to read it, in which other languages (RFC 4287, 4.1.2: one alternate to a language), and
/// the files that belong to it.
fn links(item: &Item, document: &FeedDocument) -> Vec<Link> {
    let page = link(document.link(item), "alternate", "text/html");
    let translations = item.translations.iter().map(|other| Link {
        hreflang: Some(other.language.clone()),
        ..link(other.url.to_string(), "alternate", "text/html")
    });
    let files = item.enclosures.iter().map(|file| Link {
        length: file.length.map(|length| length.to_string()),
        ..link(file.url.to_string(), "enclosure", &file.media_type)
    });
    std::iter::once(page).chain(translations).chain(files).collect()
}

/// The crate has its own idea of time, chrono's; it goes no further than this.
fn moment(at: Timestamp, document: &FeedDocument) -> Result<FixedDateTime, PublishError> {
    rfc3339(at, document.zone)
        .parse()
        .map_err(|_| PublishError::Format(format!("`{at}` is no date")))
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), ..Person::default() }
}

fn category(term: &str) -> Category {
    Category { term: term.to_owned(), scheme: None, label: None }
}

fn link(href: String, rel: &str, mime_type: &str) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        mime_type: Some(mime_type.to_owned()),
        hreflang: None,
        title: None,
        length: None,
    }
}
