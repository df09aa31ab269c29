use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::{Answer, Outcome};
use crate::catalog::{self, Request, read_files};
use crate::dates::Reader;
use crate::detect::learn::learn;
use crate::detect::{self, Obstacle};
use crate::diagnostic::{Diagnostic, count};
use crate::extract::{self, ExtractError, RawItem, Rules, charset, markup};
use crate::fetch::{Fetcher, Page};
use crate::kept::{Kept, Record};
use crate::model::Slug;
use crate::offers::{offers, posts_of};
use crate::site::Site;

#[derive(Debug, Args)]
pub struct Options {
    /// A folder of announcements, as a glob relative to `feeds/` ("news/*.txt"), or the address of
    /// a page, a feed or a sitemap
    #[arg(required_unless_present = "repair", value_name = "GLOB_OR_URL")]
    place: Vec<String>,
    /// A title that the list of a page has, or a part of it; more than one if need be
    #[arg(long, value_name = "TITLE")]
    pub example: Vec<String>,
    /// The feed's name in paths; made from the place if there is none
    #[arg(long)]
    slug: Option<String>,
    /// Find the items of this feed on its pages as they are now, and write the rules
    #[arg(long, value_name = "SLUG", conflicts_with_all = ["place", "slug", "title"])]
    pub repair: Option<String>,
    /// Load the page in a browser and read what its scripts make of it
    #[arg(long, conflicts_with = "repair")]
    browser: bool,
    /// The feed's title; made from the slug if there is none
    #[arg(long)]
    title: Option<String>,
}

/// The rules of what has the shape of the API of WordPress.
const WORD_PRESS: &str = "[source.json]\npreset = \"wordpress\"\n";

/// Rows of the table of what was found.
const SHOWN: usize = 8;

/// Where announcements are, as the definition says it.
enum Place {
    Page {
        url: Url,
        /// By its scripts, in a browser.
        is_rendered: bool,
    },
    Files(String),
}

/// What is there: items, and what is wrong with the others.
type Found = (Vec<RawItem>, Vec<String>);

pub async fn run(site: &Site, options: &Options, now: Timestamp) -> anyhow::Result<Answer> {
    let under = std::path::absolute(site.root.join(catalog::DIRECTORY))?;
    let mut place = place(&options.place, &under)?;
    let slug = slug(options, &place)?;
    let file = under.join(format!("{slug}.toml"));
    if file.exists() {
        return Err(Diagnostic::new(format!("there is a feed `{slug}` already"))
            .help("name this one with `--slug`")
            .into());
    }
    let dates = Reader::new(&site.settings.language).looking_at(now, &site.settings.time_zone);
    let mut text = String::new();
    let (items, problems, rules, page) = match &place {
        Place::Page { url, .. } => {
            let there = there(site, url, options, &dates).await?;
            text = there.told;
            let (items, rules) = there.read;
            place = there.place;
            (items, Vec::new(), rules, Some(there.page))
        }
        Place::Files(glob) => {
            let (items, problems) = files(&under, glob, &dates)?;
            (items, problems, None, None)
        }
    };
    let title = options.title.clone().unwrap_or_else(|| title_of(&slug));
    std::fs::write(&file, definition(&title, &place, &rules.unwrap_or_default()))?;
    if let Some(page) = page {
        // It is for trying changes; the feed is there without.
        if let Err(error) = keep(&site.root, &slug, &page, now) {
            tell!("warning: {error:#}");
        }
    }
    Ok(Answer {
        outcome: Outcome::Done,
        json: json!({ "feed": slug, "definition": file, "items": items.len(), "problems": problems }),
        text: text + &told(&items, &problems, site, &slug),
    })
}

/// What was meant: people name a folder, or a path from where they stand.
fn place(named: &[String], under: &Path) -> Result<Place, Diagnostic> {
    let [named] = named else {
        return Err(Diagnostic::new("there is more than one place").help(
            "put the glob in quotes, or the shell takes it apart: `infocus add \"news/*.txt\"`",
        ));
    };
    if named.contains("://") {
        let url = Url::parse(named).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let page = |url| Place::Page { url, is_rendered: false };
        return url.map(page).ok_or_else(|| {
            Diagnostic::new(format!("`{named}` is no address of a page"))
                .help("it begins with `https://`")
        });
    }
    let path = named.trim_start_matches("./").trim_end_matches('/');
    let own = format!("{}/", catalog::DIRECTORY);
    let path = match path.strip_prefix(&own) {
        Some(rest) if !under.join(path).exists() => rest,
        _ => path,
    };
    let is_folder = under.join(path).is_dir();
    Ok(Place::Files(if is_folder { format!("{path}/*") } else { path.to_owned() }))
}

