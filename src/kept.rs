//! Pages that are kept, one for each source: what it gave when all was well, to try definitions on.
//!
//! They lie in `kept/SLUG/` of the site: the page as it came (`.page`), and beside it where and when
//! it came and what was read from it (`.json`).

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::catalog::{Feed, Source};
use crate::fetch::Page;
use crate::hash;
use crate::normalize::sighting::Sighting;
use crate::site::Site;
use crate::store::Validators;

/// Of a site.
pub const DIRECTORY: &str = "kept";

/// Where and when a page came, and what was read from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub url: Url,
    pub content_type: Option<String>,
    pub fetched_at: Timestamp,
    /// Fingerprint of the definition that read it.
    pub rules: String,
    /// By their ids; empty if it has been kept before anything was read.
    pub items: BTreeMap<String, Reading>,
}

/// What was read of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub title: String,
    /// The instant, or the day.
    pub published: Option<String>,
}

impl Reading {
    pub fn of(sighting: &Sighting) -> Reading {
        let published = sighting.published.as_ref().map(|date| match date.at {
            Some(at) => at.to_string(),
            None => date.when.day().to_string(),
        });
        Reading { title: sighting.title.clone(), published }
    }
}

/// The page of a source, kept.
#[derive(Debug)]
pub struct Kept {
    stem: PathBuf,
}

impl Kept {
    pub fn of(site: &Site, feed: &Feed, source: &Source) -> Kept {
        let name = hash::short([&source.id], 6);
        Kept { stem: site.root.join(DIRECTORY).join(feed.slug.as_str()).join(name) }
    }

    fn page(&self) -> PathBuf {
        self.stem.with_extension("page")
    }

    fn record(&self) -> PathBuf {
        self.stem.with_extension("json")
    }

    /// True if this is what is kept, read by these rules.
    pub fn is(&self, body: &[u8], rules: &str) -> bool {
        let is_known = |(page, record): (Page, Record)| page.body == body && record.rules == rules;
        self.read().ok().flatten().is_some_and(is_known)
    }

    pub fn directory(&self) -> PathBuf {
        self.stem.parent().map(PathBuf::from).unwrap_or_default()
    }

    /// Keeps a page in place of the one before.
    pub fn keep(&self, body: &[u8], record: &Record) -> io::Result<()> {
        std::fs::create_dir_all(self.directory())?;
        let mut text = serde_json::to_string_pretty(record)?;
        text.push('\n');
        // Interrupted in between, the page is not the one that came, and it is kept the next time.
        std::fs::write(self.record(), text)?;
        std::fs::write(self.page(), body)
    }

    /// What is kept, if anything is.
    pub fn read(&self) -> io::Result<Option<(Page, Record)>> {
        let text = match std::fs::read_to_string(self.record()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let record: Record = serde_json::from_str(&text)?;
        let page = Page {
            url: record.url.clone(),
            body: std::fs::read(self.page())?,
            content_type: record.content_type.clone(),
            validators: Validators::default(),
            fresh_for: None,
            received: 0,
            missed: Vec::new(),
        };
        Ok(Some((page, record)))
    }
}
