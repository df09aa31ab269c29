//! A file with all that is said of it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use hyper::header::HeaderValue;

use super::place::Stamp;
use crate::hash;
use crate::publish::media_type;

/// Smaller files do not become smaller.
const SMALL: usize = 256;

/// Larger ones take too long.
const LARGE: usize = 8 << 20;

/// A representation of a file (RFC 9110, 8.4).
#[derive(Debug)]
pub struct Coded {
    pub bytes: Bytes,
    pub etag: HeaderValue,
}

/// A file as it was read.
#[derive(Debug)]
pub struct Kept {
    pub name: String,
    pub stamp: Stamp,
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
    /// With what it becomes in each coding, which takes a while.
    pub fn new(
        name: String,
        (bytes, modified): (Bytes, SystemTime),
        stamp: Stamp,
        cache_control: String,
        links: Option<String>,
    ) -> io::Result<Kept> {
        let hash = hash::short([&bytes[..]], 16);
        let coded = |bytes: Bytes, how: &str| {
            let etag = HeaderValue::from_str(&format!("\"{hash}{how}\"")).ok()?;
            Some(Coded { bytes, etag })
        };
        let (media_type, is_text) = media_type(&name);
        let is_squeezable = is_text && (SMALL..LARGE).contains(&bytes.len());
        let squeezed = |squeeze: fn(&[u8]) -> io::Result<Vec<u8>>, how| {
            let smaller = is_squeezable.then(|| squeeze(&bytes).ok()).flatten();
            smaller
                .filter(|smaller| smaller.len() < bytes.len())
                .and_then(|it| coded(it.into(), how))
        };
        let (gzip, brotli) = (squeezed(gzip, "-gzip"), squeezed(brotli, "-br"));
        let zstd = squeezed(zstd, "-zstd");
        // HTTP knows whole seconds.
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
        let value = |text: String| HeaderValue::from_str(&text).map_err(io::Error::other);
        Ok(Kept {
            stamp,
            was_wanted: AtomicBool::new(true),
            checked_at: AtomicU64::new(0),
            last_modified: value(httpdate::fmt_http_date(modified))?,
            media_type: HeaderValue::from_static(media_type),
            cache_control: value(cache_control)?,
            links: links.map(value).transpose()?,
            is_feed: !media_type.starts_with("text/html") && is_text,
            is_page: media_type.starts_with("text/html"),
            plain: coded(bytes, "").ok_or(io::ErrorKind::InvalidData)?,
            name,
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

    pub fn size(&self) -> usize {
        let others = [&self.gzip, &self.brotli, &self.zstd];
        let others = others.into_iter().flatten().map(|coded| coded.bytes.len());
        self.plain.bytes.len() + others.sum::<usize>()
    }
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
