//! A bucket of an object store: S3 and what speaks it, Google Cloud Storage, Azure.
//!
//! What was put there is remembered beside the items, with the mark that the store gave it. An object is
//! put in the place of the one that is remembered and of no other (`If-Match`), so that whoever was
//! stopped for a while does not write what is older over what is newer.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
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

use super::OutputError;
use super::media::{Rhythm, media_type};
use crate::hash;
use crate::store::{Object, Store};

/// Objects that are put at once.
const AT_ONCE: usize = 16;

/// Bytes that wait at most; then those that are there go on.
const MOST: usize = 32 << 20;

/// How often an object is put that is always another than was thought.
const TRIES: usize = 3;

/// How long a store is asked again that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
    pub fn open(address: &Url, rhythm: Rhythm) -> Result<Bucket, OutputError> {
        let (objects, prefix) =
            objects(address).map_err(|error| failed(address.as_str(), error))?;
        let address = address.as_str().trim_end_matches('/').to_owned();
        Ok(Bucket { objects, prefix, address, rhythm: Arc::new(rhythm) })
    }

    /// Where it is remembered what was put there.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An object, and since when it is what it is.
    pub async fn read(&self, name: &str) -> Result<(Bytes, SystemTime), OutputError> {
        let failed = |error| self.failed(name, error);
        let got = self.objects.get(&self.path(name)).await.map_err(failed)?;
        let modified = got.meta.last_modified.into();
        Ok((got.bytes().await.map_err(failed)?, modified))
    }

    pub(super) async fn upload<'a>(&'a self, ledger: &'a Store) -> Result<Upload<'a>, OutputError> {
        let remembered: HashMap<_, _> =
            ledger.entrances(&self.address).await?.into_iter().collect();
        let there = remembered.clone();
        Ok(Upload { bucket: self, ledger, remembered, there, waiting: Vec::new(), bytes: 0 })
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
fn objects(address: &Url) -> Result<(Arc<dyn ObjectStore>, Path), Error> {
    // There is one to choose from, and no default.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (scheme, prefix) = ObjectStoreScheme::parse(address)?;
    let retry = RetryConfig { retry_timeout: PATIENCE, ..RetryConfig::default() };
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
    bytes: Vec<u8>,
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
        let path = self.bucket.path(directory);
        let listed: Vec<ObjectMeta> = self
            .bucket
            .objects
            .list(Some(&path))
            .try_collect()
            .await
            .map_err(|error| self.bucket.failed(directory, error))?;
        let is_within = |name: &str| name.split_once('/').is_some_and(|(top, _)| top == directory);
        self.there.retain(|name, _| !is_within(name));
        for meta in listed {
            let Some(name) = self.bucket.name(&meta.location) else { continue };
            // A list tells no version: an object is the one that is remembered, or anything.
            let object = match self.remembered.get(&name) {
                Some(object) if object.etag == meta.e_tag => object.clone(),
                _ => Object { hash: String::new(), etag: meta.e_tag, version: meta.version },
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
        self.waiting.push(Waiting { name: name.to_owned(), bytes: bytes.to_vec(), hash });
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
            self.put_all(wave).await?;
        }
        Ok(())
    }

    async fn put_all(&mut self, wave: Vec<Waiting>) -> Result<(), OutputError> {
        let this = &*self;
        let put = |waiting: Waiting| async move {
            let object = this.put(&waiting).await?;
            let before = this.remembered.get(&waiting.name).cloned();
            Ok::<_, OutputError>((waiting.name, before, object))
        };
        let done: Vec<_> =
            stream::iter(wave.into_iter().map(put)).buffer_unordered(AT_ONCE).collect().await;
        // What has come over is remembered, even if something else has not.
        let (mut put, mut failed) = (Vec::new(), None);
        for one in done {
            match one {
                Ok(one) => put.push(one),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let overtaken = self.ledger.note_objects(&self.bucket.address, &put).await?;
        for (name, _, object) in put {
            self.remembered.insert(name.clone(), object.clone());
            self.there.insert(name, object);
        }
        match failed.or(overtaken.map(OutputError::Overtaken)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Puts an object in the place of the one that is known, unless somebody else has put a newer one
    /// there.
    async fn put(&self, waiting: &Waiting) -> Result<Object, OutputError> {
        let (bucket, name) = (self.bucket, &waiting.name);
        let path = bucket.path(name);
        let mut there = self.there.get(name).cloned();
        for _ in 0..TRIES {
            let mode = there.as_ref().map_or(PutMode::Create, mode);
            let attributes = bucket.attributes(name);
            let options = PutOptions { mode, attributes, ..PutOptions::default() };
            let bytes = waiting.bytes.clone().into();
            match bucket.objects.put_opts(&path, bytes, options).await {
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
            let remembered = self.ledger.object(&bucket.address, name).await?;
            if remembered.as_ref() != self.remembered.get(name) {
                break;
            }
        }
        Err(OutputError::Overtaken(name.clone()))
    }
}

/// In the place of this object and of no other.
fn mode(object: &Object) -> PutMode {
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
