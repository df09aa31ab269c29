//! A listing page and CSS rules to raw items. Every field is looked for inside its item, so one
//! that is missing costs neither the item nor another field.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::pick::{Page, Pick, Scope};
use super::{Fields, Listing, RawItem, TooComplex, languages, structured};

/// The rules of a listing page, compiled.
#[derive(Debug, Clone)]
pub struct Rules {
    pub item: Selector,
    /// An item goes on over what follows it, up to the next: `h2 + p + p`.
    pub are_runs: bool,
    pub fields: Fields<Pick>,
    /// The address of the next page of the listing.
    pub next: Vec<Pick>,
}

pub fn read(html: &str, rules: &Rules) -> Result<Listing, TooComplex> {
    let html = parse(html)?;
    let page = Page::new(&html, Some(&rules.item));
    let whole = page.whole();
    let items = page.items(&rules.item, rules.are_runs);
    Ok(Listing {
        items: items.iter().map(|item| read_item(item, &rules.fields)).collect(),
        next: rules.next.iter().find_map(|pick| pick.value(&whole, false)),
        base: base(html.root_element()),
        language: html.root_element().value().attr("lang").map(str::to_owned),
        ..Listing::default()
    })
}

/// The page of one item: a listing of one.
pub fn read_page(html: &str, fields: &Fields<Pick>) -> Result<Listing, TooComplex> {
    let html = parse(html)?;
    let page = Page::new(&html, None);
    let root = html.root_element();
    let mut item = read_item(&page.whole(), fields);
    item.translations = languages::of_page(root);
    item.other_dates.extend(structured::published(root));
    Ok(Listing { items: vec![item], base: base(html.root_element()), ..Listing::default() })
}

/// A page as browsers see it.
pub fn parse(html: &str) -> Result<Html, TooComplex> {
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

fn base(page: ElementRef) -> Option<String> {
    let base = page.select(&Selector::parse("base[href]").ok()?).next()?;
    base.value().attr("href").map(str::to_owned)
}

fn read_item(item: &Scope, rules: &Fields<Pick>) -> RawItem {
    RawItem {
        content: rules.content.iter().find_map(|pick| pick.value(item, true)),
        image: rules.image.iter().find_map(|pick| pick.picture(item)),
        ..rules.read(|pick| pick.value(item, false))
    }
}
