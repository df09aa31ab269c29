//! One page read whole: what it is about, without what stands around it.
//!
//! What the page says to programs comes first ([`html`]); the main text is the readability crate's;
//! a date and an author that only people are told of are looked for where they are told: in elements
//! that are called so, and in short lines near the title.

use std::collections::HashSet;

use dom_smoothie::{Config, Readability};
use ego_tree::NodeId;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::header::words;
use super::structured::meta;
use super::{RawDate, RawItem, TooComplex, html, markup, structured};
use crate::dates::{Reader, fold};
use crate::model::Evidence;
use crate::normalize::images::{self, Picture};
use crate::normalize::{line, text_of};

/// Elements that the readability crate parses at most.
const MOST_ELEMENTS: usize = 50_000;

/// Characters of an element that names a date, or an author.
const LONGEST_DATE: usize = 120;
const LONGEST_NAME: usize = 80;

/// Where pages tell people who wrote them, the surest first.
const AUTHORS: [&str; 8] = [
    "[rel~=author]",
    "[itemprop~=author] [itemprop=name], [itemprop~=creator] [itemprop=name]",
    "[itemprop~=author]",
    "[class*=author-name], [class*=author__name], [class*=authorName], [class*=byline-name]",
    "[class*=byline] a, [class*=Byline] a, [class*=author] a",
    "[class*=byline], [class*=Byline]",
    "[class~=author], [class*=entry-author], [class*=post-author]",
    "[class*=author]",
];

/// What pages call their author in their `meta`.
const AUTHOR_META: [&str; 5] =
    ["byl", "parsely-author", "sailthru.author", "dc.creator", "article:author"];

/// Where pages tell people when they were published.
const DATES: [&str; 3] = [
    "time",
    "[class*=publish], [class*=Publish], [class*=posted], [class*=pubdate], [id*=pubdate]",
    "[class*=date], [class*=Date], [class*=datum], [class*=timestamp], [id*=date], [class*=fecha]",
];

