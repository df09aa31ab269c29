//! An announcement as an HTML file: a saved page or a piece of one.

use scraper::{ElementRef, Html, Node, Selector};

use super::blocks::{self, Block};
use super::{RawDate, RawItem, TooComplex, header};
use crate::dates::Reader;
use crate::model::Evidence;
use crate::normalize::images::Picture;
use crate::normalize::too_complex;

/// Elements that hold no part of an announcement.
const LEFT_OUT: [&str; 14] = [
    "script", "style", "nav", "aside", "footer", "form", "noscript", "template", "svg", "button",
    "iframe", "head", "dialog", "select",
];

/// Elements that are one block of text or more, kept whole.
const WHOLE: [&str; 15] = [
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "pre",
    "figure",
    "img",
];

/// Reads one announcement from a page or a fragment.
pub fn read(html: &str, dates: &Reader) -> Result<RawItem, TooComplex> {
    if too_complex(html) {
        return Err(TooComplex);
    }
    let page = Html::parse_document(html);
    let root = page.root_element();
    let start = RawItem {
        url: attribute(root, "link[rel=canonical]", "href").or(meta(root, "og:url")),
        author: meta(root, "author"),
        image: meta(root, "og:image").map(Picture::at),
        summary: meta(root, "og:description").or(meta(root, "description")),
        language: attribute(root, "html", "lang"),
        ..RawItem::default()
    };
    let mut item = read_blocks(&blocks_of(main(root)), start, dates);
    if item.title.is_none() {
        item.title = meta(root, "og:title").or_else(|| text(root, "title"));
    }
    let declared = || {
        meta(root, "article:published_time")
            .or_else(|| meta(root, "date"))
            .or_else(|| attribute(main(root), "time", "datetime"))
    };
    let is_page = |date: &RawDate| date.evidence == Evidence::Page;
    if !item.published.as_ref().is_some_and(is_page)
        && let Some(text) = declared()
    {
        item.published = Some(RawDate { text, evidence: Evidence::Page });
    }
    Ok(item)
}

/// The announcement that blocks make, beyond what is known already.
pub fn read_blocks(found: &[Block], known: RawItem, dates: &Reader) -> RawItem {
    let (mut item, body) = header::read(found, known, dates);
    item.content = Some(blocks::to_html(&body)).filter(|html| !html.is_empty());
    item
}

/// The blocks of a fragment of HTML.
pub fn fragment(html: &str) -> Result<Vec<Block>, TooComplex> {
    if too_complex(html) {
        return Err(TooComplex);
    }
    Ok(blocks_of(Html::parse_fragment(html).root_element()))
}

/// Where the announcement is, if the page says so.
fn main(root: ElementRef) -> ElementRef {
    ["article", "main", "[role=main]", "body"]
        .iter()
        .find_map(|name| root.select(&Selector::parse(name).ok()?).next())
        .unwrap_or(root)
}

fn blocks_of(root: ElementRef) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut run = String::new();
    collect(root, &mut blocks, &mut run);
    end_run(&mut blocks, &mut run);
    blocks.retain(|block| !block.lines.is_empty() || block.html.is_some());
    blocks
}

fn collect(element: ElementRef, blocks: &mut Vec<Block>, run: &mut String) {
    for child in element.children() {
        if let Node::Text(text) = child.value() {
            run.push_str(&crate::normalize::escape(text));
        }
        let Some(child) = ElementRef::wrap(child) else { continue };
        let name = child.value().name();
        if LEFT_OUT.contains(&name) {
            continue;
        }
        if WHOLE.contains(&name) {
            end_run(blocks, run);
            blocks.push(block(child));
        } else if crate::normalize::is_inline(name) || name == "br" || name == "time" {
            run.push_str(&child.html());
        } else {
            end_run(blocks, run);
            collect(child, blocks, run);
            end_run(blocks, run);
        }
    }
}

/// Text that stands in no paragraph of its own is one.
fn end_run(blocks: &mut Vec<Block>, run: &mut String) {
    let html = std::mem::take(run);
    if html.trim().is_empty() {
        return;
    }
    let paragraph = Html::parse_fragment(&format!("<p>{}</p>", html.trim()));
    let element = paragraph.root_element().child_elements().next();
    blocks.extend(element.map(block));
}

fn block(element: ElementRef) -> Block {
    let name = element.value().name();
    let mut text = String::new();
    for node in element.descendants() {
        match node.value() {
            Node::Text(run) => text.push_str(&run.replace('\n', " ")),
            Node::Element(inner) if inner.name() == "br" => text.push('\n'),
            _ => {}
        }
    }
    let mut block = Block::of_lines(text.lines());
    block.is_heading = matches!(name, "h1" | "h2");
    block.html =
        (!block.lines.is_empty() || name == "img" || name == "figure").then(|| element.html());
    block
}

fn meta(root: ElementRef, name: &str) -> Option<String> {
    attribute(root, &format!("meta[property=\"{name}\"], meta[name=\"{name}\"]"), "content")
}

fn attribute(root: ElementRef, selector: &str, name: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    // `select` looks at what is inside; the language is on the root itself.
    let own = selector.matches(&root).then_some(root);
    own.into_iter()
        .chain(root.select(&selector))
        .find_map(|element| element.value().attr(name))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn text(root: ElementRef, selector: &str) -> Option<String> {
    let element = root.select(&Selector::parse(selector).ok()?).next()?;
    Some(element.text().collect::<String>().trim().to_owned()).filter(|text| !text.is_empty())
}
