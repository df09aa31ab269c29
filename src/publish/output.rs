//! The directory of what is published. A file is the old one or the new one, never between, and
//! one that would not change is not touched.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
#[error("failed to write `{}`: {error}", .path.display())]
pub struct OutputError {
    path: PathBuf,
    error: io::Error,
}

#[derive(Debug, Clone)]
pub struct Output {
    root: PathBuf,
}

/// Where new files wait, inside the output: renaming works within one file system only.
const STAGE: &str = ".infocus-new";

/// Files that wait at most; then those that are there go on.
const MOST: usize = 2_000;

impl Output {
    pub fn new(root: PathBuf) -> Output {
        Output { root }
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
        put().map_err(|error| OutputError { path: path.clone(), error })
    }

    /// Begins to write; what an interrupted run has left behind is gone.
    pub fn stage(&self) -> Result<Stage<'_>, OutputError> {
        let directory = self.root.join(STAGE);
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OutputError { path: directory, error });
            }
            _ => {}
        }
        Ok(Stage { output: self, directory, waiting: Vec::new(), made: HashSet::new() })
    }
}

/// New files that wait until all of them are written, so that a full disk leaves the old ones.
#[derive(Debug)]
pub struct Stage<'a> {
    output: &'a Output,
    directory: PathBuf,
    /// Names of those that wait, in their order; what others link to comes first.
    waiting: Vec<PathBuf>,
    /// Directories that are there.
    made: HashSet<PathBuf>,
}

impl Stage<'_> {
    /// Lets a file wait, if it is different from what is there; true if it is.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<bool, OutputError> {
        let path = self.output.root.join(name);
        if is_same(&path, bytes) {
            return Ok(false);
        }
        self.put(&path, bytes).map_err(|error| OutputError { path: path.clone(), error })?;
        self.waiting.push(path);
        Ok(true)
    }

    /// True if so many wait that it is time to [`commit()`](Stage::commit).
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MOST
    }

    /// Puts those that wait in the place of the old ones, once they are on the disk.
    pub fn commit(&mut self) -> Result<(), OutputError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let failed = |path: &Path, error| OutputError { path: path.to_owned(), error };
        sync(&self.directory).map_err(|error| failed(&self.directory, error))?;
        for (number, path) in self.waiting.iter().enumerate() {
            fs::rename(self.place(number), path).map_err(|error| failed(path, error))?;
        }
        self.waiting.clear();
        Ok(())
    }

    fn place(&self, number: usize) -> PathBuf {
        self.directory.join(number.to_string())
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        for directory in [Some(self.directory.as_path()), path.parent()].into_iter().flatten() {
            if !self.made.contains(directory) {
                fs::create_dir_all(directory)?;
                self.made.insert(directory.to_owned());
            }
        }
        fs::write(self.place(self.waiting.len()), bytes)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What is left over, if anything is, goes at the next run.
        let _ = fs::remove_dir_all(&self.directory);
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