/// Reads the announcement of a page at `url`.
pub fn read(text: &str, url: &Url, dates: &Reader) -> Result<RawItem, TooComplex> {
    let page = markup::parse(text)?;
    let own = html::read_parsed(&page, dates);
    let title = title(&page, url).or(own.title);
    let is_told = |date: &RawDate| date.evidence == Evidence::Page;
    let published = match own.published {
        Some(date) if is_told(&date) => Some(date),
        other => date(&page, title.as_deref(), dates).or(other),
    };
    Ok(RawItem {
        url: own.url.or_else(|| Some(url.to_string())),
        author: structured::author(page.root_element()).or_else(|| author(&page)).or(own.author),
        content: body(text, url).or(own.content),
        image: image(&page, url, own.image),
        title,
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

/// The picture that the page shows of what it announces to programs: the same in the size that stands
/// on the page, with its description; else that, or the first of the main text.
fn image(page: &Html, url: &Url, announced: Option<Picture>) -> Option<Picture> {
    let shown = || {
        html::main(page.root_element())
            .descendants()
            .filter_map(ElementRef::wrap)
            .filter(|element| element.value().name() == "img" && !html::is_beside(*element))
            .filter_map(images::of)
    };
    let Some(announced) = announced else { return shown().next() };
    let path = |picture: &Picture| Some(url.join(&picture.address).ok()?.path().to_owned());
    let Some(own) = path(&announced) else { return Some(announced) };
    let folder = own.rfind('/').map_or(0, |end| end + 1);
    let common = |picture: &Picture| {
        let path = path(picture)?;
        let length = own.bytes().zip(path.bytes()).take_while(|(a, b)| a == b).count();
        // A folder for all images says nothing.
        (length >= folder && folder > 12).then_some(length)
    };
    let best = shown().filter_map(|picture| Some((common(&picture)?, picture)));
    let best = best.reduce(|best, next| if next.0 > best.0 { next } else { best });
    Some(best.map_or(announced, |(_, picture)| picture))
}

/// The main text alone, as people read it: without pictures and what stands under them.
pub fn text(content: &str) -> String {
    let mut page = Html::parse_fragment(content);
    let figures: Vec<NodeId> = all(&page, "figure").iter().map(|figure| figure.id()).collect();
    for figure in figures {
        if let Some(mut figure) = page.tree.get_mut(figure) {
            figure.detach();
        }
    }
    let lines = text_of(page.root_element());
    let lines = lines.lines().map(line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n\n")
}

fn date(page: &Html, title: Option<&str>, dates: &Reader) -> Option<RawDate> {
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
        let lines: Vec<String> = text_of(page.root_element())
            .lines()
            .map(line)
            .filter(|line| !line.is_empty())
            .collect();
        let title = title.map(fold)?;
        let at = lines.iter().position(|line| fold(line) == title)?;
        let behind = lines.iter().skip(at + 1).take(NEAR);
        let before = lines[..at].iter().rev().take(NEAR / 2);
        behind.chain(before).find(|line| is_dateline(line, dates)).cloned()
    };
    named().or_else(in_line).map(|text| RawDate { text, evidence: Evidence::Page })
}

/// Lines around a title in which its date is looked for.
const NEAR: usize = 12;

/// A short line that is there for its date.
fn is_dateline(line: &str, dates: &Reader) -> bool {
    line.chars().count() <= LONGEST_DATE / 2
        && line.contains(char::is_numeric)
        && words::words(line).filter(|word| !word.contains(char::is_numeric)).count() <= 4
        && dates.read(line).is_some()
}

/// What the page calls the announcement: its heading, if that is what it says to programs too;
/// else that, without the name of the site.
fn title(page: &Html, url: &Url) -> Option<String> {
    let root = page.root_element();
    let declared = structured::headline(root)
        .or_else(|| meta(root, "og:title"))
        .or_else(|| Some(text_of(first(page, "title")?)))
        .map(|title| line(&title));
    let declared = declared.map(|title| without_site(&title, page, url));
    let headings: Vec<String> = all(page, "h1")
        .into_iter()
        .filter(|heading| !html::is_beside(*heading))
        .map(|heading| line(&text_of(heading)))
        .filter(|heading| !heading.is_empty())
        .collect();
    let Some(declared) = declared else { return headings.into_iter().next() };
    let plain = fold(&declared);
    let is_it = |heading: &&String| {
        let heading = fold(heading);
        plain.contains(&heading) || is_alike(&heading, &plain)
    };
    // A heading that says more has a label in it.
    let says_more = |heading: &String| {
        let heading = fold(heading);
        heading.contains(&plain) && 2 * plain.len() > heading.len()
    };
    let heading = headings.iter().find(is_it).filter(|heading| !says_more(heading)).cloned();
    // The name of the site, or nothing much.
    let is_empty = declared.chars().count() < SHORTEST_TITLE;
    let only = || headings.first().filter(|_| is_empty).cloned();
    heading.or_else(only).or(Some(declared))
}

/// Characters of a title that says something, where there is a heading that may say more.
const SHORTEST_TITLE: usize = 8;

/// Half of the words of one are in the other.
fn is_alike(one: &str, other: &str) -> bool {
    let known: HashSet<&str> = words::words(other).collect();
    let all: Vec<&str> = words::words(one).collect();
    2 * all.iter().filter(|word| known.contains(*word)).count() > all.len()
}

/// `A plan | Town of Example` on a page of that town.
fn without_site(title: &str, page: &Html, url: &Url) -> String {
    const MARKS: [&str; 6] = [" | ", " - ", " – ", " — ", " :: ", " » "];
    let site = meta(page.root_element(), "og:site_name").map(|name| fold(&name));
    let host = url.host_str().unwrap_or_default();
    let found = MARKS.iter().filter_map(|mark| title.rsplit_once(mark));
    let Some((rest, tail)) = found.max_by_key(|(rest, _)| rest.len()) else {
        return title.to_owned();
    };
    let name = fold(tail);
    let joined: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let is_site = site.is_some_and(|site| site == name || site.contains(&name))
        || (joined.len() >= 3 && host.replace(['-', '.'], "").contains(&joined));
    if is_site { rest.trim_end().to_owned() } else { title.to_owned() }
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector).map(|found| page.select(&found).collect()).unwrap_or_default()
}

fn first<'a>(page: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    all(page, selector).into_iter().next()
}

fn author(page: &Html) -> Option<String> {
    let root = page.root_element();
    let said = AUTHOR_META.iter().filter_map(|name| meta(root, name));
    let said = said.filter(|text| !text.contains("://")).find_map(|text| name(&text));
    said.or_else(|| named_author(page)).or_else(|| labelled_author(page))
}

/// `Autorin: Uta Berg, project lead`.
fn labelled_author(page: &Html) -> Option<String> {
    let text = text_of(html::main(page.root_element()));
    text.lines().map(line).find_map(|line| {
        let (label, rest) = line.split_once(':')?;
        let rest = rest.split([',', '|', '(', '/']).next()?.trim();
        let is_named = words::is_one_of(&words::AUTHOR, label.trim()) && words::is_person(rest, 2);
        is_named.then(|| rest.to_owned())
    })
}

fn named_author(page: &Html) -> Option<String> {
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
