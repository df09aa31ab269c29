//! The top of an announcement: kicker, title, date, author, in whatever order the page had them.
//!
//! First every line is looked at by itself ([`lines`]), then the header is decided as a whole: a
//! line with a date is the title if another one is the date. Taken from the text are the lines
//! that went into a field, and the names of pages; everything else stays where it is.

mod dating;
mod lines;
mod units;
pub(super) mod words;

use std::collections::HashMap;

use super::blocks::{Block, Shape, unwrap};
use super::{RawDate, RawItem};
use crate::dates::Reader;
use crate::model::Evidence;
use dating::{Dated, Standing, dated, dateline};
use lines::{Fields, LONGEST_TITLE, Line, is_label_like, is_short_sentence};
use units::Unit;
use words::plain;

/// Lines between a title and its date that are neither: a subtitle.
const BETWEEN: usize = 1;

/// The fields of the header, and the blocks under it.
///
/// `known` is what is known without looking; it is not looked for. `declared` is what the page
/// says elsewhere that its title is.
pub fn read(
    blocks: Vec<Block>,
    known: RawItem,
    declared: Option<&str>,
    dates: &Reader,
) -> (RawItem, Vec<Block>) {
    let units = units::of(&blocks, dates);
    let mut header = Header { item: known, taken: vec![false; units.len()], units: &units, dates };
    let title = header.take_title(declared);
    header.take_fields(title);
    let Header { mut item, taken, .. } = header;
    if item.published.is_none() {
        let text = units.iter().zip(&taken).find(|(unit, taken)| !**taken && unit.is_body());
        item.published = text.and_then(|(unit, _)| dateline(&unit.text, dates)).map(inferred);
    }
    let mut body = without(blocks, &units, &taken);
    if item.published.is_none() {
        item.published = last_line(&mut body, dates);
    }
    (item, body)
}

struct Header<'a> {
    item: RawItem,
    units: &'a [Unit],
    /// Units that went into a field.
    taken: Vec<bool>,
    dates: &'a Reader,
}

