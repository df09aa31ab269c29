//! What the pages of a newsletter say, to people or to programs.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::wish::Wish;
use crate::catalog::Feed;
use crate::config::{Newsletter, Settings};
use crate::newsletter::{Choice, Subscriber, Token, carried, language};
use crate::serve::{Server, page};
use crate::site::Site;
use crate::templates::{TemplateError, Texts};

const FORM: &str = "subscriber/form.html";
const SAID: &str = "subscriber/said.html";

/// From the form to the top of the site, from the pages of a subscriber, and from what is below them.
pub const TOP: &str = "../../";
pub const OWN: &str = "../../../";
pub const BELOW: &str = "../../../../";

/// A newsletter to somebody who reads a language, or is a program.
pub struct Door<'a> {
    site: &'a Site,
    pub name: String,
    language: String,
    /// From the page to the top of the site.
    root: &'static str,
    texts: Texts,
    pub is_program: bool,
}

impl<'a> Door<'a> {
    /// None if there is no such newsletter. Its own language is spoken where none is given.
    pub fn of(
        site: &'a Site,
        name: &str,
        spoken: &str,
        root: &'static str,
        headers: &HeaderMap,
    ) -> Option<Door<'a>> {
        site.settings.newsletters.get(name)?;
        let own = language(site, name);
        let language = if spoken.is_empty() { own } else { spoken }.to_owned();
        let texts = site.templates.texts(&language);
        let is_program = is_program(headers);
        Some(Door { site, name: name.to_owned(), language, root, texts, is_program })
    }

    pub fn settings(&self) -> &Settings {
        &self.site.settings
    }

    pub fn newsletter(&self) -> &Newsletter {
        &self.settings().newsletters[&self.name]
    }

    pub fn own_language(&self) -> &str {
        language(self.site, &self.name)
    }

    /// The feeds that can be chosen.
    pub fn feeds(&self) -> Vec<&Feed> {
        carried(self.site, self.newsletter(), &Choice::default())
    }

    /// The languages that can be chosen.
    pub fn languages(&self) -> BTreeSet<&str> {
        let of_feeds = self.feeds().into_iter().map(|feed| feed.language.as_str());
        of_feeds.chain([self.own_language()]).collect()
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
        self.page(status, SAID, own)
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
        let bits = self.settings().serve.proof_of_work;
        let challenge = bits.map(|_| server.asker.work.challenge(server.clock.now()));
        let own = self.wished(wish, challenge, problem);
        self.page(status, FORM, own)
    }

    fn wished(&self, wish: &Wish, challenge: Option<String>, problem: Option<&str>) -> Value {
        let choice = Choice {
            language: wish.language.clone(),
            frequency: wish.frequency.clone(),
            feeds: wish.feeds.iter().cloned().collect(),
        };
        json!({
            "heading": self.text("subscribe_title"),
            "asks": { "email": wish.email, "name": wish.name },
            "problem": problem.map(|name| self.text(name)),
            "said": null,
            "button": self.text("subscribe"),
            "choices": self.choices(&choice),
            "bits": self.settings().serve.proof_of_work,
            "challenge": challenge,
            "links": [],
            "erase": null,
        })
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
        self.page(status, FORM, own)
    }

    fn refused(&self, status: StatusCode, problem: Option<&str>) -> Response {
        let text = problem.map(|name| self.text(name));
        page::json(status, &json!({ "result": "refused", "title": "", "text": text }))
    }

    /// What there is to choose between; nothing where there is but one.
    fn choices(&self, choice: &Choice) -> Value {
        let feeds = self.feeds();
        let own = self.own_language();
        let languages = self.languages();
        let chosen = if choice.language.is_empty() { own } else { &choice.language };
        let language = |tag: &&str| {
            let texts = self.site.templates.own_texts(tag);
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

    fn page(&self, status: StatusCode, template: &str, own: Value) -> Response {
        page::rendered(self.site, status, template, self.context(own))
    }

    fn context(&self, own: Value) -> Value {
        let mut context = json!({
            "language": self.language,
            "t": self.texts,
            "site": self.settings().title(),
            "root": self.root,
            "title": self.newsletter().title,
        });
        if let (Some(context), Value::Object(own)) = (context.as_object_mut(), own) {
            context.extend(own);
        }
        context
    }
}

/// Renders the pages once, so that a template that asks for what it is not given is found before it
/// matters.
pub fn rehearse(site: &Site) -> Result<(), TemplateError> {
    for name in site.settings.newsletters.keys().take(1) {
        let Some(door) = Door::of(site, name, "", TOP, &HeaderMap::new()) else { continue };
        let form = door.wished(&Wish::default(), Some(String::new()), Some("no_email"));
        let link = json!([{ "url": "", "label": "" }]);
        let action = json!({ "url": null, "label": "", "also": [{ "name": "", "title": "" }] });
        let said = json!({ "heading": "", "text": "", "action": action, "links": link });
        site.templates.render(FORM, door.context(form))?;
        site.templates.render(SAID, door.context(said))?;
    }
    Ok(())
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
