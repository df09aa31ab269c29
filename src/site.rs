//! A site: a directory with `infocus.toml` and `feeds/`, loaded and validated.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::catalog::{self, Feed, Location};
use crate::config::{self, Settings, Target};
use crate::diagnostic::{Diagnostic, Invalid};
use crate::fetch::Fetcher;
use crate::model::Slug;
use crate::publish::{Bucket, Directory, Output, OutputError, Rhythm};
use crate::store;
use crate::templates::Templates;

#[derive(Debug)]
pub struct Site {
    pub root: PathBuf,
    pub settings: Settings,
    pub feeds: Vec<Feed>,
    pub templates: Templates,
}

impl Site {
    /// Loads the site in a directory; everything that is wrong with it is told at once.
    pub fn load(root: &Path) -> Result<Site, Invalid> {
        // `./public/index.html` is `public/index.html`, when people are told of it.
        let root = root.strip_prefix(".").unwrap_or(root);
        let file = Path::new(config::FILE);
        let text = std::fs::read_to_string(root.join(file)).map_err(|error| {
            let place = root.join(file);
            match error.kind() {
                std::io::ErrorKind::NotFound => {
                    Diagnostic::new(format!("there is no `{}`", place.display()))
                        .help("`infocus init` makes a site; `--site DIR` names another one")
                }
                _ => Diagnostic::new(format!("failed to read `{}`: {error}", place.display())),
            }
        })?;
        let settings = Settings::parse(file, &text, |name| std::env::var(name).ok())?;
        let mut problems = Vec::new();
        let environment = |name: &str| std::env::var(name).ok();
        let feeds =
            catalog::load(root, &settings, &environment).unwrap_or_else(|Invalid(found)| {
                problems.extend(found);
                Vec::new()
            });
        // Feeds that could not be read are not missing.
        if problems.is_empty() {
            problems.extend(feed_problems(&feeds));
            problems.extend(newsletter_problems(&settings, &feeds));
        }
        let templates = match Templates::load(root) {
            Ok(templates) if problems.is_empty() => templates,
            Ok(_) => return Err(Invalid(problems)),
            Err(found) => {
                problems.extend(found);
                return Err(Invalid(problems));
            }
        };
        Ok(Site { root: root.to_owned(), settings, feeds, templates })
    }

    /// What reads the sources of the site.
    pub fn fetcher(&self) -> Result<Fetcher, Diagnostic> {
        let sources = self.feeds.iter().flat_map(|feed| &feed.sources);
        let private = sources.filter(|source| source.request.reaches_private);
        let hosts = private.filter_map(|source| match &source.location {
            Location::Page(url) => url.host_str().map(str::to_owned),
            Location::Files { .. } => None,
        });
        Fetcher::new(&self.settings, hosts)
    }

    /// True if other machines may be at work with its database.
    pub fn is_shared(&self) -> bool {
        store::is_shared(&self.settings.database)
    }

    /// The file of its database, if it is one.
    pub fn database(&self) -> Option<PathBuf> {
        store::file(&self.root, &self.settings.database)
    }

    /// Where what is published goes; a store that does not answer is asked again for a while.
    pub fn output(&self, patience: Duration) -> Result<Output, OutputError> {
        match &self.settings.output {
            Target::Directory(path) => Ok(Output::Directory(Directory::new(self.root.join(path)))),
            Target::Bucket(address) => {
                Ok(Output::Bucket(Bucket::open(address, Rhythm::new(&self.feeds), patience)?))
            }
        }
    }

    /// Its directory, if it is one.
    pub fn output_directory(&self) -> Option<PathBuf> {
        match &self.settings.output {
            Target::Directory(path) => Some(self.root.join(path)),
            Target::Bucket(_) => None,
        }
    }

    /// Where a file of the output is, for people.
    pub fn published(&self, name: &str) -> String {
        match self.output_directory() {
            Some(directory) => directory.join(name).display().to_string(),
            None => format!("{}/{name}", self.settings.output.to_string().trim_end_matches('/')),
        }
    }

    /// The feeds with these slugs; all of them if none is named.
    pub fn select(&self, slugs: &[String]) -> Result<Vec<&Feed>, Diagnostic> {
        if slugs.is_empty() {
            return Ok(self.feeds.iter().collect());
        }
        let find = |slug: &String| {
            self.feeds.iter().find(|feed| feed.slug.as_str() == slug).ok_or_else(|| {
                let known = self.feeds.iter().map(|feed| feed.slug.as_str());
                Diagnostic::new(format!("there is no feed `{slug}`")).did_you_mean(
                    slug,
                    known,
                    "`infocus status` lists the feeds",
                )
            })
        };
        slugs.iter().map(find).collect()
    }
}

/// Addresses of `infocus serve` that are no feed's.
pub const TAKEN: [&str; 4] = ["newsletters", "desk", "health", "metrics"];

/// No feed stands in the place of something else.
fn feed_problems(feeds: &[Feed]) -> impl Iterator<Item = Diagnostic> {
    let taken = feeds.iter().filter(|feed| TAKEN.contains(&feed.slug.as_str()));
    taken.map(|feed| {
        let file = Path::new(catalog::DIRECTORY).join(format!("{}.toml", feed.slug));
        let problem =
            format!("a feed cannot be called `{}`: that address has another use", feed.slug);
        Diagnostic::new(problem).at(&file, None).help("rename its file")
    })
}

/// A newsletter has a sender and carries feeds that there are.
fn newsletter_problems(settings: &Settings, feeds: &[Feed]) -> Vec<Diagnostic> {
    let file = Path::new(config::FILE);
    let known = || feeds.iter().map(|feed| feed.slug.as_str());
    let mut problems = Vec::new();
    for (name, newsletter) in &settings.newsletters {
        let names = std::iter::once(name).chain(newsletter.frequencies.keys());
        for name in names.filter(|name| Slug::parse(name).is_none()) {
            problems.push(
                Diagnostic::new(format!("`{name}` is no name for a newsletter or a frequency"))
                    .at(file, None)
                    .help("it is part of addresses and file names: lower-case letters, digits, hyphens"),
            );
        }
        if settings.mail.from.is_none() {
            problems.push(
                Diagnostic::new(format!("newsletter `{name}` has no sender"))
                    .at(file, None)
                    .help("set `from` under `[mail]`: `from = \"In Focus <news@example.org>\"`"),
            );
        }
        for slug in newsletter.feeds.iter().filter(|slug| !known().any(|known| known == *slug)) {
            let problem = Diagnostic::new(format!("newsletter `{name}` carries no feed `{slug}`"));
            let otherwise = "`feeds` names definitions without `.toml`";
            problems.push(problem.at(file, None).did_you_mean(slug, known(), otherwise));
        }
    }
    problems
}