impl Header<'_> {
    /// Settles the title, if there is one, and tells where it stands.
    fn take_title(&mut self, declared: Option<&str>) -> Option<usize> {
        if let Some(title) = &self.item.title {
            let title = plain(title);
            let at = self.units.iter().position(|unit| plain(&unit.text) == title)?;
            self.taken[at] = true;
            return Some(at);
        }
        let (label, title) = self.choose(declared)?;
        if let Some(label) = label {
            self.item.kicker = self.item.kicker.take().or(Some(label_text(&self.units[label])));
            self.taken[label] = true;
        }
        let unit = &self.units[title];
        self.taken[title] = true;
        let text = match &unit.line {
            Line::Labelled { label, title, .. } if put(&mut self.item.kicker, label) => {
                title.clone()
            }
            Line::PageName(Some(step)) => step.clone(),
            _ => unit.text.clone(),
        };
        self.item.title = Some(self.with_rest(text, title));
        Some(title)
    }

    /// The unit that is the title, and one that is the label over it.
    fn choose(&self, declared: Option<&str>) -> Option<(Option<usize>, usize)> {
        let at = |is: &dyn Fn(&Unit) -> bool| self.units.iter().position(is);
        let heading = at(&|unit| unit.level == Some(1) && unit.is_words());
        if let Some(title) = heading {
            let above = title.checked_sub(1).filter(|above| {
                let unit = &self.units[*above];
                unit.level.is_none()
                    && unit.is_whole
                    && unit.line == Line::Words
                    && is_label_like(&unit.text)
            });
            return Some((
                above.filter(|_| self.item.kicker.is_none() && !self.has_label(title)),
                title,
            ));
        }
        let end = self.text_begins(0);
        let confirmed = || {
            let declared = plain(declared?);
            let says = |unit: &Unit| unit.is_words() && declared.starts_with(&plain(&unit.text));
            self.units[..end].iter().position(says)
        };
        let placed =
            |unit: &Unit| unit.dated().is_some_and(|dated| dated.standing == Standing::Place);
        if let Some(title) = confirmed() {
            return Some((None, title));
        }
        self.candidate(end)
            .or_else(|| self.units[..end].iter().position(placed).map(|at| (None, at)))
            .or_else(|| self.units[..end].iter().position(names_else).map(|at| (None, at)))
            .or_else(|| declared.is_none().then(|| self.sentence(end)).flatten())
    }

    /// The first line that reads like a title, or the one under it if the first is its label.
    fn candidate(&self, end: usize) -> Option<(Option<usize>, usize)> {
        let mut candidates = (0..end).filter(|at| self.units[*at].is_words());
        let first = candidates.next()?;
        let Some(second) = candidates.next() else { return Some((None, first)) };
        let (upper, lower) = (&self.units[first], &self.units[second]);
        if let Line::Labelled { is_path: true, .. } = upper.line {
            return Some((Some(first), second));
        }
        let words = |unit: &Unit| unit.text.split(' ').count();
        let is_label = second == first + 1
            && second + 1 < self.units.len()
            && (&upper.line, &lower.line) == (&Line::Words, &Line::Words)
            && upper.level.is_none()
            && upper.is_whole
            && is_label_like(&upper.text)
            && (lower.level.is_some() || words(lower) >= words(upper) + 2)
            && !lower.text.ends_with(':')
            && dating::around(&lower.text, self.dates).is_none();
        match (is_label, self.has_label(second)) {
            (true, false) => Some((Some(first), second)),
            // One label is enough: this one stays in the text.
            (true, true) => Some((None, second)),
            (false, _) => Some((None, first)),
        }
    }

    /// A sentence as short as a title, alone over more.
    fn sentence(&self, end: usize) -> Option<(Option<usize>, usize)> {
        let unit = self.units.get(end)?;
        let is_title = unit.line == Line::Prose
            && unit.is_whole
            && end + 1 < self.units.len()
            && is_short_sentence(&unit.text)
            && dateline(&unit.text, self.dates).is_none();
        is_title.then_some((None, end))
    }

    fn has_label(&self, before: usize) -> bool {
        self.units[..before]
            .iter()
            .any(|unit| unit.fields().is_some_and(|fields| fields.label.is_some()))
    }

    /// The first unit from `from` on that is the body's.
    fn text_begins(&self, from: usize) -> usize {
        let body = self.units.iter().skip(from).position(Unit::is_body);
        body.map_or(self.units.len(), |at| from + at)
    }

    /// A title that ends with a colon or inside a quotation has its rest in the next unit.
    fn with_rest(&mut self, text: String, at: usize) -> String {
        let (Some(next), None) = (self.units.get(at + 1), self.units[at].level) else {
            return text;
        };
        let joined = unwrap([text.as_str(), next.text.as_str()]);
        let is_quoted = next.text.starts_with(['“', '„', '«', '»', '"']);
        let is_rest = (text.ends_with(':') && (next.line == Line::Words || is_quoted))
            || (units::has_open_quote(&text) && !units::has_open_quote(&joined));
        if !is_rest || next.level.is_some() || next.text.chars().count() > LONGEST_TITLE {
            return text;
        }
        self.taken[at + 1] = true;
        joined
    }

    /// Date, kicker and author of the lines around the title.
    fn take_fields(&mut self, title: Option<usize>) {
        let from = title.map_or(0, |title| title + 1);
        let end = self.text_begins(from);
        let date = self.date(title, end);
        if let Some(dated) = date.and_then(|at| self.units[at].dated())
            && self.item.published.is_none()
        {
            let text = dated.text.clone();
            self.item.published = Some(RawDate { text, evidence: Evidence::Page });
        }
        let left: Vec<usize> = (0..end).filter(|at| !self.taken[*at]).collect();
        for at in left {
            let unit = &self.units[at];
            let is_above = match title {
                Some(title) => at < title || date.is_some_and(|date| at <= date),
                None => unit.level.is_none(),
            };
            let goes = match &unit.line {
                Line::PageName(_) => at < from && title.is_some(),
                Line::Fields(fields) => {
                    let is_date = fields.dated.as_ref().is_none_or(|dated| {
                        date == Some(at) || (date.is_some() && dated.standing == Standing::Updated)
                    });
                    is_date && self.take_names(fields, is_above)
                }
                _ => false,
            };
            self.taken[at] = goes;
        }
    }

    /// Takes label and author of a line; false if there is one that has no place.
    fn take_names(&mut self, fields: &Fields, is_above: bool) -> bool {
        let item = &mut self.item;
        let label = fields.label.as_ref();
        let label = label.is_none_or(|label| is_above && put(&mut item.kicker, label));
        let author = fields.author.as_ref();
        label && author.is_none_or(|author| put(&mut item.author, author))
    }

    /// The unit that dates the announcement: the one that says so most clearly, not too far from
    /// the title, and not under words that make it the date of something else.
    fn date(&self, title: Option<usize>, end: usize) -> Option<usize> {
        let known = self.item.published.as_ref();
        let known = known.and_then(|known| self.dates.read(&known.text)).map(|known| known.day());
        let fits = |at: &usize| {
            let Some(dated) = self.units[*at].dated() else { return false };
            let same = || self.dates.read(&dated.text).map(|when| when.day()) == known;
            !self.taken[*at]
                && dated.standing < Standing::Updated
                && self.is_near(*at, title, dated.standing)
                && (known.is_none() || same())
        };
        (0..end).filter(fits).min_by_key(|at| self.units[*at].dated().map(|dated| dated.standing))
    }

    fn is_near(&self, at: usize, title: Option<usize>, standing: Standing) -> bool {
        if standing == Standing::Published {
            return true;
        }
        let from = title.map_or(0, |title| title + 1);
        let is_aside = |unit: &Unit| unit.is_words() || unit.line == Line::Aside;
        let between: Vec<&Unit> = self.units[from.min(at)..at]
            .iter()
            .zip(&self.taken[from.min(at)..at])
            .filter(|(unit, taken)| !**taken && is_aside(unit))
            .map(|(unit, _)| unit)
            .collect();
        let explains = |unit: &&Unit| unit.text.ends_with(':') || words::is_occasion(&unit.text);
        let is_explained = between.last().is_some_and(explains);
        between.len() <= BETWEEN && !is_explained && !self.has_hour_below(at)
    }

    /// `Time: 10:00`, `Venue: ...` under a date: of a meeting.
    fn has_hour_below(&self, at: usize) -> bool {
        let below = self.units.get(at + 1).and_then(|unit| unit.text.split_once(':'));
        below.is_some_and(|(word, _)| words::is_one_of(&words::WHERE, word.trim()))
    }
}

