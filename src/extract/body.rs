//! The text of an announcement as HTML: headings, lists, paragraphs, and elements as they came.

mod lists;

use super::blocks::{Block, Line, Shape, WRAPPED_AT, append, ends_sentence, is_full, width};
use crate::dates::Reader;
use crate::normalize::escape;
use lists::Mark;
pub use lists::is_marked;

/// What a block is made of.
enum Kind<'a> {
    Element(&'a Block),
    Paragraph(Vec<&'a str>),
    Item(Item<'a>),
}

struct Piece<'a> {
    kind: Kind<'a>,
    /// Where its block stands.
    block: usize,
}

/// A line with a mark before it, and the lines that continue it.
struct Item<'a> {
    mark: Mark,
    /// The first line less its mark.
    text: &'a str,
    lines: Vec<&'a str>,
}

/// The blocks as HTML. `dates` tells `17. Februar` from a seventeenth item.
pub fn to_html(blocks: &[Block], dates: &Reader) -> String {
    let width = width(blocks);
    let mut pieces = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        pieces.extend(cut(block, width, dates).into_iter().map(|kind| Piece { kind, block: at }));
    }
    let pieces = lists::settle(pieces, dates);
    let mut html = String::new();
    let mut list: Option<Open> = None;
    for (at, piece) in pieces.iter().enumerate() {
        if let Kind::Item(item) = &piece.kind {
            list = Some(Open::go_on(list, item.mark, &mut html));
            html.push_str(&format!("<li>{}</li>\n", escape(&item.whole_text())));
            continue;
        }
        Open::close(list.take(), &mut html);
        match &piece.kind {
            Kind::Element(block) => html.push_str(&element(block)),
            Kind::Paragraph(lines) if is_heading(&pieces, at, dates) => {
                html.push_str(&format!("<h2>{}</h2>\n", escape(lines[0])));
            }
            Kind::Paragraph(lines) => html.push_str(&paragraph(lines, width)),
            Kind::Item(_) => {}
        }
    }
    Open::close(list, &mut html);
    html
}

/// True if a list begins at a line: it and the next one have marks of a kind.
pub fn is_list(blocks: &[Block], at: usize, line: usize) -> bool {
    let mark = |at: usize, line: usize| {
        let text = &blocks.get(at)?.lines.get(line)?.text;
        lists::marked(text).map(|(mark, _)| mark)
    };
    let next = || mark(at, line + 1).or_else(|| mark(at + 1, 0));
    mark(at, line).is_some_and(|mark| mark.begins_list(next()))
}

/// A block of a text cut into paragraphs and items; an element stays what it is.
fn cut<'a>(block: &'a Block, width: usize, dates: &Reader) -> Vec<Kind<'a>> {
    if block.shape != Shape::Text {
        return vec![Kind::Element(block)];
    }
    let mut kinds: Vec<Kind> = Vec::new();
    for Line { text: line, .. } in &block.lines {
        if let Some((mark, text)) = lists::marked(line).filter(|_| !lists::is_dated(line, dates)) {
            kinds.push(Kind::Item(Item { mark, text, lines: vec![line] }));
            continue;
        }
        match kinds.last_mut() {
            Some(Kind::Paragraph(lines)) => lines.push(line),
            Some(Kind::Item(item)) if item.goes_on(line, width) => item.lines.push(line),
            _ => kinds.push(Kind::Paragraph(vec![line])),
        }
    }
    kinds
}

impl Item<'_> {
    /// True if a line without a mark is the rest of this item: the item was wrapped.
    fn goes_on(&self, line: &str, width: usize) -> bool {
        let last = self.lines.last().copied().unwrap_or_default();
        line.starts_with(char::is_lowercase) || is_full(last, line, width)
    }

    fn whole_text(&self) -> String {
        let mut text = self.text.to_owned();
        for line in &self.lines[1..] {
            append(&mut text, line);
        }
        text
    }
}

/// A list that is being written.
struct Open {
    tag: &'static str,
    last: Mark,
}

impl Open {
    fn go_on(list: Option<Open>, mark: Mark, html: &mut String) -> Open {
        let tag = if mark.number().is_some() { "ol" } else { "ul" };
        match list {
            Some(open) if open.last.goes_on_with(mark) => Open { last: mark, ..open },
            list => {
                Open::close(list, html);
                html.push_str(&format!("<{tag}{}>\n", mark.attributes()));
                Open { tag, last: mark }
            }
        }
    }

    fn close(list: Option<Open>, html: &mut String) {
        if let Some(Open { tag, .. }) = list {
            html.push_str(&format!("</{tag}>\n"));
        }
    }
}

/// Short lines, of an address for instance, stay lines.
fn paragraph(lines: &[&str], width: usize) -> String {
    let mut html = String::from("<p>");
    let mut above: Option<&str> = None;
    for line in lines {
        let is_broken = above.is_some_and(|above| {
            above.chars().count() < WRAPPED_AT
                && !above.ends_with('-')
                && !is_full(above, line, width)
        });
        if is_broken {
            html.push_str("<br>\n");
            html.push_str(&escape(line));
        } else if above.is_some() {
            append(&mut html, &escape(line));
        } else {
            html.push_str(&escape(line));
        }
        above = Some(line);
    }
    html + "</p>\n"
}

/// An element of a page, or what the header has left of a paragraph.
fn element(block: &Block) -> String {
    if let Some(html) = &block.html {
        return format!("{html}\n");
    }
    let line = |line: &Line| line.html.clone().unwrap_or_else(|| escape(&line.text));
    let lines: Vec<String> = block.lines.iter().map(line).collect();
    format!("<p>{}</p>\n", lines.join("<br>\n"))
}

/// One short line without a full stop, over a paragraph that has one or over a list.
fn is_heading(pieces: &[Piece], at: usize, dates: &Reader) -> bool {
    let Kind::Paragraph(lines) = &pieces[at].kind else { return false };
    let [text] = lines.as_slice() else { return false };
    let is_alone =
        |other: Option<&Piece>| other.is_none_or(|piece| piece.block != pieces[at].block);
    let over_text = match pieces.get(at + 1).map(|next| &next.kind) {
        Some(Kind::Paragraph(next)) => next.last().is_some_and(|last| ends_sentence(last)),
        Some(Kind::Element(next)) => ends_sentence(&next.text()),
        Some(Kind::Item(_)) => true,
        None => false,
    };
    over_text
        && is_alone(pieces.get(at + 1))
        && is_alone(at.checked_sub(1).and_then(|above| pieces.get(above)))
        && text.split(' ').count() <= 8
        && text.chars().count() <= 80
        && !text.ends_with(['.', ',', ';', ':', '!', '?', '…'])
        && !text.contains("://")
        && !text.contains('@')
        && text.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
        && dates.find(text).is_none()
}
