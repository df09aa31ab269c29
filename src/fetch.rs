//! Pages over HTTP, as a polite guest: one at a time per host, conditional, limited, as far as the
//! server's robots.txt lets in, and never into private networks.

mod browser;
mod decode;
mod error;
mod guard;
mod hosts;
mod rendered;
mod request;
mod rhythm;
mod robots;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::catalog;
use crate::clock::Clock;
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::store::{Store, StoreError, Validators};
use decode::Body;
use guard::Guard;
use hosts::{Held, Hosts, Sharing};
use request::{conditional, method, own, text, user_agent, with};
use robots::Said;

pub use error::{FetchError, Outcome};
pub use hosts::HostRow;

/// The most that a body may have, in bytes, before decompression and after.
const LARGEST: usize = 10_000_000;
/// The same of the head of an answer.
const HEADERS: usize = 64_000;
/// To make a connection, if all of the page may take no less.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection that is kept: for what follows at once. To keep those of a thousand hosts until their
/// next turn takes more memory than all else.
const IDLE: Duration = Duration::from_millis(250);
const REDIRECTS: usize = 10;
/// What can be read.
const ACCEPTED: &str = "text/html, application/xhtml+xml, application/atom+xml, \
    application/rss+xml, application/feed+json, application/json, application/xml;q=0.9, */*;q=0.5";
const ROBOTS: &str = "/robots.txt";

/// What a server answered.
#[derive(Debug)]
pub enum Fetched {
    Page(Box<Page>),
    /// The page is what the validators say (304).
    NotModified {
        fresh_for: Option<SignedDuration>,
    },
}

/// One fetched response.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where the redirects ended; relative addresses are taken against it.
    pub url: Url,
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    pub validators: Validators,
    /// How long its server says that it holds.
    pub fresh_for: Option<SignedDuration>,
    /// Bytes that came for it, before decompression.
    pub received: usize,
    /// What its scripts asked for in vain, if they have run.
    pub missed: Vec<String>,
}

/// What is known of a file without reading it.
#[derive(Debug, Default)]
pub struct Head {
    /// Bytes.
    pub length: Option<u64>,
    pub content_type: Option<String>,
}

impl Page {
    /// A page that a browser would show as one.
    fn is_html(&self) -> bool {
        self.content_type.as_deref().is_none_or(is_html)
    }
}

/// The media type without its parameters, in small letters.
pub fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// True for the media types of pages.
pub fn is_html(content_type: &str) -> bool {
    ["text/html", "application/xhtml+xml"].contains(&essence(content_type).as_str())
}

/// One connection pool, and what politeness has to remember.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    guard: Guard,
    hosts: Hosts,
    spacing: Duration,
    /// From the first byte sent to the last byte of the answer; a third of it to the first.
    timeout: Duration,
    /// A browser takes much: there is one at a time.
    browser: Mutex<()>,
    /// Some server has answered something.
    has_heard: AtomicBool,
}

