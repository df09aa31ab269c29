//! What one card of a list says: title, link, date, teaser, image.

use std::ops::Range;

use super::outline::{Link, Outline, What};
use crate::dates::Reader;
use crate::normalize::images::{self, Picture};
use crate::normalize::line;

/// The part of the page that one item takes.
#[derive(Debug, Clone)]
pub struct Scope {
    pub nodes: Range<usize>,
    /// Of [`Outline::links`]: the link that made it a card; some have none, but stand among others
    /// of their kind.
    pub link: Option<usize>,
}

/// Where a date was found; the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DateAt {
    /// `<time datetime>`
    Time,
    /// An element that calls itself a date.
    Named,
    /// A text of its own.
    Text,
    /// In pieces that stand in one element.
    Pieces,
    /// A line with other things in it.
    Line,
    Title,
    /// Over the card, and not in another.
    Above,
}

#[derive(Debug)]
pub struct Card {
    pub title: String,
    pub link: Option<usize>,
    /// Texts that may be its date, and where they are.
    pub dates: Vec<(DateAt, String)>,
    pub teaser: Option<String>,
    pub picture: Option<Picture>,
    pub has_heading: bool,
    /// It says to programs that it is an announcement.
    pub is_marked: bool,
    /// Characters of all its text.
    pub text: usize,
}

/// Characters of a text that is no more than a date, and of a line with one in it.
const LONGEST_DATE: usize = 60;
const LONGEST_LINE: usize = 160;

/// Nodes of an element that may hold a date in pieces, and characters of it.
const MOST_PIECES: usize = 9;
const LONGEST_PIECES: usize = 24;

/// Characters from which on a text is a teaser.
const TEASER: usize = 40;

pub const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

impl Card {
    /// Reads a card; `generic` is what the links of all cards say, if they all say the same.
    pub fn of(outline: &Outline, scope: &Scope, generic: Option<&str>, reader: &Reader) -> Card {
        let heading = heading(outline, scope);
        let lines = lines(outline, scope.nodes.clone());
        let own = own_link(outline, scope);
        let title = title(outline, scope, own, heading.clone(), &lines, generic, reader);
        let text: usize = lines.iter().map(|line| line.chars().count()).sum();
        let teaser = lines
            .iter()
            .filter(|line| **line != title && line.chars().count() >= TEASER)
            .max_by_key(|line| line.chars().count())
            .cloned();
        Card {
            dates: dates(outline, scope, &lines, &title, reader),
            title,
            link: scope.link,
            teaser,
            picture: picture(outline, scope),
            has_heading: heading.is_some(),
            is_marked: scope.nodes.clone().any(|at| is_marked(outline, at)),
            text,
        }
    }
}

/// An article of schema.org (microdata), or an entry of microformats.
fn is_marked(outline: &Outline, at: usize) -> bool {
    let Some(element) = outline.element(at) else { return false };
    let value = element.value();
    let kind = value.attr("itemtype").unwrap_or_default().trim_end_matches('/');
    kind.ends_with("Article")
        || kind.ends_with("Posting")
        || value.classes().any(|class| matches!(class, "h-entry" | "hentry"))
}

/// The first heading of a card that has a text; the card can be inside of it.
fn heading(outline: &Outline, scope: &Scope) -> Option<Range<usize>> {
    let is_heading = |at: &usize| HEADINGS.contains(&outline.name(*at));
    let inside = scope.nodes.clone().filter(is_heading).map(|at| at..outline.nodes[at].end);
    let around = || {
        let mut above = outline.above(scope.nodes.start).filter(is_heading);
        above.next().map(|at| at..outline.nodes[at].end)
    };
    inside
        .chain(around().filter(|range| range.end <= scope.nodes.end))
        .find(|range| !outline.text(range.clone()).is_empty())
}

/// Characters of a link that says more than "more".
const TELLING: usize = 12;

/// Of the links of a card that lead to its page, that which says where: the first that says enough.
fn own_link<'a>(outline: &'a Outline, scope: &Scope) -> Option<&'a Link> {
    let own = &outline.links[scope.link?];
    let same = || outline.links_in(scope.nodes.clone()).iter().filter(|link| link.key == own.key);
    let telling = same().find(|link| weight(&link.text) >= TELLING);
    telling.or_else(|| same().max_by_key(|link| weight(&link.text)))
}

/// Characters of a text; those of scripts that write words in a character or two count for more.
pub fn weight(text: &str) -> usize {
    text.chars().map(|c| if c > '\u{2e80}' { 3 } else { 1 }).sum()
}

/// Parts of the names of elements that hold a title.
const TITLED: [&str; 8] =
    ["title", "headline", "heading", "titel", "titre", "titulo", "subject", "betreff"];

