//! Work that a browser does before it may ask: nothing for a person, much for a flood.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::hash;
use crate::newsletter::Token;
use crate::serve::held;

/// How long a challenge is good for.
const LASTING: SignedDuration = SignedDuration::from_hours(1);

/// Challenges that were used and are remembered; beyond them there are no more for a while.
const MOST: usize = 100_000;

/// Gives out challenges and knows its own again, each for once.
#[derive(Debug)]
pub struct Work {
    secret: Token,
    used: Mutex<HashMap<String, Timestamp>>,
}

impl Work {
    pub fn new() -> Work {
        Work { secret: Token::draw(), used: Mutex::default() }
    }

    /// `MILLISECONDS.RANDOM.SIGNATURE`
    pub fn challenge(&self, now: Timestamp) -> String {
        let told = format!("{}.{}", now.as_millisecond(), Token::draw());
        format!("{told}.{}", self.sign(&told))
    }

    /// True if the hash of a challenge and its proof begins with so many bits that are zero.
    pub fn is_done(&self, challenge: &str, proof: &str, bits: u8, now: Timestamp) -> bool {
        let Some((told, signature)) = challenge.rsplit_once('.') else { return false };
        let at = told.split_once('.').and_then(|(at, _)| at.parse().ok());
        let Some(at) = at.and_then(|at| Timestamp::from_millisecond(at).ok()) else { return false };
        let is_ours = signature == self.sign(told) && now.duration_since(at) <= LASTING;
        let digest = Sha256::digest(format!("{challenge}{proof}").as_bytes());
        is_ours && leading_zeros(&digest) >= u32::from(bits) && self.use_up(challenge, now)
    }

    fn use_up(&self, challenge: &str, now: Timestamp) -> bool {
        let mut used = held(self.used.lock());
        if used.len() >= MOST {
            used.retain(|_, at| now.duration_since(*at) <= LASTING);
        }
        used.len() < MOST && used.insert(challenge.to_owned(), now).is_none()
    }

    fn sign(&self, told: &str) -> String {
        hash::keyed(self.secret.as_str(), [told], 16)
    }
}

fn leading_zeros(digest: &[u8]) -> u32 {
    let zeros = digest.iter().take_while(|byte| **byte == 0).count();
    let rest = digest.get(zeros).map_or(0, |byte| byte.leading_zeros());
    zeros as u32 * 8 + rest
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Work;

    #[test]
    fn a_challenge_is_good_for_once_within_an_hour() {
        let work = Work::new();
        let now = Timestamp::UNIX_EPOCH;
        let challenge = work.challenge(now);
        let has_proof = |proof: &&u32| {
            let digest = <sha2::Sha256 as sha2::Digest>::digest(format!("{challenge}{proof}"));
            digest[0] == 0
        };
        let proof = (0..).find(|proof| has_proof(&proof)).expect("a proof").to_string();
        let late = now + SignedDuration::from_mins(61);
        assert!(!work.is_done(&challenge, &proof, 8, late), "too late");
        assert!(!work.is_done(&challenge, "no", 20, now), "no proof");
        assert!(!Work::new().is_done(&challenge, &proof, 8, now), "not its own");
        assert!(work.is_done(&challenge, &proof, 8, now));
        assert!(!work.is_done(&challenge, &proof, 8, now), "a second time");
    }
}
