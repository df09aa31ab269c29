//! Pages are built anew as sites do it, and their sources go on: the same items keep their ids, and
//! nothing comes in that is none.
//!
//! The pages are our own and, if it lies beside the checkout, a collection of real ones.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread;

use ego_tree::{NodeId, NodeRef};
use infocus::dates::{Reader, When};
use infocus::detect::{Candidate, SURE, lists};
use infocus::extract::{charset, markup};
use infocus::normalize::line;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use scraper::{Html, Node};
use serde_json::Value;
use url::Url;

use crate::bed::{Bed, Ran, is_on_file};
use crate::detect::{SHAPES, in_shape, page};
use crate::server::{Answer, Server};

/// What a redesign does to a page.
#[derive(Debug, Clone, Copy, Default)]
struct Redesign {
    name: &'static str,
    /// Other class names and ids.
    renames: bool,
    /// `div` for what had a name of its own, and the other way round.
    retags: bool,
    /// Elements around each announcement and around all of them.
    nests: bool,
    /// What stands above the list: a picture, a heading, a few links.
    adds_hero: bool,
    drops_teasers: bool,
    reformats_dates: bool,
    /// Some announcements go and others come.
    moves_on: bool,
}

const NONE: Redesign = Redesign {
    name: "",
    renames: false,
    retags: false,
    nests: false,
    adds_hero: false,
    drops_teasers: false,
    reformats_dates: false,
    moves_on: false,
};

const REDESIGNS: [Redesign; 6] = [
    Redesign { name: "other names", renames: true, ..NONE },
    Redesign { name: "other elements", retags: true, renames: true, ..NONE },
    Redesign {
        name: "other nesting below a hero",
        nests: true,
        adds_hero: true,
        renames: true,
        ..NONE
    },
    Redesign { name: "no teasers", drops_teasers: true, renames: true, ..NONE },
    Redesign { name: "other dates", reformats_dates: true, renames: true, ..NONE },
    Redesign {
        name: "all at once",
        renames: true,
        retags: true,
        nests: true,
        adds_hero: true,
        drops_teasers: true,
        reformats_dates: true,
        moves_on: true,
    },
];

/// What new announcements have in their addresses and titles.
const NEW: &str = "brandnew";

/// Writes a page with its redesign.
struct Writer<'a> {
    redesign: Redesign,
    list: &'a Candidate,
    /// The nodes of each card, and the card of each node that begins one or goes on in it.
    cards: Vec<Vec<NodeRef<'a, Node>>>,
    card_of: BTreeMap<NodeId, usize>,
    /// The number of the new announcement that is being written.
    new: Option<usize>,
    out: String,
}

impl<'a> Writer<'a> {
    fn redesigned(html: &'a Html, list: &'a Candidate, redesign: Redesign) -> String {
        let starts: HashSet<NodeId> = list.cards.iter().copied().collect();
        let mut cards = Vec::new();
        let mut card_of = BTreeMap::new();
        for id in &list.cards {
            let node = html.tree.get(*id).expect("a card");
            let following = node
                .next_siblings()
                .take_while(|next| list.are_runs && !starts.contains(&next.id()));
            let nodes: Vec<_> = std::iter::once(node).chain(following).collect();
            card_of.extend(nodes.iter().map(|node| (node.id(), cards.len())));
            cards.push(nodes);
        }
        let mut writer =
            Writer { redesign, list, cards, card_of, new: None, out: "<!doctype html>".to_owned() };
        writer.node(*html.root_element(), None);
        writer.out
    }

    fn node(&mut self, node: NodeRef<'a, Node>, within: Option<usize>) {
        let card = self.card_of.get(&node.id()).copied().filter(|_| within.is_none());
        let Some(card) = card else { return self.plain(node, within) };
        if self.cards[card][0].id() != node.id() {
            return; // It has been written with its card.
        }
        if self.redesign.moves_on {
            // The first cards may be links in the words over the list.
            let middle = self.cards.len() / 2;
            if card == middle || card == middle + 1 {
                self.new = Some(card - middle);
                self.card(card);
                self.new = None;
            }
            if card % 5 == 3 {
                return;
            }
        }
        self.card(card);
    }

