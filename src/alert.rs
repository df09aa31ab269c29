//! Telling the operator by a webhook what a refresh found to be wrong, and what no longer is.

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
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .build()?
        .post(webhook.as_str())
        .header("Content-Type", "application/json")
        .body(body)
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}
