//! HTML that must not be parsed: the parser takes quadratic time in depth and in the attributes of
//! one element. One look at the tags tells, in linear time.

/// Deeper than any page a person wrote.
const DEEPEST: usize = 512;

/// More blanks between attributes than any tag has.
const MOST_BLANKS: usize = 4096;

/// Elements that have no end or need none: they do not nest by being left open.
const SHALLOW: [&str; 16] = [
    "area", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p",
    "td", "th", "tr",
];

/// True for HTML that is nested deeper, or has more attributes to an element, than anybody writes.
pub fn too_complex(html: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let tag = Tag::read(&rest[start + 1..]);
        rest = &rest[start + 1 + tag.length..];
        if tag.name.is_empty() || SHALLOW.contains(&tag.name.as_str()) {
            // Its attributes count all the same.
        } else if tag.is_end {
            depth = depth.saturating_sub(1);
        } else {
            depth += 1;
        }
        if depth > DEEPEST || tag.blanks > MOST_BLANKS {
            return true;
        }
    }
    false
}

struct Tag {
    name: String,
    is_end: bool,
    /// Outside of quotes.
    blanks: usize,
    /// Up to its end, in bytes.
    length: usize,
}

impl Tag {
    /// Reads what follows a `<`.
    fn read(text: &str) -> Tag {
        let is_end = text.starts_with('/');
        let name: String = text[usize::from(is_end)..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let mut tag = Tag { is_end, blanks: 0, length: usize::from(is_end) + name.len(), name };
        if tag.name.is_empty() {
            return tag;
        }
        let mut quote = None;
        for byte in text.bytes().skip(tag.length) {
            match (quote, byte) {
                (Some(open), close) if open == close => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'>') => break,
                (None, byte) if byte.is_ascii_whitespace() => tag.blanks += 1,
                (None, _) => {}
            }
            tag.length += 1;
        }
        tag
    }
}
