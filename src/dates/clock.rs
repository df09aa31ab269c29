//! The time of day beside a date.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::names::weekday_anywhere;
use super::token::{Kind, Token, Tokens};
use super::{When, day_or_minute};

/// What stands between a date and its time of day, beside punctuation, and makes `10.30` a time.
const AT: [&str; 20] = [
    "at", "um", "a", "u", "t", "ab", "von", "ob", "в", "во", "у", "alle", "ore", "ora", "godz",
    "saat", "kl", "om", "στισ", "as",
];

/// Words behind a time that make `9.15` one.
const OCLOCK: [&str; 12] =
    ["uhr", "h", "hrs", "sati", "sata", "сати", "casova", "часова", "uur", "ч", "hod", "год"];

/// Letters of a word that may stand between a date and a time in a field, whatever it means.
const SHORT_WORD: usize = 6;

/// Tokens that may stand there.
const BETWEEN: usize = 6;

/// Looks for times of day among tokens.
pub struct Clock<'a> {
    pub tokens: &'a [Token],
    /// In a field that is meant to hold a date there is more that can be a time.
    pub is_field: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct TimeOfDay {
    time: Time,
    offset: Option<Offset>,
}

impl TimeOfDay {
    pub fn on(self, day: Date) -> When {
        day_or_minute(DateTime::from_parts(day, self.time), self.offset)
    }
}

/// A half of the day that a time is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

