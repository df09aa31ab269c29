//! Raw strings to what can be stored and published: legal characters, absolute and clean
//! addresses, harmless HTML, a summary. Pure.

pub mod documents;
pub mod edits;
pub mod filter;
pub mod images;
pub mod ledger;
pub mod links;
mod moment;
mod nesting;
mod sanitize;
pub mod sighting;
mod summary;
pub mod usual;

pub use moment::whole_second;
pub use nesting::too_complex;
pub use sanitize::SafeHtml;
pub use summary::{cut_at_word, sentence_ends, summary};

use std::sync::LazyLock;

use regex::{Captures, Regex};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text for one line: composed (NFC), blanks folded, without the characters that XML 1.0 forbids
/// or that no reader shows.
pub fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut is_apart = false;
    for c in text.chars() {
        if c.is_whitespace() {
            is_apart = true;
        } else if is_legal(c) {
            if is_apart && !line.is_empty() {
                line.push(' ');
            }
            is_apart = false;
            line.push(c);
        }
    }
    // Most text is composed, and composing is dear.
    match is_nfc_quick(line.chars()) {
        IsNormalized::Yes => line,
        _ => line.nfc().collect(),
    }
}

/// Characters of a field beyond which it is no title, name or summary.
const LONGEST_FIELD: usize = 10_000;

/// A [`line()`] that is the same to readers that take it for text and to those that take it for HTML:
/// no mark-up, no entities, nothing that could be taken for either.
pub fn inert(text: &str) -> String {
    static TAG: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"<!--.*?(?:-->|$)|<[a-zA-Z/!?][^>]*>").ok());
    static ENTITY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"&(?:[a-zA-Z][a-zA-Z0-9]*|#[0-9]+|#[xX][0-9a-fA-F]+);").ok());
    let (Some(tag), Some(entity)) = (&*TAG, &*ENTITY) else { return line(text) };
    let mut text = line(&text.chars().take(LONGEST_FIELD).collect::<String>());
    // Content systems escape twice, or three times. Every round leaves less.
    while text.contains(['<', '&']) {
        let without =
            tag.replace_all(&text, |found: &Captures| match mentioned(&text, &found[0]) {
                Some(name) => format!("‹{name}›"),
                None => " ".to_owned(),
            });
        let resolved = entity.replace_all(&without, |found: &Captures| resolve(&found[0]));
        let next = line(&resolved);
        if next == text {
            break;
        }
        text = next;
    }
    // What is left opens no tag and no entity, it only looks as if.
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let opens =
            chars.peek().is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(*next));
        shown.push(if c == '<' && opens { '‹' } else { c });
    }
    shown
}

/// Elements that without their end take all that follows; so alone, they are spoken of.
const SWALLOWING: [&str; 7] =
    ["script", "style", "title", "textarea", "template", "noscript", "iframe"];

/// The name of the element that a tag speaks of: it has no attributes, and no end in the text.
fn mentioned<'a>(text: &str, tag: &'a str) -> Option<&'a str> {
    let name = tag.strip_prefix('<')?.strip_suffix('>')?;
    let swallows = SWALLOWING.iter().any(|known| name.eq_ignore_ascii_case(known));
    (swallows && !has_tag(text, "</", name)).then_some(name)
}

/// True if a tag of an element stands in the text; `opening` is what such a tag begins with.
fn has_tag(text: &str, opening: &str, name: &str) -> bool {
    text.match_indices(opening).any(|(at, _)| {
        let tag = &text[at + opening.len()..];
        let goes_on = tag.as_bytes().get(name.len()).is_some_and(u8::is_ascii_alphanumeric);
        tag.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)) && !goes_on
    })
}

/// A title or summary that is text to us, and HTML to many feeds and content systems.
pub fn plain_field(text: &str) -> String {
    let is_spoken_of = |name: &&str| has_tag(text, "<", name) && !has_tag(text, "</", name);
    let is_text = !text.contains(['<', '&']) || SWALLOWING.iter().any(is_spoken_of);
    if is_text { text.to_owned() } else { plain_text(text) }
}

/// What an entity stands for; itself, if there is no such.
fn resolve(entity: &str) -> String {
    let text: String = scraper::Html::parse_fragment(entity).root_element().text().collect();
    if text.is_empty() { entity.to_owned() } else { text }
}

/// The `Char` production of XML 1.0, less the C1 controls, the byte order mark, and the controls
/// that turn the direction of the text around them.
pub fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        c => !c.is_control(),
    }
}

/// `text` as HTML and XML content.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text of HTML, blocks apart, entities resolved.
pub fn plain_text(html: &str) -> String {
    if too_complex(html) {
        return String::new();
    }
    text_of(scraper::Html::parse_fragment(html).root_element())
}

/// The text of an element as a person reads it: runs of text as they are, blocks apart, without
/// what is not shown.
pub fn text_of(element: scraper::ElementRef) -> String {
    const UNSEEN: [&str; 4] = ["script", "style", "template", "noscript"];
    let mut text = String::new();
    let mut hidden = 0_usize;
    for edge in element.traverse() {
        let (node, is_open) = match edge {
            ego_tree::iter::Edge::Open(node) => (node, true),
            ego_tree::iter::Edge::Close(node) => (node, false),
        };
        match node.value() {
            scraper::Node::Text(run) if is_open && hidden == 0 => text.push_str(run),
            scraper::Node::Element(element) => {
                if UNSEEN.contains(&element.name()) {
                    hidden = if is_open { hidden + 1 } else { hidden.saturating_sub(1) };
                } else if !is_inline(element.name()) {
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
    text
}

/// The text of the first paragraphs of HTML, up to a list, a heading or anything else; all of its
/// text if it does not begin with a paragraph.
pub fn lead(html: &str) -> String {
    if too_complex(html) {
        return String::new();
    }
    let parsed = scraper::Html::parse_fragment(html);
    let paragraphs: Vec<String> = parsed
        .root_element()
        .child_elements()
        .take_while(|element| element.value().name() == "p")
        .map(text_of)
        .collect();
    if paragraphs.is_empty() { plain_text(html) } else { paragraphs.join(" ") }
}

/// True for elements that flow with the text around them.
pub fn is_inline(element: &str) -> bool {
    const INLINE: [&str; 35] = [
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
        "em", "font", "i", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp",
        "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    ];
    INLINE.contains(&element)
}
