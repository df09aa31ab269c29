//! The other languages of a page.

use scraper::{ElementRef, Selector};

use super::Translation;

/// Characters of a link that switches the language: `DE`, `Deutsch`, `Srpski (latinica)`.
const SWITCH: usize = 20;

/// What a page says of itself in other languages: `link` and `a` with `hreflang`, and short links
/// that are in a language of their own.
pub fn of_page(root: ElementRef) -> Vec<Translation> {
    let Ok(selector) =
        Selector::parse("link[rel~=alternate][hreflang][href], a[hreflang][href], a[lang][href]")
    else {
        return Vec::new();
    };
    let mut found: Vec<Translation> = Vec::new();
    for element in root.select(&selector) {
        let attribute =
            |name: &str| element.value().attr(name).unwrap_or_default().trim().to_owned();
        let language = match attribute("hreflang") {
            said if !said.is_empty() => said,
            _ if element.text().map(|run| run.trim().chars().count()).sum::<usize>() > SWITCH => {
                continue;
            }
            _ => attribute("lang"),
        };
        let translation = Translation { language, url: attribute("href") };
        // `x-default` is a choice of languages.
        let is_one = crate::dates::is_language(&translation.language)
            && !translation.language.starts_with("x-");
        if is_one && !found.iter().any(|known| known.language == translation.language) {
            found.push(translation);
        }
    }
    found
}
