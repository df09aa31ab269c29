//! The pages of subscribers: to ask for a newsletter, to confirm, to choose, and to leave.
//!
//! A GET changes nothing, so that programs that follow all links of a mail neither confirm nor leave.
//! Whoever asks is told the same at once, whether the address is known, unknown or never mailed: it is
//! put down that they did, and what is to be done is done afterwards. The same addresses answer programs in JSON, if they ask so.

mod ask;
mod say;
mod wish;
mod work;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};

use super::client::Client;
use super::page;
use super::{Loaded, Server};
use crate::newsletter::{Status, Subscriber, Token, consent};
use crate::store::StoreError;
use say::{BELOW, Door, OWN, TOP};
use wish::Wish;

pub use ask::{Asker, ask_all};
pub(crate) use say::rehearse;

pub fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/newsletters/{name}/subscribe", get(form).post(subscribe).options(preflight))
        .route("/newsletters/{name}/confirm/{token}", get(confirm_page).post(confirm))
        .route("/newsletters/{name}/unsubscribe/{token}", get(leave_page).post(leave))
        .route("/newsletters/{name}/preferences/{token}", get(preferences).post(choose))
        .route("/newsletters/{name}/preferences/{token}/data", get(data))
        .route("/newsletters/{name}/preferences/{token}/erase", post(erase))
        .layer(middleware::map_response(unlisted))
}

/// The addresses are secrets, and no search engine needs them.
async fn unlisted(mut reply: Response) -> Response {
    let unlisted = header::HeaderValue::from_static("noindex");
    reply.headers_mut().insert("x-robots-tag", unlisted);
    reply
}

type Site = Extension<Arc<Loaded>>;
type Shared = State<Arc<Server>>;

async fn form(
    site: Site,
    State(server): Shared,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(door) = Door::of(&site.site, &name, "", TOP, &headers) else {
        return page::nothing_there(&site.site, &format!("/newsletters/{name}/subscribe"));
    };
    door.form(&server, StatusCode::OK, &Wish::default(), None)
}

/// A page of another host may send what its own form asked for.
async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, accept"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn subscribe(
    site: Site,
    State(server): Shared,
    Extension(client): Extension<Client>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(door) = Door::of(&site.site, &name, "", TOP, &headers) else {
        return page::nothing_there(&site.site, &format!("/newsletters/{name}/subscribe"));
    };
    let most = site.site.settings.serve.wishes.into();
    if let Err(wait) = server.wishes.count(client, most) {
        let mut reply = door.said(StatusCode::TOO_MANY_REQUESTS, "too_many");
        reply.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
        return reply;
    }
    let Some(wish) = Wish::read(&headers, &body) else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return door.form(&server, status, &Wish::default(), Some("no_email"));
    };
    // No person sees that field.
    if !wish.website.is_empty() {
        return door.said(StatusCode::OK, "asked");
    }
    let subscriber = match wish.subscriber(&door, server.clock.now()) {
        Ok(subscriber) => subscriber,
        Err(problem) => {
            return door.form(&server, StatusCode::UNPROCESSABLE_ENTITY, &wish, Some(problem));
        }
    };
    if let Some(bits) = site.site.settings.serve.proof_of_work
        && !server.asker.work.is_done(&wish.challenge, &wish.proof, bits, server.clock.now())
    {
        return door.form(&server, StatusCode::UNPROCESSABLE_ENTITY, &wish, Some("unproven"));
    }
    match server.store.wish(&name, &subscriber).await {
        Ok(true) => {
            server.asker.has_wished.notify_one();
            door.said(StatusCode::OK, "asked")
        }
        Ok(false) => door.said(StatusCode::SERVICE_UNAVAILABLE, "too_many"),
        Err(error) => page::failed(error),
    }
}

/// Somebody by the token in their link.
struct Known {
    token: Token,
    subscriber: Subscriber,
}

