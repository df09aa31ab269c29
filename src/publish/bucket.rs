//! A bucket of an object store: S3 and what speaks it, Google Cloud Storage, Azure.
//!
//! What was put there is remembered beside the items, with the mark that the store gave it. An object is
//! put in the place of the one that is remembered and of no other (`If-Match`), and of what else is found
//! there only by whoever publishes, so that a process that was stopped for a while does not write what is
//! older over what is newer.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, TryStreamExt, stream};
use hyper::body::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, ObjectMeta, ObjectStore, ObjectStoreExt, ObjectStoreScheme,
    PutMode, PutOptions, RetryConfig, UpdateVersion,
};
use url::Url;

use super::media::{Rhythm, media_type};
use super::output::{OutputError, is_ours};
use crate::hash;
use crate::run::Lease;
use crate::store::{Object, Store};

/// Objects that are put at once.
const AT_ONCE: usize = 16;

/// Bytes that wait at most; then those that are there go on.
const MOST: usize = 32 << 20;

/// How often an object is put that is always another than was thought.
const TRIES: usize = 3;

/// How long a store is asked again that does not answer, by whoever publishes.
pub const WRITING: Duration = Duration::from_secs(30);

/// Bytes of a hash that tells one object from another.
const HASH: usize = 16;

#[derive(Clone)]
pub struct Bucket {
    objects: Arc<dyn ObjectStore>,
    /// Under what the names of all objects are.
    prefix: Path,
    /// What it is called in the settings, and where it is remembered what was put there.
    address: String,
    rhythm: Arc<Rhythm>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.address).finish()
    }
}

impl Bucket {
    /// The bucket of an address such as `s3://bucket/prefix`; keys, regions and the like come from the
    /// environment, as the tools of its kind have them.
    pub fn open(address: &Url, rhythm: Rhythm, patience: Duration) -> Result<Bucket, OutputError> {
        let (objects, prefix) =
            objects(address, patience).map_err(|error| failed(address.as_str(), error))?;
        let address = address.as_str().trim_end_matches('/').to_owned();
        Ok(Bucket { objects, prefix, address, rhythm: Arc::new(rhythm) })
    }

    /// Where it is remembered what was put there.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An object, and since when it is what it is; nothing if somebody has taken it away.
    pub async fn read(&self, name: &str) -> Result<Option<(Bytes, SystemTime)>, OutputError> {
        let failed = |error| self.failed(name, error);
        let got = match self.objects.get(&self.path(name)).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(failed)?,
        };
        let modified = got.meta.last_modified.into();
        Ok(Some((got.bytes().await.map_err(failed)?, modified)))
    }

    pub(super) async fn upload<'a>(
        &'a self,
        ledger: &'a Store,
        lease: Option<&'a Lease>,
    ) -> Result<Upload<'a>, OutputError> {
        let remembered: HashMap<_, _> =
            ledger.entrances(&self.address).await?.into_iter().collect();
        let there = remembered.clone();
        Ok(Upload { bucket: self, ledger, lease, remembered, there, waiting: Vec::new(), bytes: 0 })
    }

    /// What is in a directory and in those within it, or what is in none.
    async fn list(&self, directory: &str) -> Result<Vec<ObjectMeta>, OutputError> {
        let path = self.path(directory);
        let listed = match directory.is_empty() {
            true => {
                let listed = self.objects.list_with_delimiter(Some(&path)).await;
                listed.map(|listed| listed.objects)
            }
            false => self.objects.list(Some(&path)).try_collect().await,
        };
        listed.map_err(|error| self.failed(directory, error))
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.parts().chain(Path::from(name).parts()).collect()
    }

    /// The name of an object, if it is under the prefix.
    fn name(&self, path: &Path) -> Option<String> {
        let parts: Vec<_> = path.prefix_match(&self.prefix)?.collect();
        Some(parts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("/"))
    }

    /// What is said of an object wherever it is read from there.
    fn attributes(&self, name: &str) -> Attributes {
        let (media_type, _) = media_type(name);
        Attributes::from_iter([
            (Attribute::ContentType, media_type.to_owned()),
            (Attribute::CacheControl, self.rhythm.cache_control(name)),
        ])
    }

    fn hash(&self, name: &str, bytes: &[u8]) -> String {
        hash_of(bytes, &self.attributes(name))
    }

    fn failed(&self, name: &str, error: Error) -> OutputError {
        failed(&format!("{}/{name}", self.address), error)
    }
}

