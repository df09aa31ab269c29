//! What the pages that are made for a request have in common.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::site::Site;

/// A page: it is nobody else's, and runs nothing.
pub fn html(status: StatusCode, html: String) -> Response {
    let policy = policy(&html);
    let mut reply = (status, html).into_response();
    let headers = reply.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The address of a page may be a secret.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    reply
}

/// What a page may do: show pictures of its own host, apply the styles and run the scripts that are in
/// it, and send its forms home (CSP, level 3).
fn policy(html: &str) -> String {
    let (styles, scripts) = (hashes(html, "style"), hashes(html, "script"));
    format!(
        "default-src 'none'; style-src {styles}; script-src {scripts}; img-src 'self' data: https:; \
         frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The hashes of what is within elements of a page, as its policy names them.
fn hashes(html: &str, element: &str) -> String {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    let bodies = html.split(&start).skip(1).filter_map(|rest| Some(rest.split_once(&end)?.0));
    let hashed: Vec<String> = bodies
        .map(|body| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(body.as_bytes()))))
        .collect();
    if hashed.is_empty() { "'none'".to_owned() } else { hashed.join(" ") }
}

/// For programs.
pub fn json(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (status, headers, format!("{value}\n")).into_response()
}

/// There is no such page, nor file.
pub fn nothing_there(site: &Site, path: &str) -> Response {
    let texts = site.templates.texts(&site.settings.language);
    let text = |name: &str| texts.get(name).cloned().unwrap_or_default();
    said(site, StatusCode::NOT_FOUND, path, &text("nothing_title"), &text("nothing_text"))
}

/// A page at a path that says something in the language of the site.
pub fn said(site: &Site, status: StatusCode, path: &str, title: &str, text: &str) -> Response {
    let depth = path.matches('/').count().saturating_sub(1);
    let language = &site.settings.language;
    let context = json!({
        "language": language,
        "t": site.templates.texts(language),
        "site": site.settings.title(),
        "root": "../".repeat(depth),
        "title": title,
        "heading": "",
        "text": text,
        "action": null,
        "links": [],
    });
    rendered(site, status, "subscriber/said.html", context)
}

pub fn rendered(site: &Site, status: StatusCode, template: &str, context: Value) -> Response {
    match site.templates.render(template, context) {
        Ok(text) => html(status, text),
        Err(error) => failed(error),
    }
}

/// Something of ours is broken: the operator hears of it, and whoever asked hears that it was not them.
pub fn failed(error: impl std::fmt::Display) -> Response {
    tell!("error: {error}");
    let text = "Something is broken here. Please try again later.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

/// Something of ours takes too long, as a database that is locked: it may come to its end nevertheless.
pub fn late() -> Response {
    let text = "This takes longer than it should. Please try again in a minute.\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], text).into_response()
}
