//! The directory of what is published. A file is the old one or the new one, never between, and
//! one that would not change is not touched.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
#[error("failed to write `{}`: {error}", .path.display())]
pub struct OutputError {
    path: PathBuf,
    error: std::io::Error,
}

#[derive(Debug, Clone)]
pub struct Output {
    root: PathBuf,
}

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

    /// Writes a file by way of a temporary one; true if it is different from before.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<bool, OutputError> {
        let path = self.root.join(name);
        if is_same(&path, bytes) {
            return Ok(false);
        }
        replace(&path, bytes).map_err(|error| OutputError { path, error })?;
        Ok(true)
    }
}

fn is_same(path: &Path, bytes: &[u8]) -> bool {
    fs::metadata(path).is_ok_and(|old| old.len() == bytes.len() as u64)
        && fs::read(path).is_ok_and(|old| old == bytes)
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".infocus-").tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is private; this one is for the web server.
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path)?;
    Ok(())
}
