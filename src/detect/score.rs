//! How much a group of cards is like a list of announcements.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::Candidate;
use super::card::{Card, DateAt, Scope};
use super::group::FEWEST;
use super::outline::{Outline, What, Zone};
use crate::dates::{Orders, Reader, When, in_path};
use crate::extract::{RawDate, RawItem};
use crate::model::Evidence;
use crate::normalize::line;

/// Something that was counted, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub what: &'static str,
    /// Of all cards, or of all text.
    pub share: f64,
    pub points: f64,
}

/// Reads the cards of a group and judges them; `None` for what cannot be a list.
pub fn candidate(
    outline: &Outline,
    scopes: Vec<Scope>,
    total: usize,
    reader: &Reader,
) -> Option<Candidate> {
    let (scopes, cards) = different(outline, scopes, reader);
    if cards.len() < FEWEST {
        return None;
    }
    let texts = cards.iter().flat_map(|card| card.dates.iter().map(|(_, text)| text.as_str()));
    let reader = reader.clone().with_orders(Orders::of_column(texts, reader));
    let dates = choose_dates(&cards, &reader);
    let reasons = reasons(outline, &scopes, &cards, &dates, total);
    let elements = scopes.iter().filter_map(|scope| outline.element(scope.nodes.start));
    let are_runs =
        scopes.iter().any(|scope| scope.nodes.end > outline.nodes[scope.nodes.start].end);
    Some(Candidate {
        containers: elements.clone().filter_map(|element| Some(element.parent()?.id())).collect(),
        cards: elements.map(|element| element.id()).collect(),
        are_runs,
        score: reasons.iter().map(|reason| reason.points).sum(),
        items: cards.into_iter().zip(dates).map(|(card, date)| item(card, date, outline)).collect(),
        dates: reader,
        reasons,
    })
}

/// The cards of a group that have a title, each once.
fn different(outline: &Outline, scopes: Vec<Scope>, reader: &Reader) -> (Vec<Scope>, Vec<Card>) {
    let generic = generic(outline, &scopes);
    let above = dates_above(outline, &scopes, reader);
    let mut seen = HashSet::new();
    let cards = scopes.iter().zip(above).map(|(scope, above)| {
        let mut card = Card::of(outline, scope, generic, reader);
        card.dates.extend(above.map(|text| (DateAt::Above, text)));
        card
    });
    let cards: Vec<Card> = cards.collect();
    let is_new = |card: &Card| {
        let key = card.link.map(|link| outline.links[link].key.as_str());
        !card.title.is_empty() && seen.insert((key, card.title.clone()))
    };
    let keep: Vec<bool> = cards.iter().map(is_new).collect();
    let kept = scopes.into_iter().zip(cards).zip(keep).filter(|(_, keep)| *keep);
    kept.map(|(both, _)| both).unzip()
}

/// What speaks for cards and against them.
fn reasons(
    outline: &Outline,
    scopes: &[Scope],
    cards: &[Card],
    dates: &[Option<String>],
    total: usize,
) -> Vec<Reason> {
    let n = cards.len() as f64;
    let share =
        |is_it: &dyn Fn(&Card) -> bool| cards.iter().filter(|card| is_it(card)).count() as f64 / n;
    let zone = |zone| {
        let is_there = |scope: &&Scope| outline.nodes[scope.nodes.start].zone == zone;
        scopes.iter().filter(is_there).count() as f64 / n
    };
    let has_address_date =
        |card: &Card| card.link.is_some_and(|link| in_path(&outline.links[link].url).is_some());
    let dated = dates.iter().filter(|date| date.is_some()).count() as f64 / n;
    let by_address = if dated < 0.5 { share(&has_address_date) } else { 0.0 };
    let headed = share(&|card| card.has_heading);
    let marked = share(&|card| card.is_marked);
    let told = share(&|card| card.teaser.is_some());
    let pictured = share(&|card| card.picture.is_some());
    let titled = share(&|card| is_title(&card.title));
    let text: usize = cards.iter().map(|card| card.text).sum();
    let volume = (text as f64 / total.max(1) as f64).min(1.0);
    let titles: HashSet<&str> = cards.iter().map(|card| card.title.as_str()).collect();
    let own = titles.len() as f64 / n;
    vec![
        reason("cards", n, n.ln().min(3.5) * 0.6),
        reason("with a date", dated, 2.5 * dated),
        reason("with a date in the address", by_address, 1.5 * by_address),
        reason("with a heading", headed, headed),
        reason("marked as announcements", marked, 0.8 * marked),
        reason("with a text of their own", told, told),
        reason("with an image", pictured, 0.4 * pictured),
        reason("with a title of some words", titled, 2.0 * titled - 1.0),
        reason("of the page's text", volume, 2.0 * volume),
        reason("with a title of their own", own, 2.0 * own - 2.0),
        reason("in the page's frame", zone(Zone::Frame), -2.5 * zone(Zone::Frame)),
        reason("beside the content", zone(Zone::Aside), -1.5 * zone(Zone::Aside)),
        reason("in the main part", zone(Zone::Main), 0.8 * zone(Zone::Main)),
    ]
}

