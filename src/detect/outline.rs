//! A page as one row of nodes, in which every part of it is a range.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node as Parsed};
use url::Url;

use crate::extract::rules;
use crate::normalize::{line, links};

/// What is not shown, or shows no text.
const UNSEEN: [&str; 9] =
    ["script", "style", "template", "noscript", "svg", "head", "select", "iframe", "button"];

/// The part of the page that something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Nothing tells.
    Open,
    Main,
    /// Navigation, header, footer: what stands on every page.
    Frame,
    /// Beside the content: sidebars, related and popular pages.
    Aside,
}

#[derive(Debug)]
pub enum What<'a> {
    Element(ElementRef<'a>),
    Text(&'a str),
}

#[derive(Debug)]
pub struct Node<'a> {
    pub what: What<'a>,
    pub parent: usize,
    /// Behind its last descendant.
    pub end: usize,
    pub zone: Zone,
    /// The names of the elements from the root to it, as one number.
    pub path: u64,
    /// The same with their classes.
    pub dressed: u64,
}

/// A link that leads to another page and can be seen.
#[derive(Debug)]
pub struct Link {
    pub node: usize,
    pub url: Url,
    /// The same for all addresses of one page.
    pub key: String,
    pub text: String,
}

#[derive(Debug)]
pub struct Outline<'a> {
    pub nodes: Vec<Node<'a>>,
    pub links: Vec<Link>,
}

impl<'a> Outline<'a> {
    pub fn of(html: &'a Html, page: &Url) -> Outline<'a> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut unseen = 0;
        for edge in html.root_element().traverse() {
            match edge {
                Edge::Open(node) => match node.value() {
                    Parsed::Element(element) if UNSEEN.contains(&element.name()) => unseen += 1,
                    _ if unseen > 0 => {}
                    Parsed::Element(_) => {
                        let Some(element) = ElementRef::wrap(node) else { continue };
                        let parent = open.last().copied();
                        open.push(nodes.len());
                        nodes.push(of_element(element, parent.map(|at| &nodes[at]), parent));
                    }
                    Parsed::Text(text) => {
                        let Some(parent) = open.last().copied() else { continue };
                        if text.chars().any(|c| !c.is_whitespace()) {
                            let above = &nodes[parent];
                            let (zone, path, dressed) = (above.zone, above.path, above.dressed);
                            let what = What::Text(text);
                            nodes.push(Node {
                                what,
                                parent,
                                end: nodes.len() + 1,
                                zone,
                                path,
                                dressed,
                            });
                        }
                    }
                    _ => {}
                },
                Edge::Close(node) => match node.value() {
                    Parsed::Element(element) if UNSEEN.contains(&element.name()) => unseen -= 1,
                    Parsed::Element(_) if unseen == 0 => {
                        let end = nodes.len();
                        if let Some(at) = open.pop() {
                            nodes[at].end = end;
                        }
                    }
                    _ => {}
                },
            }
        }
        let mut outline = Outline { nodes, links: Vec::new() };
        outline.links = outline.find_links(html, page);
        outline
    }

