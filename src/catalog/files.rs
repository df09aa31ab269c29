//! The announcement files of a source.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// The most that a file may have, in bytes; it is the limit for fetched pages too.
pub const LARGEST: u64 = 10_000_000;

/// A file that a glob found.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Relative to the directory of the definitions, with `/`: the file's identity.
    pub name: String,
    /// What is in it, or why that cannot be had.
    pub bytes: Result<Vec<u8>, String>,
}

/// Tells what is wrong with a glob and the files it finds: its form, a directory or file that is
/// not there, a file that may not be read.
pub fn check(under: &Path, pattern: &str) -> Result<(), Diagnostic> {
    if leaves_the_site(pattern) {
        return Err(Diagnostic::new(format!("`{pattern}` leads out of the site"))
            .help("put the files beside the definitions, or elsewhere under the site"));
    }
    glob::Pattern::new(pattern).map_err(|error| {
        Diagnostic::new(format!("bad glob `{pattern}`")).note("reason", error.msg)
    })?;
    exists(under, pattern)?;
    for path in find(under, pattern) {
        File::open(&path).map_err(|error| {
            Diagnostic::new(format!("failed to read `{}`: {error}", name_of(under, &path)))
        })?;
    }
    Ok(())
}

/// The files of a glob in the order of their names. A file that cannot be read is there with the
/// reason.
pub fn read_files(under: &Path, pattern: &str) -> Vec<Announcement> {
    find(under, pattern)
        .into_iter()
        .map(|path| Announcement { name: name_of(under, &path), bytes: read(&path) })
        .collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MB", LARGEST / 1_000_000));
    }
    Ok(bytes)
}

/// Endings of files that hold announcements; images and papers may lie beside them.
const ENDINGS: [&str; 9] = ["txt", "text", "md", "markdown", "html", "htm", "xhtml", "asc", ""];

fn find(under: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = format!("{}/{pattern}", glob::Pattern::escape(&under.to_string_lossy()));
    // What begins with a dot is hidden: locks, and what the desktop leaves behind.
    let options =
        glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    let mut paths: Vec<PathBuf> = glob::glob_with(&pattern, options)
        .map(|found| found.filter_map(Result::ok).filter(|path| is_announcement(path)).collect())
        .unwrap_or_default();
    paths.sort();
    paths
}

fn is_announcement(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_backup = path.to_string_lossy().ends_with('~');
    path.is_file() && !is_backup && ENDINGS.contains(&ending.to_string_lossy().as_ref())
}

fn name_of(under: &Path, path: &Path) -> String {
    let name = path.strip_prefix(under).unwrap_or(path);
    name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn leaves_the_site(pattern: &str) -> bool {
    // One level down, in `feeds/`, to begin with.
    let mut depth = 1_i32;
    for part in Path::new(pattern).components() {
        match part {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return true,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

/// The parts of the glob before its first wildcard are there.
fn exists(under: &Path, pattern: &str) -> Result<(), Diagnostic> {
    let mut path = under.to_owned();
    for part in pattern.split('/') {
        if part.contains(['*', '?', '[']) {
            return Ok(());
        }
        let parent = path.clone();
        path.push(part);
        if path.exists() {
            continue;
        }
        let missing = Diagnostic::new(format!("there is no `{}`", name_of(under, &path)));
        let beside: Vec<String> = std::fs::read_dir(&parent)
            .map(|entries| {
                entries
                    .filter_map(Result::ok)
                    .map(|entry| entry.file_name().to_string_lossy().into_owned())
                    .collect()
            })
            .unwrap_or_default();
        let beside = beside.iter().map(String::as_str);
        let otherwise = "the path is relative to the definition file";
        return Err(missing.did_you_mean(part, beside, otherwise));
    }
    Ok(())
}
