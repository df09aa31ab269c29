//! Month names from CLDR.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use icu_calendar::{Date, Gregorian};
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets};
use icu_locale_core::Locale;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Languages whose month names are understood on every page.
const KNOWN: [&str; 6] = ["en", "en-GB", "de", "fr", "sr-Latn", "sr"];

/// Shorter prefixes are no abbreviations, they are accidents.
const SHORTEST_ABBREVIATION: usize = 3;

/// Inflected languages add a letter or two, or change them: `mart`, `marta`; `septembar`,
/// `septembra`.
const LONGEST_INFLECTION: usize = 2;

/// Letters that a name has before an ending that changes.
const STEM: usize = 5;

/// The month (1 to 12) that `word`, already [folded](fold), names; the page's own language first.
pub fn number_of(word: &str, language: &str) -> Option<i8> {
    std::iter::once(language).chain(KNOWN).find_map(|language| Names::of(language).number_of(word))
}

/// Lower case without diacritics, so that `Février`, `fevrier` and `FÉVRIER` are one word.
pub fn fold(word: &str) -> String {
    word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The ICU locale for a language tag; English where the tag is unknown to CLDR.
pub fn locale(language: &str) -> Locale {
    language.parse().or("en".parse()).unwrap_or(Locale::UNKNOWN)
}

struct Names {
    /// (folded name, month): stand-alone, inflected and abbreviated forms.
    forms: Vec<(String, i8)>,
}

impl Names {
    fn of(language: &str) -> Arc<Names> {
        static LOADED: LazyLock<Mutex<HashMap<String, Arc<Names>>>> = LazyLock::new(Mutex::default);
        let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(names) = loaded.get(language) {
            return names.clone();
        }
        let names = Arc::new(Names::load(language));
        loaded.insert(language.to_owned(), names.clone());
        names
    }

    /// CLDR has the names inside patterns: format a date of each month, keep the letters.
    fn load(language: &str) -> Names {
        let locale = locale(language);
        let mut forms = Vec::new();
        let mut add = |month: u8, text: String| {
            let name = fold(text.trim_matches(|c: char| !c.is_alphabetic()));
            if name.chars().count() >= SHORTEST_ABBREVIATION {
                forms.push((name, month as i8));
            }
        };
        macro_rules! collect {
            ($fields:expr) => {
                if let Ok(formatter) = FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(
                    (&locale).into(),
                    $fields,
                ) {
                    for month in 1..=12 {
                        if let Ok(date) = Date::try_new_gregorian(2022, month, 22) {
                            add(month, formatter.format(&date).to_string());
                        }
                    }
                }
            };
        }
        collect!(fieldsets::M::long());
        collect!(fieldsets::MD::long());
        collect!(fieldsets::MD::medium());
        forms.sort();
        forms.dedup();
        Names { forms }
    }

    fn number_of(&self, word: &str) -> Option<i8> {
        self.exact(word).or_else(|| self.abbreviated(word)).or_else(|| self.inflected(word))
    }

    fn exact(&self, word: &str) -> Option<i8> {
        self.forms.iter().find(|(name, _)| name == word).map(|(_, month)| *month)
    }

    /// `Sept`, `Febr`: a beginning that only one month has.
    fn abbreviated(&self, word: &str) -> Option<i8> {
        if word.chars().count() < SHORTEST_ABBREVIATION {
            return None;
        }
        only(self.forms.iter().filter(|(name, _)| name.starts_with(word)).map(|(_, month)| *month))
    }

    /// The name up to its ending, and an ending of its own: CLDR does not have every case.
    fn inflected(&self, word: &str) -> Option<i8> {
        only(self.forms.iter().filter_map(|(name, month)| {
            let same = name.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
            let name_ending = name.chars().count() - same;
            let word_ending = word.chars().count() - same;
            let is_stem = same >= STEM || (same >= SHORTEST_ABBREVIATION && name_ending == 0);
            (is_stem && name_ending.max(word_ending) <= LONGEST_INFLECTION).then_some(*month)
        }))
    }
}

/// The one value that all of them are.
fn only(mut months: impl Iterator<Item = i8>) -> Option<i8> {
    let first = months.next()?;
    months.all(|month| month == first).then_some(first)
}
