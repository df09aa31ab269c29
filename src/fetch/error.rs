//! What can keep a page from being read, told apart as far as anybody acts on it.

use std::io;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde::{Serialize, Serializer};

use super::{HEADERS, LARGEST, REDIRECTS};

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0} is in a private network")]
    Private(String),
    #[error("robots.txt forbids it")]
    Forbidden,
    #[error("robots.txt could not be read ({0}), so nothing else is asked for")]
    NoRobots(Box<FetchError>),
    /// The host wants to be left alone until then.
    #[error("the server wants to be left alone until {0}")]
    Later(Timestamp),
    #[error("the server answered {status}")]
    Status {
        status: StatusCode,
        /// What the server says when to come again.
        after: Option<SignedDuration>,
    },
    #[error("there is no host `{0}`, or its name cannot be looked up")]
    NoHost(String),
    #[error("failed to connect: {0}")]
    NoConnection(String),
    #[error("failed to agree on encryption: {0}")]
    Tls(String),
    #[error("no answer within {} seconds", .0.as_secs())]
    NoAnswer(Duration),
    #[error("not all of it came within {} seconds", .0.as_secs())]
    Slow(Duration),
    #[error("the answer broke off: {0}")]
    BrokenOff(String),
    #[error("its compression is damaged: {0}")]
    Damaged(String),
    #[error("the page is larger than {} MB", LARGEST / 1_000_000)]
    TooLarge,
    #[error("the head of the answer is larger than {} kB", HEADERS / 1000)]
    LongHead,
    #[error("more than {REDIRECTS} redirects")]
    TooManyRedirects,
    #[error("it redirects in a circle")]
    Circle,
    #[error("redirected to `{0}`, which is no page")]
    BadRedirect(String),
    #[error("there is no browser to run its scripts: {0}")]
    NoBrowser(String),
    #[error("{0}")]
    Other(String),
}

