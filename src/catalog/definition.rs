//! The shape of a definition file, every name as it stands there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use crate::toml_file::optional_address;

/// `feeds/SLUG.toml`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedFile {
    #[schemars(with = "String")]
    pub title: Spanned<String>,
    pub description: Option<String>,
    /// The page the feed stands for; relative links in announcement files are taken against it.
    #[serde(default, deserialize_with = "optional_address")]
    #[schemars(with = "Option<String>")]
    pub home_url: Option<Url>,
    #[schemars(with = "Option<String>")]
    pub language: Option<Spanned<String>>,
    pub author: Option<String>,
    #[schemars(with = "Option<usize>")]
    pub window: Option<Spanned<usize>>,
    /// Addresses or ids of items that were taken back.
    #[serde(default)]
    pub retracted: Vec<String>,
    #[serde(default, rename = "source")]
    #[schemars(with = "Vec<SourceTable>")]
    pub sources: Vec<Spanned<SourceTable>>,
}

/// `[[source]]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// What the source is known by, if not by its location: two sources of one page need one.
    pub id: Option<String>,
    #[schemars(with = "Option<String>")]
    pub files: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub url: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub every: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub language: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub time_zone: Option<Spanned<String>>,
    #[schemars(with = "Option<OneOrMany<String>>")]
    pub date_format: Option<Strings>,
    #[serde(default)]
    pub paused: bool,
    /// What makes the pages: their scripts, if it is a browser.
    #[schemars(with = "Option<Render>")]
    pub render: Option<Spanned<Render>>,
    /// How many pages of the listing are read at most.
    #[schemars(with = "Option<usize>")]
    pub pages: Option<Spanned<usize>>,
    /// Where the next page is, with `{page}`, `{offset}` or `{next}`.
    #[schemars(with = "Option<String>")]
    pub next_url: Option<Spanned<String>>,
    #[schemars(with = "Option<HtmlTable>")]
    pub html: Option<Spanned<HtmlTable>>,
    #[schemars(with = "Option<JsonTable>")]
    pub json: Option<Spanned<JsonTable>>,
    pub request: Option<RequestTable>,
    #[schemars(with = "Option<DetailTable>")]
    pub detail: Option<Spanned<DetailTable>>,
    pub keep: Option<FilterTable>,
    pub drop: Option<FilterTable>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Render {
    /// Chromium, without a window.
    Browser,
}

/// `[source.html]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HtmlTable {
    #[schemars(with = "String")]
    pub item: Spanned<String>,
    /// An item goes on over what follows it, up to the next.
    #[serde(default)]
    pub run: bool,
    /// A name that is the item's alone, where its address is not: `@data-id`.
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub key: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub title: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub url: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub published: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub kicker: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub summary: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub content: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub image: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub author: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub next: Option<Picks>,
    #[schemars(with = "Option<usize>")]
    pub pages: Option<Spanned<usize>>,
}

/// `[source.json]`: JSONPath for the items, and from each item for its fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonTable {
    pub preset: Option<Preset>,
    #[schemars(with = "Option<String>")]
    pub item: Option<Spanned<String>>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub key: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub title: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub url: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub published: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub kicker: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub summary: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub content: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub image: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub author: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub next: Option<Picks>,
}

/// APIs whose shape is known.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The posts of the WordPress REST API, `/wp-json/wp/v2/posts?_embed`.
    WordPress,
}

/// `[source.request]`: what the server wants to be asked with. `${NAME}` takes from the environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTable {
    #[serde(default)]
    pub method: Method,
    #[schemars(with = "Option<String>")]
    pub body: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: BTreeMap<String, Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub user: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub password: Option<Spanned<String>>,
    /// Those who run the server agree to what its robots.txt forbids.
    #[serde(default)]
    pub ignore_robots: bool,
    /// The server is in a private network, and may be read all the same.
    #[serde(default)]
    pub allow_private: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Post,
}

/// `[source.detail]`: what the page of an item says better than the listing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailTable {
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub title: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub published: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub kicker: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub summary: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub content: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub image: Option<Picks>,
    #[schemars(with = "Option<OneOrMany<PickTable>>")]
    pub author: Option<Picks>,
}

/// `[source.keep]`, `[source.drop]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterTable {
    #[schemars(with = "Option<OneOrMany<String>>")]
    pub kicker: Option<Strings>,
    #[schemars(with = "Option<OneOrMany<String>>")]
    pub title: Option<Strings>,
    #[schemars(with = "Option<OneOrMany<String>>")]
    pub url: Option<Strings>,
    #[schemars(with = "Option<OneOrMany<String>>")]
    pub text: Option<Strings>,
}

/// One string or a list of them, and where it stands.
pub type Strings = Spanned<OneOrMany<String>>;

/// One place of a value or several to be tried in order, and where they stand.
pub type Picks = Spanned<OneOrMany<PickTable>>;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a string, a table, or a list of them")]
pub enum OneOrMany<T> {
    // Tried first: a list would pass for a table whose keys are left away.
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// `"h3 a @href"`, or a table that also says what is done to the value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PickTable {
    Rule(String),
    Steps(StepsTable),
}

/// The steps are done in the order of these keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepsTable {
    pub select: Option<String>,
    /// The cell of a table under a heading with this text; `select` is looked for in it.
    pub column: Option<String>,
    /// Text with rules in braces, instead of `select`.
    pub template: Option<String>,
    /// The first group, or all that matches; without a match there is no value.
    pub regex: Option<String>,
    /// Pairs of a regular expression and what comes in its place.
    pub replace: Vec<[String; 2]>,
    /// How the value is written, if it is a date (strptime).
    pub date_format: Option<String>,
}
