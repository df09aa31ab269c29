//! What is published, wherever the world reads it: a directory, or a bucket of an object store.

use std::io;
use std::path::PathBuf;

use super::bucket::{Bucket, Upload};
use super::directory::{Directory, Stage};
use crate::run::Lease;
use crate::store::{Store, StoreError};

/// Files that every feed has.
const FILES: [&str; 4] = ["index.html", "feed.xml", "atom.xml", "feed.json"];

#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("failed to write `{}`: {error}", .path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("`{name}`: {error}")]
    Object { name: String, error: String },
    #[error("another process publishes by now, from what is newer; nothing was written over that")]
    Overtaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone)]
pub enum Output {
    Directory(Directory),
    Bucket(Bucket),
}

impl Output {
    /// Begins to write, as long as nobody else may, if there is a lease that says so. What is put into a
    /// bucket is remembered, so that it is not asked for.
    pub async fn rollout<'a>(
        &'a self,
        store: &'a Store,
        lease: Option<&'a Lease>,
    ) -> Result<Rollout<'a>, OutputError> {
        let files = match self {
            Output::Directory(directory) => Files::Stage(directory, directory.stage()?),
            Output::Bucket(bucket) => Files::Upload(bucket.upload(store, lease).await?),
        };
        Ok(Rollout { files, lease })
    }
}

/// New files that wait until all of them are made.
pub struct Rollout<'a> {
    files: Files<'a>,
    lease: Option<&'a Lease>,
}

enum Files<'a> {
    Stage(&'a Directory, Stage<'a>),
    Upload(Upload<'a>),
}

impl<'a> Rollout<'a> {
    /// Into a directory, where nobody else publishes.
    pub fn within(directory: &'a Directory) -> Result<Rollout<'a>, OutputError> {
        Ok(Rollout { files: Files::Stage(directory, directory.stage()?), lease: None })
    }

    /// Looks what is there of a directory before its files are written; at the place itself, if it is not
    /// to be relied on what is remembered.
    pub async fn look(&mut self, directory: &str, itself: bool) -> Result<(), OutputError> {
        match &mut self.files {
            Files::Stage(..) => Ok(()),
            Files::Upload(upload) => upload.look(directory, itself).await,
        }
    }

    /// True if a file is there that is in no directory, is the RSS of a feed, or was looked for.
    pub fn has(&self, name: &str) -> bool {
        match &self.files {
            Files::Stage(directory, _) => directory.has(name),
            Files::Upload(upload) => upload.has(name),
        }
    }

    /// True if a feed has all its files, as far as that is known. Nobody takes single objects away.
    pub fn is_whole(&self, slug: &str) -> bool {
        match &self.files {
            Files::Stage(..) => FILES.iter().all(|name| self.has(&format!("{slug}/{name}"))),
            Files::Upload(_) => self.has(&format!("{slug}/feed.xml")),
        }
    }

    /// Lets a file wait, if it is different from what is there; true if it is.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<bool, OutputError> {
        match &mut self.files {
            Files::Stage(_, stage) => stage.write(name, bytes),
            Files::Upload(upload) => Ok(upload.write(name, bytes)),
        }
    }

    /// True if so much waits that it is time to [`commit()`](Rollout::commit).
    pub fn is_full(&self) -> bool {
        match &self.files {
            Files::Stage(_, stage) => stage.is_full(),
            Files::Upload(upload) => upload.is_full(),
        }
    }

    /// Puts those that wait in the place of the old ones.
    pub async fn commit(&mut self) -> Result<(), OutputError> {
        match &mut self.files {
            Files::Stage(_, stage) => {
                is_ours(self.lease).await?;
                stage.commit()
            }
            Files::Upload(upload) => upload.commit().await,
        }
    }
}

/// Nothing is written over what is newer.
pub(super) async fn is_ours(lease: Option<&Lease>) -> Result<(), OutputError> {
    match lease {
        Some(lease) if !lease.holds().await? => Err(OutputError::Overtaken),
        _ => Ok(()),
    }
}
