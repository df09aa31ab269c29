//! What the words beside a date make of it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::names::weekday_anywhere;
use super::token::{Kind, Token, tokens};

/// What a date is said to be the date of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// It says so: `Published: 4 March 2024`.
    Published,
    /// Of a later change.
    Updated,
    /// By this day something has to happen, or on it something does: it says nothing of the
    /// announcement.
    Due,
}

/// The words, in most of the languages whose dates are read. They stand before their date, with other words
/// between them if need be: `Deadline for applications: 30 May`.
const LABELS: [(Label, &[&str]); 3] = [
    (
        Label::Published,
        &[
            "published",
            "published at",
            "date published",
            "posted",
            "released",
            "issued",
            "publication date",
            "date of publication",
            "veröffentlicht",
            "veröffentlichung",
            "veröffentlichungsdatum",
            "erschienen",
            "erstellt",
            "publié",
            "publiée",
            "date de publication",
            "publication",
            "mis en ligne",
            "mise en ligne",
            "publicado",
            "publicada",
            "publicación",
            "pubblicato",
            "pubblicata",
            "pubblicazione",
            "publicação",
            "gepubliceerd",
            "geplaatst",
            "opublikowano",
            "opublikowany",
            "data publikacji",
            "zveřejněno",
            "publikováno",
            "vydáno",
            "zverejnené",
            "objavljeno",
            "objavljeno dana",
            "objavljen",
            "objavljena",
            "datum objave",
            "objavio",
            "postavljeno",
            "објављено",
            "објављен",
            "датум објаве",
            "постављено",
            "објавено",
            "објавено на",
            "публикувано",
            "публикуван",
            "дата на публикуване",
            "publicat",
            "publicată",
            "publikuar",
            "botuar",
            "опубликовано",
            "опубликован",
            "дата публикации",
            "размещено",
            "опубліковано",
            "опублікований",
            "дата публікації",
            "δημοσιεύτηκε",
            "δημοσιεύθηκε",
            "δημοσίευση",
            "ημερομηνία δημοσίευσης",
            "yayınlanma",
            "yayın tarihi",
            "yayımlanma",
            "نشر",
            "النشر",
            "نشرت",
            "发布",
            "發布",
            "publicerad",
            "publicerat",
            "megjelent",
            "közzétéve",
            "közzététel",
            "发表",
            "公開",
            "掲載",
            "発表",
        ],
    ),
    (
        Label::Updated,
        &[
            "updated",
            "last updated",
            "update",
            "last update",
            "last modified",
            "modified",
            "revised",
            "aktualisiert",
            "zuletzt aktualisiert",
            "zuletzt geändert",
            "aktualisierung",
            "geändert",
            "bearbeitet",
            "stand",
            "mis à jour",
            "mise à jour",
            "dernière mise à jour",
            "modifié",
            "modifiée",
            "actualizado",
            "actualizada",
            "actualización",
            "modificado",
            "aggiornato",
            "aggiornata",
            "aggiornamento",
            "modificato",
            "atualizado",
            "atualizada",
            "atualização",
            "bijgewerkt",
            "gewijzigd",
            "aktualizacja",
            "zaktualizowano",
            "zmodyfikowano",
            "aktualizováno",
            "aktualizace",
            "upraveno",
            "aktualizované",
            "posodobljeno",
            "spremenjeno",
            "ažurirano",
            "izmena",
            "poslednja izmena",
            "izmenjeno",
            "izmjena",
            "izmijenjeno",
            "ажурирано",
            "измена",
            "последња измена",
            "измењено",
            "изменето",
            "актуализирано",
            "обновено",
            "actualizat",
            "actualizată",
            "modificat",
            "përditësuar",
            "ndryshuar",
            "обновлено",
            "обновление",
            "изменено",
            "оновлено",
            "змінено",
            "ενημερώθηκε",
            "ενημέρωση",
            "güncelleme",
            "güncellenme",
            "güncellendi",
            "uppdaterad",
            "uppdaterat",
            "frissítve",
            "módosítva",
            "تحديث",
            "更新",
        ],
    ),
    (
        Label::Due,
        &[
            "deadline",
            "due:",
            "due on",
            "due by",
            "apply by",
            "submit by",
            "register by",
            "reply by",
            "respond by",
            "rsvp by",
            "no later than",
            "not later than",
            "extended",
            "extended to",
            "due date",
            "closing date",
            "closes",
            "close on",
            "ends",
            "end date",
            "expires",
            "expiry date",
            "valid until",
            "valid through",
            "starts",
            "start date",
            "event date",
            "event dates",
            "date of event",
            "date of the event",
            "meeting date",
            "frist",
            "verlängert",
            "bewerbungsfrist",
            "einreichfrist",
            "einreichungsfrist",
            "anmeldefrist",
            "abgabefrist",
            "angebotsfrist",
            "einsendeschluss",
            "anmeldeschluss",
            "bewerbungsschluss",
            "redaktionsschluss",
            "gültig bis",
            "veranstaltungsdatum",
            "termin der veranstaltung",
            "date limite",
            "échéance",
            "clôture:",
            "date de clôture",
            "prolongée",
            "prolongé",
            "date de fin",
            "date de début",
            "date de l'événement",
            "fecha límite",
            "plazo:",
            "plazo hasta",
            "prorrogado",
            "vencimiento",
            "fecha del evento",
            "scadenza",
            "termine ultimo",
            "data dell'evento",
            "prazo",
            "data limite",
            "data do evento",
            "uiterlijk",
            "sluitingsdatum",
            "termin składania",
            "termin zgłoszeń",
            "data wydarzenia",
            "uzávěrka",
            "termín přihlášek",
            "datum konání",
            "uzávierka",
            "rok za",
            "rok do",
            "rok prijave",
            "rok:",
            "datum održavanja",
            "datum dogodka",
            "рок за",
            "рок до",
            "рок:",
            "датум одржавања",
            "краен рок",
            "срок:",
            "срок до",
            "краен срок",
            "termen:",
            "termen limită",
            "data limită",
            "afati",
            "дедлайн",
            "прием заявок",
            "термін подання",
            "кінцевий термін",
            "προθεσμία",
            "καταληκτική ημερομηνία",
            "son başvuru",
            "son tarih",
            "etkinlik tarihi",
            "آخر موعد",
            "الموعد النهائي",
            "截止",
            "截至",
            "发布会",
            "締切",
            "発表会",
            "határidő",
            "sista ansökningsdag",
            "sista dag",
            "締め切り",
            "期限",
            "応募期限",
            "開催日",
        ],
    ),
];

