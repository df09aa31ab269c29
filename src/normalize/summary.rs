//! A summary that ends where a sentence ends.

/// Characters that a summary has at most, unless its first sentence is longer.
const LENGTH: usize = 400;

/// Characters after which even a first sentence is cut, at a word.
const LONGEST: usize = 700;

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 24] = [
    "dr", "mr", "mrs", "ms", "prof", "st", "no", "nr", "art", "e.g", "i.e", "z.b", "d.h", "u.a",
    "bzw", "ca", "vs", "etc", "cf", "mme", "p.ex", "vgl", "abs", "br",
];

/// The beginning of `text`, whole sentences only.
pub fn summary(text: &str) -> String {
    let text = super::line(text);
    let ends = sentence_ends(&text);
    // A sentence that goes on in what was left out, a list for instance, is no summary.
    let is_whole = ends.is_empty() || ends.last() == Some(&text.len());
    if text.chars().count() <= LENGTH && is_whole {
        return text;
    }
    let chars = |end: usize| text[..end].chars().count();
    let fitting = ends.iter().copied().take_while(|end| chars(*end) <= LENGTH).last();
    match fitting.or_else(|| ends.first().copied().filter(|end| chars(*end) <= LONGEST)) {
        Some(end) => text[..end].to_owned(),
        None => cut_at_word(&text, LENGTH),
    }
}

/// At most `length` characters of `text`, whole words, with an ellipsis if something is missing.
pub fn cut_at_word(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let end = text.char_indices().nth(length).map_or(text.len(), |(end, _)| end);
    let start = &text[..end];
    let whole = start.rsplit_once(' ').map_or(start, |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '–', '-', ' ']))
}

/// Where the sentences of `text` end (bytes), closing quotes included.
pub fn sentence_ends(text: &str) -> Vec<usize> {
    let closing = |c: char| matches!(c, '"' | '”' | '“' | '’' | '»' | '«' | ')' | ']');
    let mut ends = Vec::new();
    for (at, mark) in text.char_indices() {
        let after = &text[at + mark.len_utf8()..];
        if matches!(mark, '。' | '！' | '？') {
            ends.push(at + mark.len_utf8());
            continue;
        }
        if !matches!(mark, '.' | '!' | '?' | '…') {
            continue;
        }
        let next = after.trim_start_matches(closing);
        let end = text.len() - next.len();
        let begins = next.trim_start().chars().next();
        let continues = begins.is_some_and(|c| c.is_lowercase() || !next.starts_with(' '));
        // Looking for the word before takes its length in time: only where it matters.
        let abbreviates = || mark == '.' && is_abbreviation(&text[..at]);
        if !continues && !abbreviates() {
            ends.push(end);
        }
    }
    ends
}

/// A known abbreviation, an initial, or an ordinal: `21. Februar`.
fn is_abbreviation(before: &str) -> bool {
    let word =
        before.rsplit(' ').next().unwrap_or_default().trim_start_matches(['(', '“', '„', '"']);
    let is_ordinal = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    is_ordinal || word.chars().count() == 1 || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}
