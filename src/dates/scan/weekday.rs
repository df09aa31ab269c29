//! The weekday beside a date: what it denies is no date.

use jiff::civil::Weekday;

use super::Scan;
use crate::dates::names::weekday_anywhere;
use crate::dates::token::{Kind, Token, Tokens};

impl Scan<'_> {
    /// The weekday that stands beside the date from token `at` to `next`, names of the page's
    /// languages first.
    pub(super) fn weekday_of(&self, at: usize, next: usize) -> Option<Weekday> {
        let is_near = |token: &&Token| !matches!(token.kind, Kind::Number(..));
        let before = self.tokens[..at].iter().rev().take(4).take_while(is_near);
        let behind = self.tokens[next..].iter().take(2).take_while(is_near);
        let named = before.chain(behind).find_map(|token| match &token.kind {
            Kind::Word(word) => self.weekday(word),
            _ => None,
        });
        named.or_else(|| self.han_weekday(next))
    }

    /// `星期日`, `周日`, `(日)`, `日曜日` behind a date.
    pub(super) fn han_weekday(&self, next: usize) -> Option<Weekday> {
        let mut at = self.past(next, "(,");
        let is_marked = match (self.tokens.word(at), self.tokens.word(at + 1)) {
            (Some("星"), Some("期")) => {
                at += 2;
                true
            }
            (Some("周" | "週" | "礼" | "禮"), _) => {
                at += 1;
                true
            }
            (Some(_), Some("曜")) => true,
            _ => self.tokens.mark(next) == Some('(') && self.tokens.mark(at + 1) == Some(')'),
        };
        let day = self.tokens.word(at).filter(|_| is_marked)?;
        let days = ["一月", "二火", "三水", "四木", "五金", "六土", "日天"];
        let offset = days.iter().position(|names| names.contains(day))? as i8 + 1;
        Weekday::from_monday_one_offset(offset).ok()
    }

    pub(super) fn weekday(&self, word: &str) -> Option<Weekday> {
        // `mar.` is a month to the one and a weekday to the other.
        let is_clear = word.chars().count() > 3
            || !self.reader.names.iter().any(|names| names.month(word).is_some());
        let own = || self.reader.names.iter().find_map(|names| names.weekday(word));
        is_clear.then(own).flatten().or_else(|| weekday_anywhere(word))
    }
}
