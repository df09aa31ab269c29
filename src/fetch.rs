//! Pages over HTTP, as a polite guest: one at a time per host, conditional, limited, and never
//! into private networks.

mod guard;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::catalog;
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::store::Validators;
use guard::Guard;

/// The most that a body may have, in bytes, after decompression.
const LARGEST: usize = 10_000_000;
const CONNECT: Duration = Duration::from_secs(10);
/// From the first byte sent to the last byte read.
const TOTAL: Duration = Duration::from_secs(60);
const REDIRECTS: usize = 10;
/// What can be read.
const ACCEPTED: &str = "text/html, application/xhtml+xml, application/atom+xml, \
    application/rss+xml, application/feed+json, application/json, application/xml;q=0.9, */*;q=0.5";

/// What a server answered.
#[derive(Debug)]
pub enum Fetched {
    Page(Box<Page>),
    /// The page is what the validators say (304).
    NotModified,
}

/// One fetched response.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where the redirects ended; relative addresses are taken against it.
    pub url: Url,
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    pub validators: Validators,
}

/// What is known of a file without reading it.
#[derive(Debug, Default)]
pub struct Head {
    /// Bytes.
    pub length: Option<u64>,
    pub content_type: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0} is in a private network")]
    Private(String),
    #[error("the server answered {0}")]
    Status(StatusCode),
    #[error("no answer within {} seconds", TOTAL.as_secs())]
    Timeout,
    #[error("the page is larger than {} MB", LARGEST / 1_000_000)]
    TooLarge,
    #[error("more than {REDIRECTS} redirects")]
    TooManyRedirects,
    #[error("redirected to `{0}`, which is no page")]
    BadRedirect(String),
    #[error("{0}")]
    Transport(String),
}

impl FetchError {
    /// The way out, if there is one that the operator can take.
    pub fn help(&self) -> Option<&'static str> {
        let is_private = matches!(self, FetchError::Private(_));
        is_private
            .then_some("allow the network in `infocus.toml`: `[fetch] allow_private = [\"...\"]`")
    }

    /// The server has no such page (4xx), whatever else it says.
    pub fn is_refusal(&self) -> bool {
        matches!(self, FetchError::Status(status) if status.is_client_error())
    }

    /// Those who announced it have taken it back (RFC 9110, 15.5.11).
    pub fn is_retracted(&self) -> bool {
        matches!(self, FetchError::Status(StatusCode::GONE))
    }

    /// Another time the answer may be another: the server is busy, broken or not to be reached.
    pub fn is_transient(&self) -> bool {
        match self {
            FetchError::Status(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            FetchError::Timeout | FetchError::Transport(_) => true,
            _ => false,
        }
    }

    /// The server knows the page no longer, or never did.
    pub fn is_gone(&self) -> bool {
        matches!(self, FetchError::Status(StatusCode::NOT_FOUND | StatusCode::GONE))
    }
}

/// One connection pool, and what politeness has to remember.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    guard: Guard,
    spacing: Duration,
    /// When each host may be asked again; its lock is held while it is asked.
    hosts: Mutex<HashMap<String, Arc<Mutex<Instant>>>>,
}

