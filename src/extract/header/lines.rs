//! What a line of a header is, seen by itself.

use super::dating::{self, Dated};
use super::words::{self, is_one_of, plain};
use crate::dates::Reader;
use crate::extract::blocks::without_closing;
use crate::normalize::sentence_ends;

/// Characters of a line that is no title but a text.
pub const LONGEST_TITLE: usize = 300;

/// Characters of a sentence that can be a title.
const SHORT: usize = 120;

/// Characters of a label that is on no list.
const LABEL: usize = 40;

/// Between the parts of a line that has several things to say.
const SEPARATORS: [&str; 7] = [" | ", " · ", " • ", " – ", " — ", " - ", " / "];

/// Between a label and the title on its line.
const LABEL_ENDS: [&str; 10] =
    [": ", " – ", " — ", " - ", " | ", " / ", " › ", " » ", " > ", " · "];

/// Between the steps of the way to a page.
const STEPS: [&str; 4] = [" > ", " › ", " » ", " → "];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The name of the page, or the way to it and its last step.
    PageName(Option<String>),
    /// Label, date, author, and nothing else.
    Fields(Fields),
    /// A label and the title, on one line.
    Labelled {
        label: String,
        title: String,
        /// The "title" can be a second label: `In Focus / Migration`.
        is_path: bool,
    },
    /// Whom to ask, or when something happens: neither title nor date of the announcement.
    Aside,
    /// A sentence, or more.
    Prose,
    /// A list, a table: what no header has.
    Body,
    /// Whatever else: what titles are.
    Words,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub label: Option<String>,
    pub dated: Option<Dated>,
    pub author: Option<String>,
}

/// Reads a line, or the lines of a wrapped one put together.
pub fn read(text: &str, dates: &Reader) -> Line {
    if text.chars().count() > LONGEST_TITLE {
        return Line::Prose;
    }
    if let Some(step) = page_name(text) {
        return Line::PageName(step);
    }
    if let Some(fields) = fields(text, dates) {
        return Line::Fields(fields);
    }
    if text.split_once(':').is_some_and(|(word, _)| is_one_of(&words::CONTACT, word)) {
        return Line::Aside;
    }
    labelled(text, dates).unwrap_or(if is_prose(text) { Line::Prose } else { Line::Words })
}

/// The same for a heading of a page: its date is part of it.
pub fn read_heading(text: &str, dates: &Reader) -> Line {
    match (label(text), page_name(text)) {
        (Some(label), _) => Line::Fields(Fields { label: Some(label), ..Fields::default() }),
        (_, Some(step)) => Line::PageName(step),
        _ => labelled(text, dates).unwrap_or(Line::Words),
    }
}

/// A label from the list, brackets, colon and number allowed: `[In Focus]`,
/// `PRESS RELEASE No. 12/2026`.
pub fn label(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', ':', '*', '|', '–', '—', '-', '›', '»']);
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let words = plain(inner);
    let mut parts: Vec<&str> = words.split(' ').collect();
    while parts.len() > 1 && parts.last().is_some_and(|last| is_number(last)) {
        parts.pop();
    }
    words::KICKERS.contains(&parts.join(" ").as_str()).then(|| inner.trim().to_owned())
}

/// `12/2026`, `No.`, `Nr.`, `br.`, `n°`, `(3)`
fn is_number(word: &str) -> bool {
    let is_digits = word.contains(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || "/-–.()#".contains(c));
    is_digits || matches!(word.trim_end_matches('.'), "no" | "nr" | "br" | "n°" | "№" | "n" | "#")
}

/// `News - Detail`, `Home`, `FOR IMMEDIATE RELEASE`; `Home > News > Handbook` and its last step.
fn page_name(text: &str) -> Option<Option<String>> {
    if is_one_of(&words::EMBARGO, text.trim_end_matches([':', '.', '!']))
        || is_one_of(&words::HOMES, text)
        || is_detail(text)
    {
        return Some(None);
    }
    let after_hint =
        text.split_once(':').filter(|(hint, _)| is_one_of(&words::YOU_ARE_HERE, hint.trim()));
    let way = after_hint.map_or(text, |(_, way)| way.trim());
    let from_home = |separator: &&str| {
        way.split(*separator).next().is_some_and(|first| is_one_of(&words::HOMES, first))
    };
    let separator = STEPS
        .iter()
        .find(|separator| way.matches(**separator).count() >= 2)
        .or_else(|| STEPS.iter().chain(&SEPARATORS).find(|it| way.contains(**it) && from_home(it)))
        .or_else(|| after_hint.and(STEPS.iter().find(|separator| way.contains(**separator))))?;
    Some(way.rsplit(*separator).next().map(str::to_owned))
}

/// `News - Detail`, `Aktuelles | Detailansicht`
fn is_detail(text: &str) -> bool {
    let marks = ['-', '–', '|', '›', '»', '/', '>'];
    let parts: Vec<&str> =
        text.split(marks).map(str::trim).filter(|part| !part.is_empty()).collect();
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| part.split(' ').count() <= 3)
        && parts.last().is_some_and(|last| is_one_of(&words::PAGE_NAMES, last))
}

