//! Links that stand in the same kind of place, and the cards around them.

use std::collections::{BTreeMap, HashSet};

use super::card::Scope;
use super::outline::{Outline, Zone};

/// Links, and cards, that make a list.
pub const FEWEST: usize = 3;

/// Lists that are looked at; the largest first.
const MOST_GROUPS: usize = 60;

/// The cards of each group of links, in page order.
pub fn groups(outline: &Outline) -> Vec<Vec<Scope>> {
    let links = &outline.links;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for is_dressed in [false, true] {
        let mut by_path: BTreeMap<(u64, Zone), Vec<usize>> = BTreeMap::new();
        for (at, link) in links.iter().enumerate() {
            let node = &outline.nodes[link.node];
            let path = if is_dressed { node.dressed } else { node.path };
            by_path.entry((path, node.zone)).or_default().push(at);
        }
        groups.extend(by_path.into_values());
    }
    groups.retain(|group| {
        let different: HashSet<&str> = group.iter().map(|at| links[*at].key.as_str()).collect();
        different.len() >= FEWEST
    });
    groups.sort();
    groups.dedup();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups.truncate(MOST_GROUPS);
    let mut found: Vec<Vec<Scope>> = Vec::new();
    for group in groups {
        let cards = cards(outline, &group);
        if cards.len() < FEWEST {
            continue;
        }
        let cards = with_linkless(outline, cards);
        if let Some(runs) = runs(outline, &cards) {
            found.push(runs);
        }
        found.push(cards);
    }
    found
}

/// The widest part of the page around each link in which no other link of the group stands.
fn cards(outline: &Outline, group: &[usize]) -> Vec<Scope> {
    let links = &outline.links;
    let mut cards: Vec<Scope> = Vec::new();
    for (place, at) in group.iter().enumerate() {
        let link = &links[*at];
        let mut card = link.node;
        while card > 0 {
            let parent = outline.nodes[card].parent;
            let range = parent..outline.nodes[parent].end;
            let is_alone = |other: &usize| {
                !range.contains(&links[*other].node) || links[*other].key == link.key
            };
            let before =
                group[..place].iter().rev().take_while(|o| range.contains(&links[**o].node));
            let behind = group[place + 1..].iter().take_while(|o| range.contains(&links[**o].node));
            // One that differs is enough to stop.
            if parent == 0 || !before.take(4).all(is_alone) || !behind.take(4).all(is_alone) {
                break;
            }
            card = parent;
        }
        let scope = Scope { nodes: card..outline.nodes[card].end, link: Some(*at) };
        match cards.last_mut() {
            Some(last) if last.nodes == scope.nodes => {}
            _ => cards.push(scope),
        }
    }
    cards
}

/// The cards, with those of the same kind between them that have no link: a notice without a page
/// of its own.
fn with_linkless(outline: &Outline, cards: Vec<Scope>) -> Vec<Scope> {
    let mut all: Vec<Scope> = Vec::with_capacity(cards.len());
    let mut added = 0;
    for card in &cards {
        let at = card.nodes.start;
        let parent = outline.nodes[at].parent;
        let before = all.last().filter(|before| outline.nodes[before.nodes.start].parent == parent);
        let mut next = before.map_or(at, |before| before.nodes.end);
        while next < at {
            let (node, own) = (&outline.nodes[next], &outline.nodes[at]);
            let is_alike = node.dressed == own.dressed && outline.name(next) == outline.name(at);
            if is_alike
                && !outline.name(next).is_empty()
                && outline.links_in(next..node.end).is_empty()
            {
                all.push(Scope { nodes: next..node.end, link: None });
                added += 1;
            }
            next = node.end;
        }
        all.push(card.clone());
    }
    if added <= cards.len() { all } else { cards }
}

/// The same cards, each going on over what follows it, up to the next; if they have one parent and
/// something stands between them.
fn runs(outline: &Outline, cards: &[Scope]) -> Option<Vec<Scope>> {
    let mut runs = cards.to_vec();
    let mut grown = 0;
    for at in 0..cards.len() {
        let parent = outline.nodes[cards[at].nodes.start].parent;
        let end = match cards.get(at + 1) {
            Some(next) if outline.nodes[next.nodes.start].parent == parent => next.nodes.start,
            _ => last_sibling_end(outline, cards, at, parent),
        };
        if end > cards[at].nodes.end {
            grown += 1;
            runs[at].nodes.end = end;
        }
    }
    (2 * grown >= cards.len()).then_some(runs)
}

/// The last card of a parent goes on as far as the one before it did, in elements.
fn last_sibling_end(outline: &Outline, cards: &[Scope], at: usize, parent: usize) -> usize {
    let own_end = cards[at].nodes.end;
    let Some(before) = at.checked_sub(1).map(|before| &cards[before]) else { return own_end };
    if outline.nodes[before.nodes.start].parent != parent {
        return own_end;
    }
    let siblings = |from: usize, until: usize| {
        let mut next = from;
        let mut count = 0;
        while next < until {
            next = outline.nodes[next].end;
            count += 1;
        }
        count
    };
    let usual = siblings(before.nodes.end, cards[at].nodes.start);
    let mut end = own_end;
    for _ in 0..usual {
        if end >= outline.nodes[parent].end {
            break;
        }
        end = outline.nodes[end].end;
    }
    end
}
