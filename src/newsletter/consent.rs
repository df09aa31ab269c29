//! Asking somebody whether it was them who wants a newsletter (double opt-in).

use css_inline::{CSSInliner, InlineOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use url::Url;

use super::subscriber::{Status, Subscriber, Token};
use super::{Content, NewsletterError, delivery, master};
use crate::hash;
use crate::mail::Recipient;
use crate::site::Site;
use crate::store::{Store, Subscribed};

/// Nobody is asked again before.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What has come of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A mail is on its way.
    Mailed,
    /// They get it already.
    Active,
    /// They were asked within a day, or are never mailed.
    Left,
}

/// Subscribes somebody, pending that they confirm by the link in a mail, or by answering it. Whoever
/// left may come back by that, too.
pub async fn ask(
    site: &Site,
    store: &Store,
    name: &str,
    subscriber: &Subscriber,
    now: Timestamp,
) -> Result<Asked, NewsletterError> {
    let language = match subscriber.choice.language.as_str() {
        "" => super::language(site, name),
        chosen => chosen,
    };
    let (subject, text, html) = render(site, name, language)?;
    let mut pending = subscriber.clone();
    pending.status = Status::Pending;
    pending.consent.text = Some(text.replace(Token::BLANK, "…"));
    match store.subscribe(name, std::slice::from_ref(&pending)).await?.as_slice() {
        [Subscribed::Added] => {}
        [Subscribed::Was(Status::Active)] => return Ok(Asked::Active),
        [Subscribed::Was(_)] => match store.ask_again(name, &pending, now - AGAIN).await? {
            Some(known) => pending = known,
            None => return Ok(Asked::Left),
        },
        _ => return Ok(Asked::Left),
    }
    let id = hash::short([name.to_owned(), pending.token.to_string(), now.to_string()], 16);
    let content = Content {
        newsletter: name,
        id: &id,
        date: now,
        language,
        subject: &subject,
        text: &text,
        html: &html,
    };
    let to = Recipient { mailbox: &pending.mailbox, token: &pending.token, message_id: &id };
    let posted = delivery::post(site, &master(site, &content)?, name, to, "confirm").await;
    if posted.is_err() {
        store.was_not_asked(&pending.token).await?;
    }
    posted.map(|()| Asked::Mailed)
}

/// Subject, text and HTML of the mail, with the blank in the place of the token.
fn render(
    site: &Site,
    name: &str,
    language: &str,
) -> Result<(String, String, String), NewsletterError> {
    let texts = site.templates.texts(language);
    let title = &site.settings.newsletters[name].title;
    let asked = texts.get("confirm_subject").map(String::as_str).unwrap_or_default();
    let subject = format!("{asked}: {title}");
    let context = json!({
        "title": title,
        "subject": subject,
        "language": language,
        "confirm_url": address(site, name),
        "address": site.settings.mail.address,
        "t": texts,
    });
    let text = site.templates.render("digest/confirm.txt", context.clone())?;
    let html = site.templates.render("digest/confirm.html", context)?;
    let options = InlineOptions { keep_style_tags: false, ..InlineOptions::default() };
    let html = CSSInliner::new(options)
        .inline(&html)
        .map_err(|error| NewsletterError::Styles(error.to_string()))?;
    Ok((subject, text, html))
}

/// Where they confirm.
fn address(site: &Site, name: &str) -> Url {
    let mut url = site.settings.base_url.clone();
    url.set_path(&format!("{}newsletters/{name}/confirm/{}", url.path(), Token::BLANK));
    url
}

/// Renders the mail once, so that a template that asks for what it is not given is found before it
/// matters.
pub fn rehearse(site: &Site) -> Result<(), NewsletterError> {
    for (name, _) in site.settings.newsletters.iter().take(1) {
        render(site, name, &site.settings.language)?;
    }
    Ok(())
}
