//! A feed and its sources, as the definitions say: validated, compiled, ready to run.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use url::Url;

use crate::extract::pick::Pick;
use crate::extract::{Fields, Rules};
use crate::model::{Item, Slug};
use crate::normalize::filter::{Field, Filter};
use crate::normalize::plain_text;

/// What is published under one slug.
#[derive(Debug, Clone)]
pub struct Feed {
    pub slug: Slug,
    pub title: String,
    pub description: Option<String>,
    pub home_url: Option<Url>,
    pub language: String,
    pub author: Option<String>,
    /// How many items the feed shows; those of the last week before the newest always.
    pub window: usize,
    /// Addresses or ids of items that were taken back.
    pub retracted: Vec<String>,
    pub sources: Vec<Source>,
    /// Changes with the definition.
    pub fingerprint: String,
}

/// Where announcements come from, and the rules to read it.
#[derive(Debug, Clone)]
pub struct Source {
    /// For people: `in-focus/1`, the feed and the place in its definition.
    pub name: String,
    /// What the source is known by in the store: its own `id`, or its location.
    pub id: String,
    pub location: Location,
    pub language: String,
    pub time_zone: TimeZone,
    pub date_formats: Vec<String>,
    pub rules: Rules,
    /// Pages of the listing that are read at most.
    pub pages: usize,
    /// Address of the next page, with places for its number, the items so far, or what the page
    /// calls it.
    pub next_url: Option<String>,
    pub request: Request,
    /// Fields read from the page of each item.
    pub detail: Option<Box<Fields<Pick>>>,
    pub filter: Filter,
    /// The least time between two looks.
    pub every: SignedDuration,
    pub paused: bool,
    /// Changes with the definition: what other rules have read, these have not.
    pub fingerprint: String,
    /// For messages: the definition file and the line of the source in it.
    pub defined_at: (PathBuf, usize),
}

/// What the server of a source wants to be asked with.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub is_post: bool,
    pub body: Option<Secret>,
    pub headers: Vec<(String, Secret)>,
    /// Name and password (RFC 7617).
    pub user: Option<(Secret, Secret)>,
    /// Whoever runs the server agrees to what its robots.txt forbids.
    pub ignores_robots: bool,
    /// The server may be in a private network.
    pub reaches_private: bool,
    /// Pages are what their scripts make of them in a browser.
    pub is_rendered: bool,
}

/// A text that no message and no log shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Request {
    /// As anybody asks.
    pub const fn nothing() -> Request {
        Request {
            is_post: false,
            body: None,
            headers: Vec::new(),
            user: None,
            ignores_robots: false,
            reaches_private: false,
            is_rendered: false,
        }
    }

    /// The same for what is got and not posted to.
    pub fn to_get(&self) -> Request {
        Request { is_post: false, body: None, ..self.clone() }
    }

    /// True for a name and value that can be sent (RFC 9110, 5.1 and 5.5).
    pub fn header(name: &str, value: &str) -> bool {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        !name.is_empty() && name.bytes().all(is_token) && !value.contains(['\r', '\n', '\0'])
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    Page(Url),
    /// A glob and the directory it is relative to.
    Files {
        pattern: String,
        under: PathBuf,
    },
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Page(url) => url.fmt(f),
            Location::Files { pattern, .. } => f.write_str(pattern),
        }
    }
}

impl Source {
    /// Its files are among the definitions of the site, as far as its pattern says.
    pub fn is_within_site(&self) -> bool {
        match &self.location {
            Location::Page(_) => true,
            Location::Files { pattern, .. } => {
                Path::new(pattern).components().all(|part| matches!(part, Component::Normal(_)))
            }
        }
    }

    /// What the server of `url` is asked with: nobody but the source's own hears what that wants.
    pub fn request_for(&self, url: &Url) -> Request {
        match &self.location {
            Location::Page(home) if home.origin() == url.origin() => self.request.clone(),
            _ => Request::default(),
        }
    }

    /// The same for the page of one item, which is got and not posted to.
    pub fn request_for_item(&self, url: &Url) -> Request {
        self.request_for(url).to_get()
    }

    /// What can be judged before the page of the item is read: the listing may lack what that has.
    pub fn filter_of_listing(&self) -> Filter {
        let Some(detail) = &self.detail else { return self.filter.clone() };
        self.filter.without(|field| match field {
            Field::Kicker => !detail.kicker.is_empty(),
            Field::Title => !detail.title.is_empty(),
            Field::Url => false,
            Field::Text => !detail.content.is_empty() || !detail.summary.is_empty(),
        })
    }
}

impl Feed {
    /// What of the items is published, by the definition as it is now: what its filters want, with
    /// what it says was taken back.
    pub fn view(&self, items: Vec<Item>) -> Vec<Item> {
        let is_named = |item: &Item| {
            let names = [
                Some(item.id.to_string()),
                Some(item.id.urn()),
                item.url.as_ref().map(Url::to_string),
            ];
            names.iter().flatten().any(|name| self.retracted.contains(name))
        };
        let mark = |item: Item| {
            let said = is_named(&item).then_some(item.updated_at);
            Item { retracted_at: item.retracted_at.or(said), ..item }
        };
        items.into_iter().filter(|item| self.shows(item)).map(mark).collect()
    }

    fn shows(&self, item: &Item) -> bool {
        let is_origin = |source: &&Source| source.id == item.source;
        self.sources.iter().find(is_origin).is_none_or(|source| {
            source.filter.wants(|field| match field {
                Field::Kicker => item.kicker.clone().unwrap_or_default(),
                Field::Title => item.title.clone(),
                Field::Url => item.url.as_ref().map(Url::to_string).unwrap_or_default(),
                Field::Text => {
                    let summary = item.summary.as_deref().unwrap_or_default();
                    format!("{}\n{summary}\n{}", item.title, plain_text(item.content.as_str()))
                }
            })
        })
    }

    /// A feed without sources, to try templates with.
    pub fn sample() -> Feed {
        Feed {
            slug: Slug::sample(),
            title: "Sample".to_owned(),
            description: Some("Description".to_owned()),
            home_url: None,
            language: "en".to_owned(),
            author: None,
            window: 1,
            retracted: Vec::new(),
            sources: Vec::new(),
            fingerprint: String::new(),
        }
    }
}