/// How a look at a source came out, in a word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Read,
    /// The page is what it was (304).
    NotModified,
    /// It came and was not what it should be.
    Unusable,
    /// The server wants to be left alone for now.
    Postponed,
    /// Nothing at all could be reached: it is not the source.
    Offline,
    Private,
    Robots,
    Dns,
    Connect,
    Tls,
    Timeout,
    BrokenOff,
    TooLarge,
    Redirect,
    Forbidden,
    NotFound,
    Gone,
    TooManyRequests,
    ClientError,
    ServerError,
    Browser,
    Transport,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Read => "read",
            Outcome::NotModified => "not_modified",
            Outcome::Unusable => "unusable",
            Outcome::Postponed => "postponed",
            Outcome::Offline => "offline",
            Outcome::Private => "private",
            Outcome::Robots => "robots",
            Outcome::Dns => "dns",
            Outcome::Connect => "connect",
            Outcome::Tls => "tls",
            Outcome::Timeout => "timeout",
            Outcome::BrokenOff => "broken_off",
            Outcome::TooLarge => "too_large",
            Outcome::Redirect => "redirect",
            Outcome::Forbidden => "forbidden",
            Outcome::NotFound => "not_found",
            Outcome::Gone => "gone",
            Outcome::TooManyRequests => "too_many_requests",
            Outcome::ClientError => "client_error",
            Outcome::ServerError => "server_error",
            Outcome::Browser => "browser",
            Outcome::Transport => "transport",
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FetchError {
    /// The way out, if there is one that the operator can take.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            FetchError::Private(_) => Some(
                "allow the network in `infocus.toml`: `[fetch] allow_private = [\"...\"]`, or the host of \
                 this source in its definition: `[source.request] allow_private = true`",
            ),
            FetchError::Forbidden => Some(
                "ask those who run the server; if they agree: `[source.request] ignore_robots = true`",
            ),
            FetchError::NoBrowser(_) => Some(
                "install Chromium or Chrome (`apt install chromium`), or say where it is: `CHROME=/path/to/it`",
            ),
            _ => None,
        }
    }

    pub fn outcome(&self) -> Outcome {
        match self {
            FetchError::Private(_) => Outcome::Private,
            FetchError::Forbidden | FetchError::NoRobots(_) => Outcome::Robots,
            FetchError::Later(_) => Outcome::Postponed,
            FetchError::Status { status, .. } => of_status(*status),
            FetchError::NoHost(_) => Outcome::Dns,
            FetchError::NoConnection(_) => Outcome::Connect,
            FetchError::Tls(_) => Outcome::Tls,
            FetchError::NoAnswer(_) | FetchError::Slow(_) => Outcome::Timeout,
            FetchError::BrokenOff(_) | FetchError::Damaged(_) => Outcome::BrokenOff,
            FetchError::TooLarge | FetchError::LongHead => Outcome::TooLarge,
            FetchError::TooManyRedirects | FetchError::Circle | FetchError::BadRedirect(_) => {
                Outcome::Redirect
            }
            FetchError::NoBrowser(_) => Outcome::Browser,
            FetchError::Other(_) => Outcome::Transport,
        }
    }

    /// The server has no such page (4xx), whatever else it says.
    pub fn is_refusal(&self) -> bool {
        self.status().is_some_and(|status| status.is_client_error())
    }

    /// Those who announced it have taken it back (RFC 9110, 15.5.11).
    pub fn is_retracted(&self) -> bool {
        self.status() == Some(StatusCode::GONE)
    }

    /// The server knows the page no longer, or never did.
    pub fn is_gone(&self) -> bool {
        matches!(self.status(), Some(StatusCode::NOT_FOUND | StatusCode::GONE))
    }

    /// Nothing was heard of the server: it may be ours that does not reach it.
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            FetchError::NoHost(_) | FetchError::NoConnection(_) | FetchError::NoAnswer(_)
        )
    }

    /// Another time the answer may be another: the server is busy, broken or not to be reached.
    pub fn is_transient(&self) -> bool {
        match self {
            FetchError::Status { status, .. } => is_busy(*status) || status.is_server_error(),
            FetchError::NoHost(_)
            | FetchError::NoConnection(_)
            | FetchError::Tls(_)
            | FetchError::NoAnswer(_)
            | FetchError::Slow(_)
            | FetchError::BrokenOff(_)
            | FetchError::Damaged(_)
            | FetchError::NoRobots(_)
            | FetchError::Later(_)
            | FetchError::Other(_) => true,
            _ => false,
        }
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<SignedDuration> {
        match self {
            FetchError::Status { after, .. } => *after,
            FetchError::NoRobots(error) => error.retry_after(),
            _ => None,
        }
    }

    pub fn status(&self) -> Option<StatusCode> {
        match self {
            FetchError::Status { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// The server asks for fewer requests.
pub fn is_busy(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn of_status(status: StatusCode) -> Outcome {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Forbidden,
        StatusCode::NOT_FOUND => Outcome::NotFound,
        StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS => Outcome::TooManyRequests,
        status if status.is_server_error() => Outcome::ServerError,
        _ => Outcome::ClientError,
    }
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> FetchError {
        // What has a limit of its own here is the connection.
        if error.is_timeout() {
            return FetchError::NoConnection("it takes too long".to_owned());
        }
        // The innermost cause says what happened; what is around it says that something did.
        let mut cause: &dyn std::error::Error = &error;
        let mut is_tls = false;
        while let Some(inner) = cause.source() {
            match inner.downcast_ref() {
                Some(FetchError::Private(host)) => return FetchError::Private(host.clone()),
                Some(FetchError::NoHost(host)) => return FetchError::NoHost(host.clone()),
                _ => {}
            }
            // What rustls has to say comes inside an error of input and output, as no source of it; that
            // the other side hung up on it, in words alone.
            let wrapped = inner.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
            let is_rustls = wrapped.is_some_and(|error| error.is::<rustls::Error>());
            is_tls |=
                is_rustls || inner.is::<rustls::Error>() || inner.to_string().starts_with("tls ");
            cause = inner;
        }
        let told = cause.to_string();
        match () {
            () if told.contains("message head is too large") => FetchError::LongHead,
            () if is_tls => FetchError::Tls(told),
            () if error.is_connect() => FetchError::NoConnection(told),
            () if error.is_body() || error.is_request() => FetchError::BrokenOff(told),
            () => FetchError::Other(told),
        }
    }
}
