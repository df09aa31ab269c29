//! Which words beside a date make it the date of the announcement. A date that may be an event's,
//! a deadline's or history is refused.

use super::words::{self, plain};
use crate::dates::{Label, Order, Orders, Reader, label};

/// How much a line says that its date is the date of publication; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It says so: `Published: 4 March 2024`.
    Published,
    /// There is nothing else in it.
    Bare,
    /// `Vienna, 4 March 2024`: which a title can look like.
    Place,
    /// The date of a later change.
    Updated,
}

/// A line that is there for its date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub text: String,
    pub standing: Standing,
}

/// Bytes of a paragraph in which its dateline ends.
const DATELINE: usize = 160;

/// Words that a name put behind a date has at most: `8 March 2026, International Women's Day, is`.
const APPOSITION: usize = 6;

/// A text around its first date.
pub struct Around<'a> {
    pub before: &'a str,
    pub date: &'a str,
    pub after: &'a str,
}

/// Cuts `text` at its first date. `03/05/2026` is one, though only its neighbours may tell which.
pub fn around<'a>(text: &'a str, dates: &Reader) -> Option<Around<'a>> {
    if text.bytes().filter(u8::is_ascii_digit).count() < 5 {
        return None;
    }
    let whichever = || dates.clone().with_orders(Orders::always(Order::DayFirst)).find(text);
    let (span, _) = dates.find(text).or_else(whichever)?;
    Some(Around {
        before: text.get(..span.start)?,
        date: text.get(span.clone())?,
        after: text.get(span.end..)?,
    })
}

/// A date with nothing beside it but a place, a weekday, or the word for what it dates.
pub fn dated(text: &str, dates: &Reader) -> Option<Dated> {
    let Around { before, date, after } = around(text, dates)?;
    if is_range(date) {
        return None;
    }
    let standing = standing(without_weekday(before))?;
    let standing = match without_hour(after) {
        "" => standing,
        place if is_set_apart(after) && words::is_place(place) && standing < Standing::Place => {
            if standing == Standing::Bare {
                Standing::Place
            } else {
                standing
            }
        }
        _ => return None,
    };
    Some(Dated { text: text.to_owned(), standing })
}

/// What the words before a date make of it.
fn standing(before: &str) -> Option<Standing> {
    let words = trim(before);
    let words = match words.rsplit_once(' ') {
        Some((rest, last)) if words::is_one_of(&words::ON, last) => trim(rest),
        _ => words,
    };
    if words.is_empty() || words::is_one_of(&words::DATED, words) {
        return Some(Standing::Bare);
    }
    match label(words) {
        Some(Label::Published) => Some(Standing::Published),
        Some(Label::Updated) => Some(Standing::Updated),
        Some(Label::Due) => None,
        None => is_place_before(before).then_some(Standing::Place),
    }
}

/// `Vienna,`, `Wien, am`, `VIENNA, AUSTRIA,`
fn is_place_before(before: &str) -> bool {
    let before = before.trim();
    let before = match before.rsplit_once(' ') {
        Some((rest, last)) if words::is_one_of(&words::PLACE_ON, last) => rest,
        _ => before,
    };
    before.strip_suffix(',').is_some_and(words::is_place)
}

/// The date that a paragraph opens with: a place or nothing, the date, a separator, the text.
pub fn dateline(paragraph: &str, dates: &Reader) -> Option<String> {
    let end = (0..=DATELINE.min(paragraph.len())).rfind(|at| paragraph.is_char_boundary(*at))?;
    let Around { before, date, after } = around(&paragraph[..end], dates)?;
    let before = without_weekday(before.trim_start_matches('('));
    let at_dash = || before.trim_end().strip_suffix(is_dash).is_some_and(words::is_place);
    let has_place = is_place_before(before) || at_dash();
    if is_range(date) || !(has_place || before.trim().is_empty()) {
        return None;
    }
    begins_text(after, has_place).then(|| date.to_owned())
}

/// What stands between a date and the text that it opens.
fn begins_text(after: &str, has_place: bool) -> bool {
    // Serbian and its neighbours put a full stop behind the year, and the word for it.
    let (has_stop, rest) = match after.strip_prefix('.') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, after.trim_start()),
    };
    let rest = match rest.split_once(|c: char| !c.is_alphabetic()) {
        Some((word, _)) if words::is_one_of(&words::BEHIND, word) => {
            rest[word.len()..].trim_start_matches('.').trim_start()
        }
        _ => rest,
    };
    let mut chars = rest.chars();
    let separator = chars.next().unwrap_or_default();
    let text = chars.as_str().trim_start_matches([' ', '-', '"', '“', '„', '«', '»']);
    let is_capital = |text: &str| text.starts_with(char::is_uppercase);
    match separator {
        '|' | '/' | ')' => !text.is_empty(),
        dash if is_dash(dash) => text.starts_with(char::is_alphabetic),
        ':' => has_place && is_capital(text),
        ',' => is_capital(text) && !is_apposition(text),
        _ => has_place && has_stop && is_capital(rest),
    }
}

/// `International Women's Day, is celebrated`: another name of the date before it.
fn is_apposition(text: &str) -> bool {
    let name = text.split_once(',').map(|(name, _)| name);
    name.is_some_and(|name| name.split(' ').count() <= APPOSITION)
}

/// `3-5 May 2026`, `30 April – 2 May 2026`: the days of something that happens.
fn is_range(date: &str) -> bool {
    let Some((first, rest)) = date.split_once(is_dash) else { return false };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let rest = rest.trim_start();
    let second: usize = rest.chars().take_while(char::is_ascii_digit).count();
    digits(first) <= 2 && second > 0 && !rest[second..].starts_with(is_dash)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '–' | '—')
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', ':', '–', '—', '-', '|', '*', '(', ','])
}

/// `Published on Monday,` says no more than `Published on`.
fn without_weekday(before: &str) -> &str {
    let text = before.trim_end_matches([' ', ',', '.']);
    let start = text.rfind(' ').map_or(0, |blank| blank + 1);
    let word = plain(&text[start..]);
    let is_weekday = word.chars().count() >= 2
        && words::WEEKDAYS.iter().any(|weekday| weekday.starts_with(word.as_str()));
    if is_weekday { &text[..start] } else { before }
}

/// What is left behind a date: `. godine`, ` Uhr` and `(Monday)` are nothing.
fn without_hour(after: &str) -> &str {
    let rest = after.trim_matches(|c: char| !c.is_alphanumeric());
    let is_nothing =
        words::is_one_of(&words::BEHIND, rest) || words::is_one_of(&words::WEEKDAYS, rest);
    if is_nothing { "" } else { rest }
}

/// True if what follows a date is cut off from it.
fn is_set_apart(after: &str) -> bool {
    after.trim_start_matches([' ', '.']).starts_with([',', '|', '–', '—', '-', '('])
}
