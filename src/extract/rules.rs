//! A listing page and CSS rules to raw items. Every field is looked for inside its item, so one
//! that is missing costs neither the item nor another field.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::{RawDate, RawItem};
use crate::model::Evidence;
use crate::normalize::text_of;

/// Where a value is: a selector inside the item, and an attribute instead of the text.
/// `"time @datetime"`, `"h3"`, `"@href"` (of the item itself).
#[derive(Debug, Clone)]
pub struct Pick {
    selector: Option<Selector>,
    attribute: Option<String>,
}

impl Pick {
    /// Reads the notation; the error says what is wrong with the selector.
    pub fn parse(rule: &str) -> Result<Pick, String> {
        let (selector, attribute) = match rule.rsplit_once('@') {
            Some((selector, name)) if !name.contains([']', ' ', '"']) => {
                (selector.trim(), Some(name))
            }
            _ => (rule.trim(), None),
        };
        let selector = match selector {
            "" => None,
            selector => Some(parse_selector(selector)?),
        };
        Ok(Pick { selector, attribute: attribute.map(str::to_owned) })
    }

    fn value(&self, item: &Scope, markup: bool) -> Option<String> {
        let read = |element: ElementRef| {
            let value = match &self.attribute {
                Some(name) => element.value().attr(name)?.to_owned(),
                None if markup => element.inner_html(),
                None => text_of(element),
            };
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        match &self.selector {
            None => read(item.element),
            Some(selector) => {
                item.element.select(selector).filter(|found| item.owns(*found)).find_map(read)
            }
        }
    }
}

/// Where the fields of one item are looked for.
struct Scope<'a> {
    element: ElementRef<'a>,
    /// All items of the page: where mark-up is broken, one can lie in another.
    items: &'a HashSet<NodeId>,
}

impl Scope<'_> {
    fn owns(&self, found: ElementRef) -> bool {
        found.id() == self.element.id()
            || std::iter::once(*found)
                .chain(found.ancestors())
                .take_while(|node| node.id() != self.element.id())
                .all(|node| !self.items.contains(&node.id()))
    }
}

/// A CSS selector; the error says in plain words what is wrong with it.
pub fn parse_selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| {
        let error = error.to_string();
        // For what it does not expect the crate asks to be told of it.
        match error.rsplit_once('\n') {
            Some((_, "DanglingCombinator")) => "it ends in a combinator".to_owned(),
            Some((_, last)) => last.to_owned(),
            None => error,
        }
    })
}

/// For each field the picks to try in order; none: the field is not read.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub title: Vec<Pick>,
    pub url: Vec<Pick>,
    pub published: Vec<Pick>,
    pub kicker: Vec<Pick>,
    pub summary: Vec<Pick>,
    pub content: Vec<Pick>,
    pub image: Vec<Pick>,
    pub author: Vec<Pick>,
}

/// The rules of a listing page, compiled.
#[derive(Debug, Clone)]
pub struct Rules {
    pub item: Selector,
    pub fields: Fields,
    /// The address of the next page of the listing.
    pub next: Vec<Pick>,
    /// How many pages of the listing are read at most.
    pub pages: usize,
}

/// A page nested deeper, or with more attributes, than any that a person wrote; it is not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page is too complex to be read")]
pub struct TooComplex;

/// What a listing page gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In the order of the page.
    pub items: Vec<RawItem>,
    /// The address of the next page, as written.
    pub next: Option<String>,
    /// What the page says that its addresses are relative to (`<base href>`), as written.
    pub base: Option<String>,
    /// What the page says its language is (BCP 47), as written.
    pub language: Option<String>,
}

pub fn read(html: &str, rules: &Rules) -> Result<Listing, TooComplex> {
    let page = parse(html)?;
    let root = page.root_element();
    let items: HashSet<NodeId> = page.select(&rules.item).map(|item| item.id()).collect();
    let whole = Scope { element: root, items: &HashSet::new() };
    Ok(Listing {
        items: page
            .select(&rules.item)
            .map(|element| read_item(&Scope { element, items: &items }, &rules.fields))
            .collect(),
        next: rules.next.iter().find_map(|pick| pick.value(&whole, false)),
        base: base(&whole),
        language: root.value().attr("lang").map(str::to_owned),
    })
}

/// The page of one item.
pub fn read_page(html: &str, fields: &Fields) -> Result<RawItem, TooComplex> {
    let page = parse(html)?;
    Ok(read_item(&Scope { element: page.root_element(), items: &HashSet::new() }, fields))
}

fn parse(html: &str) -> Result<Html, TooComplex> {
    if crate::normalize::too_complex(html) {
        return Err(TooComplex);
    }
    Ok(Html::parse_document(&with_title_closed(html)))
}

/// A `<title>` that is never closed would take the whole page for itself.
fn with_title_closed(html: &str) -> Cow<'_, str> {
    static OPEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)<title\b[^>]*>").ok());
    static CLOSE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)</title\b").ok());
    let (Some(open), Some(close)) = (&*OPEN, &*CLOSE) else { return html.into() };
    let Some(title) = open.find(html).filter(|title| !close.is_match_at(html, title.end())) else {
        return html.into();
    };
    let end = html[title.end()..].find('<').map_or(html.len(), |at| title.end() + at);
    format!("{}</title>{}", &html[..end], &html[end..]).into()
}

fn base(page: &Scope) -> Option<String> {
    let pick = Pick { selector: Selector::parse("base").ok(), attribute: Some("href".to_owned()) };
    pick.value(page, false)
}

fn read_item(item: &Scope, rules: &Fields) -> RawItem {
    let text = |picks: &[Pick]| picks.iter().find_map(|pick| pick.value(item, false));
    RawItem {
        kicker: text(&rules.kicker),
        title: text(&rules.title),
        url: text(&rules.url),
        published: text(&rules.published).map(|text| RawDate { text, evidence: Evidence::Page }),
        summary: text(&rules.summary),
        content: rules.content.iter().find_map(|pick| pick.value(item, true)),
        image: text(&rules.image),
        author: text(&rules.author),
        ..RawItem::default()
    }
}
