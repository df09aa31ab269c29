//! The elements of a page as blocks.

use std::collections::HashSet;

use scraper::{ElementRef, Html, Node};

use super::blocks::{Block, Line, Shape, plain_line_ends};
use super::residue::{self, Piece};
use crate::normalize::{escape, is_inline};

/// Elements that hold no part of an announcement.
const LEFT_OUT: [&str; 17] = [
    "script", "style", "nav", "aside", "footer", "noscript", "template", "svg", "button", "iframe",
    "head", "dialog", "select", "input", "textarea", "label", "legend",
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

/// What the element holds, less what is residue.
pub fn blocks_of(root: ElementRef) -> Vec<Block> {
    let mut reading = Reading { blocks: Vec::new(), run: String::new() };
    reading.collect(root, &holding(root));
    reading.end_run();
    let mut blocks = reading.blocks;
    blocks.retain(|block| !block.lines.is_empty() || block.html.is_some());
    let texts: Vec<String> = blocks.iter().map(Block::text).collect();
    let gone = residue::sweep(blocks.iter().zip(&texts).map(|(block, text)| Piece {
        text,
        leads_on: block.html.as_ref().is_some_and(|html| html.contains("href=")),
    }));
    let mut gone = gone.into_iter();
    blocks.retain(|_| gone.next() != Some(true));
    blocks
}

/// The elements that hold blocks, whatever they are themselves: pages put headings into links.
fn holding(root: ElementRef) -> impl Fn(ElementRef) -> bool {
    let mut holding = HashSet::new();
    for element in root.descendants().filter_map(ElementRef::wrap) {
        if !flows(element.value().name()) {
            for above in element.ancestors() {
                if !holding.insert(above.id()) {
                    break;
                }
            }
        }
    }
    move |element| holding.contains(&element.id())
}

/// True for elements that are part of a line.
fn flows(name: &str) -> bool {
    is_inline(name) || name == "br"
}

struct Reading {
    blocks: Vec<Block>,
    /// Text and mark-up that stand in no paragraph yet.
    run: String,
}

impl Reading {
    fn collect(&mut self, element: ElementRef, holds_blocks: &impl Fn(ElementRef) -> bool) {
        for child in element.children() {
            if let Node::Text(text) = child.value() {
                self.run.push_str(&escape(text));
            }
            let Some(child) = ElementRef::wrap(child) else { continue };
            let name = child.value().name();
            if LEFT_OUT.contains(&name) {
                continue;
            }
            // A table around a heading is there for its looks.
            let is_layout = name == "table" && holds(child, "h1");
            if WHOLE.contains(&name) && !is_layout {
                self.end_run();
                self.blocks.push(block(child));
            } else if flows(name) && !holds_blocks(child) {
                self.run.push_str(&child.html());
            } else {
                self.end_run();
                self.collect(child, holds_blocks);
                self.end_run();
            }
        }
    }

    /// Text that stands in no paragraph of its own is one.
    fn end_run(&mut self) {
        let html = std::mem::take(&mut self.run);
        if html.trim().is_empty() {
            return;
        }
        let paragraph = Html::parse_fragment(&format!("<p>{}</p>", html.trim()));
        self.blocks.extend(paragraph.root_element().child_elements().map(block));
    }
}

fn block(element: ElementRef) -> Block {
    let name = element.value().name();
    let shape = match name {
        "p" => Shape::Paragraph,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            Shape::Heading(name.as_bytes().last().map_or(6, |digit| digit - b'0'))
        }
        _ => Shape::Other,
    };
    let mut lines = if shape == Shape::Paragraph { lines(element) } else { Vec::new() };
    if lines.is_empty() {
        lines = text_lines(element);
    }
    let shows = !lines.is_empty() || name == "img" || name == "figure" || holds(element, "img");
    Block { shape, lines, html: shows.then(|| element.html()), stamp: stamp(element) }
}

/// The lines between the `br` of a paragraph, with their mark-up; none if a `br` is deeper inside.
fn lines(paragraph: ElementRef) -> Vec<Line> {
    let breaks = |node: &Node| node.as_element().is_some_and(|element| element.name() == "br");
    let mut lines = vec![(String::new(), String::new())];
    for child in paragraph.children() {
        if breaks(child.value()) {
            lines.push(Default::default());
        } else if child.descendants().any(|node| breaks(node.value())) {
            return Vec::new();
        } else if let Some((text, html)) = lines.last_mut() {
            text.extend(
                child.descendants().filter_map(|node| node.value().as_text()).map(|text| &**text),
            );
            match (child.value(), ElementRef::wrap(child)) {
                (Node::Text(text), _) => html.push_str(&escape(text)),
                (_, Some(element)) => html.push_str(&element.html()),
                _ => {}
            }
        }
    }
    let lines = lines.into_iter().map(|(text, html)| {
        let html = Some(html.trim().to_owned());
        Line { html, ..Line::of(&text) }
    });
    lines.filter(|line| !line.text.is_empty()).collect()
}

/// The text of an element, cut at its `br`.
fn text_lines(element: ElementRef) -> Vec<Line> {
    let mut text = String::new();
    for node in element.descendants() {
        match node.value() {
            Node::Text(run) => text.push_str(&plain_line_ends(run).replace('\n', " ")),
            Node::Element(inner) if inner.name() == "br" => text.push('\n'),
            _ => {}
        }
    }
    text.lines().map(Line::of).filter(|line| !line.text.is_empty()).collect()
}

fn holds(element: ElementRef, name: &str) -> bool {
    elements(element).any(|inner| inner.value().name() == name)
}

fn elements(element: ElementRef) -> impl Iterator<Item = ElementRef> {
    element.descendants().skip(1).filter_map(ElementRef::wrap)
}

/// The machine-readable date of an element that says nothing but a date.
fn stamp(element: ElementRef) -> Option<String> {
    let time = elements(element).find(|inner| inner.value().name() == "time")?;
    let words = |element: ElementRef| Line::of(&element.text().collect::<String>()).text;
    (words(time) == words(element)).then(|| time.value().attr("datetime"))?.map(str::to_owned)
}
