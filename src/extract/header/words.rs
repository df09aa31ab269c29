//! The words that headers are made of: English, German, French, Serbian and its neighbours.
//!
//! All of them are written [plain]: lower case, no diacritics, Latin letters; so that one list
//! serves both scripts, and capitals.

use crate::dates::fold;

/// Labels that organisations put over their titles. Only these are taken from a title's own line
/// (`In Focus: ...`): most colons in titles belong to the title.
pub const KICKERS: [&str; 51] = [
    "in focus",
    "news",
    "press release",
    "press releases",
    "press statement",
    "news release",
    "media release",
    "media advisory",
    "announcement",
    "statement",
    "publication",
    "opinion",
    "interview",
    "event",
    "events",
    "im fokus",
    "aktuelles",
    "pressemitteilung",
    "presseaussendung",
    "medienmitteilung",
    "presseinformation",
    "meldung",
    "mitteilung",
    "neuigkeiten",
    "nachrichten",
    "veranstaltung",
    "veranstaltungen",
    "a la une",
    "actualites",
    "actualite",
    "communique de presse",
    "communique",
    "publications",
    "evenement",
    "evenements",
    "u fokusu",
    "vest",
    "vesti",
    "vijest",
    "vijesti",
    "novosti",
    "saopstenje",
    "saopstenje za javnost",
    "saopstenje za medije",
    "saopcenje za javnost",
    "priopcenje",
    "priopcenje za medije",
    "najava",
    "najave",
    "dogadjaj",
    "dogadjaji",
];

/// What content systems call the page an announcement stands on: `News - Detail`.
pub const PAGE_NAMES: [&str; 6] =
    ["detail", "details", "detailansicht", "detailseite", "single", "article"];

/// The first step of every way through a site.
pub const HOMES: [&str; 5] = ["home", "startseite", "accueil", "pocetna", "naslovna"];

/// What stands before the way to the page.
pub const YOU_ARE_HERE: [&str; 5] =
    ["you are here", "sie sind hier", "vous etes ici", "nalazite se ovde", "ovde ste"];

/// Said to the press, not to readers.
pub const EMBARGO: [&str; 4] = [
    "for immediate release",
    "zur sofortigen veroffentlichung",
    "pour diffusion immediate",
    "za hitno objavljivanje",
];

/// Before a date these say nothing of it.
pub const DATED: [&str; 6] = ["le", "den", "dana", "dated", "date", "datum"];

/// Between a [label](crate::dates::label) and its date.
pub const ON: [&str; 7] = ["on", "am", "the", "le", "den", "dana", "u"];

/// Between a place and its date: `Wien, am 3. Mai 2026`.
pub const PLACE_ON: [&str; 5] = ["am", "den", "le", "dana", "the"];

/// With these begins a time or a circumstance, not a place.
pub const CIRCUMSTANCES: [&str; 19] = [
    "in", "at", "on", "by", "from", "since", "until", "before", "after", "im", "am", "bei", "bis",
    "seit", "ab", "depuis", "jusqu", "nakon", "posle",
];

/// Lines beside a date that make it the date of a meeting.
pub const WHERE: [&str; 13] = [
    "time", "venue", "place", "location", "where", "ort", "zeit", "uhrzeit", "lieu", "heure",
    "mesto", "mjesto", "vreme",
];

/// Between a label and its date: `Pressemitteilung vom 4. März 2024`.
pub const OF: [&str; 5] = ["of", "vom", "du", "od", "from"];

/// Behind a date: `14.30 Uhr`, `2024. godine`.
pub const BEHIND: [&str; 6] = ["uhr", "h", "godine", "god", "g", "r"];

pub const WEEKDAYS: [&str; 34] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "ponedeljak",
    "ponedjeljak",
    "utorak",
    "sreda",
    "srijeda",
    "cetvrtak",
    "petak",
    "subota",
    "nedelja",
    "nedjelja",
    "ponedelnik",
    "vtornik",
];

/// Words of a thing that happens on a day, or of a day by which something has to: beside them a
/// date says nothing of publication.
pub const OCCASIONS: [&str; 62] = [
    "day",
    "days",
    "week",
    "weekend",
    "conference",
    "meeting",
    "workshop",
    "seminar",
    "webinar",
    "training",
    "festival",
    "forum",
    "summit",
    "session",
    "event",
    "events",
    "election",
    "elections",
    "referendum",
    "deadline",
    "exhibition",
    "hearing",
    "ceremony",
    "launch",
    "concert",
    "congress",
    "symposium",
    "fair",
    "lecture",
    "opening",
    "closing",
    "anniversary",
    "agenda",
    "programme",
    "program",
    "when",
    "tag",
    "tage",
    "termin",
    "termine",
    "wahl",
    "messe",
    "programm",
    "journee",
    "journees",
    "semaine",
    "reunion",
    "colloque",
    "fete",
    "atelier",
    "evenement",
    "echeance",
    "dan",
    "dani",
    "konferencija",
    "sastanak",
    "skup",
    "izbori",
    "rok",
    "sednica",
    "radionica",
    "dogadjaj",
];

