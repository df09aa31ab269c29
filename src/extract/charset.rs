//! Bytes to text, as browsers settle it: byte order mark, then header, then `meta`, then the
//! bytes themselves (WHATWG Encoding and HTML standards).

use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex;

/// Bytes at the start of a page in which its `meta` is looked for (HTML standard).
const PRESCAN: usize = 1024;

/// The text of a page. `content_type` is the header it came with, if it came with one.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => content_type
            .and_then(|header| named_in(header.as_bytes()))
            .or_else(|| declared(bytes))
            .unwrap_or_else(|| detected(bytes)),
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
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Allow);
    // One stray byte does not make a page windows-1252 if the rest is proper UTF-8.
    if guess == WINDOWS_1252 && is_nearly_utf8(bytes) { UTF_8 } else { guess }
}

/// Many characters of several bytes, hardly a broken one.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 20 * bad
}
