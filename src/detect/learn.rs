//! From a list that was found to rules that find it again: short selectors that a person can read.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::Candidate;
use super::card::HEADINGS;
use super::outline::is_kind;
use crate::extract::pick::{Page, Pick, Scope, parse_selector};
use crate::extract::rules::Rules;
use crate::extract::{Fields, RawItem};
use crate::normalize::{line, links};

/// Rules as a definition has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    pub item: String,
    pub is_run: bool,
    /// Name of a field, and where it is, in the order of a definition.
    pub fields: Vec<(&'static str, Vec<String>)>,
}

/// The table of a definition.
impl fmt::Display for Learnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let string = |text: &str| toml::Value::from(text).to_string();
        writeln!(f, "[source.html]\nitem = {}", string(&self.item))?;
        if self.is_run {
            writeln!(f, "run = true")?;
        }
        for (name, places) in &self.fields {
            match places.as_slice() {
                [only] => writeln!(f, "{name} = {}", string(only))?,
                several => {
                    let all: Vec<String> = several.iter().map(|place| string(place)).collect();
                    writeln!(f, "{name} = [{}]", all.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

/// What is learnt of an item.
pub const FIELDS: [&str; 4] = ["title", "url", "published", "summary"];

/// Cards whose elements are tried as the place of a field.
const SAMPLES: usize = 3;

/// Places of a field that are tried one after another.
const PLACES: usize = 3;

/// Levels above the cards that a selector may name.
const LEVELS: usize = 4;

/// Rules that find the items of a list on its page, all of them and no other; `None` if there are
/// none that are short.
pub fn learn(html: &Html, page: &Url, list: &Candidate) -> Option<Learnt> {
    let elements: Vec<ElementRef> =
        list.cards.iter().filter_map(|id| ElementRef::wrap(html.tree.get(*id)?)).collect();
    let tried = places(&elements, list.are_runs);
    item_selectors(html, &elements)
        .into_iter()
        .find_map(|item| with_item(html, page, list, &elements, &tried, item))
}

/// The rules with this selector of the items, if they find what they should.
fn with_item(
    html: &Html,
    page: &Url,
    list: &Candidate,
    elements: &[ElementRef],
    tried: &[String],
    item: String,
) -> Option<Learnt> {
    let selector = parse_selector(&item).ok()?;
    let found = Page::new(html, Some(&selector));
    let wanted: HashSet<NodeId> = elements.iter().map(|element| element.id()).collect();
    let mut scopes = found.items(&selector, list.are_runs);
    scopes.retain(|scope| wanted.contains(&scope.id()));
    let is_right = |field: &str, item: &RawItem, value: &str| {
        let address = |value: &str| links::absolute(value, Some(page)).map(|url| links::key(&url));
        Some(match field {
            "title" => line(value) == *item.title.as_ref()?,
            "url" => address(value) == item.url.as_deref().and_then(address),
            "published" => {
                let date = list.dates.read(&item.published.as_ref()?.text)?;
                list.dates.read(&line(value)) == Some(date)
            }
            _ => line(value) == *item.summary.as_ref()?,
        })
    };
    let mut fields = Vec::new();
    for name in FIELDS {
        let places = best_places(name, tried, &scopes, &list.items, is_right);
        if !places.is_empty() {
            fields.push((name, places));
        }
    }
    let learnt = Learnt { item, is_run: list.are_runs, fields };
    finds_the_same(html, page, list, &learnt).then_some(learnt)
}

/// Selectors that are tried for the items.
const SELECTORS: usize = 8;

/// Selectors that match these elements, the best first: those that match nothing else, then those
/// that match a little more, which may have nothing to say; of either, the shortest.
fn item_selectors(html: &Html, elements: &[ElementRef]) -> Vec<String> {
    let wanted: HashSet<NodeId> = elements.iter().map(|element| element.id()).collect();
    let own = simple(elements);
    let mut texts = own.clone();
    let mut above: Vec<ElementRef> = elements.to_vec();
    for level in 0..LEVELS {
        above = above.iter().filter_map(|element| ElementRef::wrap(element.parent()?)).collect();
        let mark = if level == 0 { " > " } else { " " };
        for outer in simple(&above) {
            texts.extend(own.iter().map(|inner| format!("{outer}{mark}{inner}")));
        }
    }
    let more = |text: &String| {
        let selector = Selector::parse(text).ok()?;
        let found: Vec<NodeId> = html.select(&selector).map(|found| found.id()).collect();
        let right = found.iter().filter(|id| wanted.contains(id)).count();
        let more = found.len() - right;
        (right == wanted.len() && more <= 2 + wanted.len() / 4).then_some(more)
    };
    let mut found: Vec<(usize, String)> =
        texts.into_iter().filter_map(|text| Some((more(&text)?, text))).collect();
    found.sort_by_key(|(more, _)| *more);
    found.into_iter().map(|(_, text)| text).take(SELECTORS).collect()
}

/// Selectors of one element that fit all of these: with a class, with two, with an id, without.
fn simple(elements: &[ElementRef]) -> Vec<String> {
    let Some(first) = elements.first() else { return Vec::new() };
    let name = first.value().name();
    if elements.iter().any(|element| element.value().name() != name) {
        return Vec::new();
    }
    let mut shared: BTreeSet<&str> = first.value().classes().filter(|c| is_name(c)).collect();
    for element in elements {
        shared.retain(|class| element.value().classes().any(|own| own == *class));
    }
    let mut found: Vec<String> = Vec::new();
    let id = first.value().id().filter(|id| is_name(id));
    if let Some(id) = id.filter(|id| elements.iter().all(|e| e.value().id() == Some(id))) {
        found.push(format!("#{id}"));
    }
    found.extend(shared.iter().map(|class| format!("{name}.{class}")));
    for (at, one) in shared.iter().enumerate() {
        found.extend(shared.iter().skip(at + 1).map(|two| format!("{name}.{one}.{two}")));
    }
    found.push(name.to_owned());
    found
}

/// A class or id that a person gave, and that can stand in a selector as it is.
fn is_name(class: &str) -> bool {
    let is_plain = class.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'));
    // `aXb7Qz`, `css`: made by a program.
    let is_made = class.starts_with("css-") || class.starts_with("sc-") || class.len() < 2;
    is_plain && !is_made && is_kind(class)
}

/// How little a place says of what is there; headings and classes say the most.
fn weight(place: &str) -> usize {
    let last = place.rsplit(' ').next().unwrap_or_default();
    let kind = match last.as_bytes() {
        [] => 100,
        [b'h', b'1'..=b'6'] | b"time" => 0,
        [b'.', ..] => 4,
        _ if place.contains(['.', ' ', ':']) => 8,
        _ => 30,
    };
    kind + place.len() + 6 * place.matches(' ').count()
}

/// Places inside of cards where a field may be, the shortest first.
fn places(cards: &[ElementRef], are_runs: bool) -> Vec<String> {
    let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut add = |text: String| {
        found.insert((weight(&text), text));
    };
    for card in cards.iter().take(SAMPLES) {
        add(String::new());
        let following = card.next_siblings().filter_map(ElementRef::wrap).take(4);
        let following = following.take_while(|next| !cards.iter().any(|c| c.id() == next.id()));
        let own = std::iter::once(*card).filter(|_| are_runs);
        let scope = own.chain(following.filter(|_| are_runs));
        let inside = card.descendants().skip(1).filter_map(ElementRef::wrap);
        let siblings: Vec<ElementRef> = scope.collect();
        let deeper = siblings
            .iter()
            .flat_map(|sibling| sibling.descendants().skip(1).filter_map(ElementRef::wrap));
        for element in inside.chain(siblings.iter().copied()).chain(deeper) {
            let name = element.value().name();
            add(name.to_owned());
            for class in element.value().classes().filter(|class| is_name(class)) {
                add(format!(".{class}"));
                add(format!(".{class} a"));
                add(format!("{name}.{class}"));
            }
            if HEADINGS.contains(&name) {
                add(format!("{name} a"));
            }
            if let Some(parent) = element.parent().and_then(ElementRef::wrap)
                && parent.id() != card.id()
            {
                add(format!("{} {name}", parent.value().name()));
            }
            let nth = element.prev_siblings().filter_map(ElementRef::wrap).count() + 1;
            if name == "td" {
                add(format!("td:nth-child({nth})"));
            }
        }
    }
    found.into_iter().map(|(_, text)| text).collect()
}

/// The places, tried in turn, from which the most items have what they should; an item that has
/// something else there makes a place none.
fn best_places(
    name: &str,
    tried: &[String],
    scopes: &[Scope],
    items: &[RawItem],
    is_right: impl Fn(&str, &RawItem, &str) -> Option<bool>,
) -> Vec<String> {
    let attributes: &[&str] = match name {
        "url" => &[" @href"],
        "published" => &[" @datetime", ""],
        _ => &[""],
    };
    let rules = tried.iter().flat_map(|place| {
        attributes.iter().map(move |attribute| format!("{place}{attribute}").trim().to_owned())
    });
    // For each rule: which items it is right for, and whether it is wrong for any.
    let judged: Vec<(String, Vec<bool>)> = rules
        .filter_map(|rule| {
            let pick = Pick::parse(&rule).ok()?;
            let mut right = Vec::with_capacity(items.len());
            for (item, scope) in items.iter().zip(scopes) {
                match pick.value(scope, false).map(|value| is_right(name, item, &value)) {
                    Some(Some(true)) => right.push(true),
                    Some(Some(false)) => return None,
                    // Nothing is there, or nothing should be.
                    Some(None) if name == "summary" => return None,
                    Some(None) | None => right.push(false),
                }
            }
            right.contains(&true).then_some((rule, right))
        })
        .collect();
    let mut chosen = Vec::new();
    let mut covered = vec![false; items.len()];
    for _ in 0..PLACES {
        let gain = |right: &[bool]| right.iter().zip(&covered).filter(|(r, c)| **r && !**c).count();
        let mut best: Option<(usize, &(String, Vec<bool>))> = None;
        for rule in &judged {
            let gained = gain(&rule.1);
            if gained > best.map_or(0, |(most, _)| most) {
                best = Some((gained, rule));
            }
        }
        let Some((_, (rule, right))) = best else { break };
        chosen.push(rule.clone());
        for (covered, right) in covered.iter_mut().zip(right) {
            *covered |= right;
        }
    }
    chosen
}

/// The rules of a definition, compiled.
fn compiled(learnt: &Learnt) -> Option<Rules> {
    let mut fields: Fields<Pick> = Fields::default();
    for (name, places) in &learnt.fields {
        let picks: Vec<Pick> = places.iter().map(|p| Pick::parse(p).ok()).collect::<Option<_>>()?;
        match *name {
            "title" => fields.title = picks,
            "url" => fields.url = picks,
            "published" => fields.published = picks,
            _ => fields.summary = picks,
        }
    }
    let item = parse_selector(&learnt.item).ok()?;
    Some(Rules { item, are_runs: learnt.is_run, fields, next: Vec::new() })
}

/// True if the rules give each item of the list, with its title and its address.
fn finds_the_same(html: &Html, page: &Url, list: &Candidate, learnt: &Learnt) -> bool {
    let Some(rules) = compiled(learnt) else { return false };
    let found = crate::extract::rules::read_parsed(html, &rules).items;
    let key = |item: &RawItem| {
        let url = item.url.as_deref().and_then(|url| links::absolute(url, Some(page)));
        (item.title.as_deref().map(line), url.map(|url| links::key(&url)))
    };
    // What has no title is no item.
    let found: Vec<_> = found.iter().filter(|item| item.title.is_some()).map(key).collect();
    let mut known = HashSet::new();
    let mut found = found.into_iter().filter(|key| known.insert(key.clone()));
    let same = list.items.iter().all(|item| found.next() == Some(key(item)));
    same && found.next().is_none()
}