    fn card(&mut self, card: usize) {
        let wraps = self.redesign.nests && !self.list.are_runs && self.may_wrap(card);
        if wraps {
            self.out.push_str("<div class='cell-outer'><div class='cell-inner'>");
        }
        for node in self.cards[card].clone() {
            self.plain(node, Some(card));
        }
        if wraps {
            self.out.push_str("</div></div>");
        }
    }

    /// A row of a table or an entry of a list cannot stand in a `div`.
    fn may_wrap(&self, card: usize) -> bool {
        let name = self.cards[card][0].value().as_element().map(|element| element.name());
        !matches!(name, Some("tr" | "td" | "tbody" | "li" | "dt" | "dd"))
            || (self.redesign.retags && name == Some("li"))
    }

    fn plain(&mut self, node: NodeRef<'a, Node>, card: Option<usize>) {
        match node.value() {
            Node::Text(text) => {
                let is_raw = node
                    .parent()
                    .and_then(|parent| parent.value().as_element().map(|e| e.name().to_owned()))
                    .is_some_and(|name| matches!(name.as_str(), "script" | "style"));
                let text = self.text(text, card);
                self.out.push_str(&if is_raw { text } else { escaped(&text) });
            }
            Node::Element(element) => {
                // A teaser that dates its item would take the date with it.
                let teaser = card
                    .and_then(|card| self.list.items[card].summary.clone())
                    .filter(|teaser| self.list.dates.find(teaser).is_none());
                let own = || {
                    line(
                        &scraper::ElementRef::wrap(node)
                            .expect("an element")
                            .text()
                            .collect::<String>(),
                    )
                };
                if self.redesign.drops_teasers && teaser.is_some_and(|teaser| own() == teaser) {
                    return;
                }
                let name = self.name(element.name());
                let _ = write!(self.out, "<{name}");
                for (key, value) in element.attrs() {
                    if key == "datetime" && self.redesign.reformats_dates {
                        continue;
                    }
                    let value = self.attribute(key, value, card);
                    let _ =
                        write!(self.out, " {key}=\"{}\"", escaped(&value).replace('"', "&quot;"));
                }
                self.out.push('>');
                if element.name() == "body" && self.redesign.adds_hero {
                    self.out.push_str("<section class=hero-banner><h1>Welcome</h1><p>All that is new, in one place, for everybody who lives here and for all others.</p><a href=/start>Begin here</a></section>");
                }
                for child in node.children() {
                    self.node(child, card);
                }
                const VOID: [&str; 9] =
                    ["img", "br", "hr", "meta", "link", "input", "source", "area", "base"];
                if !VOID.contains(&element.name()) {
                    let _ = write!(self.out, "</{name}>");
                }
            }
            _ => {}
        }
    }

    fn name<'n>(&self, name: &'n str) -> &'n str {
        match name {
            _ if !self.redesign.retags => name,
            "ul" | "ol" | "li" | "article" | "section" => "div",
            "h2" | "h3" => "h4",
            "span" => "b",
            name => name,
        }
    }

    fn attribute(&self, key: &str, value: &str, card: Option<usize>) -> String {
        match (key, self.new) {
            ("class" | "id", _) if self.redesign.renames => {
                value.split_whitespace().map(other_name).collect::<Vec<_>>().join(" ")
            }
            ("href", Some(new)) => {
                let path = value.split('#').next().unwrap_or_default();
                format!("{path}{}{NEW}{new}", if path.contains('?') { "&n=" } else { "-" })
            }
            ("title" | "aria-label" | "alt", Some(new)) if card.is_some() => {
                format!("A {NEW} announcement, number {new}")
            }
            _ => value.to_owned(),
        }
    }

    fn text(&self, text: &str, card: Option<usize>) -> String {
        let Some(card) = card else { return text.to_owned() };
        let own = line(text);
        let title = self.list.items[card].title.as_deref().unwrap_or_default();
        if let Some(new) = self.new
            && (own == title || (own.len() > 9 && title.contains(&own)))
        {
            return format!("A {NEW} announcement, number {new}");
        }
        if self.redesign.reformats_dates
            && own != title
            && own.chars().count() < 40
            && self.list.dates.read(&own).is_some()
            && let Some(date) = &self.list.items[card].published
            && let Some(when @ (When::Day(_) | When::Minute(..))) = self.list.dates.read(&date.text)
        {
            return when.day().to_string();
        }
        text.to_owned()
    }
}

