//! The top of an announcement: kicker, title, date, in whatever order the page had them.

use std::ops::Range;

use super::blocks::{Block, ends_sentence};
use super::{RawDate, RawItem};
use crate::dates::Reader;
use crate::model::Evidence;

/// Labels that organisations put over their titles. Only these are taken from a title's own line
/// (`In Focus: ...`): most colons in titles belong to the title.
const KICKERS: [&str; 22] = [
    "in focus",
    "news",
    "press release",
    "press releases",
    "announcement",
    "statement",
    "media advisory",
    "publication",
    "event",
    "im fokus",
    "aktuelles",
    "pressemitteilung",
    "meldung",
    "mitteilung",
    "à la une",
    "actualités",
    "actualité",
    "communiqué de presse",
    "u fokusu",
    "vesti",
    "saopštenje",
    "у фокусу",
];

/// What content systems call the page an announcement stands on: `News - Detail`.
const PAGE_NAMES: [&str; 7] =
    ["detail", "details", "detailansicht", "detailseite", "single", "détail", "article"];

/// A line shorter than this was not wrapped: the next one is no part of the title.
const WRAPPED_AT: usize = 40;

/// Lines that a header has at most, its title's included.
const MOST_LINES: usize = 12;

/// The fields of the header, and the blocks under it.
///
/// `known` is what is known without looking; it is not looked for.
pub fn read(blocks: &[Block], known: RawItem, dates: &Reader) -> (RawItem, Vec<Block>) {
    let mut header = Header { item: known, dates, left: MOST_LINES };
    let mut rest = blocks.iter().cloned().collect::<std::collections::VecDeque<_>>();
    while let Some(mut block) = rest.pop_front() {
        let was_open = header.item.title.is_none();
        header.take_lines(&mut block, rest.front());
        if was_open {
            header.unwrap_title(&mut block);
            header.take_lines(&mut block, rest.front());
        }
        if !block.lines.is_empty() || block.html.is_some() {
            rest.push_front(block);
            break;
        }
    }
    let mut item = header.item;
    let body = Vec::from(rest);
    if item.published.is_none() {
        item.published = body.first().and_then(|first| dateline(&first.text(), dates));
    }
    (item, body)
}

struct Header<'a> {
    item: RawItem,
    dates: &'a Reader,
    left: usize,
}

impl Header<'_> {
    fn take_lines(&mut self, block: &mut Block, below: Option<&Block>) {
        while self.left > 0 && !block.lines.is_empty() && self.take(block, below) {
            block.take_line();
            self.left -= 1;
        }
    }

    /// Puts the first of `lines` where it belongs; false if it is the body's.
    fn take(&mut self, block: &Block, below: Option<&Block>) -> bool {
        let line = &block.lines[0];
        let is_alone = block.lines.len() == 1 && !block.is_heading;
        let item = &mut self.item;
        if is_page_name(line) || (block.is_heading && item.title.as_ref() == Some(line)) {
            return true;
        }
        if item.published.is_none() && is_date(line, self.dates) {
            item.published = Some(RawDate { text: line.clone(), evidence: Evidence::Page });
        } else if item.title.is_some() {
            return false;
        } else if let Some((label, title)) = line.split_once(": ").filter(|(l, _)| is_known(l)) {
            item.kicker = Some(label.to_owned());
            item.title = Some(title.to_owned());
        } else if is_known(line) || (is_alone && is_label_over(line, below, self.dates)) {
            item.kicker = Some(line.clone());
        } else {
            item.title = Some(line.clone());
        }
        true
    }

    /// A title wrapped over several lines is one line.
    fn unwrap_title(&mut self, block: &mut Block) {
        let Some(title) = &mut self.item.title else { return };
        let mut last = title.chars().count();
        while let Some(line) = block.lines.first() {
            if self.left == 0
                || last < WRAPPED_AT
                || ends_sentence(title)
                || is_date(line, self.dates)
            {
                break;
            }
            last = line.chars().count();
            self.left -= 1;
            title.push(' ');
            title.push_str(&block.take_line());
        }
    }
}

fn is_known(label: &str) -> bool {
    KICKERS.contains(&label.to_lowercase().as_str())
}

/// A word or three over something that reads like a title, which stands over more.
fn is_label_over(line: &str, below: Option<&Block>, dates: &Reader) -> bool {
    let is_title = |block: &Block| {
        let text = block.text();
        !is_date(&text, dates) && !ends_sentence(&text) && text.chars().count() > line.len()
    };
    line.split(' ').count() <= 3 && !ends_sentence(line) && below.is_some_and(is_title)
}

/// `News - Detail`, `Aktuelles | Detailansicht`
fn is_page_name(line: &str) -> bool {
    let parts: Vec<&str> = line.split([' ', '-', '–', '|', '›', '»', '/']).collect();
    let words: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (2..=3).contains(&words.len())
        && line.contains(['-', '–', '|', '›', '»', '/'])
        && words.last().is_some_and(|last| PAGE_NAMES.contains(&last.to_lowercase().as_str()))
}

/// A date and next to nothing else: `Published: 21 February 2022`, `Vienna, 21 February 2022`.
fn is_date(line: &str, dates: &Reader) -> bool {
    dates.find(line).is_some_and(|(span, _)| letters(line) - letters(&line[span]) <= 24)
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

/// The date at the very start of the first paragraph, a place before it allowed.
fn dateline(paragraph: &str, dates: &Reader) -> Option<RawDate> {
    let (Range { start, end }, _) = dates.find(paragraph)?;
    let opens = letters(&paragraph[..start]) <= 24 && !paragraph[..start].contains(". ");
    // Serbian and its neighbours put a full stop behind the year.
    let behind = paragraph[end..].trim_start_matches('.').trim_start();
    let separated = behind.starts_with([',', '–', '—', '-', ':', '(', ')', '/']);
    (opens && separated)
        .then(|| RawDate { text: paragraph[start..end].to_owned(), evidence: Evidence::Inferred })
}
