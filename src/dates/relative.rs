//! "3 days ago" in the words of each language, from CLDR through ICU4X.

use std::collections::{HashMap, HashSet};

use fixed_decimal::Decimal;
use icu_experimental::relativetime::options::Numeric;
use icu_experimental::relativetime::{RelativeTimeFormatter, RelativeTimeFormatterOptions};
use icu_locale_core::Locale;

use super::token::{Kind, Token, tokens};

/// How much time has passed. Weeks, months and years ago are no day, so they are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    Minute,
    Hour,
    Day,
}

/// One way to say it: `3 days ago`, `yesterday`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Phrase {
    unit: Unit,
    /// Absent where the phrase has a number of its own place.
    count: Option<u32>,
    /// `None` is the place of the number.
    words: Vec<Option<Kind>>,
}

/// A relative time found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ago {
    pub unit: Unit,
    pub count: u32,
    /// The token behind it.
    pub next: usize,
}

/// Counts that between them take every plural form.
const COUNTS: [u32; 9] = [0, 1, 2, 3, 5, 11, 21, 23, 100];

/// What people write and CLDR does not have; a number in it stands for any.
const MORE: [(&str, Unit, u32, &str); 55] = [
    ("en", Unit::Hour, 1, "an hour ago"),
    ("en", Unit::Day, 1, "a day ago"),
    ("en", Unit::Minute, 1, "a minute ago"),
    ("en", Unit::Minute, 0, "just now"),
    ("en", Unit::Hour, 2, "2 hrs ago"),
    ("en", Unit::Minute, 2, "2 mins ago"),
    ("de", Unit::Hour, 1, "vor einer Stunde"),
    ("de", Unit::Day, 1, "vor einem Tag"),
    ("de", Unit::Minute, 1, "vor einer Minute"),
    ("fr", Unit::Hour, 1, "il y a une heure"),
    ("fr", Unit::Day, 1, "il y a un jour"),
    ("es", Unit::Hour, 1, "hace una hora"),
    ("es", Unit::Day, 1, "hace un día"),
    ("it", Unit::Hour, 1, "un'ora fa"),
    ("it", Unit::Day, 1, "un giorno fa"),
    ("pt", Unit::Hour, 1, "há uma hora"),
    ("pt", Unit::Day, 1, "há um dia"),
    ("nl", Unit::Hour, 1, "een uur geleden"),
    ("nl", Unit::Day, 1, "een dag geleden"),
    ("ro", Unit::Day, 0, "astăzi"),
    ("ro", Unit::Hour, 1, "acum o oră"),
    ("ro", Unit::Day, 1, "acum o zi"),
    ("bs", Unit::Day, 1, "juče"),
    ("bs", Unit::Hour, 1, "prije sat vremena"),
    ("hr", Unit::Hour, 1, "prije sat vremena"),
    ("sr", Unit::Hour, 1, "пре сат времена"),
    ("sr", Unit::Hour, 1, "pre sat vremena"),
    ("sr", Unit::Hour, 1, "pre 1 sat"),
    ("sr", Unit::Hour, 2, "pre 2 sata"),
    // Montenegrin.
    ("sr", Unit::Hour, 1, "prije 1 sat"),
    ("sr", Unit::Hour, 2, "prije 2 sata"),
    ("sr", Unit::Hour, 5, "prije 5 sati"),
    ("sr", Unit::Day, 1, "prije 1 dan"),
    ("sr", Unit::Day, 5, "prije 5 dana"),
    ("pl", Unit::Day, 0, "dziś"),
    ("pl", Unit::Hour, 1, "godzinę temu"),
    ("pl", Unit::Day, 1, "dzień temu"),
    ("ru", Unit::Hour, 1, "час назад"),
    ("ru", Unit::Day, 1, "день назад"),
    ("uk", Unit::Day, 1, "вчора"),
    ("uk", Unit::Hour, 1, "годину тому"),
    ("el", Unit::Day, 1, "χτες"),
    ("el", Unit::Day, 2, "πριν 2 ημέρες"),
    ("el", Unit::Hour, 2, "πριν 2 ώρες"),
    ("ar", Unit::Day, 1, "البارحة"),
    ("ar", Unit::Day, 1, "منذ يوم"),
    ("ar", Unit::Day, 2, "منذ يومين"),
    ("ar", Unit::Day, 3, "منذ 3 أيام"),
    ("ar", Unit::Day, 11, "منذ 11 يوما"),
    ("ar", Unit::Hour, 1, "منذ ساعة"),
    ("ar", Unit::Hour, 2, "منذ ساعتين"),
    ("ar", Unit::Hour, 3, "منذ 3 ساعات"),
    ("ar", Unit::Hour, 11, "منذ 11 ساعة"),
    ("ar", Unit::Minute, 3, "منذ 3 دقائق"),
    ("ja", Unit::Day, 0, "本日"),
];

