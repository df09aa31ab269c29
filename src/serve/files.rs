//! What is published, as it lies in the output, from memory: read and compressed once for each change
//! of a file, and not for each request.

mod answer;
mod kept;
mod place;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request};
use percent_encoding::percent_decode_str;
use tokio::sync::Mutex;
use url::Url;

use super::{Reply, held};
use crate::publish::{OutputError, Rhythm};
use crate::site::Site;
use crate::store::Store;
use answer::{allowed, answer, moved, unavailable};
use kept::Kept;
use place::Place;

/// Bytes that are kept at most; then what was not asked for lately goes.
const MOST: usize = 64 << 20;

/// When a place is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(10);

/// The page of a directory.
const INDEX: &str = "index.html";

/// Files of a feed, that people who come upon one in a browser see as its page.
const FEEDS: [&str; 3] = ["feed.xml", "atom.xml", "feed.json"];

/// The files of an output.
#[derive(Debug)]
pub struct Files {
    place: Place,
    rhythm: Rhythm,
    base_url: Url,
    hub: Option<Url>,
    began: Instant,
    /// Read by all and replaced by one: nobody waits for it.
    kept: ArcSwap<HashMap<String, Arc<Kept>>>,
    /// One file is read and compressed at a time: whoever wants the same waits for it.
    reading: Mutex<()>,
    /// When the place did not answer, if it did not the last time.
    away_at: std::sync::Mutex<Option<Instant>>,
}

impl Files {
    pub fn new(site: &Site, store: Store) -> Result<Files, OutputError> {
        Ok(Files {
            place: Place::new(site.output(place::PATIENCE)?, store),
            rhythm: Rhythm::new(&site.feeds),
            base_url: site.settings.base_url.clone(),
            hub: site.settings.hub.clone(),
            began: Instant::now(),
            kept: ArcSwap::default(),
            reading: Mutex::default(),
            away_at: std::sync::Mutex::default(),
        })
    }

    /// The answer from a file, or none if there is none under this path, which begins with a slash.
    pub async fn answer<B>(&self, path: &str, request: &Request<B>, now: Instant) -> Option<Reply> {
        let headers = request.headers();
        let path = match (feed_file(path), is_person(headers, request.uri().query())) {
            (Some(directory), true) => directory,
            _ => path,
        };
        // However it is written, it is one file; but a slash that is written otherwise divides nothing
        // (RFC 3986, 2.2).
        let decoded = match path.contains('%') {
            true => percent_decode_str(path).decode_utf8().ok()?,
            false => path.into(),
        };
        if decoded.matches('/').count() != path.matches('/').count() {
            return None;
        }
        let path = &*decoded;
        if let Some(kept) = self.kept.load().get(path)
            && self.is_fresh(kept, now).await
        {
            return Some(reply(kept, request));
        }
        let name = safe(path)?.to_owned();
        if !path.ends_with('/') && self.place.is_directory(&name).await {
            return Some(moved(path));
        }
        let name = if path.ends_with('/') { name + INDEX } else { name };
        // Nobody waits for a turn to hear that there is nothing.
        if let Ok(None) = self.place.stamp(&name).await {
            return None;
        }
        match self.read(path, name, now).await {
            Ok(kept) => kept.map(|kept| reply(&kept, request)),
            Err(error) => {
                tell!("error: `{path}` cannot be read: {error}");
                Some(unavailable())
            }
        }
    }

    /// Where readers hear at once what is new in a feed (WebSub, 4).
    fn links(&self, path: &str) -> Option<String> {
        let (hub, base) = (self.hub.as_ref()?, self.base_url.as_str().trim_end_matches('/'));
        feed_file(path)?;
        Some(format!("<{hub}>; rel=\"hub\", <{base}{path}>; rel=\"self\""))
    }

    /// True if a file is still what was read. It is taken for that as long as it cannot be asked.
    async fn is_fresh(&self, kept: &Kept, now: Instant) -> bool {
        let now = u64::try_from(now.duration_since(self.began).as_millis()).unwrap_or_default();
        if now.saturating_sub(kept.checked_at.load(Ordering::Relaxed)) < self.place.good() {
            return true;
        }
        let is_fresh = match self.place.stamp(&kept.name).await {
            Ok(stamp) => stamp.as_ref() == Some(&kept.stamp),
            Err(_) => true,
        };
        if is_fresh {
            kept.checked_at.store(now, Ordering::Relaxed);
            kept.was_wanted.store(true, Ordering::Relaxed);
        }
        is_fresh
    }

