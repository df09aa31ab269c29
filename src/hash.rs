//! Short names for long things.

use sha2::{Digest, Sha256};

/// The first `bytes` of the SHA-256 of parts, each ended, in hexadecimal.
pub fn short<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>, bytes: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_ref());
        hash.update([0]);
    }
    hash.finalize().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// The same with a key, for what nobody without it may guess or look up.
pub fn keyed<P: AsRef<[u8]>>(
    key: &str,
    parts: impl IntoIterator<Item = P>,
    bytes: usize,
) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    let mut hash = ring::hmac::Context::with_key(&key);
    for part in parts {
        hash.update(part.as_ref());
        hash.update(&[0]);
    }
    hash.sign().as_ref().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