/// Words that make what follows at once, an article or a weekday aside, the end of something.
const UNTIL_WORDS: [&str; 39] = [
    "until",
    "till",
    "before",
    "bis",
    "bis zum",
    "vor",
    "vor dem",
    "spätestens",
    "jusqu'au",
    "au plus tard",
    "avant le",
    "hasta",
    "hasta el",
    "antes del",
    "fino al",
    "fino a",
    "entro il",
    "entro",
    "até",
    "até o",
    "tot",
    "tot en met",
    "t/m",
    "voor",
    "vóór",
    "do",
    "najkasnije do",
    "до",
    "до края на",
    "până la",
    "până în",
    "deri më",
    "deri",
    "έως",
    "μέχρι",
    "ως",
    "حتى",
    "قبل",
    "至迟",
];

/// Tokens of the longest of them.
const LONGEST_UNTIL: usize = 3;

/// Words that stand behind their date, with nothing between.
const BEHIND_WORDS: [(Label, &[&str]); 3] = [
    (Label::Published, &["公開", "掲載", "発表", "发布"]),
    (Label::Updated, &["更新"]),
    (Label::Due, &["まで", "締切", "截止", "deadline", "closing date", "tarihine kadar", "kadar"]),
];

/// Articles and the like between [`UNTIL_WORDS`] and the date, with the time of day.
const ASIDES: [&str; 22] = [
    "the",
    "on",
    "noon",
    "midnight",
    "pm",
    "am",
    "and",
    "including",
    "den",
    "dem",
    "uhr",
    "einschließlich",
    "inklusive",
    "le",
    "el",
    "il",
    "al",
    "la",
    "dnia",
    "godz",
    "hodin",
    "την",
];

/// Phrases as [`tokens`] sees them, by their first token.
struct Phrases(HashMap<Kind, Vec<(Vec<Kind>, Label)>>);

impl Phrases {
    fn of(table: &[(Label, &[&str])]) -> Phrases {
        let mut phrases: HashMap<Kind, Vec<(Vec<Kind>, Label)>> = HashMap::new();
        for (label, texts) in table {
            for text in *texts {
                let phrase: Vec<Kind> = tokens(text).into_iter().map(|token| token.kind).collect();
                phrases.entry(phrase[0].clone()).or_default().push((phrase, *label));
            }
        }
        for beginning in phrases.values_mut() {
            beginning.sort_by_key(|(phrase, _)| Reverse(phrase.len()));
        }
        Phrases(phrases)
    }

    /// The longest phrase that the tokens begin with, and its length.
    fn at(&self, tokens: &[Token]) -> Option<(Label, usize)> {
        let beginning = self.0.get(&tokens.first()?.kind)?;
        let begins = |phrase: &[Kind]| {
            tokens.len() >= phrase.len()
                && phrase.iter().zip(tokens).all(|(kind, token)| *kind == token.kind)
        };
        let (phrase, label) = beginning.iter().find(|(phrase, _)| begins(phrase))?;
        Some((*label, phrase.len()))
    }
}