/// Label, date and author, if all that the line has is of these.
fn fields(text: &str, dates: &Reader) -> Option<Fields> {
    if let Some(found) = part(text, dates) {
        return Some(found);
    }
    let mut fields = Fields::default();
    let separator = SEPARATORS.iter().find(|separator| text.contains(**separator))?;
    for piece in text.split(*separator).map(str::trim).filter(|piece| !piece.is_empty()) {
        match part(piece, dates) {
            Some(found) => fields = fields.with(found)?,
            // `4 March 2024 | Vienna`
            None => fields.dated.as_ref().filter(|_| words::is_place(piece)).map(|_| ())?,
        }
    }
    let is_occasion = fields.label.as_deref().is_some_and(words::is_occasion);
    (!(is_occasion && fields.dated.is_some())).then_some(fields)
}

fn part(text: &str, dates: &Reader) -> Option<Fields> {
    if let Some(label) = label(text) {
        return Some(Fields { label: Some(label), ..Fields::default() });
    }
    if let Some(author) = author(text) {
        return Some(Fields { author: Some(author), ..Fields::default() });
    }
    if let Some(dated) = dating::dated(text, dates) {
        return Some(Fields { dated: Some(dated), ..Fields::default() });
    }
    beside_date(text, dates)
}

/// `Press release, 4 March 2024`, `Pressemitteilung vom 4. März 2024`, `By Jane Doe, 4 March 2024`,
/// `4 March 2024 by Jane Doe`
fn beside_date(text: &str, dates: &Reader) -> Option<Fields> {
    let dating::Around { before, date, after } = dating::around(text, dates)?;
    if let Some(author) = author(after.trim_start_matches([' ', ',', '.'])) {
        let dated = dating::dated(&text[..before.len() + date.len()], dates)?;
        return Some(Fields { author: Some(author), dated: Some(dated), ..Fields::default() });
    }
    let named = before.trim_end_matches([' ', ',', ':']);
    let named = match named.rsplit_once(' ') {
        Some((rest, last)) if is_one_of(&words::OF, last) => rest,
        _ => named,
    };
    let mut dated = dating::dated(text[before.len()..].trim(), dates)?;
    // It could also be a title: `Statement of 4 March 2024`.
    dated.standing = dated.standing.max(dating::Standing::Place);
    let (label, author) = (label(named), author(named));
    let is_known = (label.is_some() || author.is_some()) && !words::is_occasion(named);
    is_known.then_some(Fields { label, author, dated: Some(dated) })
}

impl Fields {
    /// Both together; `None` if they contradict each other.
    fn with(mut self, other: Fields) -> Option<Fields> {
        if (self.label.is_some() && other.label.is_some())
            || (self.author.is_some() && other.author.is_some())
        {
            return None;
        }
        self.label = self.label.or(other.label);
        self.author = self.author.or(other.author);
        self.dated = match (self.dated, other.dated) {
            // From one day to another.
            (Some(first), Some(second)) if first.standing == second.standing => return None,
            (Some(first), Some(second)) if second.standing < first.standing => Some(second),
            (first, second) => first.or(second),
        };
        Some(self)
    }
}

/// `By Jane Doe`, `Autorin: Ana Kostić`
fn author(text: &str) -> Option<String> {
    let (by, name, least) = match text.split_once(':') {
        Some((by, name)) => (by, name, 1),
        None => text.split_once(' ').map(|(by, name)| (by, name, 2))?,
    };
    let known: &[&str] = if least == 1 { &words::AUTHOR } else { &words::BY };
    let name = name.trim().trim_end_matches(',');
    (is_one_of(known, by.trim()) && words::is_person(name, least)).then(|| name.to_owned())
}

/// `In Focus: A new handbook`
fn labelled(text: &str, dates: &Reader) -> Option<Line> {
    let ends = LABEL_ENDS.iter().filter_map(|end| Some((text.find(end)?, *end)));
    let (at, end) = ends.min()?;
    let title = text[at + end.len()..].trim();
    let label = label(&text[..at]).filter(|_| !title.is_empty())?;
    if dating::around(title, dates).is_some_and(|date| date.before.trim().is_empty()) {
        return words::is_occasion(&label).then_some(Line::Aside);
    }
    let is_path = !matches!(end, ": " | " – " | " — " | " - ") && title.split(' ').count() <= 3;
    Some(Line::Labelled { label, title: title.to_owned(), is_path })
}

/// A full stop at the end, or inside.
pub fn is_prose(text: &str) -> bool {
    let stops = |text: &str| without_closing(text).ends_with(['.', ';']);
    stops(text) || sentence_ends(text).iter().any(|end| *end < text.len() && stops(&text[..*end]))
}

/// A sentence, and no more, that is as short as a title.
pub fn is_short_sentence(text: &str) -> bool {
    text.chars().count() <= SHORT && !sentence_ends(text).iter().any(|end| *end < text.len())
}

/// A word or three over something that reads like a title.
pub fn is_label_like(text: &str) -> bool {
    let small = |word: &str| is_one_of(&words::PARTICLES, word);
    let large = text.split(' ').filter(|word| !small(word)).count();
    (1..=3).contains(&large)
        && text.split(' ').count() <= 5
        && text.chars().count() <= LABEL
        && words::is_named(text)
        && !text.ends_with(['.', '!', '?', '…', ':', ';', ','])
        && !text.contains(|c: char| c.is_ascii_digit())
}
