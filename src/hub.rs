//! Telling a hub of what has changed (WebSub), so that readers who subscribed there need not ask.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use url::{Url, form_urlencoded};

use crate::alert;

/// How long the hub may take for all of it; what it has not heard of by then waits for another run.
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests at the same time.
const AT_ONCE: usize = 8;

/// What a hub said to each of the addresses that it was told of.
pub type Answers = Vec<(String, Result<(), reqwest::Error>)>;

/// Tells a hub that there is something new at each of these addresses of feeds. How it is told is not
/// part of WebSub but as PubSubHubbub had it (0.3, 7.1), which hubs take; of several addresses in
/// one request each of them has its own idea - `hub.url` again and again, `hub.url[]`, the last one
/// alone - and so they get one.
pub async fn tell(hub: &Url, topics: Vec<String>) -> Result<Answers, reqwest::Error> {
    let client = alert::client()?;
    let until = Instant::now() + PATIENCE;
    let answers = stream::iter(topics).map(async |topic| {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "publish")
            .append_pair("hub.url", &topic)
            .finish();
        let left = until.saturating_duration_since(Instant::now());
        let request = alert::request(&client, hub, "application/x-www-form-urlencoded", body);
        let answer = request.timeout(left).send().await;
        (topic, answer.and_then(|answer| answer.error_for_status()).map(drop))
    });
    Ok(answers.buffer_unordered(AT_ONCE).collect().await)
}
