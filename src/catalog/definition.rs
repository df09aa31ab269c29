//! The shape of a definition file, every name as it stands there.

use serde::Deserialize;
use toml::Spanned;
use url::Url;

/// `feeds/SLUG.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedFile {
    pub title: Spanned<String>,
    pub description: Option<String>,
    /// The page the feed stands for; relative links in announcement files are taken against it.
    pub home_url: Option<Url>,
    pub language: Option<Spanned<String>>,
    pub author: Option<String>,
    pub window: Option<Spanned<usize>>,
    #[serde(default, rename = "source")]
    pub sources: Vec<Spanned<SourceTable>>,
}

/// `[[source]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    pub files: Option<Spanned<String>>,
    pub url: Option<Spanned<String>>,
    pub every: Option<Spanned<String>>,
    pub language: Option<Spanned<String>>,
    pub time_zone: Option<Spanned<String>>,
    pub date_format: Option<Strings>,
    #[serde(default)]
    pub paused: bool,
    pub html: Option<Spanned<HtmlTable>>,
    pub detail: Option<Spanned<DetailTable>>,
    pub keep: Option<FilterTable>,
    pub drop: Option<FilterTable>,
}

/// `[source.html]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HtmlTable {
    pub item: Spanned<String>,
    pub title: Option<Strings>,
    pub url: Option<Strings>,
    pub published: Option<Strings>,
    pub kicker: Option<Strings>,
    pub summary: Option<Strings>,
    pub content: Option<Strings>,
    pub image: Option<Strings>,
    pub author: Option<Strings>,
    pub next: Option<Strings>,
    pub pages: Option<Spanned<usize>>,
}

/// `[source.detail]`: what the page of an item says better than the listing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailTable {
    pub title: Option<Strings>,
    pub published: Option<Strings>,
    pub kicker: Option<Strings>,
    pub summary: Option<Strings>,
    pub content: Option<Strings>,
    pub image: Option<Strings>,
    pub author: Option<Strings>,
}

/// `[source.keep]`, `[source.drop]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterTable {
    pub kicker: Option<Strings>,
    pub title: Option<Strings>,
    pub url: Option<Strings>,
    pub text: Option<Strings>,
}

/// One string or a list of them, and where it stands.
pub type Strings = Spanned<OneOrMany>;

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a string or a list of strings")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn as_slice(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}