    /// The bytes of a file. Where one could not be read, nobody waits for another that soon.
    async fn read_now(&self, name: &str, now: Instant) -> io::Result<(Bytes, SystemTime)> {
        let is_away = |at: &Instant| now.duration_since(*at) < AGAIN;
        if held(self.away_at.lock()).as_ref().is_some_and(is_away) {
            return Err(io::Error::other("the place where the files are did not answer"));
        }
        let read = self.place.read(name).await;
        let is_away = read.as_ref().is_err_and(|error| self.place.is_away(error));
        *held(self.away_at.lock()) = is_away.then(Instant::now);
        read
    }

    /// A file as it is now, or as it was if it cannot be read.
    async fn read(&self, path: &str, name: String, now: Instant) -> io::Result<Option<Arc<Kept>>> {
        let _turn = self.reading.lock().await;
        let others = self.kept.load_full();
        let before = others.get(path);
        if let Some(kept) = before
            && self.is_fresh(kept, now).await
        {
            return Ok(Some(kept.clone()));
        }
        // Before it is read: what is put in its place meanwhile is another.
        let Some(stamp) = self.place.stamp(&name).await? else { return Ok(None) };
        let bytes = match (self.read_now(&name, now).await, before) {
            (Ok(bytes), _) => bytes,
            (Err(_), Some(kept)) => return Ok(Some(kept.clone())),
            (Err(error), None) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            (Err(error), None) => return Err(error),
        };
        let (cache_control, links) = (self.rhythm.cache_control(&name), self.links(path));
        let making = tokio::task::spawn_blocking(move || {
            Kept::new(name, bytes, stamp, cache_control, links)
        });
        let mut kept = making.await.map_err(io::Error::other)??;
        if let Some(before) = before {
            kept.come_after(before);
        }
        let kept = Arc::new(kept);
        let mut all = HashMap::clone(&others);
        all.insert(path.to_owned(), kept.clone());
        make_room(&mut all);
        self.kept.store(Arc::new(all));
        Ok(Some(kept))
    }
}

fn reply<B>(kept: &Kept, request: &Request<B>) -> Reply {
    match *request.method() {
        Method::GET | Method::HEAD => answer(kept, request.method(), request.headers()),
        _ => allowed(request.method(), kept),
    }
}

/// What nobody asked for since the last time that there was no room goes first, then all.
fn make_room(all: &mut HashMap<String, Arc<Kept>>) {
    let size =
        |all: &HashMap<String, Arc<Kept>>| all.values().map(|kept| kept.size()).sum::<usize>();
    if size(all) <= MOST {
        return;
    }
    all.retain(|_, kept| kept.was_wanted.swap(false, Ordering::Relaxed));
    if size(all) > MOST {
        all.clear();
    }
}

/// The directory of a feed, if a path is one of its files.
fn feed_file(path: &str) -> Option<&str> {
    let (directory, name) = path.split_at(path.rfind('/')? + 1);
    FEEDS.contains(&name).then_some(directory)
}

/// True if it is a person who goes there, and not a feed reader (Fetch Metadata, W3C): what a browser
/// shows of a feed is of no use. `?raw` is for whoever wants to see it nevertheless.
fn is_person(headers: &HeaderMap, query: Option<&str>) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|to| to == "document") && query != Some("raw")
}

/// The name of a file below the output; none for what is none, or is hidden.
fn safe(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let is_safe = |part: &str| !part.starts_with('.') && !part.contains(['\\', '\0', ':']);
    let inner = path.strip_suffix('/').unwrap_or(path);
    let parts_are_safe = inner.split('/').all(|part| !part.is_empty() && is_safe(part));
    let is_contained = Path::new(inner).is_relative();
    (path.is_empty() || parts_are_safe && is_contained).then_some(path)
}

/// True if a client has what is there already.
fn has_it(headers: &HeaderMap, kept: &Kept) -> bool {
    match headers.get(header::IF_NONE_MATCH) {
        Some(known) => names(known, kept),
        None => {
            date(headers, header::IF_MODIFIED_SINCE).is_some_and(|since| kept.modified <= since)
        }
    }
}

/// True if a client wants what it knows or nothing, and this is another (RFC 9110, 13.1).
fn is_another(headers: &HeaderMap, kept: &Kept) -> bool {
    match headers.get(header::IF_MATCH) {
        Some(known) => !names(known, kept),
        None => {
            date(headers, header::IF_UNMODIFIED_SINCE).is_some_and(|since| kept.modified > since)
        }
    }
}

/// What a client has in one encoding is as good as in another.
fn names(known: &HeaderValue, kept: &Kept) -> bool {
    known.to_str().is_ok_and(|known| known == "*" || known.contains(&kept.hash))
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}
