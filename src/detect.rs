//! Finding the announcements of a page that nobody wrote rules for, and finding them again.
//!
//! # The lists of a page
//!
//! A page is first laid out flat (`outline`): every element and text has a number, and every part
//! of the page is a range of them. A list of announcements is a set of links that stand in the same
//! kind of place, so links are grouped by the elements they stand in, once with classes and once
//! without (`group`). From each link of a group the way leads up as long as no other link of the
//! group comes into sight: what is reached is the link's *card*. Where cards have little to say but
//! are followed by what belongs to them (a heading and its paragraph, a row and the row below), a
//! card goes on up to the next.
//!
//! Each card is read for a title, a date, a teaser and an image (`card`). Where a date may be is
//! collected first; which of these places it is, all cards decide together: the one where most of
//! them have a date. So does the order of day and month.
//!
//! Each group is then judged (`score`) by how many of its cards have these fields, how much of the
//! page's text it holds, and where on the page it stands. Each of that is a [`Reason`] with points;
//! their sum is the score. Words in names only ever lower or raise it; nothing is dropped for them.
//! From [`SURE`] on, a list is taken for the announcements; below, it is shown to people and no more.
//!
//! Where scripts write the page, the list may be in the data they start from, or in what the page
//! tells search engines (`data`). It is judged in the same way, and comes after what people are shown.
//!
//! # Rules for a list
//!
//! [`learn`] turns a list into what a definition says: a selector that finds its cards and few other
//! elements, the shortest of a few made of names, ids and classes that a person gave; then, for each
//! field, the places inside of the cards that have what was found there and nothing else. The rules
//! are run on the page, and count only if they give the same items. Some lists have no such rules;
//! their sources have none either, and are looked for at each refresh.
//!
//! # The same list later
//!
//! A page that was built anew has other elements and other classes, but most of the announcements it
//! had. [`recall()`] takes the list that has the most of the remembered items and as little else as
//! can be, if enough of them are there, under the titles and days that they had. What a source
//! should give, and when it falls short, is the matter of [`crate::normalize::usual`]; what is done
//! about it, of [`crate::refresh`].
//!
//! # What is no list
//!
//! [`feeds`] names the feeds that a page announces; [`obstacle()`] says why a page may have nothing
//! for us although it has something for people; [`says_none`] hears that there is no news.

mod announced;
mod card;
mod data;
mod group;
pub mod learn;
mod none;
mod obstacle;
mod outline;
mod recall;
mod score;

use ego_tree::NodeId;
use scraper::Html;
use url::Url;

use crate::dates::{Reader, fold};
use crate::extract::RawItem;
use crate::normalize::line;

pub use announced::{Announced, feeds};
pub use group::FEWEST;
pub use none::{says_no_news, says_none};
pub use obstacle::{Obstacle, obstacle};
pub use recall::{FAITHFUL, recall};
pub use score::Reason;

/// A list that may be the announcements.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub items: Vec<RawItem>,
    /// The element of each on the page; none if they are in its data.
    pub cards: Vec<NodeId>,
    /// What each element stands in.
    pub containers: Vec<NodeId>,
    /// Each item goes on over what follows its element, up to the next.
    pub are_runs: bool,
    /// Reads their dates, in the order that all of them show.
    pub dates: Reader,
    /// The higher, the surer; from [`SURE`] on it is taken for the announcements.
    pub score: f64,
    /// What spoke for it and against it, the weightiest first.
    pub reasons: Vec<Reason>,
}

impl Candidate {
    /// The same with some of its items.
    fn with(&self, wanted: &[bool]) -> Candidate {
        fn only<T: Clone>(all: &[T], wanted: &[bool]) -> Vec<T> {
            all.iter()
                .zip(wanted)
                .filter(|(_, wanted)| **wanted)
                .map(|(one, _)| one.clone())
                .collect()
        }
        Candidate {
            items: only(&self.items, wanted),
            cards: only(&self.cards, wanted),
            containers: only(&self.containers, wanted),
            ..self.clone()
        }
    }
}

/// The score from which on a list is good enough to be published.
pub const SURE: f64 = 4.0;

/// The list to take: the likeliest if it is sure enough; if there are examples, the likeliest that has
/// an item with each of these titles, however sure.
pub fn choose<'a>(lists: &'a [Candidate], examples: &[String]) -> Option<&'a Candidate> {
    let has = |list: &Candidate, example: &String| {
        let example = fold(&line(example));
        list.items
            .iter()
            .any(|item| item.title.as_deref().is_some_and(|title| fold(title).contains(&example)))
    };
    match examples {
        [] => lists.first().filter(|list| list.score >= SURE),
        examples => lists.iter().find(|list| examples.iter().all(|example| has(list, example))),
    }
}

/// The lists of a page, the likeliest first.
pub fn lists(html: &Html, page: &Url, reader: &Reader) -> Vec<Candidate> {
    let outline = outline::Outline::of(html, page);
    let total = outline.text_length();
    let mut candidates: Vec<Candidate> = group::groups(&outline)
        .into_iter()
        .filter_map(|scopes| score::candidate(&outline, scopes, total, reader))
        .collect();
    candidates.extend(data::lists(html, page, reader));
    // What people are shown goes before what programs are told, if it is a list at all.
    let is_shown = |list: &Candidate| !list.cards.is_empty() && list.score >= SURE;
    candidates.sort_by(|a, b| is_shown(b).cmp(&is_shown(a)).then(b.score.total_cmp(&a.score)));
    candidates
}
