//! A directory of files of which each is the old one or the new one, never between, and one that would
//! not change is not touched.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::OutputError;

/// A directory, which need not be there yet.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

/// Where new files wait, inside the output: renaming works within one file system only. Each who writes
/// has a directory of its own, with a file that is locked as long as it does.
const STAGE: &str = ".infocus-new";
const LOCK: &str = "lock";

/// Files that wait at most; then those that are there go on.
const MOST: usize = 2_000;

impl Directory {
    pub fn new(root: PathBuf) -> Directory {
        Directory { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn has(&self, name: &str) -> bool {
        self.root.join(name).is_file()
    }

    /// Writes one file, whoever else is writing here.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        let path = self.root.join(name);
        let put = || {
            let directory = path.parent().unwrap_or(&self.root);
            fs::create_dir_all(directory)?;
            let mut file = tempfile::Builder::new().prefix(".").tempfile_in(directory)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            #[cfg(unix)]
            file.as_file().set_permissions(PermissionsExt::from_mode(0o644))?;
            file.persist(&path)?;
            Ok(())
        };
        put().map_err(|error| OutputError::File { path: path.clone(), error })
    }

    /// Begins to write; what an interrupted run has left behind is gone.
    pub fn stage(&self) -> Result<Stage<'_>, OutputError> {
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(STAGE.as_bytes())
                && is_nobodys(&path)
            {
                fs::remove_dir_all(&path).map_err(|error| OutputError::File { path, error })?;
            }
        }
        Ok(Stage { directory: self, place: None, waiting: Vec::new(), made: HashSet::new() })
    }
}

/// True of a directory whose writer is no more.
fn is_nobodys(directory: &Path) -> bool {
    File::open(directory.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// New files that wait until all of them are written, so that a full disk leaves the old ones.
#[derive(Debug)]
pub struct Stage<'a> {
    directory: &'a Directory,
    /// Where they do, and what is locked meanwhile; nowhere as long as there are none.
    place: Option<(PathBuf, File)>,
    /// Names of those that wait, in their order; what others link to comes first.
    waiting: Vec<PathBuf>,
    /// Directories that are there.
    made: HashSet<PathBuf>,
}

impl Stage<'_> {
    /// Lets a file wait, if it is different from what is there; true if it is.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<bool, OutputError> {
        let path = self.directory.root.join(name);
        if is_same(&path, bytes) {
            return Ok(false);
        }
        self.put(&path, bytes).map_err(|error| OutputError::File { path: path.clone(), error })?;
        self.waiting.push(path);
        Ok(true)
    }

    /// True if so many wait that it is time to [`commit()`](Stage::commit).
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MOST
    }

    /// Puts those that wait in the place of the old ones, once they are on the disk.
    pub fn commit(&mut self) -> Result<(), OutputError> {
        let Some((place, _)) = self.place.as_ref().filter(|_| !self.waiting.is_empty()) else {
            return Ok(());
        };
        let failed = |path: &Path, error| OutputError::File { path: path.to_owned(), error };
        sync(place).map_err(|error| failed(place, error))?;
        for (number, path) in self.waiting.iter().enumerate() {
            fs::rename(place.join(number.to_string()), path)
                .map_err(|error| failed(path, error))?;
        }
        self.waiting.clear();
        Ok(())
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Some(directory) = path.parent()
            && !self.made.contains(directory)
        {
            fs::create_dir_all(directory)?;
            self.made.insert(directory.to_owned());
        }
        let place = match &self.place {
            Some((place, _)) => place,
            None => &self.place.insert(own_place(&self.directory.root)?).0,
        };
        fs::write(place.join(self.waiting.len().to_string()), bytes)
    }
}

/// A new directory that is nobody else's, and what is locked to say so.
fn own_place(root: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let place = tempfile::Builder::new().prefix(STAGE).tempdir_in(root)?.keep();
        let lock = File::create(place.join(LOCK))?;
        lock.lock()?;
        // Before it was locked somebody may have taken it for nobody's.
        if place.join(LOCK).exists() {
            return Ok((place, lock));
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What is left over, if anything is, goes at the next run.
        if let Some((place, _)) = &self.place {
            let _ = fs::remove_dir_all(place);
        }
    }
}

/// Waits until what is in a directory is on the disk: a machine that stops then has all of it.
fn sync(directory: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(directory)?)?;
    #[cfg(not(target_os = "linux"))]
    for entry in fs::read_dir(directory)? {
        File::open(entry?.path())?.sync_all()?;
    }
    Ok(())
}

fn is_same(path: &Path, bytes: &[u8]) -> bool {
    fs::metadata(path).is_ok_and(|old| old.len() == bytes.len() as u64)
        && fs::read(path).is_ok_and(|old| old == bytes)
}