fn title(
    outline: &Outline,
    scope: &Scope,
    own: Option<&Link>,
    heading: Option<Range<usize>>,
    lines: &[String],
    generic: Option<&str>,
    reader: &Reader,
) -> String {
    let is_title = |text: &String| {
        weight(text) >= 2 && generic != Some(text.as_str()) && !is_date(text, reader)
    };
    let own_range = own.map_or(0..0, |own| own.node..outline.nodes[own.node].end);
    let of_heading = || heading.clone().map(|range| outline.text(range));
    let of_named = || {
        let named = scope.nodes.clone().filter(|at| {
            outline.names(*at).any(|name| TITLED.iter().any(|known| name.contains(known)))
        });
        // The innermost of those that are one in another.
        let mut found: Option<Range<usize>> = None;
        for at in named {
            let range = at..outline.nodes[at].end;
            match &found {
                Some(outer) if range.start >= outer.end => break,
                _ if outline.text(range.clone()).is_empty() => {}
                _ => found = Some(range),
            }
        }
        found.map(|range| outline.text(range))
    };
    let of_link = || {
        let within = self::lines(outline, own_range.clone());
        let telling = within.iter().find(|line| weight(line) >= TELLING && is_title(line));
        telling.cloned().or_else(|| Some(own?.text.clone()))
    };
    let of_attribute = || {
        let value = outline.element(own?.node)?.value();
        value.attr("title").or(value.attr("aria-label")).map(line)
    };
    let of_lines = || {
        let mut said = lines.iter().map(|line| {
            let behind = generic.and_then(|generic| line.strip_suffix(generic));
            behind.map_or_else(|| line.clone(), |line| line.trim_end().to_owned())
        });
        said.find(|line| weight(line) >= TELLING && is_title(line))
    };
    let title = of_heading()
        .filter(is_title)
        .or_else(|| of_link().filter(is_title).filter(|_| own_range.len() < 4))
        .or_else(|| of_named().filter(is_title))
        .or_else(|| of_link().filter(is_title))
        .or_else(of_lines)
        .or_else(|| of_attribute().filter(is_title))
        .unwrap_or_default();
    whole(title, of_attribute())
}

/// The title that was cut short, as the link's attribute has it.
fn whole(title: String, attribute: Option<String>) -> String {
    let start = title.trim_end_matches(['…', '.']).trim_end();
    if start.len() == title.len() || !(title.ends_with('…') || title.ends_with("...")) {
        return title;
    }
    attribute.filter(|whole| whole.starts_with(start)).unwrap_or(title)
}

/// A text that is a date and no more.
fn is_date(text: &str, reader: &Reader) -> bool {
    text.chars().count() <= 30
        && text.contains(char::is_numeric)
        && text.chars().filter(|c| c.is_alphabetic()).count() <= 16
        && reader.read(text).is_some()
}

/// The lines of a card, as its blocks make them.
fn lines(outline: &Outline, range: Range<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    let mut ends: Vec<usize> = Vec::new();
    let mut close = |open: &mut String| {
        let text = line(open);
        if !text.is_empty() {
            lines.push(text);
        }
        open.clear();
    };
    for at in range {
        while ends.last().is_some_and(|end| *end <= at) {
            ends.pop();
            close(&mut open);
        }
        match &outline.nodes[at].what {
            What::Text(text) => open.push_str(text),
            What::Element(element) => {
                let name = element.value().name();
                if name == "br" || !crate::normalize::is_inline(name) {
                    close(&mut open);
                    ends.push(outline.nodes[at].end);
                }
            }
        }
    }
    close(&mut open);
    lines
}

fn picture(outline: &Outline, scope: &Scope) -> Option<Picture> {
    scope
        .nodes
        .clone()
        .filter(|at| outline.name(*at) == "img")
        .find_map(|at| outline.element(at).and_then(images::of))
}

/// Can a text be a date at all? Asked before anything dear is done.
fn may_be_date(text: &str, longest: usize) -> bool {
    let length = text.chars().count();
    (4..=longest).contains(&length) && (text.contains(char::is_numeric) || length <= 24)
}

/// Parts of the names of elements that hold a date.
const DATED: [&str; 14] = [
    "date", "time", "datum", "data", "fecha", "posted", "publish", "meta", "when", "day",
    "datetime", "created", "byline", "info",
];

fn dates(
    outline: &Outline,
    scope: &Scope,
    lines: &[String],
    title: &str,
    reader: &Reader,
) -> Vec<(DateAt, String)> {
    let mut found: Vec<(DateAt, String)> = Vec::new();
    let mut add = |at: DateAt, text: String| {
        if !found.iter().any(|(known, other)| *known == at && *other == text) {
            found.push((at, text));
        }
    };
    for at in scope.nodes.clone() {
        match &outline.nodes[at].what {
            What::Element(element) => {
                let value = element.value();
                // `<meta itemprop="datePublished" content="...">`
                let property = value.attr("itemprop").unwrap_or_default();
                if property.starts_with("date")
                    && let Some(text) = value.attr("content")
                {
                    add(DateAt::Time, text.trim().to_owned());
                }
                if value.name() == "time"
                    && let Some(text) = value.attr("datetime")
                {
                    add(DateAt::Time, text.trim().to_owned());
                }
                let is_named = value.name() == "time"
                    || outline.names(at).any(|name| DATED.iter().any(|known| name.contains(known)));
                if is_named {
                    let text = spaced(outline, at..outline.nodes[at].end);
                    if may_be_date(&text, LONGEST_LINE) && text != title {
                        add(DateAt::Named, text);
                    }
                } else if outline.nodes[at].end - at <= MOST_PIECES {
                    let text = spaced(outline, at..outline.nodes[at].end);
                    if may_be_date(&text, LONGEST_PIECES) && text != title {
                        add(DateAt::Pieces, text);
                    }
                }
            }
            What::Text(text) => {
                let text = line(text);
                if may_be_date(&text, LONGEST_DATE) && text != title && !title.contains(&text) {
                    add(DateAt::Text, text);
                }
            }
        }
    }
    for text in lines {
        if may_be_date(text, LONGEST_LINE) && text != title {
            add(DateAt::Line, text.clone());
        }
    }
    if title.contains(char::is_numeric)
        && let Some((range, _)) = reader.find(title)
    {
        add(DateAt::Title, title[range].to_owned());
    }
    found
}

/// The text of a range with a blank between all its pieces: `<b>12</b><i>May</i>`.
fn spaced(outline: &Outline, range: Range<usize>) -> String {
    let mut text = String::new();
    for node in &outline.nodes[range] {
        if let What::Text(run) = node.what {
            text.push_str(run);
            text.push(' ');
        }
        if text.len() > 4 * LONGEST_LINE {
            break;
        }
    }
    line(&text)
}
