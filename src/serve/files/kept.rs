//! A file with all that is said of it.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use hyper::header::HeaderValue;

use crate::hash;
use crate::site::Site;

/// Smaller files do not become smaller.
const SMALL: usize = 256;

/// Larger ones take too long.
const LARGE: usize = 8 << 20;

/// How long a page is good for that may change with the next refresh.
const PAGE: u64 = 300;

/// Bounds of how long a feed is good for.
const FEED: (u64, u64) = (60, 3600);

/// How long what is published is good for: a feed for a quarter of the time between two looks at its
/// sources, so that nobody reads it much later than it is there.
#[derive(Debug, Default)]
pub struct Rhythm(HashMap<String, u64>);

impl Rhythm {
    pub fn new(site: &Site) -> Rhythm {
        let seconds = |feed: &crate::catalog::Feed| {
            let every = feed.sources.iter().map(|source| source.every.as_secs()).min();
            let quarter = u64::try_from(every.unwrap_or_default() / 4).unwrap_or_default();
            quarter.clamp(FEED.0, FEED.1)
        };
        Rhythm(site.feeds.iter().map(|feed| (feed.slug.to_string(), seconds(feed))).collect())
    }

    pub(super) fn of(&self, name: &str) -> u64 {
        let feed = name.split_once('/').and_then(|(slug, _)| self.0.get(slug));
        feed.copied().unwrap_or(PAGE)
    }
}

/// A representation of a file (RFC 9110, 8.4).
#[derive(Debug)]
pub struct Coded {
    pub bytes: Bytes,
    pub etag: HeaderValue,
}

/// A file as it was read.
#[derive(Debug)]
pub struct Kept {
    pub file: PathBuf,
    stamp: (SystemTime, u64),
    pub was_wanted: AtomicBool,
    /// When it was last looked at, in milliseconds of the server.
    pub checked_at: AtomicU64,
    pub hash: String,
    pub modified: SystemTime,
    pub last_modified: HeaderValue,
    pub media_type: HeaderValue,
    pub cache_control: HeaderValue,
    pub links: Option<HeaderValue>,
    pub is_feed: bool,
    pub is_page: bool,
    pub plain: Coded,
    pub gzip: Option<Coded>,
    pub brotli: Option<Coded>,
    pub zstd: Option<Coded>,
}

impl Kept {
    pub fn read(file: PathBuf, lasting: u64, links: Option<String>) -> io::Result<Kept> {
        // Before it is read: what is put in its place meanwhile is another.
        let metadata = fs::metadata(&file)?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let bytes = fs::read(&file)?;
        let hash = hash::short([&bytes], 16);
        let coded = |bytes: Vec<u8>, how: &str| {
            let etag = HeaderValue::from_str(&format!("\"{hash}{how}\"")).ok()?;
            Some(Coded { bytes: bytes.into(), etag })
        };
        let (media_type, is_text) = media_type(&file);
        let is_squeezable = is_text && (SMALL..LARGE).contains(&bytes.len());
        let squeezed = |squeeze: fn(&[u8]) -> io::Result<Vec<u8>>, how| {
            let smaller = is_squeezable.then(|| squeeze(&bytes).ok()).flatten();
            smaller.filter(|smaller| smaller.len() < bytes.len()).and_then(|it| coded(it, how))
        };
        let (gzip, brotli) = (squeezed(gzip, "-gzip"), squeezed(brotli, "-br"));
        let zstd = squeezed(zstd, "-zstd");
        // HTTP knows whole seconds.
        let modified = metadata.modified()?;
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
        let value = |text: String| HeaderValue::from_str(&text).map_err(io::Error::other);
        Ok(Kept {
            stamp: stamp(&metadata)?,
            was_wanted: AtomicBool::new(true),
            checked_at: AtomicU64::new(0),
            last_modified: value(httpdate::fmt_http_date(modified))?,
            media_type: HeaderValue::from_static(media_type),
            cache_control: value(format!("public, max-age={lasting}"))?,
            links: links.map(value).transpose()?,
            is_feed: !media_type.starts_with("text/html") && is_text,
            is_page: media_type.starts_with("text/html"),
            plain: coded(bytes, "").ok_or(io::ErrorKind::InvalidData)?,
            file,
            hash,
            modified,
            gzip,
            brotli,
            zstd,
        })
    }

    /// Its date is later than that of what it has replaced, though both are of the same second: who knows
    /// the other by its date alone is told that this is another.
    pub fn come_after(&mut self, before: &Kept) {
        let later = before.modified + Duration::from_secs(1);
        if self.hash != before.hash
            && self.modified < later
            && let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(later))
        {
            (self.modified, self.last_modified) = (later, date);
        }
    }

    /// True if a file is still the one that was read.
    pub fn is_of(&self, metadata: &Metadata) -> bool {
        stamp(metadata).is_ok_and(|stamp| stamp == self.stamp)
    }

    pub fn size(&self) -> usize {
        let others = [&self.gzip, &self.brotli, &self.zstd];
        let others = others.into_iter().flatten().map(|coded| coded.bytes.len());
        self.plain.bytes.len() + others.sum::<usize>()
    }
}

/// What is another for a file that was changed, or put in the place of one.
fn stamp(metadata: &Metadata) -> io::Result<(SystemTime, u64)> {
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let number = metadata.len();
    Ok((metadata.modified()?, number))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    {
        let mut encoder = brotli::CompressorWriter::new(&mut out, 1 << 16, 9, 22);
        encoder.write_all(bytes)?;
    }
    Ok(out)
}

fn zstd(bytes: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(bytes, 12)
}

/// What a file is, and whether it is text (RFC 4287, RFC 7303, JSON Feed 1.1, OPML 2.0).
fn media_type(file: &Path) -> (&'static str, bool) {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match (stem, extension) {
        (_, "html") => ("text/html; charset=utf-8", true),
        (stem, "xml") if stem.starts_with("atom") => ("application/atom+xml; charset=utf-8", true),
        (_, "xml") => ("application/rss+xml; charset=utf-8", true),
        (stem, "json") if stem.starts_with("feed") => {
            ("application/feed+json; charset=utf-8", true)
        }
        (_, "json") => ("application/json", true),
        (_, "opml") => ("text/x-opml; charset=utf-8", true),
        (_, "css") => ("text/css; charset=utf-8", true),
        (_, "txt") => ("text/plain; charset=utf-8", true),
        (_, "svg") => ("image/svg+xml", true),
        (_, "png") => ("image/png", false),
        (_, "jpg" | "jpeg") => ("image/jpeg", false),
        (_, "webp") => ("image/webp", false),
        (_, "ico") => ("image/x-icon", false),
        (_, "pdf") => ("application/pdf", false),
        _ => ("application/octet-stream", false),
    }
}
