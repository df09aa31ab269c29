//! A listing page and CSS rules to raw items. Every field is looked for inside its item, so one
//! that is missing costs neither the item nor another field.

use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use super::markup::{self, parse};
use super::pick::{Page, Pick, Scope};
use super::{Fields, Listing, RawItem, TooComplex, languages, structured};

/// The rules of a listing page, compiled.
#[derive(Debug, Clone)]
pub struct Rules {
    pub item: Selector,
    /// An item goes on over what follows it, up to the next: `h2 + p + p`.
    pub are_runs: bool,
    pub fields: Fields<Pick>,
    /// The address of the next page of the listing; that which says it is, if there are none.
    pub next: Vec<Pick>,
}

static REL_NEXT: LazyLock<Vec<Pick>> = LazyLock::new(|| {
    let places = ["a[rel~=next] @href", "link[rel~=next] @href"];
    places.iter().filter_map(|place| Pick::parse(place).ok()).collect()
});

pub fn read(html: &str, rules: &Rules) -> Result<Listing, TooComplex> {
    Ok(read_parsed(&markup::with_most(parse(html)?, &rules.item), rules))
}

/// The same of a page that has been parsed.
pub fn read_parsed(html: &Html, rules: &Rules) -> Listing {
    let page = Page::new(html, Some(&rules.item));
    let whole = page.whole();
    let items = page.items(&rules.item, rules.are_runs);
    let next = if rules.next.is_empty() { &REL_NEXT } else { &rules.next };
    Listing {
        items: items.iter().map(|item| read_item(item, &rules.fields)).collect(),
        next: next.iter().find_map(|pick| pick.value(&whole, false)),
        base: base(html.root_element()),
        language: html.root_element().value().attr("lang").map(str::to_owned),
        ..Listing::default()
    }
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

/// What the addresses of a page are relative to, as it says.
pub fn base(page: ElementRef) -> Option<String> {
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
