//! What copying a page takes along though nobody wrote it.

use std::sync::LazyLock;

use regex::Regex;

/// Nothing longer is a button.
const LONGEST: usize = 80;

/// A line or paragraph to be looked at.
pub struct Piece<'a> {
    pub text: &'a str,
    /// It is a link, so that "Read more" says where.
    pub leads_on: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Somebody wrote it, or may have.
    Written,
    Blank,
    /// A spinner or a button wherever it stands.
    Certain,
    /// A button or a footer in the company of its like and at the end, a word elsewhere.
    Likely,
}

/// Which of the pieces, in their order, are residue.
pub fn sweep<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Vec<bool> {
    let kinds: Vec<Kind> = pieces.map(|piece| kind(&piece)).collect();
    let end = kinds.iter().rposition(|kind| *kind == Kind::Written).unwrap_or(0);
    let mut gone: Vec<bool> = kinds.iter().map(|kind| *kind == Kind::Certain).collect();
    let mut above: Option<usize> = None;
    for (at, kind) in kinds.iter().enumerate().filter(|(_, kind)| **kind != Kind::Blank) {
        if *kind == Kind::Likely {
            let beside = above.filter(|above| kinds[*above] != Kind::Written);
            gone[at] = at > end || beside.is_some();
            if let Some(beside) = beside {
                gone[beside] = true;
            }
        } else if *kind == Kind::Certain
            && let Some(above) = above.filter(|above| kinds[*above] == Kind::Likely)
        {
            gone[above] = true;
        }
        above = Some(at);
    }
    gone
}

fn kind(piece: &Piece) -> Kind {
    static BUTTON: LazyLock<Option<Regex>> = LazyLock::new(|| anchored(BUTTONS));
    static ONWARD: LazyLock<Option<Regex>> = LazyLock::new(|| anchored(ONWARDS));
    static LIKELY: LazyLock<Option<Regex>> = LazyLock::new(|| anchored(PERHAPS));
    let text = piece.text;
    if text.is_empty() {
        return Kind::Blank;
    }
    let is = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    if text.len() > LONGEST {
        Kind::Written
    } else if is(&BUTTON) || (!piece.leads_on && is(&ONWARD)) {
        Kind::Certain
    } else if is(&LIKELY) {
        Kind::Likely
    } else {
        Kind::Written
    }
}

fn anchored(words: &str) -> Option<Regex> {
    Regex::new(&format!("(?ix)^(?:{words})$")).ok()
}

const BUTTONS: &str = r"
    (?:loading|wird\ geladen|chargement|učitavanje|učitava\ se|учитавање|учитава\ се)
        \s?(?:\.{2,}|…)
    | skip\ to\ (?:main\ )?content | zum\ inhalt(?:\ springen)? | aller\ au\ contenu
    | back\ to\ (?:top|overview|list|(?:all\ )?news) | nach\ oben
    | zurück\ zur\ (?:übersicht|liste) | haut\ de\ page | retour\ (?:à\ la\ liste|aux\ actualités)
    | nazad\ na\ (?:vrh|vesti) | назад\ на\ (?:врх|вести)
    | (?:share|teilen|partager|podeli|подели)(?:\ this(?:\ (?:page|article))?)?
        (?:\ (?:on|via|auf|sur|na|на)\ \w+)?\s?:?
    | auf\ \w+\ teilen
    | print(?:\ this\ page)? | drucken | imprimer | odštampaj | одштампај";

const ONWARDS: &str = r"
    (?:read\ more|learn\ more|weiterlesen|mehr\ (?:lesen|erfahren)|en\ savoir\ plus|lire\ la\ suite
    | opširnije | pročitaj(?:te)?\ više | опширније)\s?[.…:›»>→]*";

const PERHAPS: &str = r"
    loading | wird\ geladen | chargement | učitavanje | учитавање
    | facebook | twitter | x | linkedin | whatsapp | instagram | telegram | tweet | e-?mail
    | copy\ link | link\ kopieren | copier\ le\ lien
    | previous | next | zurück | weiter | retour | précédent | suivant | nazad | prethodno | sledeće
    | назад | претходно | следеће
    | (?:©|\(c\)|copyright\b).*";
