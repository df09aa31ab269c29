//! Bytes to text: no letter lost, whatever the page says or does not say of its encoding.

use infocus::extract::charset::{decode, decode_plain};

/// A sentence whose letters only the right encoding brings back.
const SERBIAN: &str =
    "Čuvajmo Šumadiju: „đačka“ ekskurzija i žičara, šuma i ćuprija. Više o tome uskoro.";

fn in_1250(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1250.encode(text).0.into_owned()
}

fn with_meta(charset: &str, body: &[u8]) -> Vec<u8> {
    [format!("<meta charset=\"{charset}\"><p>").as_bytes(), body].concat()
}

#[test]
fn the_header_the_mark_and_the_meta_are_believed_in_the_order_of_browsers() {
    let bytes = in_1250(SERBIAN);
    assert_eq!(decode(&bytes, Some("text/html; charset=windows-1250")), SERBIAN);
    assert!(decode(&with_meta("windows-1250", &bytes), None).ends_with(SERBIAN));
    assert!(decode(&with_meta("windows-1250", &bytes), Some("text/html")).ends_with(SERBIAN));
    let utf8 = with_meta("iso-8859-1", SERBIAN.as_bytes());
    assert!(decode(&utf8, Some("text/html; charset=utf-8")).ends_with(SERBIAN), "header over meta");
    let marked = [b"\xef\xbb\xbf", SERBIAN.as_bytes()].concat();
    assert_eq!(
        decode(&marked, Some("text/plain; charset=iso-8859-1")),
        SERBIAN,
        "mark over header"
    );
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(SERBIAN.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(decode(&utf16, None), SERBIAN);
    assert!(decode(&with_meta("utf-16", SERBIAN.as_bytes()), None).ends_with(SERBIAN));
}

#[test]
fn where_nothing_is_declared_the_bytes_decide() {
    assert_eq!(decode(SERBIAN.as_bytes(), None), SERBIAN);
    assert_eq!(decode("Économie – été".as_bytes(), Some("text/html")), "Économie – été");
    assert_eq!(decode(&in_1250(SERBIAN), None), SERBIAN);
    let stray = [SERBIAN.repeat(9).as_bytes(), b"\xff"].concat();
    assert_eq!(decode(&stray, None), format!("{}\u{fffd}", SERBIAN.repeat(9)));
}

#[test]
fn a_page_that_says_utf8_and_is_not_is_read_as_what_it_is() {
    let bytes = in_1250(&SERBIAN.repeat(3));
    assert_eq!(decode(&bytes, Some("text/html; charset=utf-8")), SERBIAN.repeat(3));
}

#[test]
fn a_file_without_markup_declares_nothing() {
    let text = format!("Write charset=windows-1251 into the header. {SERBIAN}");
    assert_eq!(decode_plain(text.as_bytes()), text);
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode_plain(&wide), text, "UTF-16 without a mark");
    let short = [b"Gr\xc3\xbc\xc3\x9fe ".as_slice(), b"\xff"].concat();
    assert_eq!(decode_plain(&short), "Grüße \u{fffd}");
}
