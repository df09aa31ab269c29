//! What a page says of its announcement to programs: JSON-LD, microdata, `meta`.

use std::collections::HashMap;

use scraper::{ElementRef, Selector};
use serde_json::Value;

/// Types of schema.org that an announcement has, and those that end in `Article`.
const TYPES: [&str; 6] =
    ["BlogPosting", "Report", "PressRelease", "SpecialAnnouncement", "WebPage", "CreativeWork"];

/// The date of publication of the page. Where several announcements are described and have different
/// dates, none of them is the page's.
pub fn published(root: ElementRef) -> Option<String> {
    let from_meta = || {
        ["article:published_time", "datePublished", "date", "dc.date", "DC.date.issued"]
            .iter()
            .find_map(|name| meta(root, name))
    };
    let from_microdata = || {
        let element = first(root, "[itemprop=datePublished]")?;
        let attribute = |name| element.value().attr(name).map(str::to_owned);
        attribute("content").or_else(|| attribute("datetime"))
    };
    only(described(root).iter().filter_map(|node| text(&node["datePublished"])))
        .or_else(from_meta)
        .or_else(from_microdata)
        .filter(|text| !text.trim().is_empty())
}

/// Who wrote the page, as its JSON-LD says; several are parted by commas.
pub fn author(root: ElementRef) -> Option<String> {
    let people = people(root);
    let name = |author: &Value| {
        let by_id = || people.get(author["@id"].as_str()?).cloned();
        text(&author["name"]).or_else(|| text(author)).or_else(by_id)
    };
    only(described(root).iter().filter_map(|node| match &node["author"] {
        Value::Array(authors) => {
            let names: Vec<String> = authors.iter().filter_map(name).collect();
            Some(names.join(", ")).filter(|names| !names.is_empty())
        }
        author => name(author),
    }))
    // Some give the address of who wrote it.
    .filter(|name| !name.contains("://"))
}

/// The content of the `meta` with a name or property.
pub fn meta(root: ElementRef, name: &str) -> Option<String> {
    let selector =
        format!("meta[property=\"{name}\"], meta[name=\"{name}\"], meta[itemprop=\"{name}\"]");
    let content = first(root, &selector)?.value().attr("content")?.trim();
    (!content.is_empty()).then(|| content.to_owned())
}

/// What the announcement is called.
pub fn headline(root: ElementRef) -> Option<String> {
    only(described(root).iter().filter_map(|node| text(&node["headline"])))
}

/// The nodes of the page's JSON-LD that describe announcements.
fn described(root: ElementRef) -> Vec<Value> {
    let mut nodes = Vec::new();
    for value in linked_data(root) {
        collect(value, &mut nodes);
    }
    nodes
}

/// The names of those that a graph describes once and refers to elsewhere.
fn people(root: ElementRef) -> HashMap<String, String> {
    let graphs = linked_data(root);
    let nodes = graphs.iter().filter_map(|value| value["@graph"].as_array()).flatten();
    let named =
        nodes.filter_map(|node| Some((node["@id"].as_str()?.to_owned(), text(&node["name"])?)));
    named.collect()
}

fn linked_data(root: ElementRef) -> Vec<Value> {
    let Ok(selector) = Selector::parse("script[type=\"application/ld+json\"]") else {
        return Vec::new();
    };
    let read = |script: ElementRef| json_of(&script.text().collect::<String>());
    root.select(&selector).filter_map(read).collect()
}

/// The JSON of a script.
pub fn json_of(script: &str) -> Option<Value> {
    // Line ends inside of texts are no JSON, and common.
    let lenient = || serde_json::from_str(&script.replace(['\n', '\r', '\t'], " "));
    serde_json::from_str(script.trim()).or_else(|_| lenient()).ok()
}

/// Descends into lists and graphs; what stands in a field of a node describes something else.
fn collect(value: Value, nodes: &mut Vec<Value>) {
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, nodes)),
        Value::Object(mut node) => {
            if let Some(graph) = node.remove("@graph") {
                collect(graph, nodes);
            }
            let is_announcement = |kind: &Value| {
                kind.as_str().is_some_and(|kind| kind.ends_with("Article") || TYPES.contains(&kind))
            };
            let is_one = match node.get("@type") {
                Some(Value::Array(kinds)) => kinds.iter().any(is_announcement),
                Some(kind) => is_announcement(kind),
                None => false,
            };
            if is_one {
                nodes.push(Value::Object(node));
            }
        }
        _ => {}
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The one value that all of them are.
fn only(mut values: impl Iterator<Item = String>) -> Option<String> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

fn first<'a>(root: ElementRef<'a>, selector: &str) -> Option<ElementRef<'a>> {
    root.select(&Selector::parse(selector).ok()?).next()
}
