use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Answer, Outcome};
use crate::catalog;
use crate::config;
use crate::diagnostic::Diagnostic;

#[derive(Debug, Args)]
pub struct Options {
    /// The directory to make a site of; the current one if none is named
    directory: Option<PathBuf>,
}

/// The settings of a new site: every key with what it is for.
const SETTINGS: &str = include_str!("init.toml");

pub fn run(site: &Path, options: &Options) -> anyhow::Result<Answer> {
    let directory = options.directory.as_deref().unwrap_or(site);
    let file = directory.join(config::FILE);
    if file.exists() {
        let problem = Diagnostic::new(format!("`{}` is there already", file.display()));
        return Err(problem.help("nothing was changed; name another directory").into());
    }
    let failed = |error: std::io::Error| {
        Diagnostic::new(format!("failed to make a site in `{}`: {error}", directory.display()))
    };
    fs::create_dir_all(directory.join(catalog::DIRECTORY)).map_err(failed)?;
    fs::write(&file, SETTINGS).map_err(failed)?;
    Ok(Answer {
        outcome: Outcome::Done,
        json: json!({ "site": directory, "settings": file }),
        text: format!(
            "A new site: {}\n\nSet `base_url` there. Then put announcements as text files into a folder under feeds/,\nsay feeds/news/, and make a feed of them:\n\n    infocus add \"news/*.txt\"\n    infocus refresh",
            file.display()
        ),
    })
}
