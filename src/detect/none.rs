//! Pages that say that there is no news: nothing is wrong with them.

use scraper::selector::ToCss;
use scraper::{ElementRef, Html, Selector};

use crate::dates::fold;
use crate::normalize::text_of;

/// Words that deny, folded.
const DENIALS: [&str; 50] = [
    "no",
    "not",
    "none",
    "nothing",
    "keine",
    "keinen",
    "kein",
    "aucun",
    "aucune",
    "pas",
    "ningun",
    "ninguna",
    "sin",
    "nessun",
    "nessuna",
    "nessuno",
    "non",
    "nenhum",
    "nenhuma",
    "nao",
    "sem",
    "geen",
    "brak",
    "nie",
    "zadne",
    "zadna",
    "zadny",
    "нет",
    "не",
    "немає",
    "нема",
    "няма",
    "nema",
    "ni",
    "nu",
    "niciun",
    "nicio",
    "nuk",
    "s'ka",
    "δεν",
    "καμια",
    "yok",
    "yoktur",
    "bulunamadi",
    "inga",
    "ingen",
    "inget",
    "ei",
    "nincs",
    "nincsenek",
];

/// The same in scripts without blanks, or as endings.
const DENIALS_WITHIN: [&str; 9] =
    ["没有", "暂无", "無", "ありません", "ございません", "없습니다", "ไม่มี", "لا توجد", "لا يوجد"];

/// How words begin that name what there is none of, folded.
const NEWS: [&str; 92] = [
    "news",
    "announcement",
    "item",
    "result",
    "entr",
    "post",
    "article",
    "notice",
    "release",
    "publication",
    "document",
    "event",
    "meldung",
    "nachricht",
    "beitrag",
    "eintrag",
    "eintrage",
    "neuigkeit",
    "mitteilung",
    "ergebnis",
    "actualite",
    "communique",
    "resultat",
    "annonce",
    "nouvelle",
    "noticia",
    "resultado",
    "comunicado",
    "anuncio",
    "publicac",
    "notizi",
    "risultat",
    "comunicat",
    "articol",
    "avvis",
    "novita",
    "nieuws",
    "bericht",
    "artikel",
    "aktualnosci",
    "wiadomosci",
    "wynik",
    "ogloszen",
    "komunikat",
    "aktualit",
    "zprav",
    "clank",
    "vysledk",
    "novink",
    "новост",
    "результат",
    "публикац",
    "объявлен",
    "запис",
    "новин",
    "публікац",
    "оголошен",
    "резултат",
    "съобщени",
    "вести",
    "вијести",
    "обавешт",
    "vest",
    "vijest",
    "obavest",
    "obavijest",
    "novost",
    "rezultat",
    "objav",
    "novic",
    "obvestil",
    "stiri",
    "anunt",
    "noutat",
    "lajme",
    "njoftim",
    "artikuj",
    "νεα",
    "ανακοινωσ",
    "αποτελεσμ",
    "haber",
    "duyuru",
    "sonuc",
    "اخبار",
    "نتائج",
    "اعلان",
    "nyhe",
    "uutis",
    "hir",
    "soopst",
    "објав",
    "соопштени",
];

const NEWS_WITHIN: [&str; 12] = [
    "新闻",
    "消息",
    "公告",
    "内容",
    "结果",
    "お知らせ",
    "ニュース",
    "記事",
    "공지",
    "소식",
    "뉴스",
    "ข่าว",
];

/// Characters of such a sentence.
const LONGEST: usize = 120;

/// Words between a denial and what is denied.
const NEAR: usize = 3;

/// Elements that may say so, places that are looked at, and what stands around each.
const MOST: usize = 300;
const PLACES: usize = 20;
const AROUND: usize = 20;

/// True for a short sentence that says that there is no news, in many languages: a denial, and just
/// behind it, or before it at the end, what there is none of.
pub fn says_no_news(text: &str) -> bool {
    if text.chars().count() > LONGEST {
        return false;
    }
    let text = fold(text);
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(&fold(part)));
    if has(&DENIALS_WITHIN) && (has(&NEWS_WITHIN) || has(&NEWS)) {
        return true;
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .collect();
    let is_news = |words: &[&str]| {
        words.iter().any(|word| NEWS.iter().any(|news| word.starts_with(&fold(news))))
    };
    let denies = |at: &usize| DENIALS.iter().any(|denial| words[*at] == fold(denial));
    (0..words.len()).filter(denies).any(|at| {
        let behind = &words[at + 1..words.len().min(at + 1 + NEAR)];
        // "No 3" is a number.
        let is_number =
            behind.first().is_some_and(|word| word.starts_with(|c: char| c.is_numeric()));
        let is_last = at + 1 == words.len();
        !is_number && (is_news(behind) || (is_last && is_news(&words[at.saturating_sub(NEAR)..at])))
    })
}

/// True if a page says, where its items should be, that there are none. `item` is the rule that
/// finds no items: what stands before its last part is where they should be; else it is the main
/// part of the page.
pub fn says_none(html: &Html, item: Option<&Selector>) -> bool {
    let item = item.map(Selector::to_css_string).unwrap_or_default();
    let above = item.rsplit_once([' ', '>']);
    let above = above.map(|(above, _)| above.trim_end_matches([' ', '>', '+', '~']));
    let list =
        above.filter(|above| !above.is_empty()).and_then(|above| Selector::parse(above).ok());
    if let Some(list) = list {
        // The sentence may be in the list, or beside it.
        return html.select(&list).take(PLACES).any(|list| {
            let before = list.prev_siblings().take(AROUND);
            let around = before.chain(list.next_siblings().take(AROUND));
            is_said(list) || around.filter_map(ElementRef::wrap).any(is_said)
        });
    }
    ["main, [role=main]", "body"]
        .iter()
        .filter_map(|place| html.select(&Selector::parse(place).ok()?).next())
        .next()
        .is_some_and(is_said)
}

/// An element, or one in it, says so in words that are neither a title nor a link.
fn is_said(element: ElementRef) -> bool {
    const OTHER: [&str; 16] = [
        "a", "h1", "h2", "h3", "h4", "h5", "h6", "nav", "aside", "footer", "header", "form",
        "script", "style", "noscript", "template",
    ];
    let mut left = MOST;
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        left -= 1;
        if left == 0 {
            return false;
        }
        let inner = || element.children().filter_map(ElementRef::wrap);
        let has_blocks = inner().any(|inner| !crate::normalize::is_inline(inner.value().name()));
        if !has_blocks {
            let mut inside = element.descendants().filter_map(ElementRef::wrap);
            if !inside.any(|inside| inside.value().name() == "a") && says_no_news(&text_of(element))
            {
                return true;
            }
            continue;
        }
        open.extend(inner().filter(|inner| !OTHER.contains(&inner.value().name())));
    }
    false
}
