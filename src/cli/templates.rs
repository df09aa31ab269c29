use std::fs;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{Answer, Outcome};
use crate::diagnostic::{Diagnostic, count};
use crate::site::Site;
use crate::templates::{DIRECTORY, Templates};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the default templates out for editing; files that are there stay as they are
    Export {
        /// Where to; what lies in the site's `templates/` is used
        directory: Option<PathBuf>,
    },
}

pub fn run(site: &Site, command: &Command) -> anyhow::Result<Answer> {
    let Command::Export { directory } = command;
    let directory = directory.clone().unwrap_or_else(|| site.root.join(DIRECTORY));
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    for (name, text) in Templates::defaults() {
        let file = directory.join(name);
        if file.exists() {
            kept.push(name);
            continue;
        }
        let failed =
            |error| Diagnostic::new(format!("failed to write `{}`: {error}", file.display()));
        fs::create_dir_all(file.parent().unwrap_or(&directory)).map_err(failed)?;
        fs::write(&file, text).map_err(failed)?;
        written.push(name);
    }
    let text = format!(
        "{} written to {}, {} left as they are.",
        count(written.len(), "template"),
        directory.display(),
        kept.len()
    );
    let json = json!({ "directory": directory, "written": written, "kept": kept });
    Ok(Answer { outcome: Outcome::Done, json, text })
}
