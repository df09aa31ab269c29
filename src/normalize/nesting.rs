//! How deep HTML is nested, known before it is parsed.

/// Deeper than any page a person wrote.
const DEEPEST: usize = 512;

/// True for HTML that must not be parsed: the parser takes quadratic time in depth.
pub fn too_deep(html: &str) -> bool {
    depth(html) > DEEPEST
}

/// How deep the elements may be nested at most, by one look at the tags.
fn depth(html: &str) -> usize {
    /// Elements that have no end or need none: they do not nest by being left open.
    const SHALLOW: [&str; 16] = [
        "area", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p",
        "td", "th", "tr",
    ];
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        let ends = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if name.is_empty() || SHALLOW.contains(&name.as_str()) {
            continue;
        }
        depth = if ends { depth.saturating_sub(1) } else { depth + 1 };
        deepest = deepest.max(depth);
    }
    deepest
}