fn failed(name: &str, error: Error) -> OutputError {
    OutputError::Object { name: name.to_owned(), error: told(&error) }
}

/// What went wrong, in a line: the last cause, or what the store says of it in its XML.
fn told(error: &Error) -> String {
    let whole = error.to_string();
    // Where a machine that has a role would be given keys.
    if whole.contains("/latest/api/token") || whole.contains("computeMetadata") {
        return "there are no keys for it in the environment, and the machine has none".to_owned();
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let last = last.to_string();
    let said = last.split_once("<Message>").and_then(|(_, rest)| rest.split_once("</Message>"));
    let line = said.map_or(&*last, |(said, _)| said).lines().next().unwrap_or_default();
    line.to_owned()
}

/// What speaks to the store of an address, and what of that is the beginning of names.
fn objects(address: &Url, patience: Duration) -> Result<(Arc<dyn ObjectStore>, Path), Error> {
    // There is one to choose from, and no default.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (scheme, prefix) = ObjectStoreScheme::parse(address)?;
    let retry = RetryConfig { retry_timeout: patience, ..RetryConfig::default() };
    let address = address.as_str();
    let objects: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => {
            Arc::new(AmazonS3Builder::from_env().with_url(address).with_retry(retry).build()?)
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let store = GoogleCloudStorageBuilder::from_env().with_url(address);
            Arc::new(store.with_retry(retry).build()?)
        }
        _ => {
            let store = MicrosoftAzureBuilder::from_env().with_url(address);
            Arc::new(store.with_retry(retry).build()?)
        }
    };
    Ok((objects, prefix))
}

/// What is to be put into a bucket.
pub struct Upload<'a> {
    bucket: &'a Bucket,
    ledger: &'a Store,
    lease: Option<&'a Lease>,
    /// What was put, as far as it was looked for.
    remembered: HashMap<String, Object>,
    /// What is there: the same, but for what somebody else has done.
    there: HashMap<String, Object>,
    /// What others link to comes first.
    waiting: Vec<Waiting>,
    bytes: usize,
}

struct Waiting {
    name: String,
    bytes: Bytes,
    hash: String,
}