impl Fetcher {
    pub fn new(settings: &config::Settings) -> Result<Fetcher, Diagnostic> {
        let guard = Guard::new(&settings.fetch.allow_private);
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(user_agent(settings))
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(guard.clone()))
            .build()
            .map_err(|error| Diagnostic::new(format!("failed to prepare for HTTP: {error}")))?;
        let spacing = settings.fetch.spacing;
        Ok(Fetcher { client, guard, spacing, hosts: Mutex::default() })
    }

    /// Fetches a page anew, for somebody who waits for it.
    pub async fn page(&self, url: &Url, request: &catalog::Request) -> Result<Page, Diagnostic> {
        match self.fetch(url, None, request).await {
            Ok(Fetched::Page(page)) => Ok(*page),
            Ok(Fetched::NotModified) => Err(Diagnostic::new(format!("`{url}` did not answer"))),
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
        let asked = |to: &Url| {
            let request = own(request, url, to);
            conditional(with(self.client.request(method(request), to.clone()), request), validators)
        };
        let (url, response) = self.follow(url, asked).await?;
        match response.status() {
            StatusCode::OK => read(url, response).await.map(|page| Fetched::Page(Box::new(page))),
            StatusCode::NOT_MODIFIED if validators.is_some() => Ok(Fetched::NotModified),
            status => Err(FetchError::Status(status)),
        }
    }

    /// What its server says of a file that is not to be read.
    pub async fn head(&self, url: &Url, request: &catalog::Request) -> Result<Head, FetchError> {
        let asked = |to: &Url| with(self.client.head(to.clone()), own(request, url, to));
        let (_, response) = self.follow(url, asked).await?;
        let headers = response.headers();
        match response.status() {
            StatusCode::OK => Ok(Head {
                length: header(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok()),
                content_type: header(headers, CONTENT_TYPE),
            }),
            status => Err(FetchError::Status(status)),
        }
    }

    /// Whether a page is there, as its server says; one that is not asked so gets it (RFC 9110, 9.3.2).
    pub async fn is_there(&self, url: &Url, request: &catalog::Request) -> Result<(), FetchError> {
        const UNWILLING: [StatusCode; 3] =
            [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_IMPLEMENTED];
        match self.head(url, request).await {
            Err(FetchError::Status(status)) if UNWILLING.contains(&status) => {
                self.fetch(url, None, request).await.map(|_| ())
            }
            answer => answer.map(|_| ()),
        }
    }

    /// Asks, and asks where it is sent, until there is an answer.
    async fn follow(
        &self,
        url: &Url,
        asked: impl Fn(&Url) -> RequestBuilder,
    ) -> Result<(Url, Response), FetchError> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            self.guard.check(&url)?;
            let response = self.ask(&url, asked(&url)).await?;
            let leads_on = response.headers().contains_key(LOCATION);
            if !(response.status().is_redirection() && leads_on) {
                return Ok((url, response));
            }
            url = redirected(&url, response.headers())?;
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Asks once, after the spacing that the host is owed.
    async fn ask(&self, url: &Url, request: RequestBuilder) -> Result<Response, FetchError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let turn = self
            .hosts
            .lock()
            .await
            .entry(host)
            .or_insert_with(|| Arc::new(Mutex::new(Instant::now())))
            .clone();
        let mut free_at = turn.lock().await;
        tokio::time::sleep_until(*free_at).await;
        let response = request.header(ACCEPT, ACCEPTED).send().await;
        *free_at = Instant::now() + self.spacing;
        response.map_err(FetchError::from)
    }
}

/// What `to` is asked with, if `request` is meant for the host of `url`.
fn own<'a>(request: &'a catalog::Request, url: &Url, to: &Url) -> &'a catalog::Request {
    static NOTHING: catalog::Request =
        catalog::Request { is_post: false, body: None, headers: Vec::new(), user: None };
    if to.origin() == url.origin() { request } else { &NOTHING }
}

fn method(request: &catalog::Request) -> Method {
    if request.is_post { Method::POST } else { Method::GET }
}

/// The request with what its source wants to be asked with.
fn with(mut builder: RequestBuilder, request: &catalog::Request) -> RequestBuilder {
    for (name, value) in &request.headers {
        builder = builder.header(name, value.expose());
    }
    if let Some((user, password)) = &request.user {
        builder = builder.basic_auth(user.expose(), Some(password.expose()));
    }
    match &request.body {
        Some(body) => builder.body(body.expose().to_owned()),
        None => builder,
    }
}

/// Asks only for what is not known (RFC 9110, 13.1).
fn conditional(mut builder: RequestBuilder, validators: Option<&Validators>) -> RequestBuilder {
    let Some(validators) = validators else { return builder };
    if let Some(etag) = &validators.etag {
        builder = builder.header(IF_NONE_MATCH, etag);
    }
    if let Some(date) = &validators.last_modified {
        builder = builder.header(IF_MODIFIED_SINCE, date);
    }
    builder
}

/// `infocus/0.1 (+mailto:webteam@example.org)`: who reads, and whom to ask about it.
fn user_agent(settings: &config::Settings) -> String {
    let program = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    match &settings.contact {
        Some(contact) => format!("{program} (+{}; {contact})", settings.base_url),
        None => format!("{program} (+{})", settings.base_url),
    }
}

fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location = header(headers, LOCATION).unwrap_or_default();
    let to = from.join(&location).ok().filter(|to| matches!(to.scheme(), "http" | "https"));
    to.ok_or(FetchError::BadRedirect(location))
}

async fn read(url: Url, mut response: Response) -> Result<Page, FetchError> {
    let headers = response.headers();
    let announced = header(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if announced.is_some_and(|length: usize| length > LARGEST) {
        return Err(FetchError::TooLarge);
    }
    let content_type = header(headers, CONTENT_TYPE);
    let validators = Validators {
        etag: header(headers, ETAG),
        last_modified: header(headers, LAST_MODIFIED),
        read_with: None,
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
    }
    Ok(Page { url, body, content_type, validators })
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> FetchError {
        if error.is_timeout() {
            return FetchError::Timeout;
        }
        // The innermost cause says what happened; what is around it says that something did.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            if let Some(FetchError::Private(host)) = inner.downcast_ref() {
                return FetchError::Private(host.clone());
            }
            cause = inner;
        }
        FetchError::Transport(cause.to_string())
    }
}