/// The same as the last part of a German word: `Jahreskonferenz`, `Sommerfest`.
pub const OCCASION_ENDINGS: [&str; 15] = [
    "stag",
    "konferenz",
    "fest",
    "sitzung",
    "treffen",
    "tagung",
    "woche",
    "versammlung",
    "feier",
    "seminar",
    "workshop",
    "frist",
    "schluss",
    "termin",
    "veranstaltung",
];

/// Before whom to ask.
pub const CONTACT: [&str; 8] = [
    "contact",
    "media contact",
    "press contact",
    "kontakt",
    "pressekontakt",
    "tel",
    "tel.",
    "e-mail",
];

/// Before the name of the one who wrote it.
pub const BY: [&str; 3] = ["by", "von", "par"];

/// The same with a colon.
pub const AUTHOR: [&str; 12] = [
    "by",
    "author",
    "written by",
    "von",
    "autor",
    "autorin",
    "text",
    "par",
    "auteur",
    "auteure",
    "pise",
    "tekst",
];

/// Small words inside the names of people, places and offices.
pub const PARTICLES: [&str; 29] = [
    "of", "the", "and", "for", "am", "an", "aus", "bei", "dem", "den", "der", "die", "in", "im",
    "und", "von", "van", "zu", "de", "del", "des", "du", "et", "la", "le", "sur", "i", "na", "za",
];

/// A text as the lists of this module have it.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in fold(text).chars() {
        match latin(letter) {
            Some(latin) => plain.push_str(latin),
            None => plain.push(letter),
        }
    }
    plain
}

/// Serbian and Macedonian Cyrillic, less the diacritics that [`fold`] takes away.
fn latin(letter: char) -> Option<&'static str> {
    const LETTERS: [(char, &str); 32] = [
        ('а', "a"),
        ('б', "b"),
        ('в', "v"),
        ('г', "g"),
        ('д', "d"),
        ('ђ', "dj"),
        ('đ', "dj"),
        ('е', "e"),
        ('ж', "z"),
        ('з', "z"),
        ('и', "i"),
        ('ј', "j"),
        ('к', "k"),
        ('л', "l"),
        ('љ', "lj"),
        ('м', "m"),
        ('н', "n"),
        ('њ', "nj"),
        ('о', "o"),
        ('п', "p"),
        ('р', "r"),
        ('с', "s"),
        ('т', "t"),
        ('ћ', "c"),
        ('у', "u"),
        ('ф', "f"),
        ('х', "h"),
        ('ц', "c"),
        ('ч', "c"),
        ('џ', "dz"),
        ('ш', "s"),
        ('ß', "ss"),
    ];
    LETTERS.iter().find(|(cyrillic, _)| *cyrillic == letter).map(|(_, latin)| *latin)
}

/// True if `text`, in whatever case and script, is in a list of this module.
pub fn is_one_of(list: &[&str], text: &str) -> bool {
    list.contains(&plain(text).as_str())
}

/// The words of a text, less the punctuation around them.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '/', ',', '(', ')', '-', '–'])
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
}

/// True if a text speaks of something that happens, or is due, on a day.
pub fn is_occasion(text: &str) -> bool {
    words(text).map(plain).any(|word| {
        OCCASIONS.contains(&word.as_str())
            || OCCASION_ENDINGS.iter().any(|ending| word.ends_with(ending))
    })
}

/// `Vienna`, `VIENNA, AUSTRIA`, `Frankfurt am Main`, `Novi Brod`: up to four words that begin with
/// a capital, small words between them, and nothing that happens.
pub fn is_place(text: &str) -> bool {
    let names = |c: char| c.is_alphabetic() || " -.,'’/()".contains(c);
    let count = words(text).count();
    let is_elsewhen = words(text).next().is_some_and(|word| is_one_of(&CIRCUMSTANCES, word));
    text.chars().all(names)
        && (1..=4).contains(&count)
        && is_named(text)
        && !is_elsewhen
        && !is_occasion(text)
}

/// `Jane Doe`, `Ana von der Weide and Bo Li`; a name alone has two parts at least.
pub fn is_person(text: &str, least: usize) -> bool {
    let names = |c: char| c.is_alphabetic() || " -.,'’&".contains(c);
    let count = words(text).count();
    text.chars().all(names) && (least..=8).contains(&count) && is_named(text)
}

/// Every word begins with a capital, but for the small ones in the middle.
pub fn is_named(text: &str) -> bool {
    let small = |word: &str| PARTICLES.contains(&plain(word).as_str());
    let capital = |word: &str| word.starts_with(char::is_uppercase);
    words(text).enumerate().all(|(at, word)| capital(word) || (at > 0 && small(word)))
}
