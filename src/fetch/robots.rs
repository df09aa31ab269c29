//! What the server says that programs may ask for (RFC 9309).

use jiff::{SignedDuration, Timestamp};
use texting_robots::Robot;
use url::Url;

/// What this program is called there.
const AGENT: &str = "infocus";

/// How long what it says holds.
pub const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// The same where it can no longer be had.
const HOLDS_IN_NEED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Bytes that are remembered of one; the standard asks for 500 KiB.
const MOST: usize = 512_000;

/// What a host has said, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its lines, without comments; empty if it has none.
    pub text: String,
    pub at: Timestamp,
    /// It was somewhere else, so that more than one thing was asked for.
    pub was_elsewhere: bool,
}

impl Said {
    pub fn new(body: &[u8], at: Timestamp, was_elsewhere: bool) -> Said {
        let text = String::from_utf8_lossy(body);
        let mut kept = String::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let is_known = line.split_once(':').is_some_and(|(key, _)| is_known(key.trim()));
            if is_known && kept.len() + line.len() < MOST {
                kept += line;
                kept.push('\n');
            }
        }
        Said { text: kept, at, was_elsewhere }
    }

    pub fn holds(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < HOLDS
    }

    pub fn holds_in_need(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < HOLDS_IN_NEED
    }
}

/// Lines that say something; pages that are sent in its place have none.
fn is_known(key: &str) -> bool {
    ["user-agent", "allow", "disallow", "crawl-delay"]
        .iter()
        .any(|known| key.eq_ignore_ascii_case(known))
}

/// The rules for this program.
#[derive(Debug, Default)]
pub struct Robots {
    rules: Option<Robot>,
    /// How far apart requests are to be.
    pub delay: SignedDuration,
}

impl Robots {
    pub fn of(said: &Said) -> Robots {
        // Most hosts say nothing.
        let rules = match said.text.is_empty() {
            true => None,
            false => Robot::new(AGENT, said.text.as_bytes()).ok(),
        };
        let delay = rules.as_ref().and_then(|rules| rules.delay).unwrap_or_default();
        let delay = SignedDuration::try_from_secs_f32(delay.max(0.0)).unwrap_or_default();
        Robots { rules, delay }
    }

    pub fn allow(&self, url: &Url) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.allowed(url.as_str()))
    }
}
