//! The settings of a site, `infocus.toml`: defaults, then the file, then the environment.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::diagnostic::Diagnostic;
use crate::mail::{Mailbox, Rate, Transport};
use crate::newsletter::{Approval, Schedule};
use crate::toml_file;

/// The file that makes a directory a site.
pub const FILE: &str = "infocus.toml";

/// What `infocus.toml` says, with every name as it stands in the file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the output is served; the feeds announce themselves there. Ends with a slash.
    #[serde(deserialize_with = "toml_file::address")]
    #[schemars(with = "String")]
    pub base_url: Url,
    /// Of the index page; the host of `base_url` if there is none.
    pub title: Option<String>,
    /// Address of a person, told to the servers that are read.
    pub contact: Option<String>,
    /// Of dates that do not say their own.
    #[serde(deserialize_with = "time_zone")]
    #[schemars(with = "String")]
    pub time_zone: TimeZone,
    /// BCP 47; of feeds that do not say their own.
    pub language: String,
    /// For what is published: a directory, relative to the site, or a bucket of an object store
    /// (`s3://bucket/prefix`, `gs://`, `az://`).
    #[schemars(with = "String")]
    pub output: Target,
    pub database: String,
    /// A WebSub hub that hears of each change of a feed, so that readers who subscribed there do.
    #[serde(deserialize_with = "toml_file::optional_address")]
    #[schemars(with = "Option<String>")]
    pub hub: Option<Url>,
    pub fetch: Fetch,
    pub alerts: Alerts,
    pub mail: Mail,
    pub newsletters: BTreeMap<String, Newsletter>,
    pub serve: Serve,
}

/// Where what is published goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Directory(PathBuf),
    Bucket(Url),
}

impl Target {
    /// Object stores, by the beginnings of their addresses.
    const STORES: [&str; 3] = ["s3", "gs", "az"];

    pub fn parse(text: &str) -> Result<Target, String> {
        let Some((scheme, _)) = text.split_once("://") else {
            return Ok(Target::Directory(text.into()));
        };
        let url = Url::parse(text).ok().filter(|url| {
            Target::STORES.contains(&scheme)
                && url.host_str().is_some_and(|bucket| !bucket.is_empty())
                && url.query().is_none()
                && url.fragment().is_none()
        });
        url.map(Target::Bucket).ok_or_else(|| {
            format!(
                "`{text}` is no bucket, expected such as `s3://bucket/prefix`, `gs://` or `az://`"
            )
        })
    }
}

/// As it stands in the settings.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Directory(path) => path.display().fmt(f),
            Target::Bucket(url) => url.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        Target::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Who hears of sources that give less than they should, once, and of their recovery.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// An address that gets a JSON object by POST: `text` for people, `sources` for programs.
    #[serde(deserialize_with = "toml_file::optional_address")]
    #[schemars(with = "Option<String>")]
    pub webhook: Option<Url>,
    /// An address that hears of every run: itself, or with `/fail` behind it if the run has failed.
    #[serde(deserialize_with = "toml_file::optional_address")]
    #[schemars(with = "Option<String>")]
    pub ping: Option<Url>,
}

/// Who mails, and by what way.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    #[schemars(with = "Option<String>")]
    pub from: Option<Mailbox>,
    /// Where answers go, if not to `from`.
    #[schemars(with = "Option<String>")]
    pub reply_to: Option<Mailbox>,
    /// Where what could not be delivered comes back to, each with a mark of its own before the `@`
    /// (VERP): `bounces@example.org`; if there is none, to `from`.
    #[schemars(with = "Option<String>")]
    pub return_path: Option<Mailbox>,
    /// Postal address, for the foot of every mail; the law asks for it in many places.
    pub address: Option<String>,
    /// `outbox`, a directory of messages, or an SMTP relay.
    #[schemars(with = "String")]
    pub transport: Transport,
    /// The most connections to the relay.
    pub connections: Option<NonZeroUsize>,
    /// The most messages in a time, such as `14/s`, `30/min`, `500/h` or `10000/d`; all of them hold.
    #[schemars(with = "Vec<String>")]
    pub rates: Vec<Rate>,
    /// How long it is remembered who got an edition, at least `90d`; without it for ever. How many did
    /// is never forgotten.
    #[serde(deserialize_with = "long")]
    #[schemars(with = "Option<String>")]
    pub keep_deliveries: Option<Duration>,
    pub dkim: Option<Dkim>,
}