static BEFORE: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(&LABELS));
static UNTIL: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(&[(Label::Due, &UNTIL_WORDS)]));
static BEHIND: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(&BEHIND_WORDS));

/// Marks that part one date and its label from another.
const PARTING: &str = "|·•;";

/// Behind the last mark that parts.
fn parted(tokens: &[Token]) -> Option<usize> {
    let parts = |token: &Token| matches!(token.kind, Kind::Mark(mark) if PARTING.contains(mark));
    tokens.iter().rposition(parts).map(|at| at + 1)
}

/// What the tokens before a date, in these languages, say of it; the last label counts. What was
/// due once is so for the next date too, be it the end of its days or a later deadline.
pub fn before(tokens: &[Token], earlier: Option<Label>, languages: &[String]) -> Option<Label> {
    let earlier = earlier.filter(|label| *label == Label::Due && parted(tokens).is_none());
    let tokens = &tokens[parted(tokens).unwrap_or(0)..];
    if is_until(tokens, languages) {
        return Some(Label::Due);
    }
    let said = (0..tokens.len()).rev().find_map(|at| {
        let (label, length) = BEFORE.at(&tokens[at..])?;
        Some((label, &tokens[at + length..]))
    });
    // What another date stands behind, although it was not read, says nothing of this one.
    let is_year = |token: &Token| matches!(token.kind, Kind::Number(_, 4));
    let own = said.filter(|(label, rest)| *label == Label::Due || !rest.iter().any(is_year));
    own.map(|(label, _)| label).or(earlier)
}

fn is_until(tokens: &[Token], languages: &[String]) -> bool {
    let is_aside = |token: &&Token| match &token.kind {
        Kind::Word(word) => ASIDES.contains(&word.as_str()) || weekday_anywhere(word).is_some(),
        Kind::Mark(mark) => ",.:(".contains(*mark),
        Kind::Number(_, digits) => *digits <= 2,
    };
    // Of the, in Portuguese: `Nota do dia 3 de maio`.
    let is_no_until = |tokens: &[Token]| {
        tokens.len() == 1
            && tokens[0].kind == Kind::Word("do".to_owned())
            && languages.iter().any(|language| language.starts_with("pt"))
    };
    let asides = tokens.iter().rev().take_while(is_aside).count();
    (0..=asides).any(|asides| {
        let end = tokens.len() - asides;
        (0..end).rev().take(LONGEST_UNTIL).any(|at| {
            let phrase = &tokens[at..end];
            UNTIL.at(phrase).is_some_and(|(_, length)| length == phrase.len())
                && !is_no_until(phrase)
        })
    })
}

/// What is said behind a date, of which the first token is the last, and in how many tokens; other
/// words would make it the label of what follows.
pub fn behind(tokens: &[Token]) -> Option<(Label, usize)> {
    let mark = |at: usize| tokens.get(at).map(|token| &token.kind);
    let opens = mark(1) == Some(&Kind::Mark('('));
    // A weekday can stand between: 5月30日（土）まで.
    let at = match opens {
        true if mark(3) == Some(&Kind::Mark(')')) && BEHIND.at(&tokens[2..]).is_none() => 4,
        true => 2,
        false => 1,
    };
    let (label, length) = BEHIND.at(tokens.get(at..)?)?;
    let is_joined = opens || tokens[0].at.end == tokens[1].at.start;
    let goes_on = matches!(mark(at + length), Some(Kind::Word(_) | Kind::Mark(':')));
    ((is_joined || label == Label::Due) && !goes_on).then_some((label, at - 1 + length))
}

/// True if the tokens call something numbered the publication's: if that is not read, no other date
/// stands in for it.
pub fn promises_publication(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| match BEFORE.at(&tokens[at..]) {
        Some((Label::Published, length)) => {
            let behind = &tokens[at + length..];
            let own = (0..behind.len()).take_while(|at| {
                let parts = matches!(behind[*at].kind, Kind::Mark(mark) if PARTING.contains(mark));
                !parts && BEFORE.at(&behind[*at..]).is_none()
            });
            own.into_iter().any(|at| matches!(behind[at].kind, Kind::Number(..)))
        }
        _ => false,
    })
}

/// What a text that is a label and nothing more says.
pub fn label(text: &str) -> Option<Label> {
    let tokens = tokens(text);
    BEFORE.at(&tokens).filter(|(_, length)| *length == tokens.len()).map(|(label, _)| label)
}
