//! The other languages of a page.

use scraper::{ElementRef, Selector};

use super::Translation;

/// What a page says of itself in other languages: `link` and `a` with `hreflang`.
pub fn of_page(root: ElementRef) -> Vec<Translation> {
    let Ok(selector) = Selector::parse("link[rel~=alternate][hreflang][href], a[hreflang][href]")
    else {
        return Vec::new();
    };
    let mut found: Vec<Translation> = Vec::new();
    for element in root.select(&selector) {
        let attribute =
            |name: &str| element.value().attr(name).unwrap_or_default().trim().to_owned();
        let translation = Translation { language: attribute("hreflang"), url: attribute("href") };
        // `x-default` is a choice of languages.
        let is_one = crate::dates::is_language(&translation.language)
            && !translation.language.starts_with("x-");
        if is_one && !found.iter().any(|known| known.language == translation.language) {
            found.push(translation);
        }
    }
    found
}