impl Upload<'_> {
    pub(super) async fn look(&mut self, directory: &str, itself: bool) -> Result<(), OutputError> {
        let remembered = self.ledger.objects(&self.bucket.address, directory).await?;
        self.remembered.extend(remembered.iter().cloned());
        self.there.extend(remembered);
        if !itself {
            return Ok(());
        }
        let listed = self.bucket.list(directory).await?;
        let is_within = |name: &str| name.split_once('/').map_or("", |(top, _)| top) == directory;
        self.there.retain(|name, _| !is_within(name));
        for meta in listed {
            let Some(name) = self.bucket.name(&meta.location) else { continue };
            let object = match self.remembered.get(&name) {
                Some(object) if is_same(&object.etag, &meta.e_tag) => object.clone(),
                // A list does not say by what it is put in the place of; whoever puts it finds out.
                _ => Object { hash: String::new(), etag: None, version: None },
            };
            self.there.insert(name, object);
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.there.contains_key(name)
    }

    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> bool {
        let hash = self.bucket.hash(name, bytes);
        if self.there.get(name).is_some_and(|object| object.hash == hash) {
            return false;
        }
        self.bytes += bytes.len();
        self.waiting.push(Waiting {
            name: name.to_owned(),
            bytes: Bytes::copy_from_slice(bytes),
            hash,
        });
        true
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MOST
    }

    /// Pages first, then what leads to them, many at once.
    pub(super) async fn commit(&mut self) -> Result<(), OutputError> {
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let (entrances, pages): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|waiting| is_entrance(&waiting.name));
        for wave in [pages, entrances] {
            if !wave.is_empty() {
                is_ours(self.lease).await?;
                self.put_all(wave).await?;
            }
        }
        Ok(())
    }

    async fn put_all(&mut self, wave: Vec<Waiting>) -> Result<(), OutputError> {
        let (this, has_failed) = (&*self, AtomicBool::new(false));
        let put = |waiting: Waiting| {
            let has_failed = &has_failed;
            async move {
                // Where one could not be put, the others would wait for the same.
                if has_failed.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let put = this.put(&waiting).await;
                has_failed.fetch_or(put.is_err(), Ordering::Relaxed);
                let before = this.remembered.get(&waiting.name).cloned();
                put.map(|object| Some((waiting.name, before, object)))
            }
        };
        let done: Vec<Result<_, OutputError>> =
            stream::iter(wave.into_iter().map(put)).buffer_unordered(AT_ONCE).collect().await;
        // What has come over is remembered, even if something else has not.
        let (mut put, mut failed) = (Vec::new(), None);
        for one in done {
            match one {
                Ok(one) => put.extend(one),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // But not by whoever was overtaken: another remembers what it has put by now.
        is_ours(self.lease).await?;
        let are_all_noted = self.ledger.note_objects(&self.bucket.address, &put).await?;
        for (name, _, object) in put {
            self.remembered.insert(name.clone(), object.clone());
            self.there.insert(name, object);
        }
        match failed {
            Some(error) => Err(error),
            None if !are_all_noted => Err(OutputError::Overtaken),
            None => Ok(()),
        }
    }

    /// Puts an object in the place of the one that is known. If it is another, that is somebody else's who
    /// had the lease before us, or does not go by it; or we have not, any more.
    async fn put(&self, waiting: &Waiting) -> Result<Object, OutputError> {
        let (bucket, name) = (self.bucket, &waiting.name);
        let path = bucket.path(name);
        let mut there = self.there.get(name).cloned();
        for _ in 0..TRIES {
            let mode = there.as_ref().map_or(PutMode::Create, mode);
            let attributes = bucket.attributes(name);
            let options = PutOptions { mode, attributes, ..PutOptions::default() };
            match bucket.objects.put_opts(&path, waiting.bytes.clone().into(), options).await {
                Ok(done) => {
                    let hash = waiting.hash.clone();
                    return Ok(Object { hash, etag: done.e_tag, version: done.version });
                }
                Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => {}
                // It was there; if none was, it is the bucket that is not.
                Err(Error::NotFound { .. }) if there.is_some() => {}
                Err(error) => return Err(bucket.failed(name, error)),
            }
            there = found(bucket, &path, name).await?;
            // It is ours, of a run that was killed or did not hear that it had come over.
            if let Some(object) = there.as_ref().filter(|object| object.hash == waiting.hash) {
                return Ok(object.clone());
            }
            // After it was found: whatever another puts from now on is not what is taken the place of.
            is_ours(self.lease).await?;
        }
        Err(OutputError::Overtaken)
    }
}

/// True of two marks, of which one may be in quotes and the other not.
fn is_same(one: &Option<String>, other: &Option<String>) -> bool {
    let bare = |mark: &Option<String>| mark.as_ref().map(|mark| mark.trim_matches('"').to_owned());
    one.is_some() && bare(one) == bare(other)
}

/// In the place of this object and of no other; of one of which nothing is known, in that of none.
fn mode(object: &Object) -> PutMode {
    if object.etag.is_none() && object.version.is_none() {
        return PutMode::Create;
    }
    let (e_tag, version) = (object.etag.clone(), object.version.clone());
    PutMode::Update(UpdateVersion { e_tag, version })
}

/// What is there now, whoever has put it.
async fn found(bucket: &Bucket, path: &Path, name: &str) -> Result<Option<Object>, OutputError> {
    let failed = |error| bucket.failed(name, error);
    let got = match bucket.objects.get(path).await {
        Ok(got) => got,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let (etag, version) = (got.meta.e_tag.clone(), got.meta.version.clone());
    let attributes = got.attributes.clone();
    let bytes = got.bytes().await.map_err(failed)?;
    Ok(Some(Object { hash: hash_of(&bytes, &attributes), etag, version }))
}

fn hash_of(bytes: &[u8], attributes: &Attributes) -> String {
    let said = |attribute| attributes.get(&attribute).map_or("", |value| value.as_ref()).as_bytes();
    let (media_type, cache) = (said(Attribute::ContentType), said(Attribute::CacheControl));
    hash::short([bytes, media_type, cache], HASH)
}

/// True of what readers subscribe to and of what leads to pages.
fn is_entrance(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    matches!(file, "index.html" | "feeds.opml" | "feed.xml" | "atom.xml" | "feed.json")
}