/// Puts a value into a field; false if the field has another one.
fn put(field: &mut Option<String>, value: &str) -> bool {
    match field {
        Some(known) => plain(known) == plain(value),
        None => {
            *field = Some(value.to_owned());
            true
        }
    }
}

fn label_text(unit: &Unit) -> String {
    unit.text.trim_end_matches(':').to_owned()
}

/// The last step of the way to the page, or what looked like an author: `By Land And Sea`.
fn names_else(unit: &Unit) -> bool {
    let is_author = |fields: &Fields| fields.author.is_some() && fields.dated.is_none();
    matches!(unit.line, Line::PageName(Some(_))) || unit.fields().is_some_and(is_author)
}

fn inferred(text: String) -> RawDate {
    RawDate { text, evidence: Evidence::Inferred }
}

/// The blocks less the lines of the units that were taken.
fn without(blocks: Vec<Block>, units: &[Unit], taken: &[bool]) -> Vec<Block> {
    let mut lines: HashMap<usize, Vec<bool>> = HashMap::new();
    for (unit, _) in units.iter().zip(taken).filter(|(_, taken)| **taken) {
        let count = blocks[unit.block].lines.len();
        let lines = lines.entry(unit.block).or_insert_with(|| vec![false; count]);
        lines[unit.lines.clone()].fill(true);
    }
    let left = |(at, block): (usize, Block)| match lines.get(&at) {
        Some(taken) => block.without(taken),
        None => Some(block),
    };
    blocks.into_iter().enumerate().filter_map(left).collect()
}

/// `Vienna, 4 May 2026` under the text dates it; `Published: 4 May 2026` does so in its own words
/// and is taken.
fn last_line(body: &mut Vec<Block>, dates: &Reader) -> Option<RawDate> {
    let (last, above) = body.split_last()?;
    if !matches!(last.shape, Shape::Text | Shape::Paragraph) {
        return None;
    }
    let (line, before) = last.lines.split_last()?;
    let before = before.last().or_else(|| above.last()?.lines.last())?;
    let Dated { text, standing } = dated(&line.text, dates)?;
    match standing {
        Standing::Published => {
            let mut taken = vec![false; last.lines.len()];
            *taken.last_mut()? = true;
            let rest = body.pop()?.without(&taken);
            body.extend(rest);
            Some(RawDate { text, evidence: Evidence::Page })
        }
        Standing::Place if lines::is_prose(&before.text) => {
            Some(inferred(dating::around(&line.text, dates)?.date.to_owned()))
        }
        _ => None,
    }
}
