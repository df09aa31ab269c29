//! Marks before lines, and which of them make a list.

use super::{Item, Kind, Piece};
use crate::dates::Reader;

/// Marks that need no blank behind them; the last two are Word's own.
const BULLETS: [char; 14] =
    ['•', '▪', '‣', '●', '◦', '○', '■', '□', '►', '➢', '✓', '⁃', '\u{f0b7}', '\u{f0a7}'];

/// Marks that something else can begin with: a remark, a minus, a note.
const DASHES: [&str; 6] = ["-", "–", "—", "*", "·", "→"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Bullet,
    Dash,
    /// How the number is written, and which it is.
    Number(Style, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `1.`
    Stop,
    /// `1)`
    Bracket,
    /// `(1)`
    Brackets,
    /// `a)`
    Letter,
    /// `(a)`
    LetterBrackets,
}

impl Mark {
    pub fn number(self) -> Option<u32> {
        if let Mark::Number(_, number) = self { Some(number) } else { None }
    }

    /// What its list says of itself when it begins here.
    pub fn attributes(self) -> String {
        let Mark::Number(style, number) = self else { return String::new() };
        let letters = matches!(style, Style::Letter | Style::LetterBrackets);
        let kind = if letters { " type=\"a\"" } else { "" };
        let start = if number == 1 { String::new() } else { format!(" start=\"{number}\"") };
        format!("{kind}{start}")
    }

    /// True if `next` is an item of the same list.
    pub fn goes_on_with(self, next: Mark) -> bool {
        match (self, next) {
            (Mark::Number(style, number), Mark::Number(other, next)) => {
                style == other && (next == number + 1 || (number == 1 && next == 1))
            }
            (Mark::Number(..), _) | (_, Mark::Number(..)) => false,
            _ => true,
        }
    }

    pub fn begins_list(self, next: Option<Mark>) -> bool {
        self == Mark::Bullet || next.is_some_and(|next| self.goes_on_with(next))
    }
}

pub fn is_marked(line: &str) -> bool {
    marked(line).is_some()
}

/// `1. text`, `(2) text`, `a) text`, `- text`, `•text`: the mark and the text.
pub fn marked(line: &str) -> Option<(Mark, &str)> {
    if let Some(text) = line.strip_prefix(BULLETS) {
        return Some((Mark::Bullet, text.trim_start())).filter(|(_, text)| !text.is_empty());
    }
    let (mark, text) = line.split_once(' ')?;
    if DASHES.contains(&mark) {
        return Some((Mark::Dash, text));
    }
    let (inner, style, letter) = match (mark.strip_suffix(')'), mark.strip_prefix('(')) {
        (Some(_), Some(inner)) => {
            (inner.strip_suffix(')')?, Style::Brackets, Style::LetterBrackets)
        }
        (Some(inner), None) => (inner, Style::Bracket, Style::Letter),
        _ => {
            let number = number(mark.strip_suffix('.')?)?;
            return Some((Mark::Number(Style::Stop, number), text));
        }
    };
    let mark = match number(inner) {
        Some(number) => Mark::Number(style, number),
        None => Mark::Number(letter, place_in_alphabet(inner)?),
    };
    Some((mark, text))
}

fn number(text: &str) -> Option<u32> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn place_in_alphabet(text: &str) -> Option<u32> {
    let [letter @ b'a'..=b'z'] = text.as_bytes() else { return None };
    Some(u32::from(letter - b'a') + 1)
}

/// `17. Februar 2024 ...`: the number is a day's.
pub fn is_dated(line: &str, dates: &Reader) -> bool {
    let end = line.match_indices(' ').nth(3).map_or(line.len(), |(end, _)| end);
    let start = &line[..end];
    start.len() <= 60
        && start.bytes().filter(u8::is_ascii_digit).count() >= 5
        && dates.find(start).is_some_and(|(span, _)| span.start == 0)
}

/// `1. Mai: ...`: the number may be a day's.
fn may_be_day(item: &Item, dates: &Reader) -> bool {
    let Some(day) = item.mark.number() else { return false };
    let word = item.text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    word.len() >= 3
        && word.len() <= 30
        && dates.find(&format!("{day}. {word} 2000")).is_some_and(|(span, _)| span.start == 0)
}

/// Decides which items are items: a mark that stands alone makes no list, and a number has its
/// place in a row, which other text may interrupt. What is no item is text, mark and all.
pub fn settle<'a>(pieces: Vec<Piece<'a>>, dates: &Reader) -> Vec<Piece<'a>> {
    let mut is_item = vec![false; pieces.len()];
    settle_bullets(&pieces, &mut is_item);
    settle_numbers(&pieces, &mut is_item, dates);
    let mut settled: Vec<Piece> = Vec::with_capacity(pieces.len());
    for (piece, is_item) in pieces.into_iter().zip(is_item) {
        let block = piece.block;
        let lines = match piece.kind {
            Kind::Item(Item { lines, .. }) if !is_item => lines,
            Kind::Paragraph(lines) => lines,
            kind => {
                settled.push(Piece { kind, block });
                continue;
            }
        };
        match settled.last_mut() {
            Some(Piece { kind: Kind::Paragraph(above), block: same }) if *same == block => {
                above.extend(lines);
            }
            _ => settled.push(Piece { kind: Kind::Paragraph(lines), block }),
        }
    }
    settled
}

fn mark_of(piece: &Piece) -> Option<Mark> {
    if let Kind::Item(item) = &piece.kind { Some(item.mark) } else { None }
}

/// Two dashes under each other are a list, one is a dash.
fn settle_bullets(pieces: &[Piece], is_item: &mut [bool]) {
    let is_bullet = |at: usize| {
        let mark = pieces.get(at).and_then(mark_of);
        matches!(mark, Some(Mark::Bullet | Mark::Dash))
    };
    for (at, is_item) in is_item.iter_mut().enumerate() {
        let has_company = is_bullet(at + 1) || at.checked_sub(1).is_some_and(is_bullet);
        let is_plain = pieces.get(at).and_then(mark_of) == Some(Mark::Bullet);
        *is_item = is_plain || (is_bullet(at) && has_company);
    }
}

/// Numbers that follow each other are a list; one that follows nothing begins none, unless the
/// next does follow.
fn settle_numbers(pieces: &[Piece], is_item: &mut [bool], dates: &Reader) {
    let mut rows: Vec<(Style, usize)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Kind::Item(item @ Item { mark: Mark::Number(style, number), .. }) = &piece.kind else {
            continue;
        };
        let row = rows.iter_mut().find(|(of, _)| of == style);
        let Some((_, last)) = row else {
            rows.push((*style, at));
            continue;
        };
        let Kind::Item(above) = &pieces[*last].kind else { continue };
        let is_next = above.mark.goes_on_with(item.mark)
            && (is_item[*last] || *number == 2 || *last + 1 == at)
            && (*number > 1 || *last + 1 == at);
        let begins = || !(may_be_day(above, dates) && may_be_day(item, dates));
        if is_next && (is_item[*last] || begins()) {
            is_item[*last] = true;
            is_item[at] = true;
        }
        if is_next || *number == 1 || !is_item[*last] {
            *last = at;
        }
    }
}
