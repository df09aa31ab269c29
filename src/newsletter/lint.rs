//! What mail clients will make of a rendered edition. Pure.

use scraper::{Html, Selector};
use url::Url;

use crate::mail::doctor::Finding;
use crate::mail::encoded_html_len;

/// Bytes beyond which Gmail cuts a message off.
const CLIPPED: usize = 100_000;

/// What Outlook or Gmail do not know (caniemail), as it stands in a `style`.
const UNSUPPORTED: [&str; 14] = [
    "display:flex",
    "display:grid",
    "display:inline-flex",
    "position:",
    "float:",
    "calc(",
    "var(",
    "url(",
    "rem",
    "object-fit:",
    "transform:",
    "animation",
    "@import",
    "filter:",
];

/// Elements that are left out, or whose content is shown as text.
const FORBIDDEN: [&str; 10] =
    ["script", "iframe", "form", "input", "video", "audio", "svg", "picture", "object", "link"];

/// Everything that is wrong with the HTML of an edition, each kind once.
pub fn lint(html: &str) -> Vec<Finding> {
    let document = Html::parse_document(html);
    let mut findings = Vec::new();
    let length = encoded_html_len(html);
    if length > CLIPPED {
        findings.push(Finding::new(
            "size",
            format!("the HTML part has {length} bytes, Gmail cuts off what is beyond {CLIPPED}"),
            "show fewer items (`max_items`), or make `templates/digest/body.html` shorter",
        ));
    }
    let all = |selector: &str| {
        let selector = Selector::parse(selector).ok();
        let found = selector.iter().flat_map(|selector| document.select(selector));
        found.map(|element| element.value().clone()).collect::<Vec<_>>()
    };
    let images = all("img");
    if images.iter().any(|image| image.attr("alt").is_none()) {
        findings.push(Finding::new(
            "alt",
            "an image has no `alt`, so that who does not see it knows nothing of it",
            "`alt=\"\"` for what is decoration",
        ));
    }
    let is_number =
        |width: &str| !width.is_empty() && width.bytes().all(|byte| byte.is_ascii_digit());
    if images.iter().any(|image| !image.attr("width").is_some_and(is_number)) {
        findings.push(Finding::new(
            "width",
            "an image has no `width` in numbers, so that Outlook shows it as large as it is",
            "`width=\"120\"`, without `px`",
        ));
    }
    let is_secure = |address: &str| {
        Url::parse(address).is_ok_and(|url| ["https", "mailto", "tel"].contains(&url.scheme()))
    };
    if let Some(image) =
        images.iter().filter_map(|image| image.attr("src")).find(|src| !is_secure(src))
    {
        findings.push(Finding::new(
            "image",
            format!("the image `{image}` is not at an absolute `https://` address"),
            "most clients show a hole",
        ));
    }
    let links: Vec<_> = all("a[href]");
    let is_web = |address: &str| {
        Url::parse(address)
            .is_ok_and(|url| ["https", "http", "mailto", "tel"].contains(&url.scheme()))
    };
    if let Some(link) = links.iter().filter_map(|link| link.attr("href")).find(|href| !is_web(href))
    {
        findings.push(Finding::new(
            "link",
            format!("the link `{link}` is not absolute"),
            "a mail has no address that it could be relative to; anchors are not followed either",
        ));
    }
    let squeezed = |style: &str| style.to_lowercase().split_whitespace().collect::<String>();
    let styles: Vec<String> =
        all("[style]").iter().filter_map(|element| element.attr("style")).map(squeezed).collect();
    if let Some(name) =
        UNSUPPORTED.into_iter().find(|name| styles.iter().any(|style| has(style, name)))
    {
        findings.push(Finding::new(
            "style",
            format!("a style uses `{name}`, which Gmail or Outlook does not know"),
            "tables, `padding` on cells, colours and sizes in `px` are known everywhere",
        ));
    }
    if let Some(name) = FORBIDDEN.into_iter().find(|name| !all(name).is_empty()) {
        findings.push(Finding::new(
            "element",
            format!("there is a `<{name}>`, which mail clients leave out"),
            "see `templates/digest/body.html`",
        ));
    }
    if html.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        findings.push(Finding::new(
            "characters",
            "there is a control character, at which Gmail cuts a mail off",
            "see the announcement it comes from",
        ));
    }
    findings
}

/// True if a style has a property, or a unit behind a number.
fn has(style: &str, name: &str) -> bool {
    match name {
        "rem" => style
            .match_indices("rem")
            .any(|(at, _)| style[..at].ends_with(|c: char| c.is_ascii_digit())),
        // `vertical-position:` would be another.
        name if name.ends_with(':') && !name.starts_with("display") => {
            style.split(';').any(|declaration| declaration.starts_with(name))
        }
        _ => style.contains(name),
    }
}
