//! What somebody asks for, by a form or by JSON.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use serde::Deserialize;
use url::form_urlencoded;

use super::say::Door;
use crate::mail::Mailbox;
use crate::newsletter::{Choice, Consent, Status, Subscriber, Token, check_choice};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    pub email: String,
    pub name: String,
    pub language: String,
    pub frequency: String,
    pub feeds: Vec<String>,
    /// Other newsletters.
    pub also: Vec<String>,
    /// Filled in by programs that fill in everything.
    pub website: String,
    pub challenge: String,
    pub proof: String,
}

impl Wish {
    /// None if it cannot be read.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Option<Wish> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return serde_json::from_slice(body).ok();
        }
        let mut wish = Wish::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.trim().to_owned();
            match &*name {
                "email" => wish.email = value,
                "name" => wish.name = value,
                "language" => wish.language = value,
                "frequency" => wish.frequency = value,
                "feeds" => wish.feeds.push(value),
                "also" => wish.also.push(value),
                "website" => wish.website = value,
                "challenge" => wish.challenge = value,
                "proof" => wish.proof = value,
                _ => {}
            }
        }
        Some(wish)
    }

    /// What is chosen, if the newsletter offers it. All of its feeds are as none: those that come later
    /// are among them.
    pub fn choice(&self, door: &Door<'_>) -> Option<Choice> {
        let mut feeds: BTreeSet<String> = self.feeds.iter().cloned().collect();
        let offered = door.feeds();
        if feeds.iter().any(|slug| !offered.iter().any(|feed| feed.slug.as_str() == slug)) {
            return None;
        }
        if feeds.len() == offered.len() {
            feeds.clear();
        }
        if !self.language.is_empty() && !door.languages().contains(&*self.language) {
            return None;
        }
        let language = match self.language == door.own_language() {
            true => String::new(),
            false => self.language.clone(),
        };
        let choice = Choice { language, frequency: self.frequency.clone(), feeds };
        check_choice(&choice, door.newsletter()).is_ok().then_some(choice)
    }

    /// Whoever asks; or the name of the text that says what is wrong.
    pub fn subscriber(&self, door: &Door<'_>, now: Timestamp) -> Result<Subscriber, &'static str> {
        // A name would be a text of a stranger's in a mail of ours.
        let mailbox = Mailbox::new("", &self.email).ok_or("no_email")?;
        let choice = self.choice(door).ok_or("no_choice")?;
        let consent = Consent {
            how: "form".to_owned(),
            text: None,
            asked_at: now,
            confirmed_at: None,
            before: None,
        };
        let (token, status) = (Token::draw(), Status::Pending);
        Ok(Subscriber { token, mailbox, choice, status, consent, created_at: now })
    }
}