/// A name that says nothing, the same for the same.
fn other_name(name: &str) -> String {
    let sum = name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let letter = |at: u32| char::from(b'a' + ((sum >> (4 * at)) % 26) as u8);
    (0..6).map(letter).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What became of a source.
#[derive(Debug, PartialEq)]
enum Fate {
    /// The known items keep their ids, and what is new is there.
    GoesOn,
    /// The same, but nothing new is there.
    Misses,
    /// Nothing is touched; for the reason that is told.
    Holds(String),
    /// Something is there that is none, or an item is another.
    Wrong(String),
}

/// The ids of the items of the feed by their addresses.
fn ids(bed: &Bed) -> BTreeMap<String, String> {
    let feed = bed.json_feed("news");
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let items = feed["items"].as_array().expect("items");
    let name = |item: &Value| format!("{} {}", text(item, "url"), text(item, "title"));
    items.iter().map(|item| (text(item, "id"), name(item))).collect()
}

/// Adds a page, builds it anew in every way, and says what becomes of its source; nothing, if it
/// cannot be added.
fn fates(body: &[u8], url: &Url) -> Option<Vec<(&'static str, Fate)>> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let server = Server::start(|_| Answer::status(404));
    // All that is the site's own has one address.
    let text = charset::decode(body, None);
    let own = url.origin().ascii_serialization();
    let text = text.replace(&own, server.url("").trim_end_matches('/'));
    let first = text.clone();
    server.change(move |request| match request.path.as_str() {
        "/robots.txt" => Answer::status(404),
        _ => Answer::page(first.clone()),
    });
    let mut bed = Bed::new();
    bed.at("2026-11-24T10:00:00Z");
    let address = server.url(&path);
    if bed.run(&["add", &address, "--slug", "news"]).code != 0 {
        return None;
    }
    let definition = bed.read("feeds/news.toml");
    bed.write("feeds/news.toml", format!("window = 1000\n{definition}"));
    bed.run(&["refresh"]).ends(0);
    let before = ids(&bed);
    let html = markup::parse(&text).expect("a page");
    let language = html.root_element().value().attr("lang").unwrap_or("en");
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().expect("an instant");
    let dates = Reader::new(language).looking_at(now, &TimeZone::UTC);
    let base: Url = address.parse().expect("an address");
    let found = lists(&html, &base, &dates);
    let list = found.first().filter(|list| list.score >= SURE)?;
    let of_list = list.items.iter().map(|item| item.url.clone().unwrap_or_default());
    // What has no page of its own has one in the archive.
    let of_feed = before.values().map(|name| {
        let url = name.split(' ').next().unwrap_or_default();
        if url.starts_with("https://news.example.org/") { "" } else { url }.to_owned()
    });
    let [of_list, of_feed]: [HashSet<String>; 2] = [of_list.collect(), of_feed.collect()];
    assert_eq!(of_list, of_feed, "what was written finds what was found");
    let fates = REDESIGNS.iter().map(|redesign| {
        let other = Writer::redesigned(&html, list, *redesign);
        server.change(move |_| Answer::page(other.clone()));
        let mut copy = Bed::new();
        for (name, (bytes, _)) in bed.files("") {
            copy.write(&name, bytes);
        }
        copy.at("2026-11-25T10:00:00Z");
        let ran = copy.run(&["refresh"]);
        let after = ids(&copy);
        (redesign.name, fate(&ran, redesign.moves_on, &before, &after))
    });
    Some(fates.collect())
}

fn fate(
    ran: &Ran,
    moves_on: bool,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Fate {
    if let Some((id, lost)) = before.iter().find(|(id, name)| after.get(*id) != Some(*name)) {
        return Fate::Wrong(format!("{lost} became {:?}", after.get(id)));
    }
    let new: Vec<&String> =
        after.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(_, name)| name).collect();
    if let Some(wrong) = new.iter().find(|name| !name.contains(NEW)) {
        return Fate::Wrong(format!("{wrong} is new"));
    }
    match (ran.code, new.len()) {
        (0, 0) if moves_on => Fate::Misses,
        (0, _) => Fate::GoesOn,
        (3, 0) => Fate::Holds(ran.stderr.lines().take(1).collect()),
        _ => Fate::Wrong(ran.stderr.clone()),
    }
}

/// Nine of ten go on, and none goes on with what is wrong.
fn judge(fates: &[(String, &'static str, Fate)]) {
    let mut told = String::new();
    for (page, redesign, fate) in fates.iter().filter(|(.., fate)| *fate != Fate::GoesOn) {
        let _ = writeln!(told, "{page}, {redesign}: {fate:?}");
    }
    let going_on = fates.iter().filter(|(.., fate)| *fate == Fate::GoesOn).count();
    let _ = writeln!(told, "{going_on} of {} go on", fates.len());
    eprint!("{told}");
    assert!(!fates.iter().any(|(.., fate)| matches!(fate, Fate::Wrong(_))), "{told}");
    assert!(10 * going_on >= 9 * fates.len(), "{told}");
}

#[test]
fn sources_of_all_shapes_survive_a_redesign() {
    if !is_on_file("sources of all shapes survive a redesign") {
        return;
    }
    let mut all = Vec::new();
    for (shape, piece) in SHAPES {
        let url = "https://www.example.org/news/".parse().expect("an address");
        let body = page("en-GB", &in_shape(piece));
        let fates = fates(body.as_bytes(), &url).expect("it can be added");
        all.extend(fates.into_iter().map(|(redesign, fate)| (shape.to_owned(), redesign, fate)));
    }
    judge(&all);
}

#[test]
fn sources_of_real_pages_survive_a_redesign() {
    if !is_on_file("sources of real pages survive a redesign") {
        return;
    }
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages");
    // They are not a part of the project.
    let Ok(text) = fs::read_to_string(pages.join("listing.json")) else { return };
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    let pages: Vec<(&str, Url, Vec<u8>)> = whole["pages"]
        .as_array()
        .expect("pages")
        .iter()
        .map(|page| {
            let name = page["name"].as_str().expect("a name");
            let url = page["url"].as_str().expect("a url").parse().expect("an address");
            (name, url, fs::read(pages.join(format!("listing/{name}.html"))).expect("a page"))
        })
        .collect();
    let all: Vec<(String, &str, Fate)> = thread::scope(|scope| {
        let work = |part: &'_ [(&str, Url, Vec<u8>)]| {
            let one = |(name, url, body): &(&str, Url, Vec<u8>)| {
                let fates = fates(body, url);
                let fates =
                    fates.unwrap_or_else(|| vec![("cannot be added", Fate::Holds(String::new()))]);
                fates
                    .into_iter()
                    .map(|(redesign, fate)| ((*name).to_owned(), redesign, fate))
                    .collect()
            };
            part.iter().flat_map::<Vec<_>, _>(one).collect::<Vec<_>>()
        };
        let (first, second) = pages.split_at(pages.len() / 2);
        let second = scope.spawn(move || work(second));
        let mut all = work(first);
        all.extend(second.join().expect("the other half"));
        all
    });
    judge(&all);
}
