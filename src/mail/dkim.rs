//! Signatures by which a domain answers for a message (DKIM: RFC 6376, 8301, 8463).
//!
//! Headers are canonicalised `relaxed`, the body `simple`: it is made here and ends in one line end.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use ring::{digest, rsa};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::config::Dkim;
use crate::diagnostic::Diagnostic;

/// Headers that are signed where they are there.
const SIGNED: [&str; 16] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Archive",
    "Feedback-ID",
    "Auto-Submitted",
    // Once more than it is there: a second one would break the signature.
    "From",
];

/// Characters of a signature on a line.
const LINE: usize = 72;

/// Who signs, and with what.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<Key>,
    random: SystemRandom,
}

/// A key and the name under which the domain publishes its other half.
#[derive(Debug)]
struct Key {
    selector: String,
    secret: Secret,
}

#[derive(Debug)]
enum Secret {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// What a domain has to publish for a signature to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// `infocus._domainkey.example.org`
    pub name: String,
    /// `v=DKIM1; k=rsa; p=...`
    pub record: String,
}

impl Signer {
    /// Reads the keys of a site.
    pub fn load(site: &Path, dkim: &Dkim) -> Result<Signer, Diagnostic> {
        let mut keys = vec![Key::load(site, &dkim.key_file, &dkim.selector, Secret::rsa)?];
        if let Some(second) = &dkim.ed25519 {
            keys.push(Key::load(site, &second.key_file, &second.selector, Secret::ed25519)?);
        }
        Ok(Signer { domain: dkim.domain.clone(), keys, random: SystemRandom::new() })
    }

    /// The headers that sign a message, given its other headers, each with its lines ended, and the
    /// SHA-256 of its body.
    pub fn sign<'a>(
        &self,
        headers: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        body: &[u8],
    ) -> String {
        let mut names = Vec::new();
        let mut input = String::new();
        for name in SIGNED {
            let is_again = names.contains(&name);
            match headers.clone().find(|(known, _)| *known == name) {
                Some((name, value)) if !is_again => relax(name, value, &mut input),
                Some(_) => {}
                None => continue,
            }
            names.push(name);
        }
        let names = names.join(":").to_lowercase();
        let sign = |key: &Key| {
            let unsigned = format!(
                "v=1; a={}; c=relaxed/simple; d={};\r\n s={}; h={};\r\n bh={};\r\n b=",
                key.secret.algorithm(),
                self.domain,
                key.selector,
                folded(&names),
                STANDARD.encode(body),
            );
            let mut input = input.clone();
            relax("DKIM-Signature", &unsigned, &mut input);
            // The signature itself has no line end (RFC 6376, 3.7).
            let input = input.trim_end_matches("\r\n").as_bytes();
            let signature = STANDARD.encode(key.secret.sign(input, &self.random));
            let lines: Vec<&str> = (0..signature.len())
                .step_by(LINE)
                .map(|at| &signature[at..signature.len().min(at + LINE)])
                .collect();
            format!("DKIM-Signature: {unsigned}{}\r\n", lines.join("\r\n "))
        };
        self.keys.iter().map(sign).collect()
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What has to stand in the zone.
    pub fn published(&self) -> Vec<Published> {
        let published = |key: &Key| {
            let (kind, public) = key.secret.public();
            Published {
                name: format!("{}._domainkey.{}", key.selector, self.domain),
                record: format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public)),
            }
        };
        self.keys.iter().map(published).collect()
    }
}

impl Key {
    fn load(
        site: &Path,
        file: &Path,
        selector: &str,
        secret: fn(&PrivateKeyDer) -> Option<Secret>,
    ) -> Result<Key, Diagnostic> {
        let path: PathBuf = site.join(file);
        let problem = |text: String| {
            Diagnostic::new(format!("failed to read the DKIM key `{}`: {text}", file.display()))
        };
        let key = PrivateKeyDer::from_pem_file(&path).map_err(|error| {
            problem(error.to_string()).help(
                "`openssl genrsa -out dkim.pem 2048` makes one; `key_file` is relative to the site",
            )
        })?;
        let secret = secret(&key).ok_or_else(|| {
            problem("it is no key of this kind, or too short".to_owned()).help(
                "`openssl genrsa -out dkim.pem 2048`, or `openssl genpkey -algorithm ed25519` for \
                 `[mail.dkim.ed25519]`",
            )
        })?;
        Ok(Key { selector: selector.to_owned(), secret })
    }
}

impl Secret {
    fn rsa(key: &PrivateKeyDer) -> Option<Secret> {
        let pair = match key {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return None,
        };
        pair.ok().map(|pair| Secret::Rsa(Box::new(pair)))
    }

    fn ed25519(key: &PrivateKeyDer) -> Option<Secret> {
        let PrivateKeyDer::Pkcs8(der) = key else { return None };
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.ok().map(Secret::Ed25519)
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Secret::Rsa(_) => "rsa-sha256",
            Secret::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, input: &[u8], random: &SystemRandom) -> Vec<u8> {
        match self {
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                #[expect(
                    clippy::expect_used,
                    reason = "fails for a buffer of another length only"
                )]
                pair.sign(&RSA_PKCS1_SHA256, random, input, &mut signature).expect("its length");
                signature
            }
            // It is the hash that is signed (RFC 8463, 3).
            Secret::Ed25519(pair) => {
                pair.sign(digest::digest(&digest::SHA256, input).as_ref()).as_ref().to_vec()
            }
        }
    }

    /// The other half, as zones have it.
    fn public(&self) -> (&'static str, Vec<u8>) {
        match self {
            Secret::Rsa(pair) => ("rsa", subject_public_key(pair.public())),
            Secret::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
        }
    }
}

/// A key with what says that it is one of RSA (RFC 5280, 4.1.2.7; RFC 3279, 2.3.1).
fn subject_public_key(key: &rsa::PublicKey) -> Vec<u8> {
    const RSA: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = [&[0][..], key.as_ref()].concat();
    let content = [&RSA[..], &tagged(0x03, &bits)].concat();
    tagged(0x30, &content)
}

/// DER: what it is, how long, and what it says.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut bytes = vec![tag];
    if content.len() >= 0x80 {
        bytes.push(0x80 | length.len() as u8);
    }
    bytes.extend(length);
    bytes.extend_from_slice(content);
    bytes
}

/// A header as it is signed: name in lower case, lines joined, one blank for many, none at the ends
/// (RFC 6376, 3.4.2).
fn relax(name: &str, value: &str, out: &mut String) {
    out.push_str(&name.to_lowercase());
    out.push(':');
    for (n, word) in value.split_ascii_whitespace().enumerate() {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.push_str("\r\n");
}

/// The names of headers over several lines, which their colons may be ended by.
fn folded(names: &str) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for name in names.split_inclusive(':') {
        if length + name.len() > LINE {
            lines.push_str("\r\n ");
            length = 0;
        }
        lines.push_str(name);
        length += name.len();
    }
    lines
}
