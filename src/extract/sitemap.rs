//! Sitemaps and news sitemaps (sitemaps.org): where pages are, and little else.

use scraper::{ElementRef, Html, Selector};

use super::{Listing, RawDate, RawItem, TooComplex};
use crate::model::Evidence;

/// True if the page is a sitemap or an index of some.
pub fn is_sitemap(text: &str) -> bool {
    let start: String = text.chars().take(2000).collect();
    start.contains("<urlset") || start.contains("<sitemapindex")
}

/// Reads a sitemap, the newest pages first; an index gives its sitemaps as further pages.
pub fn read(text: &str) -> Result<Listing, TooComplex> {
    if crate::normalize::too_complex(text) {
        return Err(TooComplex);
    }
    // To the HTML parser the prefix is part of the name, and nothing has to be well-formed.
    // What stands in CDATA would be a comment to it.
    let page = Html::parse_document(&text.replace("<![CDATA[", "").replace("]]>", ""));
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in select(page.root_element(), "sitemap") {
        let Some(url) = child(part, "loc") else { continue };
        parts.push((child(part, "lastmod").unwrap_or_default(), url));
    }
    parts.sort_by(|a, b| b.0.cmp(&a.0));
    let mut items: Vec<(String, RawItem)> = Vec::new();
    for entry in select(page.root_element(), "url") {
        let Some(url) = child(entry, "loc") else { continue };
        let published = child(entry, "news:publication_date");
        let changed = child(entry, "lastmod").or(published.clone()).unwrap_or_default();
        items.push((
            changed,
            RawItem {
                url: Some(url),
                title: child(entry, "news:title"),
                published: published.map(|text| RawDate { text, evidence: Evidence::Page }),
                language: child(entry, "news:language"),
                ..RawItem::default()
            },
        ));
    }
    // Written alike, later dates are greater; without any, the order of the file stays.
    items.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(Listing {
        items: items.into_iter().map(|(_, item)| item).collect(),
        parts: parts.into_iter().map(|(_, url)| url).collect(),
        are_bare: true,
        ..Listing::default()
    })
}

fn select<'a>(root: ElementRef<'a>, name: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(name).map(|name| root.select(&name).collect()).unwrap_or_default()
}

fn child(entry: ElementRef, name: &str) -> Option<String> {
    let found =
        entry.descendants().filter_map(ElementRef::wrap).find(|e| e.value().name() == name)?;
    Some(found.text().collect::<String>().trim().to_owned()).filter(|text| !text.is_empty())
}