/// Who signs (RFC 6376).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    pub domain: String,
    pub selector: String,
    /// RSA, PEM, relative to the site: `openssl genrsa -out dkim.pem 2048`.
    pub key_file: PathBuf,
    /// The same with an Ed25519 key, that signs beside the other (RFC 8463).
    pub ed25519: Option<Ed25519>,
}

/// A second signature, for those who know it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ed25519 {
    pub selector: String,
    /// PEM: `openssl genpkey -algorithm ed25519 -out dkim-ed25519.pem`.
    pub key_file: PathBuf,
}

/// What `infocus serve` does beyond the files of the output.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Networks of proxies that say truly whom they ask for (`X-Forwarded-For`).
    #[serde(deserialize_with = "networks")]
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that may read `/metrics`.
    #[serde(deserialize_with = "networks")]
    #[schemars(with = "Vec<String>")]
    pub metrics: Vec<IpNet>,
    /// How often one client may ask to be subscribed in an hour.
    pub wishes: u16,
    /// Bits of work that a browser does before it may ask: 16 take a second. Who has no scripts
    /// cannot ask then.
    pub proof_of_work: Option<u8>,
    /// What `infocus serve --hash-password` made of the password of `/desk`; there is no desk without.
    pub desk_password: Option<String>,
}

impl Default for Serve {
    fn default() -> Self {
        let loopback = [IpNet::from(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8))];
        let loopback: Vec<IpNet> =
            loopback.into_iter().chain([IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST))]).collect();
        Serve {
            trusted_proxies: loopback.clone(),
            metrics: loopback,
            wishes: 10,
            proof_of_work: None,
            desk_password: None,
        }
    }
}

/// How pages are fetched.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fetch {
    /// Networks that may be fetched from though they are private.
    #[serde(deserialize_with = "networks")]
    #[schemars(with = "Vec<String>")]
    pub allow_private: Vec<IpNet>,
    /// The least time between two requests to one host.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "String")]
    pub spacing: Duration,
    /// How long a page may take in all; a third of it until its first byte.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "String")]
    pub timeout: Duration,
}

impl Default for Fetch {
    fn default() -> Self {
        let (spacing, timeout) = (Duration::from_secs(1), Duration::from_secs(60));
        Fetch { allow_private: Vec::new(), spacing, timeout }
    }
}

/// A named mailing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Newsletter {
    pub title: String,
    /// Slugs of the feeds whose items it carries; empty: all.
    #[serde(default)]
    pub feeds: Vec<String>,
    pub language: Option<String>,
    /// `Mon 08:00`, or a cron line; without it an edition is made whenever it is sent.
    #[schemars(with = "Option<String>")]
    pub schedule: Option<Schedule>,
    /// How often subscribers may get it instead: names with a schedule each.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub frequencies: BTreeMap<String, Schedule>,
    /// `none`, `required`, or a time until which it may be held: `until 10:00`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub approval: Approval,
    /// How late an edition may be made, if it could not be when it was due: `1d`; what is not made
    /// is in the next.
    #[serde(default = "one_day", deserialize_with = "seconds")]
    #[schemars(with = "String")]
    pub late: Duration,
    /// Items in all that an edition shows, and of one section; the rest is a link.
    pub max_items: Option<NonZeroUsize>,
    pub max_per_section: Option<NonZeroUsize>,
}

impl Default for Settings {
    fn default() -> Self {
        #[expect(clippy::unwrap_used, reason = "a literal, covered by the tests of this module")]
        let base_url = Url::parse("http://localhost:8080/").unwrap();
        Settings {
            base_url,
            title: None,
            contact: None,
            time_zone: TimeZone::UTC,
            language: "en".to_owned(),
            output: Target::Directory("public".into()),
            database: "sqlite:infocus.db".to_owned(),
            hub: None,
            fetch: Fetch::default(),
            alerts: Alerts::default(),
            mail: Mail::default(),
            newsletters: BTreeMap::new(),
            serve: Serve::default(),
        }
    }
}