/// Keeps the page that a definition was made from, for trying changes of it.
fn keep(root: &Path, slug: &Slug, page: &Page, now: Timestamp) -> anyhow::Result<()> {
    // With the definition that is there now.
    let site = Site::load(root)?;
    let Some(feed) = site.feeds.iter().find(|feed| feed.slug == *slug) else { return Ok(()) };
    let Some(source) = feed.sources.first() else { return Ok(()) };
    let record = Record {
        url: page.url.clone(),
        content_type: page.content_type.clone(),
        fetched_at: now,
        rules: String::new(),
        items: BTreeMap::new(),
    };
    let kept = Kept::of(&site, feed, source);
    let directory = kept.directory();
    let failed = || format!("failed to keep the page in `{}`", directory.display());
    kept.keep(&page.body, &record).with_context(failed)
}

/// What was found at an address.
struct There {
    page: Page,
    read: Read,
    /// What the source is to read: the page, or what is there in its place.
    place: Place,
    /// What there is to know about it.
    told: String,
}

/// The announcements of a page; if it has none, those that its site has elsewhere, or those that its
/// scripts put there.
async fn there(
    site: &Site,
    url: &Url,
    options: &Options,
    dates: &Reader,
) -> Result<There, Diagnostic> {
    let fetcher = site.fetcher()?;
    let place = |url: &Url, is_rendered| Place::Page { url: url.clone(), is_rendered };
    let request = Request { is_rendered: options.browser, ..Request::default() };
    let page = fetcher.page(url, &request).await?;
    let problem = match read(&page, &options.example, dates) {
        Ok(read) => {
            let place = place(url, options.browser);
            return Ok(There { page, read, place, told: String::new() });
        }
        Err(problem) => problem.note("page", url.as_str()),
    };
    if let Some((page, read)) = offered(&fetcher, &page, options, dates).await {
        let told = format!("The page has no clear list, but its site has {}\n", page.url);
        return Ok(There { place: place(&page.url, false), page, read, told });
    }
    let text = charset::decode(&page.body, page.content_type.as_deref());
    let obstacle = markup::parse(&text).ok().and_then(|html| detect::obstacle(&html));
    if options.browser || obstacle != Some(Obstacle::Scripts) {
        return Err(problem);
    }
    let page = fetcher.page(url, &Request { is_rendered: true, ..request }).await?;
    let read = read(&page, &options.example, dates)
        .map_err(|problem| problem.note("page", format!("{url}, in a browser")))?;
    let told = format!("{}, so it is loaded in one.\n", sentence(Obstacle::Scripts.told()));
    Ok(There { page, read, place: place(url, true), told })
}

/// What the site of a page has instead of a list on the page.
async fn offered(
    fetcher: &Fetcher,
    page: &Page,
    options: &Options,
    dates: &Reader,
) -> Option<(Page, Read)> {
    if !options.example.is_empty() {
        return None;
    }
    let text = charset::decode(&page.body, page.content_type.as_deref());
    let html = markup::parse(&text).ok()?;
    let offer = offers(fetcher, &html, &page.url, dates).await.into_iter().next()?;
    let (page, _) = offer.answer?;
    let read = read(&page, &[], dates).ok()?;
    Some((page, read))
}

/// Items, and the table of rules that finds them, if it takes one.
type Read = (Vec<RawItem>, Option<String>);

/// What a page gives: as a feed or a sitemap, or by rules that are learnt from it.
fn read(page: &Page, examples: &[String], dates: &Reader) -> Result<Read, Diagnostic> {
    let content_type = page.content_type.as_deref();
    let source = extract::Source::page(&page.url, content_type, &page.body, dates);
    let listing = match extract::read(source, &Rules::Auto) {
        Ok(listing) => listing,
        Err(ExtractError::NoRules) => {
            if let Some(items) = posts_of(page) {
                return Ok((items, Some(WORD_PRESS.to_owned())));
            }
            let text = charset::decode(&page.body, content_type);
            return learnt(&text, &page.url, examples, dates);
        }
        Err(error) => return Err(Diagnostic::new(error.to_string())),
    };
    if listing.items.is_empty() && listing.parts.is_empty() {
        return Err(Diagnostic::new("there are no announcements in it"));
    }
    Ok((listing.items, None))
}

