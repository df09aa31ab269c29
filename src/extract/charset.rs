//! Bytes to text, as browsers settle it: byte order mark, then header, then `meta`, then the
//! bytes themselves (WHATWG Encoding and HTML standards).

use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex;

/// Bytes at the start of a page in which its `meta` is looked for (HTML standard).
const PRESCAN: usize = 1024;

/// The text of a page. `content_type` is the header it came with, if it came with one.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let header = || named_in(content_type?.as_bytes());
    text(bytes, || header().or_else(|| declared(bytes)))
}

/// The text of a file without mark-up, which has nothing to declare its encoding in.
pub fn decode_plain(bytes: &[u8]) -> String {
    text(bytes, || None)
}

fn text(bytes: &[u8], named: impl FnOnce() -> Option<&'static Encoding>) -> String {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => match named() {
            // Browsers show what was not meant; here the name was not meant.
            Some(encoding) if encoding != UTF_8 || is_nearly_utf8(bytes) => encoding,
            _ => detected(bytes),
        },
    };
    encoding.decode(bytes).0.into_owned()
}

/// A `meta` that claims UTF-16 was read as ASCII, so it is wrong: UTF-8, says the standard.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(PRESCAN)];
    let encoding = named_in(start)?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

fn named_in(text: &[u8]) -> Option<&'static Encoding> {
    static CHARSET: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?i-u)charset\s*=\s*["']?([\w.:-]+)"#).ok());
    let name = CHARSET.as_ref()?.captures(text)?.get(1)?;
    Encoding::for_label(name.as_bytes())
}

fn detected(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) {
        return UTF_8;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Allow);
    // One stray byte does not make a page windows-1252 if the rest is proper UTF-8.
    if guess == WINDOWS_1252 && is_nearly_utf8(bytes) { UTF_8 } else { guess }
}

/// UTF-16 without a byte order mark: every other byte of what is ASCII is nothing.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = bytes.len() / 8;
    match (even > many, odd > many) {
        (true, false) => Some(UTF_16BE),
        (false, true) => Some(UTF_16LE),
        _ => None,
    }
}

/// Characters of several bytes, which no other encoding makes by accident, and hardly a broken
/// one; or nothing broken at all.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad == 0 || good >= 2 * bad
}
