//! Telling the operator: by a webhook what a refresh found to be wrong and what no longer is, and by a
//! ping that it ran at all.

use std::time::Duration;

use serde_json::json;
use url::Url;

use crate::refresh::SourceReport;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Posts what is new about these sources, if anything is: `text` for people, as chat services take
/// it, and `sources` for programs.
pub async fn post(webhook: &Url, sources: &[SourceReport]) -> Result<(), reqwest::Error> {
    let new: Vec<&SourceReport> = sources.iter().filter(|source| source.is_news()).collect();
    if new.is_empty() {
        return Ok(());
    }
    let text: Vec<String> = new.iter().map(|source| source.told()).collect();
    let body = json!({ "text": text.join("\n\n"), "sources": new }).to_string();
    send(webhook, "application/json", body).await
}

/// Posts a text for people.
pub async fn say(webhook: &Url, text: &str) -> Result<(), reqwest::Error> {
    send(webhook, "application/json", json!({ "text": text }).to_string()).await
}

/// Tells a service that watches over runs that there was one, and what it had to say; with `/fail`
/// behind the address, as those services have it, if it failed.
pub async fn ping(url: &Url, text: String, has_failed: bool) -> Result<(), reqwest::Error> {
    let mut url = url.clone();
    if has_failed && let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("fail");
    }
    send(&url, "text/plain; charset=utf-8", text).await
}

/// Does as a mail program does when somebody clicks to leave (RFC 8058); says how that was answered.
pub async fn click(url: &Url) -> Result<reqwest::StatusCode, reqwest::Error> {
    let client = builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let kind = "application/x-www-form-urlencoded";
    let request = request(&client, url, kind, "List-Unsubscribe=One-Click".to_owned());
    Ok(request.send().await?.status())
}

async fn send(url: &Url, content_type: &str, body: String) -> Result<(), reqwest::Error> {
    request(&client()?, url, content_type, body).send().await?.error_for_status()?;
    Ok(())
}

/// What posts, to addresses that the operator has chosen.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().build()
}

fn builder() -> reqwest::ClientBuilder {
    // An error means that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(PATIENCE)
}

/// A post that is to be sent.
pub fn request(
    client: &reqwest::Client,
    url: &Url,
    content_type: &str,
    body: String,
) -> reqwest::RequestBuilder {
    client.post(url.as_str()).header("Content-Type", content_type).body(body)
}
