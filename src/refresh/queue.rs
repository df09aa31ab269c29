//! Looks end in any order; those of one feed are put down in the order of its definition.

use std::collections::BTreeMap;

use super::look::Look;

/// What waits for the looks before it. Pure.
#[derive(Debug)]
pub struct Queue<T> {
    /// For each turn, the one before it in the same feed.
    before: Vec<Option<usize>>,
    is_taken: Vec<bool>,
    waiting: BTreeMap<usize, T>,
}

impl<T> Queue<T> {
    /// A queue for these looks, which are in the order of feeds.
    pub fn new(looks: &[Look<'_>]) -> Queue<T> {
        let is_one_feed = |turn: &usize| looks[turn - 1].feed.slug == looks[*turn].feed.slug;
        let before = (0..looks.len()).map(|turn| {
            Some(turn).filter(|turn| *turn > 0).filter(is_one_feed).map(|turn| turn - 1)
        });
        Queue {
            before: before.collect(),
            is_taken: vec![false; looks.len()],
            waiting: BTreeMap::new(),
        }
    }

    pub fn put(&mut self, turn: usize, done: T) {
        self.waiting.insert(turn, done);
    }

    /// Takes what waits for nobody any more.
    pub fn ready(&mut self) -> Vec<(usize, T)> {
        let turns: Vec<usize> = self.waiting.keys().copied().collect();
        let mut ready = Vec::new();
        for turn in turns {
            if self.before[turn].is_none_or(|before| self.is_taken[before])
                && let Some(done) = self.waiting.remove(&turn)
            {
                self.is_taken[turn] = true;
                ready.push((turn, done));
            }
        }
        ready
    }
}
