//! A listing page and CSS rules to raw items. Every field is looked for inside its item, so one
//! that is missing costs neither the item nor another field.

use scraper::{ElementRef, Html, Selector};

use super::{RawDate, RawItem};
use crate::model::Evidence;

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
            selector => Some(Selector::parse(selector).map_err(|error| error.to_string())?),
        };
        Ok(Pick { selector, attribute: attribute.map(str::to_owned) })
    }

    fn value(&self, item: ElementRef, markup: bool) -> Option<String> {
        let read = |element: ElementRef| {
            let value = match &self.attribute {
                Some(name) => element.value().attr(name)?.to_owned(),
                None if markup => element.inner_html(),
                None => element.text().collect::<Vec<_>>().join(" "),
            };
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        match &self.selector {
            None => read(item),
            Some(selector) => item.select(selector).find_map(read),
        }
    }
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
    Ok(Listing {
        items: page.select(&rules.item).map(|item| read_item(item, &rules.fields)).collect(),
        next: rules.next.iter().find_map(|pick| pick.value(root, false)),
        base: base(root),
        language: root.value().attr("lang").map(str::to_owned),
    })
}

/// The page of one item.
pub fn read_page(html: &str, fields: &Fields) -> Result<RawItem, TooComplex> {
    Ok(read_item(parse(html)?.root_element(), fields))
}

fn parse(html: &str) -> Result<Html, TooComplex> {
    if crate::normalize::too_complex(html) {
        return Err(TooComplex);
    }
    Ok(Html::parse_document(html))
}

fn base(root: ElementRef) -> Option<String> {
    let pick = Pick { selector: Selector::parse("base").ok(), attribute: Some("href".to_owned()) };
    pick.value(root, false)
}

fn read_item(item: ElementRef, rules: &Fields) -> RawItem {
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
