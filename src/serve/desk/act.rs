//! What is done at the desk: each a form with the mark of its session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Form, FromRequest, FromRequestParts, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tokio::time::timeout;
use url::form_urlencoded;

use super::session::Session;
use super::{Shared, Site, broken, cookie, is_foreign};
use crate::mail::Mailbox;
use crate::newsletter::{self, Act, NewsletterError, Notes, delivery};
use crate::run::Lock;
use crate::serve::{Loaded, Server, page};

/// How long a page waits for a relay to take a copy.
const COPY: Duration = Duration::from_secs(10);

/// All that the forms of the desk send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    subject: String,
    intro: String,
    item: String,
    act: String,
    edition: String,
    address: String,
}

/// A form that was sent from the desk, about a newsletter that there is.
pub struct Order {
    loaded: Arc<Loaded>,
    name: String,
    sent: Sent,
}

impl FromRequest<Arc<Server>> for Order {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Arc<Server>) -> Result<Order, Response> {
        let (mut parts, body) = request.into_parts();
        type Parts = (Site, Extension<Session>, Path<String>);
        let found = Parts::from_request_parts(&mut parts, server).await;
        let (Extension(loaded), Extension(session), Path(name)) = found?;
        let headers = parts.headers.clone();
        let form = Form::<Sent>::from_request(Request::from_parts(parts, body), server).await;
        let Form(sent) = form.map_err(IntoResponse::into_response)?;
        if sent.csrf != session.csrf || is_foreign(&headers) {
            let text = "This form was not sent from the desk.\n";
            return Err((StatusCode::FORBIDDEN, text).into_response());
        }
        match loaded.site.settings.newsletters.contains_key(&name) {
            true => Ok(Order { loaded, name, sent }),
            false => {
                let path = format!("/desk/newsletters/{name}");
                Err(page::nothing_there(&loaded.site, &path))
            }
        }
    }
}

impl Order {
    /// Back to the page of the newsletter, which says what was done, or what the operator can do about
    /// that it was not.
    fn done(&self, result: Result<String, NewsletterError>) -> Response {
        let said = result.unwrap_or_else(|error| error.to_string());
        let said: String = form_urlencoded::byte_serialize(said.as_bytes()).collect();
        let (base, name) = (&self.loaded.base, &self.name);
        Redirect::to(&format!("{base}/desk/newsletters/{name}?said={said}")).into_response()
    }

    fn change(&self, change: impl FnOnce(&mut Notes), said: &str) -> Response {
        let directory = newsletter::preview(&self.loaded.site, &self.name);
        let changed = || {
            let site = &self.loaded.site;
            let _lock = Lock::wait(&site.root, "notes").map_err(NewsletterError::Notes)?;
            let mut notes = Notes::read(&directory)?;
            change(&mut notes);
            notes.write(&directory)?;
            Ok(said.to_owned())
        };
        self.done(changed())
    }
}

pub async fn notes(order: Order) -> Response {
    let filled =
        |text: &str| Some(text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
    let (subject, intro) = (filled(&order.sent.subject), filled(&order.sent.intro));
    let change = |notes: &mut Notes| (notes.subject, notes.intro) = (subject, intro);
    order.change(change, "The note is kept for the next edition.")
}

/// Pins an item, lets it go, keeps it out, or lets it in again.
pub async fn item(order: Order) -> Response {
    let (item, act) = (order.sent.item.clone(), order.sent.act.clone());
    let change = |notes: &mut Notes| {
        notes.pin.retain(|other| *other != item);
        notes.exclude.retain(|other| *other != item);
        match act.as_str() {
            "pin" => notes.pin.insert(0, item),
            "exclude" => notes.exclude.push(item),
            _ => {}
        }
    };
    order.change(change, "The next edition is changed.")
}

pub async fn copy(State(server): Shared, order: Order) -> Response {
    let Some(to) = Mailbox::parse(&order.sent.address) else {
        return order.done(Ok("This is no email address.".to_owned()));
    };
    let (loaded, name, now) = (order.loaded.clone(), order.name.clone(), server.clock.now());
    let said = format!("A copy went to {}.", to.address());
    let sending = tokio::spawn(async move {
        delivery::test_copy(&loaded.site, &server.store, &name, &to, now).await
    });
    match timeout(COPY, sending).await {
        Ok(Ok(Ok(true))) => order.done(Ok(said)),
        Ok(Ok(Ok(false))) => order.done(Ok("There is nothing new, and so nothing to copy.".into())),
        Ok(Ok(Err(error))) => order.done(Err(error)),
        Ok(Err(error)) => page::failed(error),
        Err(_) => {
            let said = "The relay has not answered yet. The copy may arrive nevertheless.";
            order.done(Ok(said.to_owned()))
        }
    }
}

/// Approves, holds or discards an edition.
pub async fn edition(State(server): Shared, order: Order) -> Response {
    let edition = match server.store.edition(&order.sent.edition).await {
        Ok(edition) => edition.filter(|edition| edition.newsletter == order.name),
        Err(error) => return broken(&order.loaded, &error),
    };
    let (Some(edition), Some(act)) = (edition, Act::parse(&order.sent.act)) else {
        return order.done(Ok("There is no such edition.".to_owned()));
    };
    let now = server.clock.now();
    let carried = act.carry_out(&order.loaded.site, &server.store, &edition, now).await;
    order.done(carried.map(|()| match act {
        Act::Approve => "The edition goes out with the next run.".to_owned(),
        Act::Hold => "The edition is held.".to_owned(),
        Act::Discard => "The edition is never sent.".to_owned(),
        Act::Redo => "The edition is made anew with the next run.".to_owned(),
    }))
}

pub async fn logout(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    if sent.csrf == session.csrf {
        server.sessions.end(cookie(&headers));
    }
    Redirect::to(&format!("{}/desk/login", loaded.base)).into_response()
}
