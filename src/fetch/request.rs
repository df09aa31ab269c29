//! How a server is asked: what a source adds, what is known already, who asks; and headers as text.

use reqwest::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use reqwest::{Method, RequestBuilder};
use url::Url;

use crate::store::Validators;
use crate::{catalog, config};

/// What `to` is asked with, if `request` is meant for the host of `url`.
pub fn own<'a>(request: &'a catalog::Request, url: &Url, to: &Url) -> &'a catalog::Request {
    static NOTHING: catalog::Request = catalog::Request::nothing();
    if to.origin() == url.origin() { request } else { &NOTHING }
}

pub fn method(request: &catalog::Request) -> Method {
    if request.is_post { Method::POST } else { Method::GET }
}

/// The request with what its source wants to be asked with.
pub fn with(mut builder: RequestBuilder, request: &catalog::Request) -> RequestBuilder {
    for (name, value) in &request.headers {
        builder = builder.header(name, value.expose());
    }
    if let Some((user, password)) = &request.user {
        builder = builder.basic_auth(user.expose(), Some(password.expose()));
    }
    match &request.body {
        Some(body) => builder.body(body.expose().to_owned()),
        None => builder,
    }
}

/// Asks only for what is not known (RFC 9110, 13.1).
pub fn conditional(mut builder: RequestBuilder, validators: Option<&Validators>) -> RequestBuilder {
    let Some(validators) = validators else { return builder };
    // Mostly it is all that is asked of a host; connections to a thousand of them take much.
    builder = builder.header(CONNECTION, "close");
    for (name, known) in
        [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)]
    {
        if let Some(value) = known.as_deref().and_then(value) {
            builder = builder.header(name, value);
        }
    }
    builder
}

/// `infocus/0.1 (+mailto:webteam@example.org)`: who reads, and whom to ask about it.
pub fn user_agent(settings: &config::Settings) -> String {
    let program = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    match &settings.contact {
        Some(contact) => format!("{program} (+{}; {contact})", settings.base_url),
        None => format!("{program} (+{})", settings.base_url),
    }
}

/// A header as it came: a character for each byte, whatever they are.
pub fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(characters)
}

/// The value of a header, a character for each byte.
pub fn characters(value: &HeaderValue) -> String {
    value.as_bytes().iter().map(|byte| char::from(*byte)).collect()
}

/// What was [`characters()`], as it came.
pub fn value(characters: &str) -> Option<HeaderValue> {
    let bytes: Vec<u8> = characters.chars().map(|c| c as u8).collect();
    HeaderValue::from_bytes(&bytes).ok()
}
