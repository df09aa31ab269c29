//! HTML that must not be parsed: the parser takes quadratic time in depth and in the attributes of
//! one element, and writing it again does in the references of one text. One look tells, in linear
//! time.

/// Deeper than any page a person wrote.
const DEEPEST: usize = 512;

/// More blanks between attributes than any tag has.
const MOST_BLANKS: usize = 4096;

/// What writing one text may cost: the characters that are written as references, times all.
const DEAREST: usize = 20_000_000_000;

/// Elements that part the texts around them wherever they stand, but in a `select`.
const PARTING: [&str; 14] =
    ["p", "div", "li", "br", "span", "a", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"];

/// Elements that have no end or need none: they do not nest by being left open.
const SHALLOW: [&str; 16] = [
    "area", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p",
    "td", "th", "tr",
];

/// Elements whose content is text, whatever it looks like.
const RAW: [&str; 6] = ["script", "style", "textarea", "title", "xmp", "iframe"];

/// True for HTML that is nested deeper, or has more attributes to an element or more references to a
/// text, than anybody writes.
pub fn too_complex(html: &str) -> bool {
    let mut open: Vec<String> = Vec::new();
    let mut endless: Vec<String> = Vec::new();
    let mut rest = html;
    let mut run = Run::default();
    while let Some(start) = rest.find('<') {
        run.add(&rest[..start]);
        if run.is_dear() {
            return true;
        }
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = after_comment(comment);
            continue;
        }
        let tag = Tag::read(rest);
        let (within, behind) = rest.split_at(tag.length);
        rest = behind;
        if tag.blanks > MOST_BLANKS || Run::of(within).is_dear() {
            return true;
        }
        if PARTING.contains(&tag.name.as_str())
            && !tag.is_end
            && !open.iter().any(|e| e == "select")
        {
            run = Run::default();
        }
        if tag.name.is_empty() || SHALLOW.contains(&tag.name.as_str()) {
            continue;
        }
        if tag.is_end {
            // An end without a beginning closes nothing.
            if let Some(at) = open.iter().rposition(|name| *name == tag.name) {
                open.truncate(at);
            }
        } else if RAW.contains(&tag.name.as_str()) && !open.iter().any(|name| is_foreign(name)) {
            // What is not closed from here on is not closed from further on either.
            if !endless.contains(&tag.name) {
                match after_end(rest, &tag.name) {
                    Some(after) => rest = after,
                    None => endless.push(tag.name),
                }
            }
        } else if !(tag.is_closed && open.iter().any(|name| is_foreign(name))) {
            open.push(tag.name);
        }
        if open.len() > DEEPEST {
            return true;
        }
    }
    run.add(rest);
    run.is_dear()
}

/// A text that no element parts.
#[derive(Default)]
struct Run {
    references: usize,
    length: usize,
}

impl Run {
    fn of(text: &str) -> Run {
        Run { references: references(text), length: text.len() }
    }

    fn add(&mut self, text: &str) {
        self.references += references(text);
        self.length += text.len();
    }

    fn is_dear(&self) -> bool {
        self.references.saturating_mul(self.length) > DEAREST
    }
}

/// Characters of a text that are written as references, where nothing that stops the search for
/// them stands between: `&` and no-break blanks, and what begins like these.
fn references(text: &str) -> usize {
    let stops = ["&lt;", "&gt;", "&quot;", "&#34;"];
    let ampersands = text
        .match_indices('&')
        .filter(|(at, _)| !stops.iter().any(|stop| text[*at..].starts_with(stop)));
    ampersands.count() + text.bytes().filter(|byte| *byte == 0xC2).count()
}

/// Inside of these the raw elements are elements like others.
fn is_foreign(name: &str) -> bool {
    matches!(name, "svg" | "math")
}

/// What follows a comment, by the rules of browsers: `<!-->` is a whole one.
fn after_comment(comment: &str) -> &str {
    if let Some(rest) = comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")) {
        return rest;
    }
    let mut from = 0;
    while let Some(at) = comment[from..].find("--") {
        let after = &comment[from + at + 2..];
        if let Some(rest) = after.strip_prefix('>').or_else(|| after.strip_prefix("!>")) {
            return rest;
        }
        from += at + 1;
    }
    ""
}

/// What follows the start of the end tag of a raw element, if it is closed at all.
fn after_end<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let tag = &rest[from + at + 2..];
        if tag.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)) {
            return Some(tag);
        }
        from += at + 2;
    }
    None
}

struct Tag {
    name: String,
    is_end: bool,
    /// `<path />`: that means something in foreign elements only.
    is_closed: bool,
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
        let mut tag = Tag {
            is_end,
            is_closed: false,
            blanks: 0,
            length: usize::from(is_end) + name.len(),
            name,
        };
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
        tag.is_closed = text.as_bytes().get(..tag.length).is_some_and(|tag| tag.ends_with(b"/"));
        tag
    }
}
