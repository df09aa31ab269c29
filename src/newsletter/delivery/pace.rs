//! How much at once, and how fast. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::mail::Rate;

/// Connections to begin with.
const START: usize = 5;

/// What is added to the length of a rate's window: the relay's clock sees the messages come, not go.
const MARGIN: i64 = 50;

/// How many connections a relay bears (Postfix's scheduler with 1/N feedback): as many messages as
/// there are connections earn one more; as many failures cost one, the first of them at once.
#[derive(Debug)]
pub struct Window {
    size: usize,
    most: usize,
    success: f64,
    failure: f64,
}

impl Window {
    pub fn new(most: usize) -> Window {
        Window { size: START.min(most), most, success: 0.0, failure: 0.0 }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// True if there may be one more.
    pub fn succeeded(&mut self) -> bool {
        self.failure = 0.0;
        self.success += 1.0 / self.size as f64;
        // Thirds do not add up to one.
        let has_grown = self.success >= 1.0 - 1e-9 && self.size < self.most;
        if has_grown {
            self.success = 0.0;
            self.size += 1;
        }
        has_grown
    }

    pub fn failed(&mut self) {
        self.success = 0.0;
        self.failure -= 1.0 / self.size as f64;
        if self.failure < 0.0 {
            self.failure += 1.0;
            self.size = (self.size - 1).max(1);
        }
    }
}

/// A growing pause, until something succeeds.
#[derive(Debug, Default)]
pub struct Pause {
    until: Option<Timestamp>,
    in_a_row: u32,
}

impl Pause {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(60);

    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.until?.duration_since(now);
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    /// Waits the longer the more often in a row; what fails during a pause is of the same kind.
    /// Says how often in a row.
    pub fn again(&mut self, now: Timestamp) -> u32 {
        if self.left(now).is_none() {
            let length = Pause::FIRST.saturating_mul(1 << self.in_a_row.min(10));
            self.in_a_row += 1;
            self.until = now.checked_add(length.min(Pause::LONGEST)).ok();
        }
        self.in_a_row
    }

    /// Something succeeded; what began before a pause says nothing of the time after it.
    pub fn is_over(&mut self, now: Timestamp) {
        if self.left(now).is_none() {
            *self = Pause::default();
        }
    }
}

/// Limits on the messages of any stretch of time, over all runs.
#[derive(Debug)]
pub struct Limits {
    rates: Vec<Rate>,
    /// When the last messages left, the oldest first; as many as the largest limit has.
    left: VecDeque<Timestamp>,
    /// Messages that may leave at any moment.
    reserved: usize,
}

impl Limits {
    /// Goes on where the last run stopped: `left` is when its messages left, the latest first.
    pub fn new(rates: Vec<Rate>, left: Vec<Timestamp>) -> Limits {
        Limits { rates, left: left.into_iter().rev().collect(), reserved: 0 }
    }

    /// How far back it has to be known when messages left, and of how many.
    pub fn memory(rates: &[Rate]) -> Option<(Duration, usize)> {
        let longest = rates.iter().map(|rate| rate.milliseconds).max()?;
        let most = rates.iter().map(|rate| rate.messages).max()?;
        Some((Duration::from_millis(longest as u64), most))
    }

    /// Room for one message, or how long there will be none.
    pub fn reserve(&mut self, now: Timestamp) -> Result<(), Duration> {
        let mut wait = Duration::ZERO;
        for rate in &self.rates {
            let length = rate.milliseconds + rate.milliseconds / 50 + MARGIN;
            let Some(free) = rate.messages.checked_sub(self.reserved).filter(|free| *free > 0)
            else {
                // Some of what is reserved has to leave first.
                wait = wait.max(Duration::from_millis(20));
                continue;
            };
            // The message before which all others are out of the window.
            let Some(oldest) = self.left.len().checked_sub(free).map(|at| self.left[at]) else {
                continue;
            };
            let age = now.as_millisecond() - oldest.as_millisecond();
            // A clock that went back is no reason to wait for ever.
            if (0..length).contains(&age) {
                wait = wait.max(Duration::from_millis((length - age) as u64));
            }
        }
        if !wait.is_zero() {
            return Err(wait);
        }
        self.reserved += 1;
        Ok(())
    }

    /// A message for which there was room has left, or will not.
    pub fn settle(&mut self, left: Option<Timestamp>) {
        self.reserved = self.reserved.saturating_sub(1);
        let most = self.rates.iter().map(|rate| rate.messages).max().unwrap_or(0);
        if let Some(at) = left.filter(|_| most > 0) {
            self.left.push_back(at);
            if self.left.len() > most {
                self.left.pop_front();
            }
        }
    }
}
