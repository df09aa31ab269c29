//! The top of an announcement in units: the lines that say one thing together.

use std::ops::Range;

use super::dating::{Dated, Standing};
use super::lines::{self, Fields, Line, is_prose};
use crate::dates::Reader;
use crate::extract::blocks::{self, Block, Shape, WRAPPED_AT, is_full, unwrap};
use crate::extract::body::is_list;

/// Units that are looked at, from the top or from the page's own heading.
const MOST: usize = 14;

/// Lines that a title has at most; more are a text.
const LONGEST: usize = 6;

/// With one of these a line does not end.
const OPEN_ENDS: [&str; 24] = [
    "of", "the", "and", "for", "to", "in", "on", "with", "a", "der", "die", "das", "des", "dem",
    "und", "für", "von", "de", "la", "les", "du", "et", "za", "за",
];

/// Lines of one block that belong together, and what they are.
#[derive(Debug)]
pub struct Unit {
    pub block: usize,
    pub lines: Range<usize>,
    pub text: String,
    pub line: Line,
    /// 1 to 6 if the page makes it a heading.
    pub level: Option<u8>,
    /// All lines of its block.
    pub is_whole: bool,
}

/// The units that can be the header's.
pub fn of(blocks: &[Block], dates: &Reader) -> Vec<Unit> {
    let heading =
        blocks.iter().position(|block| block.shape == Shape::Heading(1) && !block.lines.is_empty());
    let first = heading.map_or(0, |heading| heading.saturating_sub(MOST));
    let width = blocks::width(blocks);
    let mut units = Vec::new();
    let mut from_heading = 0;
    for (at, block) in blocks.iter().enumerate().skip(first) {
        let mut start = 0;
        let mut in_block = 0;
        while start < block.lines.len() && in_block < MOST {
            let unit = unit(blocks, at, start, width, dates);
            start = unit.lines.end;
            units.push(unit);
            in_block += 1;
        }
        if heading.is_none_or(|heading| heading <= at) {
            from_heading += in_block;
        }
        if from_heading >= MOST {
            break;
        }
    }
    units
}

fn unit(blocks: &[Block], at: usize, start: usize, width: usize, dates: &Reader) -> Unit {
    let block = &blocks[at];
    let lines = &block.lines[start..];
    let level = if let Shape::Heading(level) = block.shape { Some(level) } else { None };
    let (count, line) = match block.shape {
        Shape::Heading(1 | 2) => (lines.len(), lines::read_heading(&block.text(), dates)),
        Shape::Other => (lines.len(), Line::Body),
        Shape::Text if is_list(blocks, at, start) => (lines.len(), Line::Body),
        _ => together(lines, width, dates),
    };
    let text = unwrap(lines[..count].iter().map(|line| line.text.as_str()));
    let line = match (&block.stamp, line) {
        (Some(stamp), Line::Words | Line::Prose) => stamped(stamp),
        (_, line) => line,
    };
    let is_whole = count == block.lines.len();
    Unit { block: at, lines: start..start + count, text, line, level, is_whole }
}

/// A date that people are shown as "two days ago".
fn stamped(stamp: &str) -> Line {
    let dated = Some(Dated { text: stamp.to_owned(), standing: Standing::Bare });
    Line::Fields(Fields { dated, ..Fields::default() })
}

/// How many of the lines are one, and what they are.
fn together(lines: &[blocks::Line], width: usize, dates: &Reader) -> (usize, Line) {
    let text = |count: usize| unwrap(lines[..count].iter().map(|line| line.text.as_str()));
    let mut line = lines::read(&text(1), dates);
    let mut count = 1;
    while count < lines.len()
        && !matches!(line, Line::PageName(_) | Line::Fields(_))
        && goes_on(&text(count), &lines[count - 1..], width, dates)
    {
        if count == LONGEST {
            return (lines.len(), Line::Prose);
        }
        count += 1;
        line = match lines::read(&text(count), dates) {
            Line::Fields(_) | Line::PageName(_) => Line::Words,
            line => line,
        };
    }
    // The rest of a paragraph is no header either.
    if line == Line::Prose { (lines.len(), line) } else { (count, line) }
}

/// True if `text`, which ends with the first of `lines`, goes on with the second.
fn goes_on(text: &str, lines: &[blocks::Line], width: usize, dates: &Reader) -> bool {
    let (last, rest) = (&lines[0].text, &lines[1..]);
    let next = &rest[0].text;
    let is_other = |line: Line| matches!(line, Line::Fields(_) | Line::PageName(_));
    if is_other(lines::read(next, dates)) || crate::extract::body::is_marked(next) {
        return false;
    }
    closes_later(text, rest)
        || ends_open(text)
        || next.starts_with(char::is_lowercase)
        || is_full(last, next, width)
        || (last.chars().count() >= WRAPPED_AT && is_rest_of_title(text, rest, dates))
}

/// A quote is open, and is closed soon.
fn closes_later(text: &str, rest: &[blocks::Line]) -> bool {
    let mut text = text.to_owned();
    has_open_quote(&text)
        && rest.iter().take(LONGEST).any(|line| {
            text.push_str(&line.text);
            !has_open_quote(&text)
        })
}

/// Nothing ends with a colon, a comma, a dash or a small word.
pub fn ends_open(text: &str) -> bool {
    let word = text.rsplit(' ').next().unwrap_or_default();
    text.ends_with([':', ',', '-', '–', '—', '&', '/']) || OPEN_ENDS.contains(&word)
}

/// All that stands under a long line up to the next field reads like a title, not like a text.
fn is_rest_of_title(text: &str, rest: &[blocks::Line], dates: &Reader) -> bool {
    let is_field = |line: &&blocks::Line| matches!(lines::read(&line.text, dates), Line::Fields(_));
    let rest: Vec<&blocks::Line> =
        rest.iter().take(LONGEST).take_while(|line| !is_field(line)).collect();
    let all = std::iter::once(text).chain(rest.iter().map(|line| line.text.as_str()));
    rest.len() < 4 && !is_prose(&unwrap(all)) && !blocks::ends_sentence(text)
}

/// True if a quotation begins in the text and does not end in it.
pub fn has_open_quote(text: &str) -> bool {
    let mut open: Vec<char> = Vec::new();
    for c in text.chars() {
        match (c, open.last()) {
            ('„', _) => open.push('“'),
            ('“', Some('“')) | ('”', Some('“' | '”')) | ('"', Some('"')) => {
                open.pop();
            }
            ('“', _) => open.push('”'),
            ('«', Some('«')) | ('»', Some('»')) => {
                open.pop();
            }
            ('«', _) => open.push('»'),
            ('»', _) => open.push('«'),
            ('"', _) => open.push('"'),
            _ => {}
        }
    }
    !open.is_empty()
}

impl Unit {
    pub fn fields(&self) -> Option<&Fields> {
        match &self.line {
            Line::Fields(fields) => Some(fields),
            _ => None,
        }
    }

    pub fn dated(&self) -> Option<&Dated> {
        self.fields()?.dated.as_ref()
    }

    /// It could be the title, or stand beside it.
    pub fn is_words(&self) -> bool {
        matches!(self.line, Line::Words | Line::Labelled { .. })
    }

    /// The body has begun.
    pub fn is_body(&self) -> bool {
        matches!(self.line, Line::Prose | Line::Body)
    }
}
