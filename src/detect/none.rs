//! Pages that say that there is no news: nothing is wrong with them.

use scraper::selector::ToCss;
use scraper::{ElementRef, Html, Selector};

use crate::dates::fold;
use crate::normalize::text_of;

/// How pages say so, folded; as the beginning of a sentence, or in a whole short one.
const SAID: [&str; 72] = [
    "no news",
    "no announcements",
    "no items",
    "no results",
    "no entries",
    "no posts",
    "no articles",
    "no notices",
    "no press releases",
    "no publications",
    "no documents",
    "there are no",
    "there is no",
    "there are currently no",
    "there is currently no",
    "currently no",
    "currently there are no",
    "at the moment there are no",
    "nothing found",
    "nothing to show",
    "keine ",
    "derzeit keine",
    "zurzeit keine",
    "zur zeit keine",
    "aktuell keine",
    "momentan keine",
    "es sind keine",
    "es sind derzeit keine",
    "es gibt keine",
    "es liegen keine",
    "aucun",
    "il n'y a pas",
    "il n'y a aucun",
    "pas d'actualite",
    "no hay",
    "no se han encontrado",
    "no se encontraron",
    "ningun",
    "nessun",
    "non ci sono",
    "al momento non ci sono",
    "nenhum",
    "nao ha",
    "sem noticias",
    "sem resultados",
    "geen ",
    "er zijn geen",
    "momenteel geen",
    "er zijn momenteel geen",
    "brak ",
    "nie ma",
    "zadne",
    "nejsou zadne",
    "nebyly nalezeny",
    "нет ",
    "новостей нет",
    "пока нет",
    "немає",
    "няма",
    "нема ",
    "nema ",
    "trenutno nema",
    "тренутно нема",
    "ni novic",
    "trenutno ni",
    "nu exista",
    "nu sunt",
    "niciun",
    "nuk ka",
    "δεν υπαρχουν",
    "لا توجد",
    "暂无",
];

/// The same at the end of what is said.
const SAID_LAST: [&str; 7] =
    ["bulunamadi", "bulunmamaktadir", "yok", "yoktur", "ありません", "ございません", "没有"];

/// Characters of such a sentence.
const LONGEST: usize = 160;

/// True if a page says, where its items should be, that there are none. `item` is the rule that
/// finds no items: what stands before its last part is where they should be; else it is the main
/// part of the page.
pub fn says_none(html: &Html, item: Option<&Selector>) -> bool {
    let item = item.map(Selector::to_css_string).unwrap_or_default();
    let above = item.rsplit_once([' ', '>']);
    let above = above.map(|(above, _)| above.trim_end_matches([' ', '>', '+', '~']));
    let Some(above) = above.filter(|above| !above.is_empty()) else {
        return Selector::parse("main, [role=main]")
            .is_ok_and(|main| html.select(&main).any(is_said));
    };
    // The sentence may be in the list, or beside it.
    let with_siblings = |list: ElementRef<'_>| {
        let siblings = list.prev_siblings().chain(list.next_siblings());
        is_said(list) || siblings.filter_map(ElementRef::wrap).any(is_said)
    };
    Selector::parse(above).is_ok_and(|list| html.select(&list).any(with_siblings))
}

/// A short text says so, or one of a few in an element.
fn is_said(element: ElementRef) -> bool {
    let short = |element: ElementRef| {
        let text = fold(&text_of(element));
        (text.chars().count() <= LONGEST).then_some(text)
    };
    let says = |text: String| {
        let text = text.trim_matches(|c: char| !c.is_alphanumeric());
        SAID.iter().any(|said| text.starts_with(said))
            || SAID_LAST.iter().any(|said| text.ends_with(said))
    };
    let blocks = element.descendants().filter_map(ElementRef::wrap).take(200);
    blocks.filter_map(short).any(says)
}
