//! Where the files of the output lie.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use tokio::time::timeout;

use crate::publish::{Bucket, Directory, Output};
use crate::store::Store;

/// How long a bucket is asked again that does not answer: somebody waits.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// A directory, or a bucket with what is remembered of it: it is asked for nothing that has not changed.
#[derive(Debug)]
pub enum Place {
    Directory(Directory),
    Bucket(Bucket, Store),
}

/// What is another for a file that was changed, or put in the place of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamp {
    File(SystemTime, u64),
    Object(String),
}

impl Place {
    pub fn new(output: Output, store: Store) -> Place {
        match output {
            Output::Directory(directory) => Place::Directory(directory),
            Output::Bucket(bucket) => Place::Bucket(bucket, store),
        }
    }

    /// Milliseconds for which it is not asked again whether a file is what it was.
    pub fn good(&self) -> u64 {
        match self {
            Place::Directory(_) => 20,
            Place::Bucket(..) => 1000,
        }
    }

    /// What a file is now; nothing if there is none.
    pub async fn stamp(&self, name: &str) -> io::Result<Option<Stamp>> {
        match self {
            Place::Directory(directory) => {
                let found = fs::metadata(directory.root().join(name));
                let Ok(file) = found.and_then(stamp_of) else { return Ok(None) };
                Ok(file)
            }
            Place::Bucket(bucket, store) => {
                let object =
                    store.object(bucket.address(), name).await.map_err(io::Error::other)?;
                Ok(object.map(|object| Stamp::Object(object.hash)))
            }
        }
    }

    /// True of an error that other files would have, too.
    pub fn is_away(&self, error: &io::Error) -> bool {
        matches!(self, Place::Bucket(..)) && error.kind() != io::ErrorKind::NotFound
    }

    /// True of a directory with a page of its own.
    pub async fn is_directory(&self, name: &str) -> bool {
        match self {
            Place::Directory(directory) => directory.root().join(name).is_dir(),
            Place::Bucket(..) => {
                matches!(self.stamp(&format!("{name}/{}", super::INDEX)).await, Ok(Some(_)))
            }
        }
    }

    /// The bytes of a file, and since when it is what it is.
    pub async fn read(&self, name: &str) -> io::Result<(Bytes, SystemTime)> {
        match self {
            Place::Directory(directory) => {
                let path: PathBuf = directory.root().join(name);
                let reading = tokio::task::spawn_blocking(move || {
                    let modified = fs::metadata(&path)?.modified()?;
                    Ok((Bytes::from(fs::read(&path)?), modified))
                });
                reading.await.map_err(io::Error::other)?
            }
            Place::Bucket(bucket, _) => match timeout(PATIENCE * 2, bucket.read(name)).await {
                Ok(read) => read.map_err(io::Error::other)?.ok_or(io::ErrorKind::NotFound.into()),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            },
        }
    }
}

fn stamp_of(metadata: fs::Metadata) -> io::Result<Option<Stamp>> {
    if !metadata.is_file() {
        return Ok(None);
    }
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = metadata.len();
    Ok(Some(Stamp::File(metadata.modified()?, number)))
}