impl Reason {
    /// For people: `93 % with a date`.
    pub fn told(&self) -> String {
        match self.what {
            "cards" => format!("{} cards", self.share),
            what => format!("{:.0} % {what}", 100.0 * self.share),
        }
    }
}

/// What the links of most cards say: "Read more", "View".
fn generic<'a>(outline: &'a Outline, scopes: &[Scope]) -> Option<&'a str> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for scope in scopes {
        if let Some(link) = scope.link {
            *count.entry(outline.links[link].text.as_str()).or_default() += 1;
        }
    }
    let (text, most) = count.into_iter().max_by_key(|(text, count)| (*count, *text))?;
    (2 * most > scopes.len()).then_some(text)
}

/// Characters of what stands over cards and dates them.
const LONGEST_HEADING: usize = 80;

/// The nearest date before each card that stands in none: that of the heading over it.
fn dates_above(outline: &Outline, scopes: &[Scope], reader: &Reader) -> Vec<Option<String>> {
    let mut last: Option<String> = None;
    let mut end = 0;
    let mut dates = Vec::with_capacity(scopes.len());
    for scope in scopes {
        for at in end..scope.nodes.start.max(end) {
            let What::Text(text) = outline.nodes[at].what else { continue };
            let text = line(text);
            let is_heading =
                text.contains(char::is_numeric) && text.chars().count() <= LONGEST_HEADING;
            if is_heading && reader.read(&text).is_some() {
                last = Some(text);
            }
        }
        end = end.max(scope.nodes.end);
        dates.push(last.clone());
    }
    dates
}

pub fn reason(what: &'static str, share: f64, points: f64) -> Reason {
    Reason { what, share, points }
}

/// A title says something: some words, or some characters of a script that needs no blanks.
pub fn is_title(title: &str) -> bool {
    let dense = title.chars().filter(|c| *c > '\u{2e80}').count();
    let length = title.chars().count() + 2 * dense;
    (12..=300).contains(&length)
}

/// The date of each card: a day before a month, then from where the most cards have one.
fn choose_dates(cards: &[Card], reader: &Reader) -> Vec<Option<String>> {
    let read: Vec<Vec<(DateAt, bool, &String)>> = cards
        .iter()
        .map(|card| {
            let dated = card.dates.iter().filter_map(|(at, text)| {
                let when = reader.read(text)?;
                Some((*at, matches!(when, When::Month(_)), text))
            });
            dated.collect()
        })
        .collect();
    let mut count: HashMap<(bool, DateAt), usize> = HashMap::new();
    for card in &read {
        let places: HashSet<_> = card.iter().map(|(at, is_month, _)| (*is_month, *at)).collect();
        for place in places {
            *count.entry(place).or_default() += 1;
        }
    }
    let rank = |(at, is_month, _): &(DateAt, bool, &String)| {
        let most = count.get(&(*is_month, *at)).copied().unwrap_or_default();
        (*is_month, Reverse(most), *at)
    };
    let best = |card: &Vec<(DateAt, bool, &String)>| {
        card.iter().min_by_key(|date| rank(date)).map(|(_, _, text)| (*text).clone())
    };
    read.iter().map(best).collect()
}

fn item(card: Card, date: Option<String>, outline: &Outline) -> RawItem {
    RawItem {
        title: Some(card.title),
        url: card.link.map(|link| outline.links[link].url.to_string()),
        published: date.map(|text| RawDate { text, evidence: Evidence::Page }),
        summary: card.teaser,
        image: card.picture,
        ..RawItem::default()
    }
}
