use clap::Args;
use serde_json::json;

use super::Outcome;
use crate::diagnostic::count;
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Options {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn run(site: &Site, store: &Store, options: &Options) -> anyhow::Result<Outcome> {
    let mut feeds = Vec::new();
    for feed in &site.feeds {
        let (items, newest) = store.count(&feed.slug).await?;
        let mut sources = Vec::new();
        for source in &feed.sources {
            let row = store.source(&feed.slug, &source.location.to_string()).await?;
            let state = match &row {
                _ if source.paused => "paused",
                Some(row) => row.verdict.as_str(),
                None => "not yet looked at",
            };
            sources.push(json!({
                "source": source.name,
                "location": source.location.to_string(),
                "state": state,
                "found": row.as_ref().map(|row| row.found),
                "checked_at": row.as_ref().map(|row| row.checked_at.to_string()),
                "succeeded_at":
                    row.as_ref().and_then(|row| row.succeeded_at).map(|at| at.to_string()),
                "message": row.and_then(|row| row.message),
            }));
        }
        feeds.push(json!({
            "feed": feed.slug,
            "title": feed.title,
            "items": items,
            "newest": newest.map(|at| at.to_string()),
            "sources": sources,
        }));
    }
    if options.json {
        println!("{}", json!({ "feeds": feeds }));
        return Ok(Outcome::Done);
    }
    for feed in &feeds {
        let items = feed["items"].as_u64().unwrap_or_default() as usize;
        println!("{}  {}", feed["feed"].as_str().unwrap_or_default(), count(items, "item"));
        for source in feed["sources"].as_array().into_iter().flatten() {
            let text = |key: &str| source[key].as_str().unwrap_or_default().to_owned();
            println!("  {:<12} {:<10} {}", text("source"), text("state"), text("location"));
            if let Some(message) = source["message"].as_str() {
                println!("  {:<12} {message}", "");
            }
        }
    }
    Ok(Outcome::Done)
}
