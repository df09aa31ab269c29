//! Asking somebody whether it was them who wants a newsletter (double opt-in).

use css_inline::{CSSInliner, InlineOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use walkdir::WalkDir;

use super::delivery::{OUTBOX, Single};
use super::subscriber::{Status, Subscriber, Token};
use super::{Content, NewsletterError, master, own_page};
use crate::hash;
use crate::mail::smtp::{Fault, Step};
use crate::mail::{Mailbox, Recipient};
use crate::site::Site;
use crate::store::{Store, StoreError, Subscribed};

/// No mailbox is asked again before, by whatever newsletter.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// When a mail that could not leave is tried again: at first, and at most so much later. In between
/// the wait is as long as it was tried already.
const LATER: SignedDuration = SignedDuration::from_mins(5);
const LATEST: SignedDuration = SignedDuration::from_hours(6);

/// How long it is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// How long whoever is mailing one may take.
const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// Subscribes somebody, pending that they confirm by the link in a mail, or by answering it. Whoever
/// left may come back by that, too. False if there is nothing to ask now: they get it already, are
/// never mailed, or were asked within a day. What cannot leave now is tried again.
pub async fn ask(
    site: &Site,
    store: &Store,
    name: &str,
    wish: &Subscriber,
    now: Timestamp,
) -> Result<bool, NewsletterError> {
    match want(store, name, wish, now).await? {
        Some(pending) => mail(site, store, name, pending, now).await,
        None => Ok(false),
    }
}

/// Asks those whose wish is not settled, or who could not be asked before, one after the other until it
/// is time to stop; says why one was not.
pub async fn ask_waiting(
    site: &Site,
    store: &Store,
    now: Timestamp,
    is_stopping: impl Fn() -> bool,
) -> Result<Option<NewsletterError>, NewsletterError> {
    for (name, wish) in store.wishes().await? {
        want(store, &name, &wish, now).await?;
        store.forget_wish(&wish.token).await?;
    }
    let mut failed = None;
    while !is_stopping() {
        let next = store.next_to_ask(now, now + LEASE, now - PATIENCE).await?;
        let Some((name, pending)) = next else { break };
        if !site.settings.newsletters.contains_key(&name) {
            continue;
        }
        match mail(site, store, &name, pending, now).await {
            Ok(_) => {}
            // The others would wait for the same.
            Err(error @ NewsletterError::Relay(_)) => return Ok(Some(error)),
            Err(error) => failed = Some(error),
        }
    }
    Ok(failed)
}

/// All that is known of somebody, with the editions that they got or were to get.
pub async fn known(store: &Store, name: &str, of: &Subscriber) -> Result<Value, StoreError> {
    let mut known = of.known(name);
    known["deliveries"] = json!(store.received(&of.token).await?);
    Ok(known)
}

/// Forgets a mailbox, and the messages to it that lie in the outbox; says how many subscriptions it had.
pub async fn erase(
    site: &Site,
    store: &Store,
    mailbox: &Mailbox,
    now: Timestamp,
) -> Result<u64, NewsletterError> {
    let erased = store.erase(mailbox, now).await?;
    let name = format!("{}.eml", mailbox.file_name());
    for entry in WalkDir::new(site.root.join(OUTBOX)).into_iter().filter_map(Result::ok) {
        let file = entry.file_name().to_string_lossy();
        if file == name || file.ends_with(&format!("-{name}")) {
            std::fs::remove_file(entry.path()).map_err(NewsletterError::Notes)?;
        }
    }
    Ok(erased)
}

/// Puts down that somebody is to be asked, if there is something to ask.
async fn want(
    store: &Store,
    name: &str,
    wish: &Subscriber,
    now: Timestamp,
) -> Result<Option<Subscriber>, NewsletterError> {
    let mut pending = wish.clone();
    pending.status = Status::Pending;
    match store.subscribe(name, std::slice::from_ref(&pending)).await?.as_slice() {
        [Subscribed::Suppressed(_)] => Ok(None),
        [Subscribed::Was(_)] => {
            let known = store.subscriber(name, &pending.mailbox).await?;
            pending.consent.before = known.and_then(|known| known.consent.given());
            Ok(store.want(name, &pending, now - AGAIN).await?)
        }
        _ => Ok(store.want(name, &pending, now - AGAIN).await?),
    }
}

/// Mails the question, once; false if another newsletter has asked them today, and it has to wait. It is
/// put down that they were asked when the relay is ready for it: until then nothing has left.
async fn mail(
    site: &Site,
    store: &Store,
    name: &str,
    mut pending: Subscriber,
    now: Timestamp,
) -> Result<bool, NewsletterError> {
    let mail = Mail::render(site, name, &pending.choice.language)?;
    let (token, wanted_at) = (pending.token.clone(), pending.consent.asked_at);
    pending.consent.text = Some(mail.text.replace(Token::BLANK, "…"));
    let again = now + now.duration_since(wanted_at).clamp(LATER, LATEST);
    let offered = mail.offer(site, name, &pending, now).await;
    if let Err(error) = offered.as_ref()
        && !is_for_good(error)
    {
        store.ask_at(&token, again).await?;
        return offered.map(|_| false);
    }
    if !store.ask(&token, &pending.consent, (now - AGAIN, now, now + AGAIN)).await? {
        store.ask_after(&token, AGAIN).await?;
        return Ok(false);
    }
    let left = match offered {
        Ok(single) => single.leave().await,
        Err(error) => Err(error),
    };
    match &left {
        Err(error) if !is_for_good(error) => store.was_not_asked(&token, again).await?,
        _ => store.was_asked(&token).await?,
    }
    left.map(|()| true)
}

/// It may have left, or never will: either is once a day enough.
fn is_for_good(error: &NewsletterError) -> bool {
    match error {
        NewsletterError::Relay(Fault { step, .. }) => *step == Step::End,
        NewsletterError::Refused(_, reply) => reply.code >= 500,
        _ => false,
    }
}

/// The mail that asks, with the blank in the place of the token.
struct Mail {
    language: String,
    subject: String,
    text: String,
    html: String,
}

impl Mail {
    async fn offer(
        &self,
        site: &Site,
        name: &str,
        to: &Subscriber,
        now: Timestamp,
    ) -> Result<Single, NewsletterError> {
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
        Single::offer(site, &master(site, &content)?, name, to, "confirm").await
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
