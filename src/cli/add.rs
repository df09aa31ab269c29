use std::fmt::Write;
use std::path::Path;

use clap::Args;
use serde_json::json;

use super::{Answer, Outcome};
use crate::catalog::{self, read_files};
use crate::dates::Reader;
use crate::diagnostic::{Diagnostic, count};
use crate::extract::{RawItem, file};
use crate::model::Slug;
use crate::site::Site;

#[derive(Debug, Args)]
pub struct Options {
    /// A folder of announcements, as a glob relative to `feeds/`: "news/*.txt"
    glob: String,
    /// The feed's name in paths; made from the glob if there is none
    #[arg(long)]
    slug: Option<String>,
    /// The feed's title; made from the slug if there is none
    #[arg(long)]
    title: Option<String>,
}

/// Rows of the table of what was found.
const SHOWN: usize = 8;

pub fn run(site: &Site, options: &Options) -> anyhow::Result<Answer> {
    let glob = &options.glob;
    if glob.contains("://") {
        return Err(Diagnostic::new(format!("`{glob}` is the address of a page"))
            .help("`add` takes folders of files; for a page, write a definition with `[source.html]` as in feeds/newsroom.toml of the example site")
            .into());
    }
    let slug = slug(options)?;
    let under = std::path::absolute(site.root.join(catalog::DIRECTORY))?;
    let file = under.join(format!("{slug}.toml"));
    if file.exists() {
        return Err(Diagnostic::new(format!("there is a feed `{slug}` already"))
            .help("name this one with `--slug`")
            .into());
    }
    catalog::check_files(&under, glob)?;
    let (items, problems) = probe(site, &under, glob);
    if items.is_empty() {
        let problem = Diagnostic::new(format!("`{glob}` finds no announcements"));
        let problem = match problems.first() {
            Some(first) => problem.note("first", first),
            None => problem,
        };
        return Err(problem.help("put one there first; the glob is relative to `feeds/`").into());
    }
    let title = options.title.clone().unwrap_or_else(|| title_of(&slug));
    std::fs::write(&file, definition(&title, glob))?;
    Ok(Answer {
        outcome: Outcome::Done,
        json: json!({ "feed": slug, "definition": file, "items": items.len(), "problems": problems }),
        text: told(&items, &problems, site, &slug),
    })
}

/// What reading the files gives: items, and what is wrong with the others.
fn probe(site: &Site, under: &Path, glob: &str) -> (Vec<RawItem>, Vec<String>) {
    let dates = Reader::new(&site.settings.language);
    let mut items = Vec::new();
    let mut problems = Vec::new();
    for announcement in read_files(under, glob) {
        let read =
            announcement.bytes.and_then(|bytes| file::read(&announcement.name, &bytes, &dates));
        match read {
            Ok(item) => items.extend(item),
            Err(reason) => problems.push(format!("`{}`: {reason}", announcement.name)),
        }
    }
    (items, problems)
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

fn slug(options: &Options) -> Result<Slug, Diagnostic> {
    let text = match &options.slug {
        Some(slug) => slug.clone(),
        None => slug_of(&options.glob),
    };
    Slug::parse(&text).ok_or_else(|| {
        Diagnostic::new(format!("`{text}` is no name for a feed"))
            .help("name it with `--slug`: lower-case letters, digits and hyphens")
    })
}

/// The last folder of the glob that is no wildcard.
fn slug_of(glob: &str) -> String {
    let folders = glob.rsplit_once('/').map_or("", |(folders, _)| folders);
    let folder = folders.rsplit('/').find(|part| !part.contains(['*', '?', '[', '.']));
    let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    folder.unwrap_or("news").chars().map(legal).collect::<String>().trim_matches('-').to_owned()
}

/// `in-focus` is `In focus`.
fn title_of(slug: &Slug) -> String {
    let text = slug.as_str().replace('-', " ");
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

fn definition(title: &str, glob: &str) -> String {
    let string = |text: &str| toml::Value::from(text).to_string();
    format!(
        "title = {}\n# description = \"What this feed is about, in a sentence\"\n\
         # home_url = \"https://www.example.org/news\"   # the page it stands for\n\
         # language = \"de\"                             # if not the site's\n\n\
         [[source]]\nfiles = {}\n",
        string(title),
        string(glob)
    )
}
