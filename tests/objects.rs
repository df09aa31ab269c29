//! Object stores for the tests: moto for S3; Azurite for Azure; for Google, which has none that can be
//! installed by its name, what its documentation says of the requests that are made
//! (<https://cloud.google.com/storage/docs/xml-api/overview>). `INFOCUS_TEST_BUCKET` says which.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::bed::Bed;
use crate::served::{Reply, exchange};
use crate::server::{Answer, Request, Server};

/// Each ends when nobody holds its standard input any more: the tests are over, or were killed. Where
/// `.ci/run` puts them, they are at the address that they tell.
const MOTO: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto/bin/moto_server"),
    r#""$0" -H 127.0.0.1 -p 0 2>&1 & cat > /dev/null; kill $!"#,
];
const AZURITE: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/target/azurite/node_modules/.bin/azurite-blob"),
    r#""$0" --inMemoryPersistence --disableTelemetry --blobHost 127.0.0.1 --blobPort 0 2>&1 &
    cat > /dev/null; kill $!"#,
];

/// Its account, and what signs any request to it until 2099 by the key that all of them have.
const ACCOUNT: &str = "devstoreaccount1";
const SIGNED: &str = "sv=2021-08-06&ss=b&srt=sco&sp=rwdlac&se=2099-01-01T00%3A00%3A00Z\
                      &sig=96c2EygB3PgwPw%2FPybbUy3WlHCPrp0h%2FIdLehWe2UEU%3D";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    S3,
    Azure,
    Google,
}

enum Running {
    Process { _it: Child, address: SocketAddr },
    Here(Server),
}

impl Running {
    fn process([program, script]: [&str; 2]) -> Option<Running> {
        if !Path::new(program).exists() {
            return None;
        }
        let mut server = Command::new("sh")
            .args(["-c", script, program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let lines = BufReader::new(server.stdout.take().expect("stdout")).lines();
        let mut lines = lines.map_while(Result::ok);
        let address = lines.by_ref().find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.trim().parse().ok()
        });
        // Whoever does not read what it says stops it.
        std::thread::spawn(move || lines.count());
        Some(Running::Process { _it: server, address: address.expect("an address") })
    }

    fn address(&self) -> SocketAddr {
        match self {
            Running::Process { address, .. } => *address,
            Running::Here(server) => SocketAddr::from(([127, 0, 0, 1], server.port())),
        }
    }
}

/// A bucket that nobody else uses.
pub struct Bucket {
    kind: Kind,
    address: SocketAddr,
    name: String,
}

/// A bucket that nobody else uses, if there is a server to be started; says that a test is skipped
/// otherwise.
pub fn bucket(test: &str) -> Option<Bucket> {
    static SERVER: OnceLock<Option<Running>> = OnceLock::new();
    static BUCKETS: AtomicUsize = AtomicUsize::new(0);
    let kind = match std::env::var("INFOCUS_TEST_BUCKET").as_deref() {
        Ok("azure") => Kind::Azure,
        Ok("google") => Kind::Google,
        _ => Kind::S3,
    };
    let start = || match kind {
        Kind::S3 => Running::process(MOTO),
        Kind::Azure => Running::process(AZURITE),
        Kind::Google => {
            let google = Google::default();
            Some(Running::Here(Server::start(move |request| google.answer(request))))
        }
    };
    let Some(server) = SERVER.get_or_init(start) else {
        eprintln!("skipped, for want of an object store: {test}");
        return None;
    };
    let name = format!("bucket{}", BUCKETS.fetch_add(1, Ordering::Relaxed));
    let bucket = Bucket { kind, address: server.address(), name };
    bucket.make();
    Some(bucket)
}

impl Bucket {
    fn make(&self) {
        let query = if self.kind == Kind::Azure { "restype=container" } else { "" };
        self.ask("PUT", "", query, b"").is_done();
    }

    fn ask(&self, method: &str, name: &str, query: &str, body: &[u8]) -> Reply {
        let (bucket, address, length) = (&self.name, self.address, body.len());
        let slash = if name.is_empty() { "" } else { "/" };
        let (path, headers) = match self.kind {
            Kind::S3 => (
                format!("/{bucket}{slash}{name}?{query}"),
                "authorization: AWS4-HMAC-SHA256 \
                 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
            ),
            Kind::Azure => (
                format!("/{ACCOUNT}/{bucket}{slash}{name}?{query}&{SIGNED}"),
                "x-ms-version: 2021-08-06\r\nx-ms-blob-type: BlockBlob",
            ),
            Kind::Google => {
                (format!("/{bucket}{slash}{name}?{query}"), "authorization: Bearer any")
            }
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n\
             content-length: {length}\r\n\r\n"
        );
        exchange(address, &[head.as_bytes(), body].concat())
    }

    pub fn get(&self, name: &str) -> Reply {
        self.ask("GET", name, "", b"")
    }

    pub fn read(&self, name: &str) -> String {
        self.get(name).ends(200)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.ask("PUT", name, "", bytes).is_done();
    }

    pub fn delete(&self, name: &str) {
        self.ask("DELETE", name, "", b"").is_done();
    }

