//! What the pages of a newsletter say, to people or to programs.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::wish::Wish;
use crate::catalog::Feed;
use crate::config::{Newsletter, Settings};
use crate::newsletter::{Choice, Subscriber, Token, carried, language};
use crate::serve::{Loaded, Server, page};
use crate::templates::Texts;

/// A newsletter to somebody who reads a language, or is a program.
pub struct Door {
    loaded: Arc<Loaded>,
    pub name: String,
    language: String,
    texts: Texts,
    is_program: bool,
}

impl Door {
    /// None if there is no such newsletter. Its own language is spoken where none is given.
    pub fn of(loaded: &Arc<Loaded>, name: &str, spoken: &str, headers: &HeaderMap) -> Option<Door> {
        loaded.site.settings.newsletters.get(name)?;
        let own = language(&loaded.site, name);
        let language = if spoken.is_empty() { own } else { spoken }.to_owned();
        let texts = loaded.site.templates.texts(&language);
        let is_program = is_program(headers);
        Some(Door { loaded: loaded.clone(), name: name.to_owned(), language, texts, is_program })
    }

    pub fn settings(&self) -> &Settings {
        &self.loaded.site.settings
    }

    pub fn newsletter(&self) -> &Newsletter {
        &self.settings().newsletters[&self.name]
    }

    pub fn own_language(&self) -> &str {
        language(&self.loaded.site, &self.name)
    }

    /// The feeds that can be chosen.
    pub fn feeds(&self) -> Vec<&Feed> {
        carried(&self.loaded.site, self.newsletter(), &Choice::default())
    }

    fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_default()
    }

    /// A heading and a text, by their name.
    pub fn said(&self, status: StatusCode, what: &str) -> Response {
        self.say(status, what, Value::Null, &[])
    }

    pub fn confirmed(&self, token: &Token) -> Response {
        self.say(
            StatusCode::OK,
            "confirmed",
            Value::Null,
            &[("preferences", &to("preferences", token))],
        )
    }

    /// It may have been a mistake.
    pub fn left(&self, token: &Token) -> Response {
        let action =
            json!({ "url": to("confirm", token), "label": self.text("left_undo"), "also": [] });
        self.say(StatusCode::OK, "left", action, &[])
    }

    /// Asks for the press of a button; with it goes which others are meant.
    pub fn ask(&self, what: &str, button: &str, others: &[(String, Token)]) -> Response {
        let title = |name: &String| &self.settings().newsletters[name].title;
        let also: Vec<Value> =
            others.iter().map(|(name, _)| json!({ "name": name, "title": title(name) })).collect();
        let action = json!({ "url": null, "label": self.text(button), "also": also });
        self.say(StatusCode::OK, what, action, &[])
    }

    fn say(
        &self,
        status: StatusCode,
        what: &str,
        action: Value,
        links: &[(&str, &str)],
    ) -> Response {
        let heading = self.text(&format!("{what}_title"));
        let text = self.text(&format!("{what}_text"));
        if self.is_program {
            let result = if status.is_success() { what } else { "refused" };
            return page::json(
                status,
                &json!({ "result": result, "title": heading, "text": text }),
            );
        }
        let links: Vec<Value> = links
            .iter()
            .map(|(name, url)| json!({ "url": url, "label": self.text(name) }))
            .collect();
        let own = json!({ "heading": heading, "text": text, "action": action, "links": links });
        self.page(status, "subscriber/said.html", "../../../", own)
    }

    /// The form to subscribe with, as it was filled in.
    pub fn form(
        &self,
        server: &Server,
        status: StatusCode,
        wish: &Wish,
        problem: Option<&str>,
    ) -> Response {
        if self.is_program && problem.is_some() {
            return self.refused(status, problem);
        }
        let choice = Choice {
            language: wish.language.clone(),
            frequency: wish.frequency.clone(),
            feeds: wish.feeds.iter().cloned().collect(),
        };
        let bits = self.settings().serve.proof_of_work;
        let challenge = bits.map(|_| server.asker.work.challenge(server.clock.now()));
        let own = json!({
            "heading": self.text("subscribe_title"),
            "asks": { "email": wish.email, "name": wish.name },
            "problem": problem.map(|name| self.text(name)),
            "said": null,
            "button": self.text("subscribe"),
            "choices": self.choices(&choice),
            "bits": bits,
            "challenge": challenge,
            "links": [],
            "erase": null,
        });
        self.page(status, "subscriber/form.html", "../../", own)
    }

    /// The form of what somebody chose.
    pub fn preferences(
        &self,
        status: StatusCode,
        subscriber: &Subscriber,
        said: Option<&str>,
    ) -> Response {
        if self.is_program {
            return match status.is_success() {
                true => page::json(status, &json!(subscriber.choice)),
                false => self.refused(status, said),
            };
        }
        let (said, problem) = if status.is_success() { (said, None) } else { (None, said) };
        let link = |name: &str, place: &str, file: &str| json!({ "url": format!("{}{file}", to(place, &subscriber.token)), "label": self.text(name) });
        let own = json!({
            "heading": self.text("preferences"),
            "asks": null,
            "problem": problem.map(|name| self.text(name)),
            "said": said.map(|name| self.text(name)),
            "button": self.text("save"),
            "choices": self.choices(&subscriber.choice),
            "bits": null,
            "challenge": null,
            "links": [link("your_data", "preferences", "/data"), link("unsubscribe", "unsubscribe", "")],
            "erase": format!("{}/erase", to("preferences", &subscriber.token)),
        });
        self.page(status, "subscriber/form.html", "../../../", own)
    }

    fn refused(&self, status: StatusCode, problem: Option<&str>) -> Response {
        let text = problem.map(|name| self.text(name));
        page::json(status, &json!({ "result": "refused", "title": "", "text": text }))
    }

    /// What there is to choose between; nothing where there is but one.
    fn choices(&self, choice: &Choice) -> Value {
        let feeds = self.feeds();
        let own = self.own_language();
        let mut languages: BTreeSet<&str> =
            feeds.iter().map(|feed| feed.language.as_str()).collect();
        languages.insert(own);
        let chosen = if choice.language.is_empty() { own } else { &choice.language };
        let language = |tag: &&str| {
            let texts = self.loaded.site.templates.own_texts(tag);
            let name = texts.and_then(|texts| texts.get("language_name")).map_or(*tag, |name| name);
            json!({ "value": tag, "label": name, "is_chosen": *tag == chosen })
        };
        let own_rhythm = std::iter::once("");
        let frequency = |name: &str| {
            let text = if name.is_empty() {
                "frequency_own".to_owned()
            } else {
                format!("frequency_{name}")
            };
            let label = self.texts.get(&text).map_or(name, String::as_str);
            json!({ "value": name, "label": label, "is_chosen": name == choice.frequency })
        };
        let feed = |feed: &&Feed| {
            let is_chosen = choice.feeds.is_empty() || choice.feeds.contains(feed.slug.as_str());
            json!({ "value": feed.slug, "label": feed.title, "is_chosen": is_chosen })
        };
        let frequencies =
            own_rhythm.chain(self.newsletter().frequencies.keys().map(String::as_str));
        let several = |all: Vec<Value>| if all.len() > 1 { all } else { Vec::new() };
        json!({
            "languages": several(languages.iter().map(language).collect()),
            "frequencies": several(frequencies.map(frequency).collect()),
            "feeds": several(feeds.iter().map(feed).collect()),
        })
    }

    fn page(&self, status: StatusCode, template: &str, root: &str, own: Value) -> Response {
        let mut context = json!({
            "language": self.language,
            "t": self.texts,
            "site": self.settings().title(),
            "root": root,
            "title": self.newsletter().title,
        });
        if let (Some(context), Value::Object(own)) = (context.as_object_mut(), own) {
            context.extend(own);
        }
        page::rendered(&self.loaded, status, template, context)
    }
}

/// A page of the same subscriber, from another of their pages.
fn to(page: &str, token: &Token) -> String {
    format!("../{page}/{token}")
}

/// True if JSON is wanted, or sent.
fn is_program(headers: &HeaderMap) -> bool {
    let says = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().starts_with("application/json"))
    };
    says(header::ACCEPT) || says(header::CONTENT_TYPE)
}
