//! A text cut into numbers, words and marks.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::names::fold;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Value and number of digits, in whatever script.
    Number(u32, usize),
    /// [Folded](fold) letters; a Han character is a word of its own.
    Word(String),
    /// Anything else that shows: dashes of all kinds are `-`, full-width marks are the plain ones.
    Mark(char),
}

#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    /// Where it stands (bytes).
    pub at: Range<usize>,
}

/// What stands at a place among tokens.
pub trait Tokens {
    fn token(&self, at: usize) -> Option<&Token>;

    /// A number of at most so many digits.
    fn number(&self, at: usize, most_digits: usize) -> Option<u32> {
        match self.token(at)?.kind {
            Kind::Number(value, digits) if digits <= most_digits => Some(value),
            _ => None,
        }
    }

    fn word(&self, at: usize) -> Option<&str> {
        match &self.token(at)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn mark(&self, at: usize) -> Option<char> {
        match self.token(at)?.kind {
            Kind::Mark(mark) => Some(mark),
            _ => None,
        }
    }
}

impl Tokens for [Token] {
    fn token(&self, at: usize) -> Option<&Token> {
        self.get(at)
    }
}

/// What a character belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    Han,
    Blank,
    /// Shows nothing and parts nothing: direction marks, joiners, soft hyphens.
    Invisible,
    Mark,
}

pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let class = class(first);
        let mut end = start + first.len_utf8();
        let mut run = |tokens_end: &mut usize| {
            while let Some((at, c)) = chars.next_if(|(at, c)| continues(text, *at, *c, class)) {
                *tokens_end = at + c.len_utf8();
            }
        };
        let kind = match class {
            Class::Blank | Class::Invisible => continue,
            Class::Mark => Kind::Mark(plain(first)),
            Class::Han => Kind::Word(first.to_string()),
            Class::Digit => {
                run(&mut end);
                number(&text[start..end])
            }
            Class::Letter => {
                run(&mut end);
                Kind::Word(fold(&letters(&text[start..end])))
            }
        };
        tokens.push(Token { kind, at: start..end });
    }
    han_numbers(tokens)
}

/// The run of a token goes on with the same class; invisible characters and apostrophes between
/// letters stop nothing: `aujourd’hui`, `п'ятниця`.
fn continues(text: &str, at: usize, c: char, class: Class) -> bool {
    let own = self::class(c);
    if own == class || (own == Class::Invisible && class == Class::Letter) {
        return true;
    }
    let follows = || text[at + c.len_utf8()..].chars().next().map(self::class);
    class == Class::Letter && is_apostrophe(c) && follows() == Some(Class::Letter)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | '`')
}

fn letters(run: &str) -> String {
    run.chars().filter(|c| class(*c) == Class::Letter).collect()
}

fn number(run: &str) -> Kind {
    let mut value = 0_u32;
    let mut digits = 0;
    for digit in run.chars().filter_map(digit) {
        value = value.saturating_mul(10).saturating_add(digit);
        digits += 1;
    }
    Kind::Number(value, digits)
}

fn class(c: char) -> Class {
    match c {
        c if c.is_ascii_alphabetic() => Class::Letter,
        c if digit(c).is_some() => Class::Digit,
        c if c.is_whitespace() => Class::Blank,
        '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' => Class::Invisible,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => Class::Invisible,
        '〇' | '○' | '\u{4e00}'..='\u{9fff}' => Class::Han,
        c if c.is_alphabetic() || is_combining_mark(c) => Class::Letter,
        _ => Class::Mark,
    }
}

/// ASCII, Arabic-Indic, Persian, Devanagari and full-width digits.
fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

fn plain(mark: char) -> char {
    match mark {
        '–' | '—' | '‐' | '‑' | '‒' | '―' | '−' | '〜' | '～' | '~' | '－' => '-',
        '⁄' | '∕' => '/',
        '،' | '、' => ',',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(mark) - 0xfee0).unwrap_or(mark),
        mark => mark,
    }
}

/// Characters of a number.
const LONGEST_NUMERAL: usize = 8;

const HAN_DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// Chinese numerals are numbers where they count years, months and days: 二〇二六年五月二十三日.
fn han_numbers(tokens: Vec<Token>) -> Vec<Token> {
    let numeral = |token: &Token| match &token.kind {
        Kind::Word(word) => {
            let c = word.chars().next()?;
            let c = if matches!(c, '○' | '零') { '〇' } else { c };
            (c == '十' || c == '元' || HAN_DIGITS.contains(&c)).then_some(c)
        }
        _ => None,
    };
    let is_unit = |token: Option<&Token>| {
        token.is_some_and(
            |token| matches!(&token.kind, Kind::Word(w) if "年月日号號".contains(w.as_str())),
        )
    };
    let mut result = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let run: Vec<char> = tokens[at..].iter().map_while(numeral).take(LONGEST_NUMERAL).collect();
        let end = at + run.len();
        match han_value(&run) {
            Some((value, digits)) if is_unit(tokens.get(end)) => {
                let place = tokens[at].at.start..tokens[end - 1].at.end;
                result.push(Token { kind: Kind::Number(value, digits), at: place });
                at = end;
            }
            _ => {
                result.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    result
}

fn han_value(run: &[char]) -> Option<(u32, usize)> {
    let digit = |c: &char| HAN_DIGITS.iter().position(|d| d == c).map(|d| d as u32);
    match run {
        [] => None,
        // The first year of an era.
        ['元'] => Some((1, 1)),
        run => match run.iter().position(|c| *c == '十') {
            None => {
                let value = run
                    .iter()
                    .try_fold(0_u32, |value, c| value.checked_mul(10)?.checked_add(digit(c)?));
                Some((value?, run.len()))
            }
            Some(ten) => {
                let tens = if ten == 0 { 1 } else { digit(&run[ten - 1]).filter(|_| ten == 1)? };
                let ones = match &run[ten + 1..] {
                    [] => 0,
                    [one] => digit(one)?,
                    _ => return None,
                };
                Some((tens * 10 + ones, 2))
            }
        },
    }
}
