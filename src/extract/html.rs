//! An announcement as an HTML file: a saved page or a piece of one.

use scraper::{ElementRef, Html, Selector};

use super::blocks::Block;
use super::elements::blocks_of;
use super::structured::{self, meta};
use super::{RawDate, RawItem, TooComplex, body, header, markup};
use crate::dates::Reader;
use crate::model::Evidence;
use crate::normalize::images::Picture;
use crate::normalize::too_complex;

/// Parts of a page that are not about its announcement.
const BESIDE: &str = "nav, aside, footer";

/// Elements that say when the page was published, not when something else is.
const DATED: &str = "time[itemprop=datePublished], time[pubdate]";

/// Reads one announcement from a page or a fragment.
pub fn read(html: &str, dates: &Reader) -> Result<RawItem, TooComplex> {
    Ok(read_parsed(&markup::parse(html)?, dates))
}

/// The same of a page that has been parsed.
pub fn read_parsed(page: &Html, dates: &Reader) -> RawItem {
    let root = page.root_element();
    let start = RawItem {
        url: attribute(root, "link[rel=canonical]", "href").or(meta(root, "og:url")),
        author: structured::author(root).or_else(|| meta(root, "author")),
        image: meta(root, "og:image").map(Picture::at),
        summary: meta(root, "og:description").or(meta(root, "description")),
        language: attribute(root, "html", "lang"),
        ..RawItem::default()
    };
    let main = main(root);
    let declared = meta(root, "og:title").or_else(|| text(root, "title"));
    let mut item = read_blocks(blocks_of(main), start, declared.as_deref(), dates);
    item.title = item.title.or(declared);
    let declared = || structured::published(root).or_else(|| attribute(main, DATED, "datetime"));
    let is_page = |date: &RawDate| date.evidence == Evidence::Page;
    if !item.published.as_ref().is_some_and(is_page)
        && let Some(text) = declared()
    {
        item.published = Some(RawDate { text, evidence: Evidence::Page });
    }
    item
}

/// The announcement that blocks make, beyond what is known already; `declared` is what the page
/// says that its title is, for want of a better one.
pub fn read_blocks(
    found: Vec<Block>,
    known: RawItem,
    declared: Option<&str>,
    dates: &Reader,
) -> RawItem {
    let (mut item, rest) = header::read(found, known, declared, dates);
    item.content = Some(body::to_html(&rest, dates)).filter(|html| !html.is_empty());
    item
}

/// The blocks of a fragment of HTML.
pub fn fragment(html: &str) -> Result<Vec<Block>, TooComplex> {
    if too_complex(html) {
        return Err(TooComplex);
    }
    Ok(blocks_of(Html::parse_fragment(html).root_element()))
}

/// Where the announcement is: in the page's `main`, or its one `article`, as long as its heading
/// is there too; articles beside the heading are about something else.
pub(super) fn main(root: ElementRef) -> ElementRef {
    let first = |within: ElementRef<'_>, name: &str| {
        let selector = Selector::parse(name).ok()?;
        within.select(&selector).next().map(|element| element.id())
    };
    let element = |id| ElementRef::wrap(root.tree().get(id)?);
    let page = ["main", "[role=main]", "body"].iter().find_map(|name| first(root, name));
    let page = page.and_then(element).unwrap_or(root);
    let Ok(article) = Selector::parse("article") else { return page };
    let articles: Vec<ElementRef> =
        page.select(&article).filter(|article| !is_beside(*article)).collect();
    let headed = articles.iter().find(|article| heading(**article).is_some());
    match (headed, articles.as_slice()) {
        (Some(article), _) => *article,
        (None, [article]) if heading(page).is_none() => *article,
        _ => page,
    }
}

/// The first `h1` that is the announcement's.
fn heading(element: ElementRef) -> Option<ElementRef> {
    let selector = Selector::parse("h1").ok()?;
    element.select(&selector).find(|heading| !is_beside(*heading))
}

pub(super) fn is_beside(element: ElementRef) -> bool {
    let Ok(beside) = Selector::parse(BESIDE) else { return false };
    element.ancestors().filter_map(ElementRef::wrap).any(|above| beside.matches(&above))
}

fn attribute(root: ElementRef, selector: &str, name: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    // `select` looks at what is inside; the language is on the root itself.
    let own = selector.matches(&root).then_some(root);
    own.into_iter()
        .chain(root.select(&selector))
        .find_map(|element| element.value().attr(name))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn text(root: ElementRef, selector: &str) -> Option<String> {
    let element = root.select(&Selector::parse(selector).ok()?).next()?;
    Some(element.text().collect::<String>().trim().to_owned()).filter(|text| !text.is_empty())
}
