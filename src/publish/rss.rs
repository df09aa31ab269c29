//! RSS 2.0, with what the RSS Advisory Board's profile recommends.

use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Item as RssItem};

use super::document::FeedDocument;
use super::{PublishError, paging};
use crate::dates::rfc2822;
use crate::model::{Image, Item};
use crate::normalize::escape;

/// The file that readers subscribe to.
pub const NAME: &str = "feed.xml";

pub fn write(document: &FeedDocument) -> Result<String, PublishError> {
    let links = std::iter::once(("self", document.own_address(NAME))).chain(document.around(NAME));
    let hub = document
        .hub
        .map(|hub| element("atom", "link", [("href", hub.to_string()), ("rel", "hub".to_owned())]));
    let history = document.is_archive().then_some(paging::NAMESPACE);
    let mark = history.map(|(prefix, _)| element(prefix, paging::MARK, []));
    let channel = Channel {
        title: document.feed.title.clone(),
        link: document.home(),
        description: document.description().to_owned(),
        language: Some(document.feed.language.clone()),
        last_build_date: Some(rfc2822(document.updated(), document.zone)),
        generator: Some("infocus".to_owned()),
        items: document.items.iter().map(|item| rss_item(item, document)).collect(),
        extensions: extensions(links.map(|(rel, href)| link(rel, href)).chain(hub).chain(mark)),
        namespaces: [
            ("atom", "http://www.w3.org/2005/Atom"),
            ("media", "http://search.yahoo.com/mrss/"),
        ]
        .into_iter()
        .chain(history)
        .map(|(prefix, name)| (prefix.to_owned(), name.to_owned()))
        .collect(),
        ..Channel::default()
    };
    let xml = channel
        .pretty_write_to(Vec::new(), b' ', 2)
        .map_err(|error| PublishError::Format(error.to_string()))?;
    let xml = String::from_utf8(xml).map_err(|error| PublishError::Format(error.to_string()))?;
    Ok(titles_by_reference(&xml))
}

fn rss_item(item: &Item, document: &FeedDocument) -> RssItem {
    let content = item.content.as_str();
    RssItem {
        title: Some(item.title.clone()),
        link: Some(document.link(item)),
        // Readers take a description for HTML.
        description: item.summary.as_deref().map(escape),
        content: (!content.is_empty()).then(|| content.to_owned()),
        categories: document.labels(item).map(category).collect(),
        guid: Some(Guid { value: item.id.urn(), permalink: false }),
        pub_date: Some(rfc2822(item.published.at, document.zone)),
        // `author` wants a mail address; a name goes here.
        dublin_core_ext: author(item, document).map(|name| DublinCoreExtension {
            creators: vec![name],
            ..DublinCoreExtension::default()
        }),
        extensions: item.image.as_ref().map_or_else(ExtensionMap::default, media),
        enclosure: enclosure(item),
        ..RssItem::default()
    }
}

fn author(item: &Item, document: &FeedDocument) -> Option<String> {
    item.author.clone().or_else(|| document.feed.author.clone())
}

/// One to an item, and only of known length: the length is no option in RSS.
fn enclosure(item: &Item) -> Option<Enclosure> {
    let (file, length) = item.enclosures.iter().find_map(|file| Some((file, file.length?)))?;
    Some(Enclosure {
        url: file.url.to_string(),
        length: length.to_string(),
        mime_type: file.media_type.clone(),
    })
}

fn media(image: &Image) -> ExtensionMap {
    let size = [("width", image.width), ("height", image.height)];
    let size = size.into_iter().filter_map(|(name, pixels)| Some((name, pixels?.to_string())));
    let fixed = [("url", image.url.to_string()), ("medium", "image".to_owned())];
    extensions([element("media", "content", fixed.into_iter().chain(size))])
}

fn category(name: &str) -> Category {
    Category { name: name.to_owned(), domain: None }
}

fn link(rel: &str, href: String) -> Extension {
    let media_type = "application/rss+xml".to_owned();
    element("atom", "link", [("href", href), ("rel", rel.to_owned()), ("type", media_type)])
}

fn element<'a>(
    prefix: &str,
    name: &str,
    attributes: impl IntoIterator<Item = (&'a str, String)>,
) -> Extension {
    Extension {
        name: format!("{prefix}:{name}"),
        attrs: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Extension::default()
    }
}

/// Elements of other namespaces, as the crate wants them.
fn extensions(elements: impl IntoIterator<Item = Extension>) -> ExtensionMap {
    let mut extensions = ExtensionMap::new();
    for element in elements {
        let (prefix, name) = element.name.split_once(':').unwrap_or_default();
        let (prefix, name) = (prefix.to_owned(), name.to_owned());
        extensions.entry(prefix).or_default().entry(name).or_default().push(element);
    }
    extensions
}

/// Titles are plain text, but some readers take `&lt;` in them for mark-up; a numeric reference is
/// the same character to all. (RSS Advisory Board, "Best Practices: title")
fn titles_by_reference(xml: &str) -> String {
    let mut written = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(start) = rest.find("<title>") {
        let (before, title) = rest.split_at(start);
        let end = title.find("</title>").unwrap_or(title.len());
        written.push_str(before);
        written.push_str(&title[..end].replace("&lt;", "&#x3C;").replace("&amp;", "&#x26;"));
        rest = &title[end..];
    }
    written + rest
}
