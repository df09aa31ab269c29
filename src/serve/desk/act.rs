//! What is done at the desk: each a form with the mark of its session.

use axum::extract::{Extension, Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use url::form_urlencoded;

use super::session::Session;
use super::{Shared, Site, cookie, is_foreign, look};
use crate::mail::Mailbox;
use crate::newsletter::{self, Act, NewsletterError, Notes, delivery};
use crate::serve::{Loaded, page};

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

/// Why nothing is done, if that is so.
fn refused(
    loaded: &Loaded,
    session: &Session,
    headers: &HeaderMap,
    sent: &Sent,
    name: &str,
) -> Option<Response> {
    if sent.csrf != session.csrf || is_foreign(headers) {
        return Some(
            (StatusCode::FORBIDDEN, "This form was not sent from the desk.\n").into_response(),
        );
    }
    let is_known = loaded.site.settings.newsletters.contains_key(name);
    (!is_known).then(|| page::nothing_there(&loaded.site, &format!("/desk/newsletters/{name}")))
}

/// Back to the page of the newsletter, which says what was done.
fn done(loaded: &Loaded, name: &str, said: &str) -> Response {
    let said: String = form_urlencoded::byte_serialize(said.as_bytes()).collect();
    Redirect::to(&format!("{}/desk/newsletters/{name}?said={said}", loaded.base)).into_response()
}

fn ended(loaded: &Loaded, name: &str, result: Result<String, NewsletterError>) -> Response {
    match result {
        Ok(said) => done(loaded, name, &said),
        // What the operator can do something about.
        Err(error) => done(loaded, name, &error.to_string()),
    }
}

pub async fn notes(
    Extension(loaded): Site,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    if let Some(refused) = refused(&loaded, &session, &headers, &sent, &name) {
        return refused;
    }
    let filled =
        |text: &str| Some(text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
    let changed = change(&loaded, &name, |notes| {
        notes.subject = filled(&sent.subject);
        notes.intro = filled(&sent.intro);
    });
    ended(&loaded, &name, changed.map(|()| "The note is kept for the next edition.".to_owned()))
}

/// Pins an item, lets it go, keeps it out, or lets it in again.
pub async fn item(
    Extension(loaded): Site,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    if let Some(refused) = refused(&loaded, &session, &headers, &sent, &name) {
        return refused;
    }
    let changed = change(&loaded, &name, |notes| {
        let item = sent.item.clone();
        notes.pin.retain(|other| *other != item);
        notes.exclude.retain(|other| *other != item);
        match sent.act.as_str() {
            "pin" => notes.pin.insert(0, item),
            "exclude" => notes.exclude.push(item),
            _ => {}
        }
    });
    ended(&loaded, &name, changed.map(|()| "The next edition is changed.".to_owned()))
}

fn change(
    loaded: &std::sync::Arc<Loaded>,
    name: &str,
    change: impl FnOnce(&mut Notes),
) -> Result<(), NewsletterError> {
    let mut notes = look::notes(loaded, name)?;
    change(&mut notes);
    notes.write(&newsletter::preview(&loaded.site, name))?;
    Ok(())
}

pub async fn copy(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    if let Some(refused) = refused(&loaded, &session, &headers, &sent, &name) {
        return refused;
    }
    let Some(to) = Mailbox::parse(&sent.address) else {
        return done(&loaded, &name, "This is no email address.");
    };
    let (site, store, now) = (&loaded.site, &server.store, server.clock.now());
    let sent = delivery::test_copy(site, store, &name, &to, now).await.map(|sent| match sent {
        true => format!("A copy went to {}.", to.address()),
        false => "There is nothing new, and so nothing to copy.".to_owned(),
    });
    ended(&loaded, &name, sent)
}

/// Approves, holds or discards an edition.
pub async fn edition(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    if let Some(refused) = refused(&loaded, &session, &headers, &sent, &name) {
        return refused;
    }
    let editions = match server.store.editions(&name, usize::from(u8::MAX)).await {
        Ok(editions) => editions,
        Err(error) => return page::failed(error),
    };
    let edition = editions.into_iter().find(|edition| edition.id == sent.edition);
    let (Some(edition), Some(act)) = (edition, Act::parse(&sent.act)) else {
        return done(&loaded, &name, "There is no such edition.");
    };
    if !act.on().contains(&edition.state) {
        return done(&loaded, &name, &format!("The edition is {} by now.", edition.state.as_str()));
    }
    let now = server.clock.now();
    let carried = act.carry_out(&loaded.site, &server.store, &edition, now).await;
    ended(
        &loaded,
        &name,
        carried.map(|()| match act {
            Act::Approve => "The edition goes out with the next run.".to_owned(),
            Act::Hold => "The edition is held.".to_owned(),
            Act::Discard => "The edition is never sent.".to_owned(),
            Act::Redo => "The edition is made anew with the next run.".to_owned(),
        }),
    )
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
