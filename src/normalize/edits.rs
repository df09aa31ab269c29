//! What is an edit of a text, and what only moves on by itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::{dates, hash};

/// A number beside one of these counts visitors.
static COUNTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "views?|reads?|hits?|visits?|clicks?|comments?|shares?|likes?|downloads?\
        |aufrufe?|kommentare?|mal gelesen|vues?|lectures?|commentaires?|partages?\
        |pregleda?|prikaza|komentara?|прегледа?|приказа|коментара?\
        |visualizzazioni|commenti|visitas|vistas|comentarios|comentários|weergaven|reacties\
        |wyświetle[nń]\\w*|komentarz\\w*|просмотр\\w*|переглядів|zobrazení|vizualizări|afișări\
        |ogledov|shikime|προβολές|görüntülenme|okunma|преглеждания|прегледи";
    let pattern = format!(r"(?i)(?:\d[\d .,]*(?:{words})\b)|(?:\b(?:{words})\s*:?\s*\d[\d .,]*)");
    Regex::new(&pattern).ok()
});

/// The query of an address inside an attribute: caches are told apart by it, texts are not.
static QUERY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"((?:src|srcset|href)="[^"?]*)\?[^"]*""#).ok());

/// True if `new` says something else than `old`. Blanks, view counters, times that have passed
/// ("3 days ago") and tokens in addresses say nothing.
pub fn is_edit(old: &str, new: &str, language: &str) -> bool {
    old != new && essence(old, language) != essence(new, language)
}

/// The essence of texts in short, for comparing them later.
pub fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>, language: &str) -> String {
    hash::short(texts.into_iter().map(|text| essence(text, language)), 8)
}

fn essence(text: &str, language: &str) -> String {
    let without = |text: String, pattern: &LazyLock<Option<Regex>>, by: &str| match &**pattern {
        Some(regex) => regex.replace_all(&text, by).into_owned(),
        None => text,
    };
    let text = if text.contains('?') && text.contains("=\"") {
        without(text.to_owned(), &QUERY, "$1\"")
    } else {
        text.to_owned()
    };
    let text =
        if text.contains(|c: char| c.is_numeric()) { without(text, &COUNTER, " ") } else { text };
    dates::timeless(&text, language)
}
