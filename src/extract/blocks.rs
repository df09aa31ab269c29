//! An announcement as a sequence of blocks: what blank lines make of a text, or the elements of a
//! page.

use super::residue::{self, Piece};

/// A line shorter than this was not wrapped: whoever ended it meant to.
pub const WRAPPED_AT: usize = 40;

/// Words before which a hyphen stands for a part that is left out: `Wasser- und Abfallwirtschaft`.
const AND_OR: [&str; 10] = ["and", "or", "und", "oder", "bzw.", "et", "ou", "i", "ili", "и"];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// Lines of a text: what they are is seen from what they say.
    #[default]
    Text,
    /// A paragraph of a page.
    Paragraph,
    /// A heading of a page, `h1` to `h6`.
    Heading(u8),
    /// A list, a table, a picture: part of the body, never of a header.
    Other,
}

/// A run of lines between blank lines, or an element of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    pub shape: Shape,
    pub lines: Vec<Line>,
    /// The element as it stands in the page, if it comes from one and is whole.
    pub html: Option<String>,
    /// The machine-readable date of a paragraph that is nothing but a `time`.
    pub stamp: Option<String>,
}

/// A line, trimmed, with single blanks inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// Its mark-up in the page, if it has any of its own.
    pub html: Option<String>,
}

impl Line {
    pub fn of(text: &str) -> Line {
        Line { text: fold_blanks(text), html: None }
    }
}

impl Block {
    pub fn text(&self) -> String {
        unwrap(self.lines.iter().map(|line| line.text.as_str()))
    }

    /// What is left without some of its lines; it is no longer the element it was.
    pub fn without(mut self, taken: &[bool]) -> Option<Block> {
        if !taken.contains(&true) {
            return Some(self);
        }
        let mut taken = taken.iter();
        self.lines.retain(|_| taken.next() != Some(&true));
        self.html = None;
        (!self.lines.is_empty()).then_some(self)
    }
}

/// Cuts a text into blocks. Lines of no-break spaces are blank, and so are ruled lines; what the
/// page's scripts and buttons left behind is gone. A text without a blank line has a block per
/// line.
pub fn of_text(text: &str) -> Vec<Block> {
    let text = plain_line_ends(text);
    let mut lines: Vec<String> = text.lines().map(fold_blanks).collect();
    let gone = residue::sweep(lines.iter().map(|line| Piece { text: line, leads_on: false }));
    let mut gone = gone.into_iter();
    lines.retain(|_| gone.next() != Some(true));
    let is_blank = |line: &String| line.is_empty();
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(0);
    let end = lines.iter().rposition(|line| !is_blank(line)).map_or(first, |last| last + 1);
    let lines = &lines[first..end];
    let spaced = lines.iter().any(is_blank);
    lines
        .split(|line| is_blank(line) || is_rule(line))
        .filter(|run| !run.is_empty())
        .flat_map(|run| if spaced { vec![run] } else { run.chunks(1).collect() })
        .map(|run| Block {
            lines: run.iter().map(|line| Line::of(line)).collect(),
            ..Block::default()
        })
        .collect()
}

/// The line ends of old Macs, of Unicode and of word processors, as everybody has them.
pub fn plain_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}'], "\n")
        .replace('\u{2029}', "\n\n")
}

fn fold_blanks(line: &str) -> String {
    let seen = line.replace(['\u{feff}', '\u{200b}'], "");
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `-----`, `* * *`, `====`: drawn, not written.
fn is_rule(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| *c != ' ');
    let Some(mark) = marks.next().filter(|mark| "-–—*=_~#".contains(*mark)) else {
        return false;
    };
    let mut rest = 0;
    marks.all(|c| {
        rest += 1;
        c == mark
    }) && rest >= 2
}

/// How wide the lines of a text are.
pub fn width(blocks: &[Block]) -> usize {
    let lines = blocks.iter().filter(|block| block.shape == Shape::Text).flat_map(|b| &b.lines);
    lines.map(|line| line.text.chars().count()).max().unwrap_or(0).max(WRAPPED_AT)
}

/// True if a line ended because the next word had no room in it.
pub fn is_full(line: &str, next: &str, width: usize) -> bool {
    let word = next.split(' ').next().unwrap_or_default();
    line.chars().count() + 1 + word.chars().count() > width
}

/// Lines as the one line that they were before they were wrapped.
pub fn unwrap<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        append(&mut text, line);
    }
    text
}

/// Puts a line behind the one that it continues. A word that was broken at its own hyphen stays
/// one word.
pub fn append(text: &mut String, line: &str) {
    let mut before = text.chars().rev();
    let is_broken = before.next() == Some('-') && before.next().is_some_and(char::is_alphabetic);
    let goes_on = line.starts_with(char::is_lowercase)
        && !AND_OR.contains(&line.split(' ').next().unwrap_or_default());
    let is_one_word = is_broken && goes_on;
    if !text.is_empty() && !is_one_word {
        text.push(' ');
    }
    text.push_str(line);
}

/// True if the text closes as sentences do, closing quotes and notes aside.
pub fn ends_sentence(text: &str) -> bool {
    without_closing(text).ends_with(['.', '!', '?', '…', ':', ';'])
}

/// The text less the quotes, brackets and notes at its end.
pub fn without_closing(text: &str) -> &str {
    text.trim_end_matches(['"', '”', '“', '’', '»', '«', '›', '‹', ')', ']', '*'])
}
