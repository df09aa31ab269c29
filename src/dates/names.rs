//! The names of months and weekdays, from CLDR through ICU4X.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use icu_calendar::{Date, Gregorian};
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets};
use icu_locale_core::Locale;
use jiff::civil::Weekday;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::relative::Relative;

/// Languages whose names are understood on every page: official pages quote each other, and a
/// page's language is not always what it says. The names of the regions differ in Arabic; Austria
/// has a January of its own.
const KNOWN: [&str; 34] = [
    "en",
    "en-GB",
    "de",
    "de-AT",
    "fr",
    "es",
    "es-PE",
    "it",
    "pt",
    "nl",
    "sq",
    "bs",
    "bs-Cyrl",
    "bg",
    "hr",
    "mk",
    "sr-Latn-ME",
    "ro",
    "sr-Latn",
    "sr",
    "sl",
    "pl",
    "cs",
    "sk",
    "hu",
    "ru",
    "uk",
    "el",
    "tr",
    "ar",
    "ar-LB",
    "ar-DZ",
    "ar-MA",
    "sv",
];

/// Shorter words are no abbreviations, they are accidents.
const SHORTEST_ABBREVIATION: usize = 3;

/// Inflected languages add a letter or two, or change them: `mart`, `marta`; `septembar`,
/// `septembra`.
const LONGEST_INFLECTION: usize = 2;

/// Letters that a name has before an ending that changes.
const STEM: usize = 5;

/// Lower case without diacritics, so that `Février`, `fevrier` and `FÉVRIER` are one word. The
/// letters that fold by rule of their language alone (dotless i, final sigma) do so here.
pub fn fold(word: &str) -> String {
    let plain = |c: char| match c {
        'ı' => 'i',
        'ς' => 'σ',
        'đ' => 'd',
        'ł' => 'l',
        c => c,
    };
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfd()
        .filter(|c| !is_combining_mark(*c) && *c != TATWEEL)
        .flat_map(char::to_lowercase)
        .map(plain)
        .collect()
}

/// Lengthens Arabic words and means nothing.
const TATWEEL: char = '\u{640}';

/// The ICU locale for a language tag; English where the tag is no tag. Montenegrin is Serbian to
/// CLDR, and Moldovan Romanian.
pub fn locale(language: &str) -> Locale {
    let known = match language.split('-').next().unwrap_or_default() {
        "cnr" => "sr-Latn-ME",
        "sh" => "sr-Latn",
        "mo" => "ro",
        _ => language,
    };
    known.parse().or("en".parse()).unwrap_or(Locale::UNKNOWN)
}

