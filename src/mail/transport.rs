//! By what way mail leaves: a directory, or a relay.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::Url;

/// `outbox`, or `smtp://user@host:587`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Transport {
    /// A directory of messages, for trying it out.
    #[default]
    Outbox,
    Smtp(Relay),
}

/// A relay that takes mail for everybody (RFC 6409).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
}

/// How what is said to a relay is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From the first byte (`smtps://`, RFC 8314).
    Tls,
    /// After asking for it (RFC 3207); a relay that does not offer it is sent nothing.
    StartTls,
    /// Not at all: `?tls=none`, for a relay on the same machine.
    None,
}

impl Transport {
    fn parse(text: &str) -> Option<Transport> {
        if text == "outbox" {
            return Some(Transport::Outbox);
        }
        let url = Url::parse(text).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let is_plain = url.query_pairs().any(|(name, value)| (&*name, &*value) == ("tls", "none"));
        let (security, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Security::Tls, 465),
            ("smtp", None) => (Security::StartTls, 587),
            ("smtp", Some(_)) if is_plain => (Security::None, 25),
            _ => return None,
        };
        let user = percent_encoding::percent_decode_str(url.username()).decode_utf8().ok()?;
        // A secret in a file that is shown to others is none.
        if url.password().is_some() {
            return None;
        }
        let user = Some(user.into_owned()).filter(|user| !user.is_empty());
        let port = url.port().unwrap_or(port);
        Some(Transport::Smtp(Relay { host, port, security, user }))
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl<'de> Deserialize<'de> for Transport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Transport, D::Error> {
        let text = String::deserialize(deserializer)?;
        Transport::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no transport, expected `outbox`, `smtp://user@host:587`, \
                 `smtps://user@host` or `smtp://host?tls=none`; the password is in \
                 `INFOCUS_SMTP_PASSWORD`"
            ))
        })
    }
}

/// The most messages in any stretch of time of some length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub messages: usize,
    pub milliseconds: i64,
}

impl Rate {
    fn parse(text: &str) -> Option<Rate> {
        let (messages, unit) = text.split_once('/')?;
        let milliseconds = match unit.trim() {
            "s" => 1_000,
            "min" | "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let messages = messages.trim().parse().ok().filter(|messages| *messages > 0)?;
        Some(Rate { messages, milliseconds })
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        let text = String::deserialize(deserializer)?;
        Rate::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no rate, expected such as `14/s`, `30/min`, `500/h` or `10000/d`"
            ))
        })
    }
}
