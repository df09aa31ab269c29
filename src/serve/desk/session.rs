//! Who has logged in, as long as the server runs and no longer than a day.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{Mutex as Turn, Semaphore};

use crate::newsletter::Token;
use crate::serve::held;

/// How long a session lasts.
const LASTING: Duration = Duration::from_secs(12 * 3600);

/// Sessions at the same time; then the oldest ends.
const MOST: usize = 100;

/// Passwords that wait to be looked at.
const WAITING: usize = 16;

/// Somebody who has logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// What their forms carry, so that no page of somebody else can send one.
    pub csrf: String,
    until: Instant,
    /// Of the password that it began with.
    hash: String,
}

/// All of them, by what their cookies say.
pub struct Sessions {
    all: Mutex<HashMap<String, Session>>,
    /// A password costs some memory: one is looked at a time.
    turn: Turn<()>,
    waiting: Semaphore,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions { all: Mutex::default(), turn: Turn::default(), waiting: Semaphore::new(WAITING) }
    }
}

/// Why somebody is not logged in.
pub enum Refused {
    Wrong,
    /// Too many passwords wait to be looked at.
    Busy,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// That of a cookie, if it has not ended; a new password ends all.
    pub fn find(&self, cookie: &str, hash: &str) -> Option<Session> {
        let session = held(self.all.lock()).get(cookie).cloned()?;
        (session.until > Instant::now() && session.hash == hash).then_some(session)
    }

    /// Begins one, if the password is that of which there is a hash; says what the cookie has to.
    pub async fn begin(&self, password: String, hash: String) -> Result<String, Refused> {
        let _place = self.waiting.try_acquire().map_err(|_| Refused::Busy)?;
        let _turn = self.turn.lock().await;
        let of = hash.clone();
        let is_right = tokio::task::spawn_blocking(move || is_of(&password, &of)).await;
        if !is_right.unwrap_or(false) {
            return Err(Refused::Wrong);
        }
        let cookie = Token::draw().to_string();
        let session =
            Session { csrf: Token::draw().to_string(), until: Instant::now() + LASTING, hash };
        let mut all = held(self.all.lock());
        all.retain(|_, session| session.until > Instant::now());
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, session)| session.until);
            let oldest = oldest.map(|(cookie, _)| cookie.clone());
            oldest.and_then(|cookie| all.remove(&cookie));
        }
        all.insert(cookie.clone(), session);
        Ok(cookie)
    }

    pub fn end(&self, cookie: &str) {
        held(self.all.lock()).remove(cookie);
    }
}

/// What of a password goes into the settings (Argon2id, as OWASP has it: 19 MiB, twice over).
pub fn hash(password: &str) -> Option<String> {
    let salt = SaltString::encode_b64(Token::draw().as_str().as_bytes()).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
    Some(argon2.hash_password(password.as_bytes(), &salt).ok()?.to_string())
}

fn is_of(password: &str, hash: &str) -> bool {
    let hash = PasswordHash::new(hash);
    hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