/// The language in every script that it is written in: the tag of a page seldom says which.
fn scripts(locale: Locale) -> Vec<Locale> {
    let scripts = match locale.id.language.as_str() {
        "sr" => ["sr", "sr-Latn"].as_slice(),
        "bs" => &["bs", "bs-Cyrl"],
        _ => &[],
    };
    let mut all = vec![locale];
    for other in scripts.iter().filter_map(|tag| tag.parse().ok()) {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Full,
    Short,
}

/// What one language calls the months, the weekdays, and the time that has passed.
#[derive(Debug)]
pub struct Names {
    /// As CLDR has them: in full and shortened, alone and in a date.
    months: Vec<(String, i8)>,
    /// Those in full.
    full: Vec<(String, i8)>,
    weekdays: Vec<(String, Weekday)>,
    pub relative: Relative,
}

impl Names {
    /// The names of a language (BCP 47).
    pub fn of(language: &str) -> Arc<Names> {
        static LOADED: LazyLock<Mutex<HashMap<String, Arc<Names>>>> = LazyLock::new(Mutex::default);
        let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(names) = loaded.get(language) {
            return names.clone();
        }
        let names = Arc::new(Names::load(language));
        loaded.insert(language.to_owned(), names.clone());
        names
    }

    fn load(language: &str) -> Names {
        let locale = locale(language);
        let full = months(&locale, Length::Full);
        let short = months(&locale, Length::Short);
        Names {
            months: full.iter().chain(&short).cloned().collect(),
            full,
            weekdays: weekdays(&locale),
            relative: Relative::of(&scripts(locale)),
        }
    }

    /// The month (1 to 12) that a [folded](fold) word names in this language: as CLDR has it,
    /// shortened, or with another ending.
    pub fn month(&self, word: &str) -> Option<i8> {
        self.exact_month(word)
            .or_else(|| self.abbreviated(word))
            .or_else(|| inflected(word, &self.full, LONGEST_INFLECTION))
    }

    /// The month of a name that CLDR has.
    pub fn exact_month(&self, word: &str) -> Option<i8> {
        self.months.iter().find(|(name, _)| name == word).map(|(_, month)| *month)
    }

    /// `Sept`, `Febr`: the beginning of one month alone; `Mrz`: its consonants.
    fn abbreviated(&self, word: &str) -> Option<i8> {
        if word.chars().count() < SHORTEST_ABBREVIATION {
            return None;
        }
        let has_vowels = word.contains(is_vowel);
        let shortens = |name: &str| {
            let mut letters = name.chars();
            let mut is_thinned = || {
                !has_vowels
                    && name.chars().next() == word.chars().next()
                    && word.chars().all(|c| letters.any(|l| l == c))
            };
            name.starts_with(word) || is_thinned()
        };
        only(self.months.iter().filter(|(name, _)| shortens(name)).map(|(_, month)| *month))
    }

    /// The weekday that a folded word names.
    pub fn weekday(&self, word: &str) -> Option<Weekday> {
        self.weekdays.iter().find(|(name, _)| name == word).map(|(_, day)| *day)
    }
}

/// The month that a folded word names in all languages that know the word. `listopad` is October
/// to some and November to others, so it is nothing.
pub fn month_anywhere(word: &str) -> Option<i8> {
    static ALL: LazyLock<HashMap<String, Option<i8>>> = LazyLock::new(|| {
        let mut all: HashMap<String, Option<i8>> = HashMap::new();
        for language in KNOWN {
            let names = Names::of(language);
            // Short forms are words of other languages: `ago`, `out`, `pro`.
            let names = if language == "en" { &names.months } else { &names.full };
            for (name, month) in names {
                let known = all.entry(name.clone()).or_insert(Some(*month));
                if *known != Some(*month) {
                    *known = None;
                }
            }
        }
        all
    });
    if let Some(month) = ALL.get(word) {
        return *month;
    }
    // The shorter a word, the more it takes to be a month: `маја` is one, `mayor` is none.
    let longest = match word.chars().count() {
        _ if word.contains(' ') => return None,
        0..4 => return None,
        4..6 => 1,
        _ => LONGEST_INFLECTION,
    };
    static BY_START: LazyLock<HashMap<String, Vec<(String, i8)>>> = LazyLock::new(|| {
        let mut by_start: HashMap<String, Vec<(String, i8)>> = HashMap::new();
        for (name, month) in KNOWN.iter().flat_map(|language| Names::of(language).full.clone()) {
            by_start.entry(start(&name)).or_default().push((name, month));
        }
        by_start
    });
    inflected(word, BY_START.get(&start(word))?, longest)
}

/// Of folded Latin, Cyrillic and Greek.
fn is_vowel(c: char) -> bool {
    "aeiouyаеиоуыэюяіїєαεηιουω".contains(c)
}

fn start(name: &str) -> String {
    name.chars().take(2).collect()
}

/// The name up to its ending, and an ending of its own: CLDR does not have every case.
fn inflected(word: &str, names: &[(String, i8)], longest: usize) -> Option<i8> {
    only(names.iter().filter_map(|(name, month)| {
        let same = name.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
        let name_ending = name.chars().count() - same;
        let word_ending = word.chars().count() - same;
        let is_stem = same >= STEM || (same >= SHORTEST_ABBREVIATION && name_ending == 0);
        (is_stem && name_ending.max(word_ending) <= longest).then_some(*month)
    }))
}

/// The weekday that a folded word names in full in any language.
pub fn weekday_anywhere(word: &str) -> Option<Weekday> {
    static ALL: LazyLock<HashMap<String, Option<Weekday>>> = LazyLock::new(|| {
        let mut all: HashMap<String, Option<Weekday>> = HashMap::new();
        for language in KNOWN {
            let names = Names::of(language);
            for (name, day) in names.weekdays.iter().filter(|(name, _)| name.chars().count() > 3) {
                let known = all.entry(name.clone()).or_insert(Some(*day));
                if *known != Some(*day) {
                    *known = None;
                }
            }
        }
        all
    });
    ALL.get(word).copied().flatten()
}

/// Formats a date of each month and keeps the letters: CLDR has the names inside patterns, in the
/// case that the pattern asks for.
fn months(locale: &Locale, length: Length) -> Vec<(String, i8)> {
    let mut names = Vec::new();
    let mut add = |month: u8, text: String| {
        let text = text.trim_matches(|c: char| !c.is_alphabetic());
        if text.contains('ä') {
            // `Maerz`, where the keyboard has no umlauts.
            names.push((fold(&text.replace('ä', "ae")), month as i8));
        }
        let text = fold(text);
        // `de febrero`: the preposition is the pattern's.
        let name = text.strip_prefix("de ").unwrap_or(&text);
        let is_name = name.chars().all(|c| c.is_alphabetic() || c == ' ');
        if is_name && name.chars().count() >= 2 {
            names.push((name.to_owned(), month as i8));
        }
    };
    macro_rules! collect {
        ($($fields:expr),*) => {{$(
            if let Ok(formatter) =
                FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(locale.into(), $fields)
            {
                for month in 1..=12 {
                    if let Ok(date) = Date::try_new_gregorian(2022, month, 22) {
                        add(month, formatter.format(&date).to_string());
                    }
                }
            }
        )*}};
    }
    match length {
        Length::Full => collect!(fieldsets::M::long(), fieldsets::MD::long()),
        Length::Short => collect!(fieldsets::M::medium(), fieldsets::MD::medium()),
    }
    names.sort();
    names.dedup();
    names
}

/// The longest word of each name (`segunda-feira`, `e hënë`): what is beside it is not enough to
/// tell the days apart, and the other days have it too.
fn weekdays(locale: &Locale) -> Vec<(String, Weekday)> {
    let mut names = Vec::new();
    macro_rules! collect {
        ($($fields:expr),*) => {$(
            if let Ok(formatter) =
                FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(locale.into(), $fields)
            {
                // The third of January 2022 was a Monday.
                for day in 3..=9 {
                    let Ok(date) = Date::try_new_gregorian(2022, 1, day) else { continue };
                    let name = fold(&formatter.format(&date).to_string());
                    let words = name.split(|c: char| !c.is_alphabetic());
                    let longest = words.rev().max_by_key(|word| word.chars().count());
                    let day = Weekday::from_monday_one_offset(day as i8 - 2);
                    if let (Some(word), Ok(day)) = (longest, day)
                        && word.chars().count() >= 2
                    {
                        names.push((word.to_owned(), day));
                    }
                }
            }
        )*};
    }
    collect!(fieldsets::E::long(), fieldsets::E::short());
    names
}

/// The one value that all of them are.
fn only(mut months: impl Iterator<Item = i8>) -> Option<i8> {
    let first = months.next()?;
    months.all(|month| month == first).then_some(first)
}