impl Settings {
    /// The JSON Schema of the settings file, for editors; the parser is what decides.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Settings)
    }

    pub fn title(&self) -> String {
        let host = || self.base_url.host_str().unwrap_or_default().to_owned();
        self.title.clone().unwrap_or_else(host)
    }

    /// The output is served to the world: the site's own files may not lie in it.
    fn misplaced_output(&self) -> Option<Diagnostic> {
        let Target::Directory(output) = &self.output else { return None };
        let mut names = Vec::new();
        let mut is_inside = true;
        for part in output.components() {
            match part {
                Component::Normal(name) => names.push(name),
                Component::ParentDir => is_inside &= names.pop().is_some(),
                Component::CurDir => {}
                // Where an absolute path leads cannot be seen from here.
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        let is_own = |name: &&OsStr| {
            ["feeds", "templates", "preview", "editions", "outbox"].iter().any(|own| name == own)
        };
        let is_misplaced = match names.first() {
            Some(first) => is_inside && is_own(first),
            None => true,
        };
        is_misplaced.then(|| {
            Diagnostic::new(format!(
                "`output` is `{}`, where the site's own files are",
                output.display()
            ))
            .help("name a directory that has nothing else in it: `output = \"public\"`")
        })
    }

    /// Reads the text of the settings file of a site. `environment` looks a variable up:
    /// `INFOCUS_BASE_URL`, `INFOCUS_OUTPUT` and `INFOCUS_DATABASE` outweigh the file.
    pub fn parse(
        file: &Path,
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, Diagnostic> {
        let mut settings: Settings = toml_file::parse(file, text)?;
        if let Some(base_url) = environment("INFOCUS_BASE_URL") {
            settings.base_url = base_url.parse().map_err(|error| {
                Diagnostic::new(format!("`INFOCUS_BASE_URL` is no address: `{base_url}`, {error}"))
            })?;
        }
        if let Some(output) = environment("INFOCUS_OUTPUT") {
            settings.output = Target::parse(&output)
                .map_err(|problem| Diagnostic::new(format!("`INFOCUS_OUTPUT`: {problem}")))?;
        }
        if let Some(database) = environment("INFOCUS_DATABASE") {
            settings.database = database;
        }
        if !matches!(settings.base_url.scheme(), "http" | "https") {
            return Err(Diagnostic::new(format!("`base_url` is `{}`", settings.base_url))
                .at(file, None)
                .help("it begins with `https://` or `http://`"));
        }
        if let Some(problem) = settings.misplaced_output() {
            return Err(problem.at(file, None));
        }
        if !settings.base_url.path().ends_with('/') {
            settings.base_url.set_path(&format!("{}/", settings.base_url.path()));
        }
        Ok(settings)
    }
}

fn time_zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| {
        serde::de::Error::custom(format!(
            "unknown time zone `{name}`, expected a name such as `Europe/Vienna`"
        ))
    })
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        text.parse().map_err(|_| {
            serde::de::Error::custom(format!(
                "`{text}` is no network, expected such as `192.168.7.0/24`"
            ))
        })
    };
    texts.iter().map(network).collect()
}

/// Who changes how often they get a newsletter goes on where their last edition ended; and what comes
/// back does so for some weeks.
const LEAST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

fn long<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let length = seconds(deserializer)?;
    match length < LEAST {
        true => Err(serde::de::Error::custom("`keep_deliveries` is less than `90d`")),
        false => Ok(Some(length)),
    }
}

fn one_day() -> Duration {
    Duration::from_secs(24 * 60 * 60)
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    toml_file::length(&text).and_then(|length| length.try_into().ok()).ok_or_else(|| {
        let expected = "expected such as `1s`, `30m` or `2d`";
        serde::de::Error::custom(format!("`{text}` is no length of time, {expected}"))
    })
}
