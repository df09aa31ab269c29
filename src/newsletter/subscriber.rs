//! Who gets a newsletter, and by what right. Pure but for the drawing of tokens.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::mail::Mailbox;

/// One address on one newsletter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    pub token: Token,
    pub mailbox: Mailbox,
    pub choice: Choice,
    pub status: Status,
    pub consent: Consent,
    pub created_at: Timestamp,
}

/// What a subscriber asked for; what is empty is as the newsletter has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Choice {
    /// BCP 47.
    pub language: String,
    /// One of the frequencies in the settings.
    pub frequency: String,
    /// Slugs; none: all feeds of the newsletter.
    pub feeds: BTreeSet<String>,
}

impl Subscriber {
    /// All that is known of them, as the law lets everybody ask for it.
    pub fn known(&self, newsletter: &str) -> Value {
        json!({
            "email": self.mailbox.address(),
            "name": self.mailbox.name(),
            "newsletter": newsletter,
            "status": self.status,
            "choice": self.choice,
            "consent": self.consent,
            "since": self.created_at,
        })
    }
}

/// Whether a subscriber is mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Asked for it and has not confirmed that it was them.
    Pending,
    Active,
    Unsubscribed,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Active => "active",
            Status::Unsubscribed => "unsubscribed",
        }
    }

    pub fn parse(text: &str) -> Option<Status> {
        [Status::Pending, Status::Active, Status::Unsubscribed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// The receipt of a consent: what was agreed to, how, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// `import`, `by hand` or `form`.
    pub how: String,
    /// The words that were shown, or where the consent is kept.
    pub text: Option<String>,
    pub asked_at: Timestamp,
    /// When they followed the link in the mail that asked whether it was them.
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// What they had agreed to before they were asked anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Consent>>,
}

impl Consent {
    /// The last that somebody gave: who was only asked has not, and a stranger may fill in a form.
    pub fn given(self) -> Option<Box<Consent>> {
        let is_asked = matches!(&*self.how, "form" | "asked");
        match self.confirmed_at.is_some() || !is_asked {
            true => Some(Box::new(Consent { before: None, ..self })),
            false => self.before,
        }
    }
}

/// What a subscriber's own links carry: 128 random bits, so that nobody guesses one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Token(String);

impl Token {
    /// Hexadecimal digits.
    pub const LENGTH: usize = 32;

    /// In the place of a token, where a message is made for nobody yet. It is none.
    pub const BLANK: &str = "recipient0token0goes0here0000000";

    pub fn draw() -> Token {
        let mut bytes = [0; Token::LENGTH / 2];
        #[expect(clippy::expect_used, reason = "a system without random numbers can do nothing")]
        SystemRandom::new().fill(&mut bytes).expect("random numbers");
        Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn parse(text: &str) -> Option<Token> {
        let is_token = text.len() == Token::LENGTH
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_token.then(|| Token(text.to_owned()))
    }

    /// In drafts, where there is no subscriber: it is nobody's.
    pub fn nobody() -> Token {
        Token("0".repeat(Token::LENGTH))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
