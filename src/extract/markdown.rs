//! An announcement as Markdown (CommonMark with tables and footnotes), with or without front
//! matter.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::{RawItem, blocks, front_matter, html};
use crate::dates::Reader;

/// Reads one announcement; `None` if it says that it is a draft. What the front matter says, the
/// text need not.
pub fn read(text: &str, dates: &Reader) -> Result<Option<RawItem>, String> {
    let text = blocks::plain_line_ends(text);
    let (front, body) = front_matter::split(&text);
    let Some(known) = front_matter::read(front)? else { return Ok(None) };
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut rendered = String::new();
    let events = plain_footnotes(Parser::new_ext(body, options));
    pulldown_cmark::html::push_html(&mut rendered, events);
    let blocks = html::fragment(&rendered).map_err(|error| error.to_string())?;
    Ok(Some(html::read_blocks(blocks, known, None, dates)))
}

/// Footnotes as numbers and paragraphs: a link inside a page leads nowhere from a feed.
fn plain_footnotes<'a>(events: impl Iterator<Item = Event<'a>>) -> impl Iterator<Item = Event<'a>> {
    let mut numbers: HashMap<CowStr<'a>, usize> = HashMap::new();
    let mut number = move |name: CowStr<'a>| {
        let next = numbers.len() + 1;
        *numbers.entry(name).or_insert(next)
    };
    let mut pending: Option<usize> = None;
    let mark = |number: usize| Event::InlineHtml(format!("<sup>{number}</sup>").into());
    events.flat_map(move |event| match event {
        Event::FootnoteReference(name) => vec![mark(number(name))],
        Event::Start(Tag::FootnoteDefinition(name)) => {
            pending = Some(number(name));
            Vec::new()
        }
        Event::End(TagEnd::FootnoteDefinition) => {
            pending = None;
            Vec::new()
        }
        Event::Start(Tag::Paragraph) => match pending.take() {
            Some(number) => vec![event, mark(number), Event::Text(" ".into())],
            None => vec![event],
        },
        event => vec![event],
    })
}
