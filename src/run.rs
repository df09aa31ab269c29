//! One run at a time, and none where there is nothing to do.
//!
//! Both are a matter of one file beside the settings: it is locked while a refresh runs, and says
//! until when there is nothing to do as long as the site is what it was. That is seen without reading
//! any of it, by what the file system knows of its files.

mod lease;

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::{catalog, config, hash, templates};

pub use lease::Lease;

/// In the site.
const FILE: &str = ".infocus.lock";

/// Bytes of a hash that tells one state of a site from another.
const HASH: usize = 16;

/// A run of the program that changes what is published.
#[derive(Debug)]
pub struct Run {
    file: File,
    /// What the site was when the run began: what is changed meanwhile is for the next.
    site: String,
    idle: Option<(Timestamp, Timestamp, bool)>,
}

/// There is nothing to do for a time, as long as the site is what it was.
#[derive(Debug, Serialize, Deserialize)]
struct Idle {
    since: Timestamp,
    until: Timestamp,
    /// What changes meanwhile can be seen.
    is_sure: bool,
    output: Option<PathBuf>,
    /// The file of the database, if it is one.
    database: Option<PathBuf>,
    /// What the file system knows of the site, and of what comes of it.
    site: String,
    made: String,
}

impl Run {
    /// Begins a run at a site; nothing if there is another.
    pub fn begin(site: &Path) -> io::Result<Option<Run>> {
        // No file in what is no site.
        fs::metadata(site.join(config::FILE))?;
        let file = open(&site.join(FILE))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Run { file, site: site_state(site), idle: None })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Until when there is nothing to do, as far as that was put down.
    pub fn idle_until(site: &Path) -> Option<Timestamp> {
        let text = fs::read_to_string(site.join(FILE)).ok()?;
        Some(serde_json::from_str::<Idle>(&text).ok()?.until)
    }

    /// Whatever was put down before holds no longer, however this run ends.
    pub fn start(&mut self) -> io::Result<()> {
        self.file.set_len(0)
    }

    /// True if there is nothing to do at this moment.
    pub fn is_idle(&mut self, now: Timestamp) -> bool {
        let mut text = String::new();
        if self.file.read_to_string(&mut text).is_err() {
            return false;
        }
        let idle: Option<Idle> = serde_json::from_str(&text).ok();
        idle.is_some_and(|idle| {
            idle.is_sure
                && idle.since <= now
                && now < idle.until
                && idle.site == self.site
                && idle.made == made_state(idle.output.as_deref(), idle.database.as_deref())
        })
    }

    /// There is nothing to do from one moment to another; for sure, if all that may change meanwhile
    /// is among the files of the site.
    pub fn is_done(&mut self, since: Timestamp, until: Timestamp, is_sure: bool) {
        self.idle = Some((since, until, is_sure));
    }

    /// Ends the run and puts down what there is to do, when all else is on the disk.
    pub fn end(mut self, output: Option<PathBuf>, database: Option<PathBuf>) -> io::Result<()> {
        let text = match self.idle {
            Some((since, until, is_sure)) => {
                let made = made_state(output.as_deref(), database.as_deref());
                let site = self.site.clone();
                serde_json::to_string(&Idle {
                    since,
                    until,
                    is_sure,
                    output,
                    database,
                    site,
                    made,
                })?
            }
            None => String::new(),
        };
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

/// A kind of work at a site that only one process does.
#[derive(Debug)]
pub struct Lock {
    /// Whoever ends, in whatever way, lets go of it.
    _file: File,
}

impl Lock {
    /// Waits until nobody else has it.
    pub fn wait(site: &Path, work: &str) -> io::Result<Lock> {
        let file = open(&site.join(format!(".infocus-{work}.lock")))?;
        file.lock()?;
        Ok(Lock { _file: file })
    }

    /// Takes it; nothing if another process has it.
    pub fn take(site: &Path, work: &str) -> io::Result<Option<Lock>> {
        let file = open(&site.join(format!(".infocus-{work}.lock")))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

/// What the file system knows of a site's own files, with the settings that are in the environment.
pub fn site_state(site: &Path) -> String {
    let own = [config::FILE, catalog::DIRECTORY, templates::DIRECTORY];
    let mut parts = vec![env!("CARGO_PKG_VERSION").as_bytes().to_vec()];
    parts.extend(own.iter().flat_map(|name| known(WalkDir::new(site.join(name)))));
    for (name, value) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"INFOCUS_") {
            parts.extend([name, value].map(|text| text.as_encoded_bytes().to_vec()));
        }
    }
    hash::short(parts, HASH)
}

/// What it knows of the output and the database, as far as these are files.
fn made_state(output: Option<&Path>, database: Option<&Path>) -> String {
    // A file that goes, or is replaced, changes its directory.
    let entries = output.and_then(|output| fs::read_dir(output).ok());
    let mut entries: Vec<_> = entries.into_iter().flatten().flatten().collect();
    entries.sort_by_key(|entry| entry.file_name());
    let known = |entry: &fs::DirEntry| named(entry.file_name(), entry.metadata().ok());
    let mut parts: Vec<Vec<u8>> = entries.iter().flat_map(known).collect();
    let database = database.and_then(|file| fs::metadata(file).ok());
    parts.extend(database.map(|data| stamp(&data)));
    hash::short(parts, HASH)
}

fn known(files: WalkDir) -> Vec<Vec<u8>> {
    let entries = files.sort_by_file_name().into_iter().filter_map(Result::ok);
    entries.flat_map(|entry| named(entry.path(), entry.metadata().ok())).collect()
}

fn named(name: impl AsRef<OsStr>, data: Option<fs::Metadata>) -> [Vec<u8>; 2] {
    let stamp = data.map(|data| stamp(&data)).unwrap_or_default();
    [name.as_ref().as_encoded_bytes().to_vec(), stamp]
}

/// What is another for a file that was changed, or put in the place of one.
fn stamp(data: &fs::Metadata) -> Vec<u8> {
    let modified = data.modified().ok();
    let since = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let nanoseconds = since.unwrap_or_default().as_nanos();
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(data);
    #[cfg(not(unix))]
    let number = 0_u64;
    [&number.to_le_bytes()[..], &data.len().to_le_bytes(), &nanoseconds.to_le_bytes()].concat()
}
