//! The operator's desk: how the sources are and what they gave, the next edition and what people have to
//! say about it, what becomes of those that were made. Made on the server, without scripts.

mod act;
mod look;
mod picture;
mod session;

use std::sync::Arc;

use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::{Loaded, Server, page};

use session::{Refused, Session};
pub use session::{Sessions, hash as hash_password};

/// Attempts to log in, of one client in a quarter of an hour.
const LOGINS: usize = 10;

/// The cookie of a session.
const COOKIE: &str = "infocus-desk";

type Site = Extension<Arc<Loaded>>;
type Shared = State<Arc<Server>>;

pub fn router(server: &Arc<Server>) -> Router<Arc<Server>> {
    Router::new()
        .route("/desk", get(look::overview))
        .route("/desk/feeds/{slug}", get(look::feed))
        .route("/desk/feeds/{slug}/kept/{source}", get(look::kept))
        .route("/desk/newsletters/{name}", get(look::newsletter))
        .route("/desk/newsletters/{name}/next.html", get(look::next_html))
        .route("/desk/newsletters/{name}/notes", post(act::notes))
        .route("/desk/newsletters/{name}/item", post(act::item))
        .route("/desk/newsletters/{name}/copy", post(act::copy))
        .route("/desk/newsletters/{name}/edition", post(act::edition))
        .route("/desk/logout", post(act::logout))
        .layer(middleware::from_fn_with_state(server.clone(), only_with_session))
        .route("/desk/login", get(login_page).post(login))
}

/// Lets those through who have logged in, and forms only that come from the desk's own pages.
async fn only_with_session(
    State(server): Shared,
    Extension(loaded): Site,
    mut request: extract::Request,
    next: Next,
) -> Response {
    let Some(password) = &loaded.site.settings.serve.desk_password else {
        return page::nothing_there(&loaded.site, request.uri().path());
    };
    match server.sessions.find(cookie(request.headers()), password) {
        Some(session) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        None => Redirect::to(&format!("{}/desk/login", loaded.base)).into_response(),
    }
}

fn cookie(headers: &HeaderMap) -> &str {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
        .unwrap_or_default()
}

async fn login_page(Extension(loaded): Site) -> Response {
    match &loaded.site.settings.serve.desk_password {
        Some(_) => login_form(&loaded, StatusCode::OK, None),
        None => page::nothing_there(&loaded.site, "/desk/login"),
    }
}

fn login_form(loaded: &Loaded, status: StatusCode, problem: Option<&str>) -> Response {
    let context =
        json!({ "title": "Log in", "site": loaded.site.settings.title(), "problem": problem });
    page::rendered(&loaded.site, status, "desk/login.html", context)
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    password: String,
}

async fn login(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    Form(login): Form<Login>,
) -> Response {
    let Some(hash) = loaded.site.settings.serve.desk_password.clone() else {
        return page::nothing_there(&loaded.site, "/desk/login");
    };
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if server.logins.count(client, LOGINS).is_err() {
        let problem = Some("Too many attempts. Wait a quarter of an hour.");
        return login_form(&loaded, StatusCode::TOO_MANY_REQUESTS, problem);
    }
    let session = match server.sessions.begin(login.password, hash).await {
        Ok(session) => session,
        Err(Refused::Wrong) => {
            let problem = Some("This is not the password.");
            return login_form(&loaded, StatusCode::UNAUTHORIZED, problem);
        }
        Err(Refused::Busy) => {
            let problem = Some("Too many try to log in just now. Try again.");
            return login_form(&loaded, StatusCode::SERVICE_UNAVAILABLE, problem);
        }
    };
    let is_secure = loaded.site.settings.base_url.scheme() == "https";
    let secure = if is_secure { "; Secure" } else { "" };
    let set = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let mut reply = Redirect::to(&format!("{}/desk", loaded.base)).into_response();
    if let Ok(set) = HeaderValue::from_str(&set) {
        reply.headers_mut().insert(header::SET_COOKIE, set);
    }
    reply
}

/// True of a form that a page of somebody else sent (Fetch Metadata).
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// A page of the desk, with what was done before it was asked for.
fn desk(loaded: &Loaded, session: &Session, template: &str, mut context: Value) -> Response {
    context["site"] = loaded.site.settings.title().into();
    context["csrf"] = session.csrf.as_str().into();
    page::rendered(&loaded.site, StatusCode::OK, template, context)
}

/// What is broken, to the operator, who can do something about it.
fn broken(loaded: &Loaded, error: &dyn std::error::Error) -> Response {
    tell!("error: {error}");
    let text = error.to_string();
    page::said(&loaded.site, StatusCode::INTERNAL_SERVER_ERROR, "/", "This is broken", &text)
}

/// What a page says that it was led to after something was done.
#[derive(Debug, Default, Deserialize)]
struct Said {
    said: Option<String>,
    /// Asked for again and again, as long as something is on its way.
    watch: Option<String>,
}

type Done = Query<Said>;