impl Fetcher {
    /// `private` are hosts that definitions reach though they are in a private network.
    pub fn new(
        settings: &config::Settings,
        private: impl IntoIterator<Item = String>,
    ) -> Result<Fetcher, Diagnostic> {
        let guard = Guard::new(&settings.fetch.allow_private, private);
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(user_agent(settings))
            .default_headers(HeaderMap::from_iter([
                (ACCEPT, HeaderValue::from_static(ACCEPTED)),
                (ACCEPT_ENCODING, HeaderValue::from_static(decode::CODINGS)),
            ]))
            .connect_timeout(CONNECT.min(settings.fetch.timeout / 3))
            .cookie_store(true)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(guard.clone()))
            .build()
            .map_err(|error| Diagnostic::new(format!("failed to prepare for HTTP: {error}")))?;
        Ok(Fetcher {
            client,
            guard,
            hosts: Hosts::new(
                settings.fetch.spacing,
                Clock::start(Timestamp::now()),
                Vec::new(),
                None,
            ),
            spacing: settings.fetch.spacing,
            timeout: settings.fetch.timeout,
            browser: Mutex::default(),
            has_heard: AtomicBool::new(false),
        })
    }

    /// The same with what earlier runs remember of hosts, by a clock; takes turns with other processes,
    /// where there may be some.
    pub async fn remembering(self, store: &Store, clock: Clock) -> Result<Fetcher, StoreError> {
        let sharing = store.is_shared().then(|| Sharing::new(store.clone()));
        let hosts = Hosts::new(self.spacing, clock, store.hosts().await?, sharing);
        Ok(Fetcher { hosts, ..self })
    }

    /// What time it is, by its own clock.
    pub fn now(&self) -> Timestamp {
        self.hosts.now()
    }

    /// What is to be remembered of hosts that were asked since the last call.
    pub fn asked(&self) -> Vec<HostRow> {
        self.hosts.asked()
    }

    /// Some server has answered something: we are on the net.
    pub fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Relaxed)
    }

    /// Fetches a page anew, for somebody who waits for it.
    pub async fn page(&self, url: &Url, request: &catalog::Request) -> Result<Page, Diagnostic> {
        match self.fetch(url, None, request).await {
            Ok(Fetched::Page(page)) => Ok(*page),
            Ok(Fetched::NotModified { .. }) => {
                Err(Diagnostic::new(format!("`{url}` did not answer")))
            }
            Err(error) => {
                let problem = Diagnostic::new(format!("failed to get `{url}`: {error}"));
                Err(match error.help() {
                    Some(help) => problem.help(help),
                    None => problem,
                })
            }
        }
    }

    /// Fetches a page; with validators, only if it is not what they say. What `request` adds goes
    /// to the host of `url` alone, however it redirects.
    pub async fn fetch(
        &self,
        url: &Url,
        validators: Option<&Validators>,
        request: &catalog::Request,
    ) -> Result<Fetched, FetchError> {
        match request.is_rendered {
            true => self.render(url, request).await,
            false => self.fetch_patiently(url, validators, request).await,
        }
    }

    /// A server that is busy and says for how long is asked once more.
    async fn fetch_patiently(
        &self,
        url: &Url,
        validators: Option<&Validators>,
        request: &catalog::Request,
    ) -> Result<Fetched, FetchError> {
        match self.fetch_once(url, validators, request).await {
            // It waits its turn, if that is worth while.
            Err(error) if error.retry_after().is_some() => {
                match self.fetch_once(url, validators, request).await {
                    Err(FetchError::Later(_)) => Err(error),
                    again => again,
                }
            }
            answer => answer,
        }
    }

    async fn fetch_once(
        &self,
        url: &Url,
        validators: Option<&Validators>,
        request: &catalog::Request,
    ) -> Result<Fetched, FetchError> {
        let asked = |to: &Url| {
            let request = own(request, url, to);
            conditional(with(self.client.request(method(request), to.clone()), request), validators)
        };
        let (url, response, _held) = self.follow(url, request, asked).await?;
        let fresh_for = rhythm::fresh_for(response.headers(), self.hosts.now());
        match response.status() {
            StatusCode::OK => {
                let head = response.headers().clone();
                let (body, received) = self.body(response).await?;
                Ok(Fetched::Page(Box::new(Page {
                    url,
                    body,
                    received,
                    missed: Vec::new(),
                    content_type: text(&head, CONTENT_TYPE),
                    validators: Validators {
                        etag: text(&head, ETAG),
                        last_modified: text(&head, LAST_MODIFIED),
                        read_with: None,
                    },
                    fresh_for,
                })))
            }
            StatusCode::NOT_MODIFIED if validators.is_some() => {
                Ok(Fetched::NotModified { fresh_for })
            }
            _ => Err(self.refused(&response)),
        }
    }

    /// What its server says of a file that is not to be read.
    pub async fn head(&self, url: &Url, request: &catalog::Request) -> Result<Head, FetchError> {
        let asked = |to: &Url| with(self.client.head(to.clone()), own(request, url, to));
        let (_, response, _held) = self.follow(url, request, asked).await?;
        let headers = response.headers();
        match response.status() {
            StatusCode::OK => Ok(Head {
                length: text(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok()),
                content_type: text(headers, CONTENT_TYPE),
            }),
            _ => Err(self.refused(&response)),
        }
    }

    /// Whether a page is there, as its server says; one that is not asked so gets it (RFC 9110, 9.3.2).
    pub async fn is_there(&self, url: &Url, request: &catalog::Request) -> Result<(), FetchError> {
        const UNWILLING: [StatusCode; 3] =
            [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_IMPLEMENTED];
        match self.head(url, request).await {
            Err(error) if error.status().is_some_and(|status| UNWILLING.contains(&status)) => {
                self.fetch(url, None, request).await.map(|_| ())
            }
            answer => answer.map(|_| ()),
        }
    }

    fn refused(&self, response: &Response) -> FetchError {
        let after = rhythm::retry_after(response.headers(), self.hosts.now());
        let status = response.status();
        // Others say it of pages that are there.
        FetchError::Status { status, after: after.filter(|_| error::is_busy(status)) }
    }

    /// Asks, and asks where it is sent, until there is an answer.
    async fn follow(
        &self,
        from: &Url,
        request: &catalog::Request,
        asked: impl Fn(&Url) -> RequestBuilder,
    ) -> Result<(Url, Response, Held<'_>), FetchError> {
        let mut url = from.clone();
        let mut seen = HashSet::new();
        let mut is_again = false;
        for _ in 0..=REDIRECTS {
            let (response, held) =
                self.ask_in_turn(&url, own(request, from, &url), asked(&url)).await?;
            let leads_on = response.headers().contains_key(LOCATION);
            if !(response.status().is_redirection() && leads_on) {
                return Ok((url, response, held));
            }
            // A cookie may be set on the way, once.
            if !seen.insert(url.clone()) && std::mem::replace(&mut is_again, true) {
                return Err(FetchError::Circle);
            }
            url = redirected(&url, response.headers())?;
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Asks once, if that may be asked for, when it is the turn of the host. That is kept from being
    /// asked for anything else until the answer has been read.
    async fn ask_in_turn(
        &self,
        url: &Url,
        own: &catalog::Request,
        asked: RequestBuilder,
    ) -> Result<(Response, Held<'_>), FetchError> {
        self.guard.check(url, own.reaches_private)?;
        let mut held = self.hosts.turn(url, || self.robots(url, own.reaches_private)).await?;
        if !own.ignores_robots && !held.allows(url) {
            return Err(FetchError::Forbidden);
        }
        let response = self.ask(asked).await?;
        if let Some(after) = self.refused(&response).retry_after() {
            held.leave_alone(after);
        }
        Ok((response, held))
    }

    /// What a host says that programs may ask for.
    async fn robots(&self, page: &Url, reaches_private: bool) -> Result<Said, FetchError> {
        let mut url = page.join(ROBOTS).map_err(|error| FetchError::Other(error.to_string()))?;
        for hop in 0..=REDIRECTS {
            self.guard.check(&url, reaches_private && url.origin() == page.origin())?;
            let response = self.ask(self.client.get(url.clone())).await?;
            let status = response.status();
            let now = self.hosts.now();
            if status.is_redirection() && response.headers().contains_key(LOCATION) {
                url = redirected(&url, response.headers())?;
            } else if status.is_success() {
                let body = self.body(response).await?.0;
                return Ok(Said::new(&body, now, hop > 0));
            } else if status.is_server_error() || error::is_busy(status) {
                return Err(self.refused(&response));
            } else {
                // There is none (RFC 9309, 2.3.1.3).
                return Ok(Said::new(b"", now, hop > 0));
            }
        }
        Ok(Said::new(b"", self.hosts.now(), true))
    }

    /// Asks once.
    async fn ask(&self, request: RequestBuilder) -> Result<Response, FetchError> {
        let response = timeout(self.timeout / 3, request.send()).await;
        let response = response.map_err(|_| FetchError::NoAnswer(self.timeout / 3))??;
        self.has_heard.store(true, Ordering::Relaxed);
        let length = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
        let head: usize = response.headers().iter().map(length).sum();
        if head > HEADERS { Err(FetchError::LongHead) } else { Ok(response) }
    }

    /// The body as it is meant, and the bytes that came for it.
    async fn body(&self, mut response: Response) -> Result<(Vec<u8>, usize), FetchError> {
        let until = Instant::now() + self.timeout * 2 / 3;
        let announced = text(response.headers(), CONTENT_LENGTH);
        if announced.and_then(|length| length.parse().ok()).is_some_and(|n: usize| n > LARGEST) {
            return Err(FetchError::TooLarge);
        }
        let mut body = Body::new(text(response.headers(), CONTENT_ENCODING).as_deref())?;
        let broken = |error| match FetchError::from(error) {
            FetchError::Other(told) => FetchError::BrokenOff(told),
            error => error,
        };
        let whole = async {
            while let Some(chunk) = response.chunk().await.map_err(broken)? {
                body.take(&chunk)?;
            }
            Ok::<(), FetchError>(())
        };
        timeout_at(until, whole).await.map_err(|_| FetchError::Slow(self.timeout))??;
        let received = body.received();
        Ok((body.end()?, received))
    }
}

fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location = text(headers, LOCATION).unwrap_or_default();
    let to = from.join(&location).ok().filter(|to| matches!(to.scheme(), "http" | "https"));
    to.ok_or(FetchError::BadRedirect(location))
}
