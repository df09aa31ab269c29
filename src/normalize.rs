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

pub use nesting::too_complex;
pub use sanitize::SafeHtml;
pub use summary::{cut_at_word, sentence_ends, summary};

use unicode_normalization::UnicodeNormalization;

/// A text for one line: composed (NFC), blanks folded, without the characters that XML 1.0 forbids
/// or that no reader shows.
pub fn line(text: &str) -> String {
    let legal: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| is_legal(*c))
        .nfc()
        .collect();
    legal.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
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