/// The announcements of a page that has no rules yet, and rules that find them again; none if those
/// that do are not short, and the source has to find its list by itself.
fn learnt(text: &str, url: &Url, examples: &[String], dates: &Reader) -> Result<Read, Diagnostic> {
    let help = "write a definition with `[source.html]`, as the README shows";
    let html = markup::parse(text).map_err(|error| Diagnostic::new(error.to_string()))?;
    let lists = detect::lists(&html, url, dates);
    let list = detect::choose(&lists, examples).ok_or_else(|| {
        let problem = match examples {
            [] => "the page is neither a feed nor a sitemap, and has no clear list",
            _ => "the page has no list with these titles",
        };
        Diagnostic::new(problem)
            .help(format!("see what it has with `infocus probe {url}`, or {help}"))
    })?;
    let rules = learn(&html, url, list);
    // Without rules the source finds by itself what it would find without an example.
    let is_likeliest = || detect::choose(&lists, &[]).is_some_and(|best| std::ptr::eq(best, list));
    if rules.is_none() && !is_likeliest() {
        let problem = "there is such a list, but no short rules for where it is";
        return Err(Diagnostic::new(problem).help(help));
    }
    Ok((list.items.clone(), rules.map(|rules| rules.to_string())))
}

fn files(under: &Path, glob: &str, dates: &Reader) -> Result<Found, Diagnostic> {
    catalog::check_files(under, glob)?;
    let mut items = Vec::new();
    let mut problems = Vec::new();
    for announcement in read_files(under, glob) {
        let name = announcement.name;
        let read = announcement.bytes.and_then(|bytes| {
            extract::read(extract::Source::file(&name, &bytes, dates), &Rules::Auto)
                .map_err(|error| error.to_string())
        });
        match read {
            Ok(listing) => items.extend(listing.items),
            Err(reason) => problems.push(format!("`{name}`: {reason}")),
        }
    }
    if items.is_empty() {
        let problem = Diagnostic::new(format!("`{glob}` finds no announcements"));
        let problem = match problems.first() {
            Some(first) => problem.note("first", first),
            None => problem,
        };
        return Err(problem.help("put one there first; the glob is relative to `feeds/`"));
    }
    Ok((items, problems))
}

fn told(items: &[RawItem], problems: &[String], site: &Site, slug: &Slug) -> String {
    let mut text = format!("{}:\n", count(items.len(), "announcement"));
    let field = |field: Option<&str>, width: usize| {
        let cut: String = field.unwrap_or("-").chars().take(width).collect();
        format!("{cut:<width$}")
    };
    for item in items.iter().take(SHOWN) {
        let date = item.published.as_ref().map(|date| date.text.as_str());
        let row =
            [field(date, 18), field(item.kicker.as_deref(), 14), field(item.title.as_deref(), 42)];
        let _ = writeln!(text, "  {}", row.join("  ").trim_end());
    }
    if items.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", items.len() - SHOWN);
    }
    for problem in problems {
        let _ = writeln!(text, "left out: {problem}");
    }
    let file = site.root.join(catalog::DIRECTORY).join(format!("{slug}.toml"));
    let _ = write!(text, "Written: {}", file.display());
    text
}

fn slug(options: &Options, place: &Place) -> Result<Slug, Diagnostic> {
    let text = match (&options.slug, place) {
        (Some(slug), _) => slug.clone(),
        (None, Place::Files(glob)) => slug_of(glob),
        (None, Place::Page { url, .. }) => slug_of(url.host_str().unwrap_or_default()),
    };
    Slug::parse(&text).ok_or_else(|| {
        Diagnostic::new(format!("`{text}` is no name for a feed"))
            .help("name it with `--slug`: lower-case letters, digits and hyphens")
    })
}

/// The last folder of a glob that is no wildcard; of a host, the name that people know.
fn slug_of(place: &str) -> String {
    let (folders, host) = match place.rsplit_once('/') {
        Some((folders, _)) => (folders, ""),
        None => ("", place),
    };
    let folder =
        folders.rsplit('/').find(|part| !part.is_empty() && !part.contains(['*', '?', '[']));
    let name =
        folder.unwrap_or_else(|| host.trim_start_matches("www.").split('.').next().unwrap_or(host));
    let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let slug: String = name.chars().map(legal).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "news".to_owned() } else { slug.to_owned() }
}

/// `in-focus` is `In focus`.
fn title_of(slug: &Slug) -> String {
    sentence(&slug.as_str().replace('-', " "))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

fn definition(title: &str, place: &Place, rules: &str) -> String {
    let string = |text: &str| toml::Value::from(text).to_string();
    let source = match place {
        Place::Files(glob) => format!("files = {}", string(glob)),
        Place::Page { url, is_rendered } => {
            let render = if *is_rendered { "\nrender = \"browser\"" } else { "" };
            format!("url = {}{render}", string(url.as_str()))
        }
    };
    format!(
        "title = {}\n# description = \"What this feed is about, in a sentence\"\n\
         # home_url = \"https://www.example.org/news\"   # the page it stands for\n\
         # language = \"de\"                             # if not the site's\n\n\
         [[source]]\n{source}\n{rules}",
        string(title),
    )
}
