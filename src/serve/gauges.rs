//! What programs that watch want to know: whether all is well, and numbers (Prometheus text format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::client::Client;
use super::{Loaded, Server, held, page};
use crate::newsletter::State as Delivery;
use crate::store::StoreError;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    File,
    Subscriber,
    Desk,
    Other,
}

impl Kind {
    pub fn of(path: &str) -> Kind {
        match path.split('/').nth(1) {
            Some("newsletters") => Kind::Subscriber,
            Some("desk") => Kind::Desk,
            _ => Kind::Other,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Subscriber => "subscriber",
            Kind::Desk => "desk",
            Kind::Other => "other",
        }
    }
}

/// Requests since the start, of files without a lock.
#[derive(Debug, Default)]
pub struct Gauges {
    found: AtomicU64,
    unchanged: AtomicU64,
    others: Mutex<BTreeMap<(Kind, u16), u64>>,
    microseconds: AtomicU64,
}

impl Gauges {
    pub fn count(&self, kind: Kind, status: StatusCode, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        match (kind, status) {
            (Kind::File, StatusCode::OK) => self.found.fetch_add(1, Ordering::Relaxed),
            (Kind::File, StatusCode::NOT_MODIFIED) => {
                self.unchanged.fetch_add(1, Ordering::Relaxed)
            }
            _ => {
                let mut others = held(self.others.lock());
                let count = others.entry((kind, status.as_u16())).or_default();
                *count += 1;
                *count
            }
        };
    }

    fn requests(&self) -> BTreeMap<(Kind, u16), u64> {
        let mut requests = held(self.others.lock()).clone();
        requests.insert((Kind::File, 200), self.found.load(Ordering::Relaxed));
        requests.insert((Kind::File, 304), self.unchanged.load(Ordering::Relaxed));
        requests
    }
}

pub fn router() -> Router<Arc<Server>> {
    Router::new().route("/health", get(health)).route("/metrics", get(metrics))
}

/// Well if the database answers.
async fn health(State(server): State<Arc<Server>>) -> Response {
    match server.store.has_answered().await {
        Ok(()) => page::json(StatusCode::OK, &json!({ "status": "ok" })),
        Err(error) => {
            tell!("error: {error}");
            page::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "failed" }))
        }
    }
}

async fn metrics(
    Extension(loaded): Extension<Arc<Loaded>>,
    Extension(Client(client)): Extension<Client>,
    State(server): State<Arc<Server>>,
) -> Response {
    if !loaded.site.settings.serve.metrics.iter().any(|network| network.contains(&client)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match measure(&server, &loaded).await {
        Ok(text) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (kind, text).into_response()
        }
        Err(error) => page::failed(error),
    }
}

async fn measure(server: &Server, loaded: &Loaded) -> Result<String, StoreError> {
    let mut text = Text::default();
    text.begin("infocus_http_requests_total", "counter", "Requests answered.");
    for ((kind, status), count) in server.gauges.requests() {
        text.add(&[("kind", kind.as_str()), ("status", &status.to_string())], count);
    }
    text.begin("infocus_http_request_seconds_total", "counter", "Time spent on them.");
    text.add(&[], server.gauges.microseconds.load(Ordering::Relaxed) as f64 / 1e6);
    text.begin("infocus_feed_items", "gauge", "Items of a feed.");
    for feed in &loaded.site.feeds {
        let (items, _) = server.store.count(&feed.slug).await?;
        text.add(&[("feed", feed.slug.as_str())], items);
    }
    let rows = server.store.sources().await?;
    let sources = || {
        loaded.site.feeds.iter().flat_map(|feed| {
            feed.sources.iter().map(move |source| (&feed.slug, source.id.as_str()))
        })
    };
    text.begin("infocus_source_failures", "gauge", "Looks at a source that failed in a row.");
    for (feed, source) in sources() {
        if let Some(row) = rows.get(feed, source) {
            text.add(&[("feed", feed.as_str()), ("source", source)], row.failures);
        }
    }
    text.begin(
        "infocus_source_succeeded_at",
        "gauge",
        "When a source was last read, unix seconds.",
    );
    for (feed, source) in sources() {
        if let Some(at) = rows.get(feed, source).and_then(|row| row.succeeded_at) {
            text.add(&[("feed", feed.as_str()), ("source", source)], at.as_second());
        }
    }
    text.begin("infocus_subscribers", "gauge", "Subscribers of a newsletter by status.");
    for name in loaded.site.settings.newsletters.keys() {
        for (status, count) in server.store.count_subscribers(name).await? {
            text.add(&[("newsletter", name), ("status", status.as_str())], count);
        }
    }
    text.begin("infocus_deliveries", "gauge", "Deliveries of the last edition by state.");
    for name in loaded.site.settings.newsletters.keys() {
        for edition in server.store.editions(name, 1).await? {
            let counts = server.store.count_deliveries(&edition.id).await?;
            for (state, count) in counts.iter().map(|(state, count): (&Delivery, _)| (state, count))
            {
                text.add(&[("newsletter", name), ("state", state.as_str())], count);
            }
        }
    }
    Ok(text.0.0)
}

/// Samples of one name after the other.
#[derive(Debug, Default)]
struct Text((String, &'static str));

impl Text {
    fn begin(&mut self, name: &'static str, kind: &str, help: &str) {
        self.0.1 = name;
        let _ = writeln!(self.0.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn add(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let escaped =
            |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0.0, "{}{labels} {value}", self.0.1);
    }
}