/// Whose a link is. Of one that was cut off or made up nothing is said but that.
async fn known<'a>(
    server: &Server,
    loaded: &'a Loaded,
    (name, token): &(String, String),
    root: &'static str,
    headers: &HeaderMap,
) -> Result<(Door<'a>, Known), Response> {
    let site = &loaded.site;
    let nobody = || match Door::of(site, name, "", root, headers) {
        Some(door) => door.said(StatusCode::NOT_FOUND, "unknown"),
        None => page::nothing_there(site, &format!("/newsletters/{name}/confirm/")),
    };
    let token = Token::parse(token).ok_or_else(nobody)?;
    let found = server.store.by_token(&token).await.map_err(page::failed)?;
    let Some((_, subscriber)) = found.filter(|(newsletter, _)| newsletter == name) else {
        return Err(nobody());
    };
    let language = &subscriber.choice.language;
    let door = Door::of(site, name, language, root, headers).ok_or_else(nobody)?;
    Ok((door, Known { token, subscriber }))
}

type Link = Path<(String, String)>;

/// Other newsletters that the same mailbox was to confirm: one mail a day asks for all of them.
async fn others(
    server: &Server,
    door: &Door<'_>,
    known: &Known,
) -> Result<Vec<(String, Token)>, StoreError> {
    let mut others = server.store.pending_of(&known.subscriber.mailbox, &door.name).await?;
    others.retain(|(name, _)| door.settings().newsletters.contains_key(name));
    Ok(others)
}

/// What is asked of those who have a link; of the others nothing but that it leads nowhere.
type Answer = Result<Response, Response>;

async fn confirm_page(
    site: Site,
    State(server): Shared,
    Path(link): Link,
    headers: HeaderMap,
) -> Answer {
    let (door, known) = known(&server, &site, &link, OWN, &headers).await?;
    if known.subscriber.status == Status::Active {
        return Ok(door.confirmed(&known.token));
    }
    let others = others(&server, &door, &known).await.map_err(page::failed)?;
    Ok(door.ask("confirm", "confirm_yes", &others))
}

async fn confirm(
    site: Site,
    State(server): Shared,
    Path(link): Link,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (door, known) = known(&server, &site, &link, OWN, &headers).await?;
    let wish = Wish::read(&headers, &body).unwrap_or_default();
    match join(&server, &door, &known, &wish).await.map_err(page::failed)? {
        true => Ok(door.confirmed(&known.token)),
        false => Ok(door.said(StatusCode::GONE, "unknown")),
    }
}

/// Subscribes somebody who has their own link: who was asked, or who has left and thinks better of it.
async fn join(
    server: &Server,
    door: &Door<'_>,
    known: &Known,
    wish: &Wish,
) -> Result<bool, StoreError> {
    let now = server.clock.now();
    let shown = known.subscriber.consent.text.as_deref();
    for (name, token) in others(server, door, known).await? {
        if wish.also.contains(&name) {
            server.store.confirm(&token, shown, now).await?;
        }
    }
    let mailbox = known.subscriber.mailbox.key();
    match known.subscriber.status {
        Status::Active => Ok(true),
        Status::Pending if server.store.confirm(&known.token, shown, now).await? => Ok(true),
        // Who clicks twice has confirmed by the other click.
        Status::Pending => {
            let found = server.store.by_token(&known.token).await?;
            Ok(found.is_some_and(|(_, subscriber)| subscriber.status == Status::Active))
        }
        Status::Unsubscribed if server.store.suppressed(&[mailbox]).await?.is_empty() => {
            let mut consent = known.subscriber.consent.clone();
            consent.confirmed_at = Some(now);
            server.store.set_consent(&known.token, &consent).await?;
            let mailbox = &known.subscriber.mailbox;
            server.store.set_status(&door.name, mailbox, Status::Active, now).await
        }
        Status::Unsubscribed => Ok(false),
    }
}

async fn leave_page(
    site: Site,
    State(server): Shared,
    Path(link): Link,
    headers: HeaderMap,
) -> Answer {
    let (door, known) = known(&server, &site, &link, OWN, &headers).await?;
    match known.subscriber.status {
        Status::Unsubscribed => Ok(door.left(&known.token)),
        Status::Active | Status::Pending => Ok(door.ask("leave", "unsubscribe", &[])),
    }
}

