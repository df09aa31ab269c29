//! Pages as browsers see them, and as their authors meant them where these are two things.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::TooComplex;

/// A page as browsers see it, but for a title that has no end.
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

/// Elements that the parser opens again in all that follows, if nobody closed them (HTML,
/// 13.2.4.3); a link around a whole card is meant.
const FORMATTING: [&str; 13] =
    ["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// What no formatting is meant to stand around.
const BLOCKS: [&str; 16] = [
    "article", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "li", "ol", "p", "section",
    "table", "tr", "ul",
];

/// The page without the formatting around its blocks, if it has more items so: `<b>` without its
/// end comes between a list and what is in it.
pub fn with_most(page: Html, item: &Selector) -> Html {
    let stray: Vec<NodeId> = page
        .root_element()
        .descendants()
        .filter_map(ElementRef::wrap)
        .filter(|element| is_one_of(&FORMATTING, *element) && holds_block(*element))
        .map(|element| element.id())
        .collect();
    if stray.is_empty() {
        return page;
    }
    let meant = without(&page, &stray);
    let around: Vec<NodeId> = meant
        .select(item)
        .filter_map(|found| page.tree.get(found.id()))
        .flat_map(|found| found.ancestors().map(|above| above.id()).collect::<Vec<_>>())
        .collect();
    let around: HashSet<NodeId> = around.into_iter().collect();
    // What stands inside of the items may be meant, and the rules may name it.
    let between: Vec<NodeId> = stray.into_iter().filter(|id| around.contains(id)).collect();
    let meant = without(&page, &between);
    let count = |page: &Html| page.select(item).count();
    if count(&meant) > count(&page) { meant } else { page }
}

/// The page without these elements; what is in them stays.
fn without(page: &Html, elements: &[NodeId]) -> Html {
    let mut left = page.clone();
    for id in elements {
        let Some(mut element) = left.tree.get_mut(*id) else { continue };
        while let Some(child) = element.first_child().map(|child| child.id()) {
            element.insert_id_before(child);
        }
        element.detach();
    }
    left
}

fn holds_block(element: ElementRef) -> bool {
    element.descendants().filter_map(ElementRef::wrap).any(|inner| is_one_of(&BLOCKS, inner))
}

fn is_one_of(names: &[&str], element: ElementRef) -> bool {
    names.contains(&element.value().name())
}
