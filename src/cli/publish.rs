use serde_json::json;

use super::{Answer, Outcome};
use crate::diagnostic::count;
use crate::refresh;
use crate::site::Site;
use crate::store::Store;

pub async fn run(site: &Site, store: &Store) -> anyhow::Result<Answer> {
    let feeds: Vec<_> = site.feeds.iter().collect();
    let reports = refresh::publish(site, store, &feeds, true).await?;
    let changed: usize = reports.iter().map(|report| report.changed).sum();
    Ok(Answer {
        outcome: Outcome::Done,
        text: format!(
            "{} in {}: {} changed.",
            count(reports.len(), "feed"),
            site.output().root().display(),
            count(changed, "file"),
        ),
        json: json!({ "feeds": reports }),
    })
}
