//! Asking somebody whether it was them who wants a newsletter (double opt-in).

use css_inline::{CSSInliner, InlineOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::subscriber::{Status, Subscriber, Token};
use super::{Content, NewsletterError, delivery, master, own_page};
use crate::hash;
use crate::mail::Recipient;
use crate::mail::smtp::{Fault, Step};
use crate::site::Site;
use crate::store::{Store, Subscribed};

/// No mailbox is asked again before, by whatever newsletter.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// When a mail that could not leave is tried again.
const LATER: SignedDuration = SignedDuration::from_mins(5);

/// How long it is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// How long whoever is mailing one may take.
const LEASE: SignedDuration = SignedDuration::from_mins(15);

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
/// left may come back by that, too. A mail that cannot leave now is tried again.
pub async fn ask(
    site: &Site,
    store: &Store,
    name: &str,
    subscriber: &Subscriber,
    now: Timestamp,
) -> Result<Asked, NewsletterError> {
    let mail = Mail::render(site, name, &subscriber.choice.language)?;
    let mut pending = subscriber.clone();
    pending.status = Status::Pending;
    pending.consent.text = Some(mail.text.replace(Token::BLANK, "…"));
    match store.subscribe(name, std::slice::from_ref(&pending)).await?.as_slice() {
        [Subscribed::Was(Status::Active)] => return Ok(Asked::Active),
        [Subscribed::Suppressed(_)] => return Ok(Asked::Left),
        _ => {}
    }
    let Some(known) = store.ask(name, &pending, (now - AGAIN, now, now + AGAIN)).await? else {
        // Another newsletter has asked them today.
        store.want_later(name, &pending.mailbox, now + AGAIN).await?;
        return Ok(Asked::Left);
    };
    if let Err(error) = mail.post(site, name, &known, now).await {
        match &error {
            // It may have left, or never will: either is once a day enough.
            NewsletterError::Relay(Fault { step: Step::End, .. }) => {
                store.was_asked(&known.token).await?;
            }
            NewsletterError::Refused(_, reply) if reply.code >= 500 => {
                store.was_asked(&known.token).await?;
            }
            _ => store.was_not_asked(&known.token, now + LATER).await?,
        }
        return Err(error);
    }
    store.was_asked(&known.token).await?;
    Ok(Asked::Mailed)
}

/// Puts down that somebody wants a newsletter, to be asked later.
pub async fn want(
    store: &Store,
    name: &str,
    subscriber: &Subscriber,
    now: Timestamp,
) -> Result<(), NewsletterError> {
    match store.subscribe(name, std::slice::from_ref(subscriber)).await?.as_slice() {
        [Subscribed::Suppressed(_)] => Ok(()),
        _ => Ok(store.want(name, &subscriber.mailbox, now).await?),
    }
}

/// Asks those who could not be asked before; says how many were, and why another was not.
pub async fn ask_waiting(
    site: &Site,
    store: &Store,
    now: Timestamp,
) -> Result<(usize, Option<NewsletterError>), NewsletterError> {
    let (mut asked, mut failed) = (0, None);
    for (name, subscriber) in store.to_ask(now, now + LEASE, now - PATIENCE).await? {
        if !site.settings.newsletters.contains_key(&name) {
            continue;
        }
        match ask(site, store, &name, &subscriber, now).await {
            Ok(Asked::Mailed) => asked += 1,
            Ok(Asked::Active | Asked::Left) => store.was_asked(&subscriber.token).await?,
            Err(error) => failed = Some(error),
        }
    }
    Ok((asked, failed))
}

/// The mail that asks, with the blank in the place of the token.
struct Mail {
    language: String,
    subject: String,
    text: String,
    html: String,
}

impl Mail {
    async fn post(
        &self,
        site: &Site,
        name: &str,
        to: &Subscriber,
        now: Timestamp,
    ) -> Result<(), NewsletterError> {
        let id = hash::short([name.to_owned(), to.token.to_string(), now.to_string()], 16);
        let content = Content {
            newsletter: name,
            id: &id,
            date: now,
            language: &self.language,
            subject: &self.subject,
            text: &self.text,
            html: &self.html,
        };
        let to = Recipient { mailbox: &to.mailbox, token: &to.token, message_id: &id };
        delivery::post(site, &master(site, &content)?, name, to, "confirm").await
    }

    fn render(site: &Site, name: &str, language: &str) -> Result<Mail, NewsletterError> {
        let language = match language {
            "" => super::language(site, name),
            chosen => chosen,
        };
        let texts = site.templates.texts(language);
        let title = &site.settings.newsletters[name].title;
        let asked = texts.get("confirm_subject").map(String::as_str).unwrap_or_default();
        let subject = format!("{asked}: {title}");
        let context = json!({
            "title": title,
            "subject": subject,
            "language": language,
            "confirm_url": own_page(site, name, "confirm"),
            "address": site.settings.mail.address,
            "t": texts,
        });
        let text = site.templates.render("digest/confirm.txt", context.clone())?;
        let html = site.templates.render("digest/confirm.html", context)?;
        let options = InlineOptions { keep_style_tags: false, ..InlineOptions::default() };
        let html = CSSInliner::new(options)
            .inline(&html)
            .map_err(|error| NewsletterError::Styles(error.to_string()))?;
        Ok(Mail { language: language.to_owned(), subject, text, html })
    }
}

/// Renders the mail once, so that a template that asks for what it is not given is found before it
/// matters.
pub fn rehearse(site: &Site) -> Result<(), NewsletterError> {
    for (name, _) in site.settings.newsletters.iter().take(1) {
        Mail::render(site, name, &site.settings.language)?;
    }
    Ok(())
}