/// Everything that a language has to say about the past minutes, hours and days.
#[derive(Debug)]
pub struct Relative {
    /// By their first word.
    by_word: HashMap<String, Vec<Phrase>>,
    /// Those that begin with their number.
    by_number: Vec<Phrase>,
}

impl Relative {
    /// What is said in each of these.
    pub fn of(locales: &[Locale]) -> Relative {
        let mut relative = Relative { by_word: HashMap::new(), by_number: Vec::new() };
        let mut known = HashSet::new();
        let mut phrases: Vec<Phrase> = locales.iter().flat_map(phrases).collect();
        phrases.retain(|phrase| known.insert(phrase.clone()));
        // The longest first.
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        for phrase in phrases {
            match phrase.words.first() {
                Some(Some(Kind::Word(word))) => {
                    relative.by_word.entry(word.clone()).or_default().push(phrase);
                }
                Some(None) => relative.by_number.push(phrase),
                _ => {}
            }
        }
        relative
    }

    /// The phrase at token `at` of a text; the longest, if several begin there.
    pub fn at(&self, text: &[Token], at: usize) -> Option<Ago> {
        let phrases = match &text.get(at)?.kind {
            Kind::Word(word) => self.by_word.get(word)?,
            Kind::Number(..) => &self.by_number,
            Kind::Mark(_) => return None,
        };
        phrases.iter().find_map(|phrase| phrase.at(text, at))
    }
}

fn phrases(locale: &Locale) -> Vec<Phrase> {
    let mut found = Vec::new();
    macro_rules! collect {
        ($unit:expr, $($new:ident),*) => {$(
            for numeric in [Numeric::Auto, Numeric::Always] {
                let options = RelativeTimeFormatterOptions::default().with_numeric(numeric);
                let Ok(formatter) = RelativeTimeFormatter::$new(locale.into(), options) else {
                    continue;
                };
                for count in COUNTS {
                    // "This hour" is no time that has passed; "today" is a day.
                    if count == 0 && ($unit != Unit::Day || numeric == Numeric::Always) {
                        continue;
                    }
                    let text = formatter.format(Decimal::from(-i64::from(count))).to_string();
                    found.push(Phrase::of($unit, count, &text));
                }
            }
        )*};
    }
    collect!(Unit::Minute, try_new_long_minute, try_new_short_minute, try_new_narrow_minute);
    collect!(Unit::Hour, try_new_long_hour, try_new_short_hour, try_new_narrow_hour);
    collect!(Unit::Day, try_new_long_day, try_new_short_day, try_new_narrow_day);
    let language = locale.id.language;
    for (tag, unit, count, text) in MORE {
        let is_own = super::names::locale(tag).id.language == language;
        if is_own {
            found.push(Phrase::of(unit, count, text));
        }
    }
    found
}

impl Phrase {
    fn of(unit: Unit, count: u32, text: &str) -> Phrase {
        let mut has_number = false;
        let words = tokens(text)
            .into_iter()
            .map(|token| match token.kind {
                Kind::Number(value, _) if value == count && !has_number => {
                    has_number = true;
                    None
                }
                kind => Some(kind),
            })
            .collect();
        Phrase { unit, count: (!has_number).then_some(count), words }
    }

    fn at(&self, text: &[Token], at: usize) -> Option<Ago> {
        let part = text.get(at..at + self.words.len())?;
        let mut count = self.count;
        for (word, token) in self.words.iter().zip(part) {
            match (word, &token.kind) {
                (None, Kind::Number(value, 1..=3)) => count = Some(*value),
                (Some(word), kind) if word == kind => {}
                _ => return None,
            }
        }
        Some(Ago { unit: self.unit, count: count?, next: at + self.words.len() })
    }
}
