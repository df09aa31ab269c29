//! What is done to a feed that is not what its format asks, so that it can be read all the same.

use std::sync::LazyLock;

use feed_rs::model::Feed;
use regex::Regex;
use serde_json::Value;

use crate::normalize::{escape, is_legal, plain_text};

/// The text from where it begins; a server can have said something before.
pub fn beginning(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let near = |sign: &str| text.find(sign).filter(|at| *at < PREFACE);
    let signs = ["<?xml", "<rss", "<feed", "<rdf:RDF"].iter().filter_map(|sign| near(sign));
    match signs.min() {
        Some(at) if !text[..at].contains("<html") && !text.starts_with('{') => &text[at..],
        _ => text,
    }
}

/// Bytes that can stand before a feed: warnings of what made it.
const PREFACE: usize = 2000;

/// Mends what keeps a feed from being XML: characters that are not allowed, a bare `&`, entities of
/// HTML, what stands before the declaration.
pub fn mend(text: &str) -> String {
    static BARE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"&(#\d+;|#[xX][0-9a-fA-F]+;|\w+;)?").ok());
    let legal: String = text.chars().filter(|c| is_legal(*c)).collect();
    let legal = beginning(&legal);
    let text = match BARE.as_ref() {
        Some(bare) => {
            bare.replace_all(legal, |found: &regex::Captures| match found.get(1) {
                None => "&amp;".to_owned(),
                Some(name) if name.as_str().starts_with('#') => found[0].to_owned(),
                Some(name) => match name.as_str() {
                    "amp;" | "lt;" | "gt;" | "quot;" | "apos;" => found[0].to_owned(),
                    // The HTML parser knows them all.
                    _ => escape(&plain_text(&found[0])),
                },
            })
        }
        None => legal.into(),
    };
    text.into_owned()
}

/// A JSON Feed as its readers take it: numbers for names, and an attachment that lacks something
/// costs no more than itself.
pub fn lenient(text: &str) -> Result<String, String> {
    let mut feed: Value =
        serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    drop_unless(&mut feed, "authors", Value::is_object);
    let items = feed.get_mut("items").and_then(Value::as_array_mut);
    for item in items.into_iter().flatten() {
        for name in TEXTS {
            match item.get_mut(name) {
                Some(text @ (Value::Number(_) | Value::Bool(_))) => {
                    *text = Value::String(text.to_string());
                }
                Some(Value::String(_)) | None => {}
                Some(other) => *other = Value::Null,
            }
        }
        drop_unless(item, "tags", Value::is_string);
        drop_unless(item, "authors", Value::is_object);
        if let Some(text) = item.get("content_text").and_then(Value::as_str)
            && item.get("content_html").is_none()
        {
            item["content_html"] = Value::String(paragraphs(text));
        }
        if let Some(files) = item.get_mut("attachments").and_then(Value::as_array_mut) {
            files.retain(|file| file["url"].is_string() && file["mime_type"].is_string());
            for file in files {
                let size = &file["size_in_bytes"];
                let number = size.as_u64().or_else(|| size.as_str()?.parse().ok());
                if let Some(file) = file.as_object_mut() {
                    file.remove("size_in_bytes");
                    file.extend(number.map(|number| ("size_in_bytes".to_owned(), number.into())));
                }
            }
        }
    }
    Ok(feed.to_string())
}

/// Members of an item that are texts.
const TEXTS: [&str; 11] = [
    "id",
    "url",
    "external_url",
    "title",
    "content_html",
    "content_text",
    "summary",
    "image",
    "date_published",
    "date_modified",
    "language",
];

/// Takes from a list what is not what it should hold, and the list if it is none.
fn drop_unless(object: &mut Value, name: &str, is_right: fn(&Value) -> bool) {
    match object.get_mut(name) {
        Some(Value::Array(members)) => members.retain(is_right),
        Some(other) => *other = Value::Null,
        None => {}
    }
}

/// Plain text as HTML: what is parted by an empty line is a paragraph.
fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let runs = text.split("\n\n").filter(|run| !run.trim().is_empty());
    runs.map(|run| format!("<p>{}</p>", escape(run.trim()).replace('\n', "<br>"))).collect()
}

/// Reads a feed that is not XML even when mended, entry by entry: one that is broken costs no other.
pub fn piece_by_piece(text: &str, parse: impl Fn(&str) -> Option<Feed>) -> Option<Feed> {
    static START: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"<(?:\w+:)?(?:item|entry)[\s>]").ok());
    static END: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"</(?:\w+:)?(?:item|entry)\s*>").ok());
    let start = START.as_ref()?;
    let head = &text[..start.find(text)?.start()];
    if head.len() > LONGEST_HEAD {
        return None;
    }
    let foot = if head.contains("<feed") {
        "</feed>"
    } else if head.contains("RDF") {
        "</rdf:RDF>"
    } else {
        "</channel></rss>"
    };
    let mut whole: Option<Feed> = None;
    for found in start.find_iter(text) {
        let rest = &text[found.start()..];
        let Some(end) = END.as_ref()?.find(rest) else { break };
        let entry = &rest[..end.end()];
        let alone = |entry: &str| parse(&format!("{head}{entry}{foot}"));
        let Some(feed) = alone(entry).or_else(|| alone(&quoted(entry))) else { continue };
        match &mut whole {
            Some(whole) => whole.entries.extend(feed.entries),
            None => whole = Some(feed),
        }
    }
    whole
}

/// Bytes of what stands before the entries, which is read once more with each of them.
const LONGEST_HEAD: usize = 50_000;

/// An entry whose texts are taken as they stand: mark-up that is not closed is no XML.
fn quoted(entry: &str) -> String {
    ["title", "description", "summary", "content:encoded", "content"].iter().fold(
        entry.to_owned(),
        |entry, name| {
            let Some(start) = entry.find(&format!("<{name}")) else { return entry };
            let Some(open) = entry[start..].find('>').map(|at| start + at + 1) else {
                return entry;
            };
            let Some(end) = entry.find(&format!("</{name}>")).filter(|end| *end >= open) else {
                return entry;
            };
            let text = entry[open..end].replace("<![CDATA[", "").replace("]]>", "");
            format!("{}<![CDATA[{text}]]>{}", &entry[..open], &entry[end..])
        },
    )
}

/// Atom 0.3 is Atom in other words.
pub fn as_atom_1(text: String) -> String {
    const ATOM_0_3: &str = "http://purl.org/atom/ns#";
    const RENAMED: [(&str, &str); 3] =
        [("issued", "published"), ("modified", "updated"), ("tagline", "subtitle")];
    if !text.contains(ATOM_0_3) {
        return text;
    }
    let text = text.replace(ATOM_0_3, "http://www.w3.org/2005/Atom");
    RENAMED.iter().fold(text, |text, (old, new)| {
        text.replace(&format!("<{old}>"), &format!("<{new}>"))
            .replace(&format!("</{old}>"), &format!("</{new}>"))
    })
}
