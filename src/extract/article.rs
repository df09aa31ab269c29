//! One page read whole: what it is about, without what stands around it.
//!
//! What the page says to programs comes first ([`html`]); the main text is the readability crate's;
//! a date and an author that only people are told of are looked for where they are told: in elements
//! that are called so, and in short lines near the title.

use dom_smoothie::{Config, Readability};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::header::words;
use super::{RawDate, RawItem, TooComplex, html, markup, structured};
use crate::dates::Reader;
use crate::model::Evidence;
use crate::normalize::{line, text_of};

/// Elements that the readability crate parses at most.
const MOST_ELEMENTS: usize = 50_000;

/// Characters of an element that names a date, or an author.
const LONGEST_DATE: usize = 120;
const LONGEST_NAME: usize = 80;

/// Where pages tell people who wrote them, the surest first.
const AUTHORS: [&str; 7] = [
    "[rel=author]",
    "[itemprop=author] [itemprop=name]",
    "[itemprop=author]",
    "[class*=author-name], [class*=author__name], [class*=authorName], [class*=byline-name]",
    "[class*=byline] a, [class*=Byline] a, [class*=author] a",
    "[class*=byline], [class*=Byline]",
    "[class~=author], [class*=entry-author], [class*=post-author]",
];

/// Where pages tell people when they were published.
const DATES: [&str; 3] = [
    "time",
    "[class*=publish], [class*=Publish], [class*=posted], [class*=pubdate], [id*=pubdate]",
    "[class*=date], [class*=Date], [class*=datum], [class*=timestamp], [id*=date], [class*=fecha]",
];

/// Reads the announcement of a page at `url`.
pub fn read(text: &str, url: &Url, dates: &Reader) -> Result<RawItem, TooComplex> {
    let own = html::read(text, dates)?;
    let page = markup::parse(text)?;
    let is_told = |date: &RawDate| date.evidence == Evidence::Page;
    let published = match own.published {
        Some(date) if is_told(&date) => Some(date),
        other => date(&page, dates).or(other),
    };
    Ok(RawItem {
        url: own.url.or_else(|| Some(url.to_string())),
        author: structured::author(page.root_element()).or_else(|| author(&page)).or(own.author),
        content: body(text, url).or(own.content),
        published,
        ..own
    })
}

/// The main text of a page as HTML.
fn body(text: &str, url: &Url) -> Option<String> {
    let config = Config { max_elements_to_parse: MOST_ELEMENTS, ..Config::default() };
    let mut readability = Readability::new(text, Some(url.as_str()), Some(config)).ok()?;
    let article = readability.parse().ok()?;
    Some(article.content.to_string()).filter(|html| !html.trim().is_empty())
}

fn date(page: &Html, dates: &Reader) -> Option<RawDate> {
    let main = html::main(page.root_element());
    let told = |element: ElementRef| {
        let attribute = element.value().attr("datetime").map(str::to_owned);
        let text = || Some(line(&text_of(element))).filter(|t| t.chars().count() <= LONGEST_DATE);
        attribute
            .into_iter()
            .chain(text())
            .find(|text| text.contains(char::is_numeric) && dates.read(text).is_some())
    };
    let named = || {
        DATES.iter().find_map(|selector| {
            let selector = Selector::parse(selector).ok()?;
            let mut found = main.select(&selector).filter(|element| !html::is_beside(*element));
            found.find_map(told)
        })
    };
    let in_line = || {
        let text = text_of(main);
        let mut lines = text.lines().map(line).filter(|line| !line.is_empty()).take(40);
        lines.find(|line| {
            line.chars().count() <= LONGEST_DATE / 2
                && line.contains(char::is_numeric)
                && words::words(line).filter(|word| !word.contains(char::is_numeric)).count() <= 4
                && dates.read(line).is_some()
        })
    };
    named().or_else(in_line).map(|text| RawDate { text, evidence: Evidence::Page })
}

fn author(page: &Html) -> Option<String> {
    let main = html::main(page.root_element());
    AUTHORS.iter().find_map(|selector| {
        let selector = Selector::parse(selector).ok()?;
        let mut found = main
            .select(&selector)
            .chain(page.root_element().select(&selector))
            .filter(|element| !html::is_beside(*element));
        found.find_map(|element| name(&line(&text_of(element))))
    })
}

/// The name in `By Jane Doe`, `Von Anna Berg | 3. Mai 2026`.
fn name(text: &str) -> Option<String> {
    let text = text.split(['|', '•', '·']).next()?.trim();
    let rest = match text.split_once([' ', ':']) {
        Some((first, rest)) if words::is_one_of(&words::AUTHOR, first) => rest,
        _ => text,
    };
    let rest = rest.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
    let is_name = (2..=LONGEST_NAME).contains(&rest.chars().count())
        && !rest.contains(char::is_numeric)
        && words::words(rest).count() <= 8;
    is_name.then(|| rest.to_owned())
}