impl Clock<'_> {
    /// `, 14:30`, `um 9.15 Uhr`, `à 14h30`, `at 2:30 pm`, `T10:00:00+01:00`, `14時30分` behind a
    /// date that ends before token `at`; and the token behind it.
    pub fn behind(&self, at: usize) -> Option<(TimeOfDay, usize)> {
        let mut next = at;
        let mut is_named = false;
        while next < at + BETWEEN {
            if let Some(found) = self.time(next, is_named) {
                return Some(found);
            }
            match self.tokens.get(next).map(|token| &token.kind)? {
                Kind::Mark(mark) if ",|-.@:()·•;".contains(*mark) => {}
                Kind::Mark('/') if self.is_field => {}
                Kind::Word(word) if AT.contains(&word.as_str()) => is_named = true,
                Kind::Word(word) if self.is_field && is_passed_over(word) => {}
                _ => return None,
            }
            next += 1;
        }
        self.time(next, is_named)
    }

    /// `14:30, 21.02.2022`: a time that ends right before the date at token `at`.
    pub fn before(&self, at: usize) -> Option<TimeOfDay> {
        if !self.is_field {
            return None;
        }
        (at.saturating_sub(6)..at).find_map(|start| {
            let (time, next) = self.time(start, false)?;
            let is_between = |token: &Token| match &token.kind {
                Kind::Mark(',' | '|' | '-' | '.' | '·' | '(' | ')') => true,
                Kind::Word(word) => is_passed_over(word),
                _ => false,
            };
            let between = self.tokens.get(next..at)?;
            between.iter().all(is_between).then_some(time)
        })
    }

    /// A time of day that begins at token `at`. With a full stop inside it has to be named as one.
    fn time(&self, mut at: usize, is_named: bool) -> Option<(TimeOfDay, usize)> {
        let mut half = self.half(at);
        if let Some((_, next)) = half {
            at = next;
        }
        let hour = self.tokens.number(at, 2)?;
        let (separator, minute_at) = match &self.tokens.get(at + 1)?.kind {
            Kind::Mark(mark @ (':' | '.')) => (*mark, at + 2),
            Kind::Word(word) if matches!(word.as_str(), "h" | "時" | "时" | "点" | "點") => {
                ('h', at + 2)
            }
            Kind::Word(word) if word == "uhr" => ('u', at + 1),
            Kind::Word(_) | Kind::Mark(_) if half.is_none() => {
                half = self.half(at + 1);
                half?;
                (' ', at + 1)
            }
            _ => return None,
        };
        let minute =
            self.tokens.number(minute_at, 2).filter(|_| separator != ' ' && separator != 'u');
        let mut next = if minute.is_some() { minute_at + 1 } else { minute_at };
        if minute.is_none() && matches!(separator, ':' | '.') {
            return None;
        }
        let mut second = 0;
        if separator == ':' && self.tokens.mark(next) == Some(':') {
            second = self.tokens.number(next + 1, 2)?;
            next += 2;
        }
        let mut is_time = is_named || separator != '.';
        match self.tokens.word(next) {
            Some("分") => next += 1,
            Some(word) if OCLOCK.contains(&word) => (next, is_time) = (next + 1, true),
            _ => {}
        }
        if let Some((found, behind)) = self.half(next) {
            (half, next, is_time) = (Some((found, next)), behind, true);
        }
        if separator == '.' && !is_time {
            is_time = self.is_field && self.ends_the_field(at, next);
        }
        let hour = match half.map(|(half, _)| half) {
            Some(Half::Afternoon) if hour < 12 => hour + 12,
            Some(Half::Morning) if hour == 12 => 0,
            _ => hour,
        };
        let time = Time::new(hour as i8, minute.unwrap_or(0) as i8, second as i8, 0).ok()?;
        let (offset, next) = self.offset(next);
        is_time.then_some((TimeOfDay { time, offset }, next))
    }

    /// `24 Kasım 2026 - 10.54`: two digits each, and nothing behind.
    fn ends_the_field(&self, at: usize, next: usize) -> bool {
        let two_digits =
            |at: usize| matches!(self.tokens.get(at).map(|t| &t.kind), Some(Kind::Number(_, 2)));
        next == self.tokens.len() && two_digits(at) && two_digits(at + 2)
    }

    /// `pm`, `p.m.`, `μ.μ.`, `م`, `下午`, `午後`: the half, and the token behind.
    fn half(&self, at: usize) -> Option<(Half, usize)> {
        let first = self.tokens.word(at)?;
        let whole = match first {
            "pm" | "μμ" | "م" | "مساء" | "мм" => Some(Half::Afternoon),
            "am" | "πμ" | "ص" | "صباحا" => Some(Half::Morning),
            _ => None,
        };
        if let Some(half) = whole {
            return Some((half, at + 1));
        }
        match (first, self.tokens.word(at + 1)) {
            ("下" | "午", Some("午" | "後")) => return Some((Half::Afternoon, at + 2)),
            ("上", Some("午")) | ("午", Some("前")) => return Some((Half::Morning, at + 2)),
            _ => {}
        }
        let half = match (first, self.tokens.mark(at + 1), self.tokens.word(at + 2)) {
            ("p", Some('.'), Some("m")) | ("μ", Some('.'), Some("μ")) => Half::Afternoon,
            ("a", Some('.'), Some("m")) | ("π", Some('.'), Some("μ")) => Half::Morning,
            _ => return None,
        };
        Some((half, at + 3 + usize::from(self.tokens.mark(at + 3) == Some('.'))))
    }

    fn offset(&self, at: usize) -> (Option<Offset>, usize) {
        let fraction = usize::from(self.tokens.mark(at) == Some('.')) * 2;
        if fraction > 0
            && self.tokens.get(at + 1).is_some_and(|t| matches!(t.kind, Kind::Number(..)))
        {
            return self.offset(at + fraction);
        }
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Mark('(')) => {
                let (offset, next) = self.offset(at + 1);
                (offset, if offset.is_some() { next + 1 } else { at })
            }
            Some(Kind::Word(word)) => match named_offset(word) {
                Some(0) if self.is_signed_number(at + 1) => self.offset(at + 1),
                Some(hours) => (Offset::from_hours(hours).ok(), at + 1),
                None => (None, at),
            },
            Some(Kind::Mark(sign @ ('+' | '-'))) if self.is_signed_number(at) => {
                let Some(Kind::Number(value, digits)) = self.tokens.get(at + 1).map(|t| &t.kind)
                else {
                    return (None, at);
                };
                let (hours, minutes, next) = match (digits, self.tokens.mark(at + 2)) {
                    (4, _) => (value / 100, value % 100, at + 2),
                    (_, Some(':')) => (*value, self.tokens.number(at + 3, 2).unwrap_or(0), at + 4),
                    _ => (*value, 0, at + 2),
                };
                let seconds = (hours * 3600 + minutes * 60) as i32;
                let seconds = if *sign == '-' { -seconds } else { seconds };
                (Offset::from_seconds(seconds).ok(), next)
            }
            _ => (None, at),
        }
    }

    /// A sign and a number right behind it: an offset, and no dash before something else.
    fn is_signed_number(&self, at: usize) -> bool {
        match (self.tokens.get(at), self.tokens.get(at + 1)) {
            (Some(sign), Some(number)) => {
                matches!(sign.kind, Kind::Mark('+' | '-'))
                    && matches!(number.kind, Kind::Number(_, 1 | 2 | 4))
                    && sign.at.end == number.at.start
                    && (self.tokens.mark(at) == Some('+')
                        || at == 0
                        || self.tokens[at - 1].at.end == sign.at.start
                        || matches!(number.kind, Kind::Number(_, 4)))
            }
            _ => false,
        }
    }
}

/// May stand between a date and a time: `г.`, `года`, `godine`, `Pazartesi`.
fn is_passed_over(word: &str) -> bool {
    word.chars().count() <= SHORT_WORD || weekday_anywhere(word).is_some()
}

/// Hours ahead of UTC, for the names that mean one thing only.
fn named_offset(name: &str) -> Option<i8> {
    Some(match name {
        "z" | "utc" | "gmt" | "wet" => 0,
        "cet" | "mez" | "west" | "bst" => 1,
        "cest" | "mesz" | "eet" => 2,
        "eest" | "msk" | "мск" => 3,
        "edt" => -4,
        "est" => -5,
        "pdt" => -7,
        "pst" => -8,
        "jst" => 9,
        _ => return None,
    })
}
