//! The answers that a file gives (RFC 9110).

use std::ops::Range;

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::kept::{Coded, Kept};
use super::{has_it, is_another};
use crate::serve::Reply;

/// Pages may show pictures and styles, and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'self'";

const FEED_VARIES: HeaderValue = HeaderValue::from_static("accept-encoding, sec-fetch-dest");
const VARIES: HeaderValue = HeaderValue::from_static("accept-encoding");
const ANYBODY: HeaderValue = HeaderValue::from_static("*");

/// What is there, or that the client has it.
pub fn answer(kept: &Kept, method: &Method, headers: &HeaderMap) -> Reply {
    let (coded, coding) = coded(kept, headers.get(header::ACCEPT_ENCODING));
    if is_another(headers, kept) {
        return bare(StatusCode::PRECONDITION_FAILED, Bytes::new());
    }
    if has_it(headers, kept) {
        return unchanged(kept, coded);
    }
    if *method == Method::GET
        && headers.contains_key(header::RANGE)
        && let Some(part) = part(kept, headers)
    {
        return part;
    }
    let mut reply = with(kept, coded, StatusCode::OK, coded.bytes.clone());
    if let Some(coding) = coding {
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    reply
}

/// What a file may be asked with, for those who ask that, and for those who asked otherwise.
pub fn allowed(method: &Method, kept: &Kept) -> Reply {
    let is_asked = *method == Method::OPTIONS;
    let status = if is_asked { StatusCode::NO_CONTENT } else { StatusCode::METHOD_NOT_ALLOWED };
    let mut reply = bare(status, Bytes::new());
    let headers = reply.headers_mut();
    let methods = HeaderValue::from_static("GET, HEAD, OPTIONS");
    headers.insert(header::ALLOW, methods.clone());
    if kept.is_feed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let conditional = HeaderValue::from_static("if-none-match, if-modified-since");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, conditional);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    reply
}

/// A directory is under its name with a slash.
pub fn moved(path: &str) -> Reply {
    let mut reply = bare(StatusCode::PERMANENT_REDIRECT, Bytes::new());
    // By its last part alone, so that it is right behind a proxy that has cut something off.
    let last = path.rsplit('/').next().unwrap_or_default();
    if let Ok(place) = HeaderValue::from_str(&format!("./{last}/")) {
        reply.headers_mut().insert(header::LOCATION, place);
    }
    reply
}

/// Where the files are cannot be reached.
pub fn unavailable() -> Reply {
    let mut reply = bare(StatusCode::SERVICE_UNAVAILABLE, Bytes::new());
    reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    reply
}

fn bare(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(body)));
    *reply.status_mut() = status;
    reply
}

/// What a client that has it may have to know anew (RFC 9110, 15.4.5).
fn unchanged(kept: &Kept, coded: &Coded) -> Reply {
    let mut reply = bare(StatusCode::NOT_MODIFIED, Bytes::new());
    let headers = reply.headers_mut();
    headers.insert(header::ETAG, coded.etag.clone());
    headers.insert(header::CACHE_CONTROL, kept.cache_control.clone());
    headers.insert(header::VARY, varies(kept));
    if kept.is_feed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
    }
    reply
}

fn varies(kept: &Kept) -> HeaderValue {
    if kept.is_feed || kept.is_page { FEED_VARIES } else { VARIES }
}

fn with(kept: &Kept, coded: &Coded, status: StatusCode, body: Bytes) -> Reply {
    let mut reply = bare(status, body);
    let headers = reply.headers_mut();
    headers.reserve(12);
    headers.insert(header::CONTENT_TYPE, kept.media_type.clone());
    headers.insert(header::ETAG, coded.etag.clone());
    headers.insert(header::LAST_MODIFIED, kept.last_modified.clone());
    headers.insert(header::CACHE_CONTROL, kept.cache_control.clone());
    headers.insert(header::VARY, varies(kept));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if kept.is_feed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        const SHOWN: HeaderName = header::ACCESS_CONTROL_EXPOSE_HEADERS;
        headers.insert(SHOWN, HeaderValue::from_static("etag, last-modified"));
    }
    if let Some(links) = &kept.links {
        headers.insert(header::LINK, links.clone());
    }
    if kept.is_page {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    reply
}

