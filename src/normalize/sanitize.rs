//! HTML that can do no harm, in feeds, on pages and in mail.

use std::borrow::Cow;

use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use regex::{Captures, Regex};
use url::Url;

use super::nesting::too_complex;
use super::{escape, images, is_legal, links};

/// Rounds after which HTML that is still changing is not worth its mark-up.
const MOST_ROUNDS: usize = 6;

/// HTML that went through the allow-list: no scripts, styles, frames or forms, only absolute
/// `http`, `https` and `mailto` addresses, no character that XML forbids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Sanitises `html`; relative addresses are taken against `base`, and dropped without one.
    /// HTML that is [too complex](too_complex) is kept as its text.
    pub fn from_html(html: &str, base: Option<&Url>) -> SafeHtml {
        // Most listings have no texts, and an empty one needs no list of what is allowed.
        if html.trim().is_empty() {
            return SafeHtml::default();
        }
        let legal: String = images::settle(html).chars().filter(|c| is_legal(*c)).collect();
        if too_complex(&legal) {
            return SafeHtml(escape(&strip_tags(&legal)));
        }
        let base = base.cloned();
        let mut builder = Builder::default();
        builder
            .rm_tags(["map", "area"])
            .rm_tag_attributes("a", ["hreflang"])
            // The letters of a lettered list are what its text refers to.
            .add_tag_attributes("ol", ["type"])
            .url_schemes(["http", "https", "mailto"].into())
            .link_rel(None)
            .url_relative(UrlRelative::PassThrough)
            .attribute_filter(move |_, attribute, value| match attribute {
                "src" => links::absolute(value, base.as_ref())
                    .filter(|url| !links::leads_inside(url, base.as_ref()))
                    .map(|url| Cow::Owned(url.into())),
                "href" | "cite" if !value.starts_with("mailto:") => {
                    links::absolute(value, base.as_ref()).map(|url| Cow::Owned(url.into()))
                }
                _ => Some(Cow::Borrowed(value)),
            });
        // Misnested mark-up can come out as mark-up that parses differently again (a link in a
        // table in a link): go on until it stays, so that readers see what was judged harmless.
        let mut html = legal;
        for _ in 0..MOST_ROUNDS {
            // References such as &#1; become characters while parsing, so look again.
            let cleaned = builder.clean(&html).to_string();
            let cleaned: String = cleaned.chars().filter(|c| is_legal(*c)).collect();
            let cleaned = with_alternatives(cleaned.trim());
            if cleaned == html {
                return SafeHtml(cleaned);
            }
            html = cleaned;
        }
        SafeHtml(escape(&strip_tags(&html)))
    }

    /// HTML that the store kept: it was sanitised before it got there.
    pub(crate) fn from_store(html: String) -> SafeHtml {
        SafeHtml(html)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Every image has an alternative, if only an empty one, and an address.
fn with_alternatives(html: &str) -> String {
    static IMAGE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"<img\b(?:[^>"]|"[^"]*")*>"#).ok());
    let Some(image) = &*IMAGE else { return html.to_owned() };
    let mended = image.replace_all(html, |found: &Captures| {
        let tag = &found[0];
        if !tag.contains(" src=\"") {
            String::new()
        } else if tag.contains(" alt=\"") {
            tag.to_owned()
        } else {
            tag.replacen("<img", "<img alt=\"\"", 1)
        }
    });
    mended.into_owned()
}

fn strip_tags(html: &str) -> String {
    let mut inside = false;
    html.chars()
        .filter(|c| match c {
            '<' => {
                inside = true;
                false
            }
            '>' if inside => {
                inside = false;
                false
            }
            _ => !inside,
        })
        .collect()
}
