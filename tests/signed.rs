//! Signatures, verified by other code than made them, with keys that are nobody's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use infocus::config::Settings;
use infocus::mail::Signer;
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::bed::Bed;
use crate::relay::Relay;
use crate::send::bed_with;

const DKIM: &str = "[mail.dkim]\ndomain = \"example.org\"\nselector = \"infocus\"\n\
                    key_file = \"dkim.pem\"\n";
const SECOND: &str =
    "[mail.dkim.ed25519]\nselector = \"second\"\nkey_file = \"dkim-ed25519.pem\"\n";

fn keys(bed: &Bed) {
    bed.write("dkim.pem", include_bytes!("keys/dkim.pem"));
    bed.write("dkim-ed25519.pem", include_bytes!("keys/dkim-ed25519.pem"));
}

/// The headers of a message as they stand, and its body.
fn split(message: &str) -> (Vec<String>, &str) {
    let (head, body) = message.split_once("\r\n\r\n").expect("a body");
    let mut headers: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match headers.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => *last += &format!("\r\n{line}"),
            _ => headers.push(line.to_owned()),
        }
    }
    (headers, body)
}

fn relaxed(header: &str) -> String {
    let (name, value) = header.split_once(':').expect("a header");
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}:{value}", name.trim().to_lowercase())
}

fn tag(signature: &str, name: &str) -> String {
    let value = signature.split_once(": ").expect("a value").1;
    let tags = value.split(';').filter_map(|tag| tag.split_once('='));
    let mut found = tags.filter(|(known, _)| known.trim() == name).map(|(_, value)| value);
    found.next().expect(name).split_whitespace().collect()
}

/// True if a signature of a message holds (RFC 6376, 6.1.3), by the record that is published for it.
fn holds(message: &str, signature: &str, record: &str) -> bool {
    let (headers, body) = split(message);
    if STANDARD.encode(Sha256::digest(body)) != tag(signature, "bh") {
        return false;
    }
    let mut left: Vec<&String> = headers.iter().collect();
    let mut input = String::new();
    for name in tag(signature, "h").split(':') {
        let is_it = |header: &&String| header.to_lowercase().starts_with(&format!("{name}:"));
        if let Some(at) = left.iter().rposition(is_it) {
            input += &(relaxed(left.remove(at)) + "\r\n");
        }
    }
    let bare = &signature[..signature.find(" b=").expect("b") + 3];
    input += &relaxed(bare);
    let value = STANDARD.decode(tag(signature, "b")).expect("base64");
    let public = STANDARD.decode(record.rsplit("p=").next().expect("p")).expect("base64");
    match tag(signature, "a").as_str() {
        // What comes before says that it is a key of RSA.
        "rsa-sha256" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public[24..])
            .verify(input.as_bytes(), &value)
            .is_ok(),
        _ => UnparsedPublicKey::new(&ED25519, &public)
            .verify(&Sha256::digest(&input), &value)
            .is_ok(),
    }
}

#[test]
fn every_copy_is_signed_twice_and_any_change_is_seen() {
    let relay = Relay::start();
    let mut bed = bed_with(&format!("transport = \"{}\"\n{DKIM}{SECOND}", relay.transport()), 3);
    keys(&bed);
    bed.at("2026-05-05T17:00:00Z").run(&["send", "weekly"]).ends(0);
    let text = bed.read("infocus.toml");
    let settings = Settings::parse("infocus.toml".as_ref(), &text, |_| None).expect("settings");
    let signer = Signer::load(&bed.path(""), &settings.mail.dkim.expect("dkim")).expect("keys");
    let records = signer.published();
    assert_eq!(records[0].name, "infocus._domainkey.example.org");
    assert!(records[0].record.starts_with("v=DKIM1; k=rsa; p=MII"), "{}", records[0].record);
    for letter in relay.taken() {
        let message = String::from_utf8(letter.message).expect("text");
        let (headers, _) = split(&message);
        let signatures: Vec<&String> =
            headers.iter().filter(|header| header.starts_with("DKIM-Signature:")).collect();
        assert_eq!(signatures.len(), 2);
        for (signature, record) in signatures.iter().zip(&records) {
            assert!(holds(&message, signature, &record.record), "{signature}");
            for (from, to) in [
                ("Subject: In", "Subject: Out"),
                ("List-Unsubscribe: ", "List-Unsubscribe: <https://evil.example/>, "),
                ("List-Unsubscribe-Post: List", "List-Unsubscribe-Post: Last"),
                ("List-Id: ", "List-Id: x"),
                ("sails again", "sinks again"),
                ("From: ", "From: evil@example.com\r\nFrom: "),
            ] {
                let changed = message.replace(from, to);
                assert_ne!(changed, message, "{from}");
                assert!(!holds(&changed, signature, &record.record), "{from}");
            }
        }
    }
}

#[test]
fn a_key_that_is_none_is_told_of_before_anything_leaves() {
    let relay = Relay::start();
    let bed = bed_with(&format!("transport = \"{}\"\n{DKIM}", relay.transport()), 3);
    let told = bed.run(&["send", "weekly"]).ends(2).stderr;
    assert!(told.contains("failed to read the DKIM key `dkim.pem`"), "{told}");
    bed.write("dkim.pem", include_bytes!("keys/dkim-ed25519.pem"));
    let told = bed.run(&["send", "weekly"]).ends(2).stderr;
    assert!(told.contains("it is no key of this kind, or too short"), "{told}");
    assert_eq!(relay.count(), 0);
}
