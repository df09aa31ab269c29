//! What people have to say about the next edition: an `edition.toml` beside its draft.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_edit::{Array, DocumentMut, value};

use crate::diagnostic::Diagnostic;
use crate::model::Item;
use crate::normalize::links;
use crate::publish::Directory;
use crate::toml_file;

/// Beside the draft; with the edition, once there is one.
pub const FILE: &str = "edition.toml";

/// What is said and what comes first is for the next edition of the newsletter's own schedule; what
/// stays out does so whatever the frequency. Items are named by their address, their id or their
/// title.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Notes {
    pub subject: Option<String>,
    /// Said before the items; an empty line begins a paragraph.
    pub intro: Option<String>,
    /// Items that come first, in this order.
    pub pin: Vec<String>,
    /// Items that stay out, for ever: they are in no later edition either.
    pub exclude: Vec<String>,
}

impl Notes {
    /// The notes in a directory; none if there is no such file.
    pub fn read(directory: &Path) -> Result<Notes, Diagnostic> {
        let file = directory.join(FILE);
        match std::fs::read_to_string(&file) {
            Ok(text) => toml_file::parse(&file, &text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Notes::default()),
            Err(error) => {
                Err(Diagnostic::new(format!("failed to read `{}`: {error}", file.display())))
            }
        }
    }

    /// Puts the notes into a directory; what people have written around them stays.
    pub fn write(&self, directory: &Path) -> Result<(), Diagnostic> {
        let file = directory.join(FILE);
        let failed = |error: &dyn std::fmt::Display| {
            Diagnostic::new(format!("failed to write `{}`: {error}", file.display()))
        };
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let mut document: DocumentMut = text.parse().map_err(|error| failed(&error))?;
        let texts = [("subject", &self.subject), ("intro", &self.intro)];
        for (name, text) in texts {
            match text {
                Some(text) => document[name] = value(text),
                None => drop(document.remove(name)),
            }
        }
        for (name, items) in [("pin", &self.pin), ("exclude", &self.exclude)] {
            match items.is_empty() {
                false => document[name] = value(items.iter().collect::<Array>()),
                true => drop(document.remove(name)),
            }
        }
        let output = Directory::new(directory.to_owned());
        output.put(FILE, document.to_string().as_bytes()).map_err(|error| failed(&error))
    }

    /// Takes the notes away from the draft, to where the edition they were made for is kept.
    pub fn consume(draft: &Path, edition: &Path) -> std::io::Result<()> {
        let (from, to): (PathBuf, PathBuf) = (draft.join(FILE), edition.join(FILE));
        match from.exists() {
            true => std::fs::rename(&from, &to),
            false => Ok(()),
        }
    }

    /// Gives the notes back to the draft, unless there are new ones by now.
    pub fn give_back(edition: &Path, draft: &Path) -> std::io::Result<()> {
        let (from, to) = (edition.join(FILE), draft.join(FILE));
        if !from.exists() || to.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(draft)?;
        std::fs::rename(&from, &to)
    }

    /// What an edition with a frequency of its own takes of them.
    pub fn of_exclusions(self) -> Notes {
        Notes { exclude: self.exclude, ..Notes::default() }
    }

    pub fn excludes(&self, item: &Item) -> bool {
        self.exclude.iter().any(|name| is_named(item, name))
    }

    /// Where among the pinned an item stands.
    pub fn place(&self, item: &Item) -> Option<usize> {
        self.pin.iter().position(|name| is_named(item, name))
    }

    /// Names that none of the items has.
    pub fn unknown<'a>(&'a self, items: &[&Item]) -> Vec<&'a str> {
        let names = self.pin.iter().chain(&self.exclude);
        let is_unknown = |name: &&String| !items.iter().any(|item| is_named(item, name));
        names.filter(is_unknown).map(String::as_str).collect()
    }
}

fn is_named(item: &Item, name: &str) -> bool {
    let is_url = || match (&item.url, name.parse()) {
        (Some(url), Ok(named)) => links::full_key(url) == links::full_key(&named),
        _ => false,
    };
    item.title == name || item.id.to_string() == name || item.id.urn() == name || is_url()
}
