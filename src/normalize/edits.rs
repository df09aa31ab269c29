//! What is an edit of a text, and what only moves on by itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::{dates, hash};

/// A number beside one of these counts visitors: `12 views`, `Views: 12`.
const COUNTED: &str = "views?|reads?|hits?|visits?|clicks?|comments?|shares?|likes?|downloads?\
    |readers?|people read|people viewed|aufrufe?|kommentare?|mal gelesen|mal angesehen|leser\
    |vues?|lectures?|lecteurs?|commentaires?|partages?\
    |pregleda?|pregledi|prikaza|komentara?|прегледа?|прегледи|приказа|коментара?\
    |visualizzazioni|commenti|letture|visitas|vistas|lecturas|comentarios|visualizações|leituras|comentários\
    |weergaven|reacties|keer bekeken|keer gelezen\
    |wyświetle[nń]\\w*|odsłon\\w*|komentarz\\w*|просмотр\\w*|переглядів|zobrazení|přečtení\
    |vizualizări|afișări|ogledov|shikime|lexime|προβολές|αναγνώσεις|görüntülenme|okunma\
    |преглеждания|مشاهدات|مشاهدة|قراءة|次阅读|次浏览|次閱讀|次点击|阅读量?|浏览(?:次数|量)?|点击(?:次数|量)?\
    |閲覧数|アクセス数";

/// The same with the word for "times" or "people" behind: `Read 12 times`. Without that word, the
/// number has to be the last before a stop.
const DONE: &str = "viewed|read|read by|seen|seen by|gelesen|angesehen|lu|lue|vu|vue|consulté\\w*\
    |leíd[oa]|vist[oa]|lett[oa]|lid[oa]|gelezen|bekeken|przeczytano|wyświetlono|přečteno|zobrazeno\
    |pročitano|pregledano|прочитано|прегледано|прочетен[ао]?|citit[ăe]?(?: de)?|vizualizat[ăe]?(?: de)?|lexuar|parë\
    |διαβάστηκε|προβλήθηκε|okundu|görüntülendi";

const TIMES: &str = "times|people|readers|users|visitors|mal|fois|personnes|veces|volte|vezes|keer|razy\
    |krát|x|puta|пута|пати|пъти|de ori|ori|herë|раз|раза|разів|рази|φορές|kez|kere|defa";

/// A number that counts visitors, with what says so, and with nothing else beside it: in running
/// text, `12 comments from residents` is what the text says.
static COUNTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = r"\d+(?:[., \u{a0}]\d{3})*(?:[.,]\d+)?[km]?";
    let begin = r"(?P<begin>^|[|•·;:,(>\n]\s*|[.!?]\s+)";
    let end = r"(?P<end>\s*(?:$|[|•·;,.)<\n]))";
    let behind = format!(r"{number}\s*(?:{COUNTED})(?: this)?");
    let before = format!(r"(?:{COUNTED})\s*[:：]?\s*{number}");
    let done = format!(r"(?:{DONE})\s*[:：]?\s*{number}(?:\s*(?:{TIMES}))?");
    Regex::new(&format!("(?i){begin}(?:{behind}|{before}|{done}){end}")).ok()
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
    if text.is_empty() {
        return String::new();
    }
    let without = |text: String, pattern: &LazyLock<Option<Regex>>, by: &str| match &**pattern {
        Some(regex) => regex.replace_all(&text, by).into_owned(),
        None => text,
    };
    let text = if text.contains('?') && text.contains("=\"") {
        without(text.to_owned(), &QUERY, "$1\"")
    } else {
        text.to_owned()
    };
    let text = if text.contains(|c: char| c.is_numeric()) {
        // Twice, for the end of one is the beginning of the next.
        let once = without(text, &COUNTER, "$begin $end");
        without(once, &COUNTER, "$begin $end")
    } else {
        text
    };
    dates::timeless(&text, language)
}