/// What a client likes best of what there is, and of what it likes as much the smallest (RFC 9110, 12.5.3).
fn coded<'a>(kept: &'a Kept, accepted: Option<&HeaderValue>) -> (&'a Coded, Option<&'static str>) {
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    let codings = [("br", &kept.brotli), ("zstd", &kept.zstd), ("gzip", &kept.gzip)];
    let mut best = (0, &kept.plain, None);
    for (name, coded) in codings {
        if let Some(coded) = coded
            && let weight = weight(accepted, name)
            && weight > best.0
        {
            best = (weight, coded, Some(name));
        }
    }
    (best.1, best.2)
}

/// How much a client likes a coding, in thousandths: nothing of what it does not name.
fn weight(accepted: &str, coding: &str) -> u16 {
    let named = accepted.split(',').find_map(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next().filter(|name| name.eq_ignore_ascii_case(coding)).map(|_| parts)
    });
    let Some(mut parameters) = named else { return 0 };
    let quality = parameters.find_map(|one| {
        let (name, value) = one.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())
    });
    match quality {
        None => 1000,
        Some(quality) => (quality.unwrap_or_default().clamp(0.0, 1.0) * 1000.0) as u16,
    }
}

/// A part of a file, where one is asked for, of what the client has the rest of (RFC 9110, 14). More
/// than one, and what cannot be read, is answered with the whole.
fn part(kept: &Kept, headers: &HeaderMap) -> Option<Reply> {
    let coded = &kept.plain;
    if let Some(of) = headers.get(header::IF_RANGE)
        && *of != coded.etag
        && *of != kept.last_modified
    {
        return None;
    }
    let range = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let length = coded.bytes.len();
    let (status, told, bytes) = match range_of(range, length)? {
        range if range.is_empty() => {
            (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{length}"), Bytes::new())
        }
        range => {
            let told = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, told, coded.bytes.slice(range))
        }
    };
    let mut reply = with(kept, coded, status, bytes);
    reply.headers_mut().insert(header::CONTENT_RANGE, HeaderValue::from_str(&told).ok()?);
    Some(reply)
}

/// Empty if there is nothing there.
fn range_of(text: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = text.split_once('-')?;
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let range = match (first.trim(), last.trim()) {
        ("", last) => length.saturating_sub(number(last)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if range.start < length { range } else { 0..0 })
}

#[cfg(test)]
mod tests {
    use super::{range_of, weight};

    #[test]
    fn parts_are_what_rfc_9110_says() {
        for (text, expected) in [
            ("0-4", Some(0..5)),
            ("5-", Some(5..10)),
            ("-3", Some(7..10)),
            ("-30", Some(0..10)),
            ("4-99", Some(4..10)),
            ("10-", Some(0..0)),
            ("-0", Some(0..0)),
            ("4-2", None),
            ("0-1,4-5", None),
            ("x", None),
        ] {
            assert_eq!(range_of(text, 10), expected, "{text}");
        }
    }

    #[test]
    fn a_coding_weighs_what_the_client_says() {
        for (accepted, expected) in [
            ("gzip", 1000),
            ("br, GZIP;q=0.5", 500),
            ("gzip; Q=0.25", 250),
            ("gzip;q=0", 0),
            ("gzip;foo=1;q=0", 0),
            ("gzip;q=0.000, br", 0),
            ("gzip;q=much", 0),
            ("br;q=0.1, gzip;q=1", 1000),
            ("", 0),
            ("xgzip", 0),
        ] {
            assert_eq!(weight(accepted, "gzip"), expected, "{accepted}");
        }
    }
}
