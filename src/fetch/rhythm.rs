//! What a server says of when to come again (RFC 9110, 10.2.3; RFC 9111, 4.2). Pure.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, RETRY_AFTER};

use super::text;

/// For how long an answer holds, as far as its server says.
pub fn fresh_for(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let control = text(headers, CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
    let directives: Vec<&str> = control.split(',').map(str::trim).collect();
    if directives.iter().any(|directive| ["no-cache", "no-store"].contains(directive)) {
        return None;
    }
    let max_age = directives.iter().find_map(|directive| {
        directive.strip_prefix("max-age=")?.trim_matches('"').parse::<u32>().ok()
    });
    let seconds = |seconds: u32| SignedDuration::from_secs(i64::from(seconds));
    let fresh = match max_age {
        Some(max_age) => {
            let age = text(headers, AGE).and_then(|age| age.trim().parse().ok());
            seconds(max_age) - seconds(age.unwrap_or(0))
        }
        None => {
            let date = text(headers, DATE).and_then(|date| http_date(&date)).unwrap_or(now);
            whole(http_date(&text(headers, EXPIRES)?)?.duration_since(date))
        }
    };
    Some(fresh).filter(|fresh| fresh.is_positive())
}

/// How long the server wants to be left alone: in seconds, or until a date.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = text(headers, RETRY_AFTER)?;
    let wait = match text.trim().parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        // The server's clock may be wrong: what counts is how far ahead of its own it is.
        Err(_) => {
            let server = super::text(headers, DATE).and_then(|date| http_date(&date));
            whole(http_date(&text)?.duration_since(server.unwrap_or(now)))
        }
    };
    Some(wait).filter(|wait| wait.is_positive())
}

/// Dates have no more than seconds.
fn whole(time: SignedDuration) -> SignedDuration {
    time.round(jiff::Unit::Second).unwrap_or(time)
}

/// A date as HTTP has it (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    let date = rfc2822::parse(text.trim()).ok()?;
    Some(date.timestamp())
}