    /// What the settings call it, or another of its kind.
    pub fn output(&self, name: Option<&str>) -> String {
        let scheme = match self.kind {
            Kind::S3 => "s3",
            Kind::Azure => "az",
            Kind::Google => "gs",
        };
        format!("{scheme}://{}/site", name.unwrap_or(&self.name))
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A site publishes there, by way of an address.
    pub fn publishes(&self, bed: &mut Bed, endpoint: &str) {
        bed.set("INFOCUS_OUTPUT", self.output(None));
        match self.kind {
            Kind::S3 => {
                bed.set("AWS_ENDPOINT_URL", endpoint).set("AWS_ALLOW_HTTP", "true");
                bed.set("AWS_REGION", "us-east-1").set("AWS_EC2_METADATA_DISABLED", "true");
                bed.set("AWS_ACCESS_KEY_ID", "key").set("AWS_SECRET_ACCESS_KEY", "secret");
            }
            Kind::Azure => {
                bed.set("AZURE_STORAGE_USE_EMULATOR", "true");
                bed.set("AZURITE_BLOB_STORAGE_URL", endpoint);
            }
            Kind::Google => {
                let holder = serde_json::json!({
                    "gcs_base_url": endpoint, "disable_oauth": true, "client_email": "",
                    "private_key": "", "private_key_id": "",
                });
                bed.write("google.json", holder.to_string());
                let path = bed.path("google.json").display().to_string();
                bed.set("GOOGLE_SERVICE_ACCOUNT", path);
            }
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Objects by bucket and name, each with what was said of it.
#[derive(Default)]
struct Google {
    buckets: Mutex<BTreeSet<String>>,
    objects: Mutex<BTreeMap<(String, String), Kept>>,
    last: AtomicUsize,
}

#[derive(Clone)]
struct Kept {
    generation: usize,
    bytes: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Google {
    fn answer(&self, request: &Request) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let (bucket, name) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        let name = decoded(name);
        let is_bucket = self.buckets.lock().expect("buckets").contains(bucket);
        match (&*request.method, name.is_empty()) {
            ("PUT", true) => {
                self.buckets.lock().expect("buckets").insert(bucket.to_owned());
                Answer::status(200)
            }
            _ if !is_bucket => no_such_bucket(),
            ("PUT", false) => self.put(bucket, &name, request),
            ("DELETE", false) => {
                let key = (bucket.to_owned(), name);
                let gone = self.objects.lock().expect("objects").remove(&key);
                Answer::status(if gone.is_some() { 204 } else { 404 })
            }
            (_, true) => self.list(bucket, query),
            (_, false) => {
                let key = (bucket.to_owned(), name);
                self.objects.lock().expect("objects").get(&key).map_or(Answer::status(404), told)
            }
        }
    }

    fn put(&self, bucket: &str, name: &str, request: &Request) -> Answer {
        let mut objects = self.objects.lock().expect("objects");
        let key = (bucket.to_owned(), name.to_owned());
        let there = objects.get(&key).map_or(0, |kept| kept.generation);
        let wanted = request.headers.get("x-goog-if-generation-match");
        if wanted.is_some_and(|wanted| *wanted != there.to_string()) {
            return Answer::status(412);
        }
        let said = ["content-type", "cache-control"].into_iter();
        let said = said.filter_map(|name| Some((name, request.headers.get(name)?.clone())));
        let kept = Kept {
            generation: self.last.fetch_add(1, Ordering::Relaxed) + 1,
            bytes: request.body.clone().into_bytes(),
            headers: said.map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        objects.insert(key, kept.clone());
        Answer { body: Vec::new(), ..told(&kept) }
    }

    fn list(&self, bucket: &str, query: &str) -> Answer {
        let of = |name: &str| {
            let asked = Url::parse(&format!("http://localhost/?{query}")).expect("a query");
            let mut pairs = asked.query_pairs();
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let (prefix, delimiter) = (of("prefix").unwrap_or_default(), of("delimiter"));
        let objects = self.objects.lock().expect("objects");
        let within = objects.iter().filter(|((of, _), _)| of == bucket);
        let mut listed = String::new();
        for ((_, name), kept) in within {
            let Some(rest) = name.strip_prefix(&*prefix) else { continue };
            if delimiter.as_ref().is_none_or(|delimiter| !rest.contains(&**delimiter)) {
                listed += &format!(
                    "<Contents><Key>{name}</Key><LastModified>{}</LastModified>\
                     <ETag>\"{}\"</ETag><Size>{}</Size></Contents>",
                    modified(kept),
                    kept.generation,
                    kept.bytes.len()
                );
            }
        }
        let listed = format!(
            "<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>{listed}\
             </ListBucketResult>"
        );
        Answer { status: 200, headers: Vec::new(), body: listed.into_bytes() }
    }
}

fn no_such_bucket() -> Answer {
    let body = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchBucket</Code>\
                <Message>The specified bucket does not exist.</Message></Error>";
    Answer { body: body.into(), ..Answer::status(404) }
}

fn modified(kept: &Kept) -> Timestamp {
    let day: Timestamp = "2026-05-04T00:00:00Z".parse().expect("a moment");
    day + SignedDuration::from_secs(kept.generation as i64)
}

fn told(kept: &Kept) -> Answer {
    let at = modified(kept).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let generation = kept.generation.to_string();
    let answer = Answer { status: 200, headers: kept.headers.clone(), body: kept.bytes.clone() };
    answer
        .with("etag", &format!("\"{generation}\""))
        .with("x-goog-generation", &generation)
        .with("last-modified", &at)
}

/// A path with the names of objects as they are: to Google all is encoded that is no letter or digit.
pub fn decoded(path: &str) -> String {
    path.replace("%2F", "/").replace("%2E", ".").replace("%2D", "-")
}