/// By the button of the page, or by that of a mail program (RFC 8058): at once, and as often as anybody
/// likes. Nobody may leave, too: by that it is tried whether it works.
async fn leave(site: Site, State(server): Shared, Path(link): Link, headers: HeaderMap) -> Answer {
    if link.1 == Token::nobody().as_str()
        && let Some(door) = Door::of(&site.site, &link.0, "", OWN, &headers)
    {
        return Ok(door.said(StatusCode::OK, "left"));
    }
    if let (None, Some(token)) =
        (site.site.settings.newsletters.get(&link.0), Token::parse(&link.1))
    {
        return leave_what_is_no_more(&site, &server, &link.0, &token).await;
    }
    let (door, known) = known(&server, &site, &link, OWN, &headers).await?;
    let left = server.store.unsubscribe(&known.token, server.clock.now()).await;
    left.map_err(page::failed)?;
    Ok(door.left(&known.token))
}

/// A newsletter that is not in the settings now may be in them again, and its mails are in mailboxes.
async fn leave_what_is_no_more(
    site: &Loaded,
    server: &Server,
    name: &str,
    token: &Token,
) -> Answer {
    let path = format!("/newsletters/{name}/unsubscribe/");
    let found = server.store.by_token(token).await.map_err(page::failed)?;
    if found.is_none_or(|(newsletter, _)| newsletter != name) {
        return Err(page::nothing_there(&site.site, &path));
    }
    server.store.unsubscribe(token, server.clock.now()).await.map_err(page::failed)?;
    let texts = site.site.templates.texts(&site.site.settings.language);
    let [title, text] = ["left_title", "left_text"].map(|name| texts.get(name).cloned());
    let (title, text) = (title.unwrap_or_default(), text.unwrap_or_default());
    Ok(page::said(&site.site, StatusCode::OK, &path, &title, &text))
}

async fn preferences(
    site: Site,
    State(server): Shared,
    Path(link): Link,
    headers: HeaderMap,
) -> Answer {
    let (door, known) = known(&server, &site, &link, OWN, &headers).await?;
    Ok(door.preferences(StatusCode::OK, &known.subscriber, None))
}

async fn choose(
    site: Site,
    State(server): Shared,
    Path(link): Link,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (door, mut known) = known(&server, &site, &link, OWN, &headers).await?;
    // Whoever wants none of it is not somebody who wants all.
    let is_some = |wish: &Wish| !wish.feeds.is_empty() || door.is_program || door.feeds().len() < 2;
    let wish = Wish::read(&headers, &body).filter(is_some);
    let chosen = wish.and_then(|wish| wish.choice(&door));
    let Some(choice) = chosen else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(door.preferences(status, &known.subscriber, Some("no_choice")));
    };
    let (mailbox, now) = (known.subscriber.mailbox.clone(), server.clock.now());
    let chosen = server.store.choose(&door.name, &mailbox, &choice, now).await;
    chosen.map_err(page::failed)?;
    known.subscriber.choice = choice;
    // In the language that was chosen just now.
    let language = &known.subscriber.choice.language;
    let door = Door::of(&site.site, &link.0, language, OWN, &headers).unwrap_or(door);
    Ok(door.preferences(StatusCode::OK, &known.subscriber, Some("saved")))
}

async fn data(site: Site, State(server): Shared, Path(link): Link, headers: HeaderMap) -> Answer {
    let (door, known) = known(&server, &site, &link, BELOW, &headers).await?;
    let data = consent::known(&server.store, &door.name, &known.subscriber).await;
    let data = data.map_err(page::failed)?;
    Ok(page::json(StatusCode::OK, &data))
}

async fn erase(site: Site, State(server): Shared, Path(link): Link, headers: HeaderMap) -> Answer {
    let (door, known) = known(&server, &site, &link, BELOW, &headers).await?;
    let (mailbox, now) = (&known.subscriber.mailbox, server.clock.now());
    let erased = consent::erase(&site.site, &server.store, mailbox, now).await;
    erased.map_err(page::failed)?;
    Ok(door.said(StatusCode::OK, "erased"))
}
