//! What the words beside a date make of it.

mod words;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::names::weekday_anywhere;
use super::token::{Kind, Token, tokens};
use words::{ASIDES, BEHIND_WORDS, LABELS, LONGEST_UNTIL, UNTIL_WORDS};

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