    fn find_links(&self, html: &Html, page: &Url) -> Vec<Link> {
        let said = rules::base(html.root_element());
        let base = said.and_then(|base| page.join(&base).ok()).unwrap_or_else(|| page.clone());
        let own = links::key(page);
        let mut keys: HashMap<String, Option<(Url, String)>> = HashMap::new();
        let mut found = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let What::Element(element) = node.what else { continue };
            let Some(href) = element.value().attr("href").filter(|_| element.value().name() == "a")
            else {
                continue;
            };
            let target = keys.entry(href.to_owned()).or_insert_with(|| {
                let url = links::absolute(href, Some(&base))?;
                let key = links::key(&url);
                (matches!(url.scheme(), "http" | "https") && key != own).then_some((url, key))
            });
            let Some((url, key)) = target.clone() else { continue };
            let text = self.text(at..node.end);
            found.push(Link { node: at, url, key, text });
        }
        found
    }

    /// The text of a range, in one line; pieces that touch stay together only inside of a word.
    pub fn text(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        for node in &self.nodes[range] {
            match &node.what {
                What::Text(run) => text.push_str(run),
                What::Element(element) if !crate::normalize::is_inline(element.value().name()) => {
                    text.push(' ');
                }
                What::Element(_) => {}
            }
        }
        line(&text)
    }

    /// The links in a part of the page.
    pub fn links_in(&self, range: Range<usize>) -> &[Link] {
        let first = self.links.partition_point(|link| link.node < range.start);
        let end = self.links.partition_point(|link| link.node < range.end);
        &self.links[first..end]
    }

    /// Characters of text that the page shows.
    pub fn text_length(&self) -> usize {
        let length = |node: &Node| match node.what {
            What::Text(text) => line(text).chars().count(),
            What::Element(_) => 0,
        };
        self.nodes.iter().map(length).sum()
    }

    pub fn element(&self, at: usize) -> Option<ElementRef<'a>> {
        match self.nodes[at].what {
            What::Element(element) => Some(element),
            What::Text(_) => None,
        }
    }

    /// What stands around a node, the nearest first, without the root.
    pub fn above(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(at), |at| Some(self.nodes[*at].parent))
            .skip(1)
            .take_while(|at| *at > 0)
    }

    /// Id and classes of an element, and the property that it is in microdata, in small letters.
    pub fn names(&self, at: usize) -> impl Iterator<Item = String> {
        let value = self.element(at).map(|element| element.value());
        let names =
            value.into_iter().flat_map(|value| value.id().into_iter().chain(value.classes()));
        let names = names.chain(value.and_then(|value| value.attr("itemprop")));
        names.map(str::to_ascii_lowercase)
    }

    pub fn name(&self, at: usize) -> &str {
        match &self.nodes[at].what {
            What::Element(element) => element.value().name(),
            What::Text(_) => "",
        }
    }
}

fn of_element<'a>(
    element: ElementRef<'a>,
    above: Option<&Node>,
    parent: Option<usize>,
) -> Node<'a> {
    let (path, dressed, zone) = above.map_or((0, 0, Zone::Open), |n| (n.path, n.dressed, n.zone));
    let name = element.value().name();
    let mut classes: Vec<&str> = element.value().classes().filter(|class| is_kind(class)).collect();
    classes.sort_unstable();
    Node {
        what: What::Element(element),
        parent: parent.unwrap_or_default(),
        end: 0,
        zone: zone_of(element, zone),
        path: hash(&(path, name)),
        dressed: hash(&(dressed, name, classes)),
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A class that names a kind of thing, not the one thing or its place: `post-123`, `odd`, `first`.
pub fn is_kind(class: &str) -> bool {
    const PLACES: [&str; 10] =
        ["odd", "even", "first", "last", "alt", "active", "current", "new", "sticky", "featured"];
    !class.contains(|c: char| c.is_ascii_digit())
        && !class.split(['-', '_']).any(|part| PLACES.contains(&part))
}

fn zone_of(element: ElementRef, above: Zone) -> Zone {
    let value = element.value();
    let role = value.attr("role").unwrap_or_default();
    let of_element = match (value.name(), role) {
        ("nav" | "footer", _) | (_, "navigation" | "banner" | "contentinfo" | "menu") => {
            Zone::Frame
        }
        // Articles have headers of their own.
        ("header", _) if above == Zone::Open => Zone::Frame,
        ("aside", _) | (_, "complementary") => Zone::Aside,
        ("main", _) | (_, "main") => Zone::Main,
        _ => Zone::Open,
    };
    if of_element != Zone::Open && above != Zone::Frame {
        return of_element;
    }
    let mut names = value.id().into_iter().chain(value.classes()).flat_map(words);
    let named = names.find_map(|word| match word.as_str() {
        "nav" | "navbar" | "navigation" | "menu" | "breadcrumb" | "breadcrumbs" | "footer"
        | "pagination" | "pager" | "topbar" | "toolbar" | "social" | "share" => Some(Zone::Frame),
        "sidebar" | "related" | "popular" | "recommended" | "widget" | "trending" | "tags"
        | "archives" | "categories" | "blogroll" => Some(Zone::Aside),
        _ => None,
    });
    match (above, named) {
        (Zone::Open, Some(zone)) => zone,
        // What calls itself so in the middle of the content may only be called so.
        (Zone::Main, Some(Zone::Frame)) => Zone::Frame,
        (Zone::Main, Some(Zone::Aside)) => Zone::Aside,
        (above, _) => above,
    }
}

/// The words of a name: `mainNav`, `main-nav`, `main_nav`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}
