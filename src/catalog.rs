//! The feeds of a site: `feeds/*.toml` to validated [`Feed`]s, selectors compiled. All problems
//! are told at once, each with file and line.

mod compile;
mod definition;
mod feed;
mod fields;
mod files;

use std::path::Path;

use crate::config::Settings;
use crate::diagnostic::{Diagnostic, Invalid};
use crate::model::Slug;
use crate::toml_file;

pub use feed::{Feed, Location, Request, Secret, Source};
pub use fields::word_press;
pub use files::{Announcement, check as check_files, read_files};

/// The JSON Schema of a definition file, for editors; the parser is what decides.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(definition::FeedFile)
}

/// Where the definitions are, relative to the site.
pub const DIRECTORY: &str = "feeds";

/// Loads every definition of the site, in the order of the slugs. Paths in messages are relative
/// to the site. `environment` looks up what `${NAME}` stands for.
pub fn load(
    site: &Path,
    settings: &Settings,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Feed>, Invalid> {
    let names = definitions(site)?;
    let mut feeds = Vec::with_capacity(names.len());
    let mut problems = Vec::new();
    for name in &names {
        match load_one(site, name, settings, environment) {
            Ok(feed) => feeds.push(feed),
            Err(Invalid(found)) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(feeds) } else { Err(Invalid(problems)) }
}

/// The file names of the definitions, sorted.
fn definitions(site: &Path) -> Result<Vec<String>, Diagnostic> {
    let directory = site.join(DIRECTORY);
    let unreadable = |error: std::io::Error| {
        Diagnostic::new(format!("failed to read `{DIRECTORY}/`: {error}"))
            .help("a site has its feed definitions there, one TOML file each")
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn load_one(
    site: &Path,
    name: &str,
    settings: &Settings,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Feed, Invalid> {
    let file = Path::new(DIRECTORY).join(name);
    let stem = name.trim_end_matches(".toml");
    let slug = Slug::parse(stem).ok_or_else(|| {
        Diagnostic::new(format!("`{stem}` is no name for a feed"))
            .at(&file, None)
            .help("name the file with lower-case letters, digits and hyphens")
    })?;
    let text = std::fs::read_to_string(site.join(&file))
        .map_err(|error| Diagnostic::new(format!("failed to read: {error}")).at(&file, None))?;
    let definition = toml_file::parse(&file, &text)?;
    let place = compile::Place { site, file: &file, text: &text, settings, environment };
    compile::Compiler::new(place).feed(slug, definition).map_err(Invalid)
}
