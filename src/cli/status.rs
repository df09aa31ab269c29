use serde_json::{Value, json};

use super::{Answer, Outcome};
use crate::diagnostic::count;
use crate::site::Site;
use crate::store::Store;

pub async fn run(site: &Site, store: &Store) -> anyhow::Result<Answer> {
    let mut feeds = Vec::new();
    for feed in &site.feeds {
        let (items, newest) = store.count(&feed.slug).await?;
        let mut sources = Vec::new();
        for source in &feed.sources {
            let row = store.source(&feed.slug, &source.id).await?;
            let state = match &row {
                _ if source.paused => "paused",
                Some(row) if row.proposal.is_some() && !row.is_bad() => "healed",
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
                "message": row.as_ref().and_then(|row| row.message.clone()),
                "proposal": row.and_then(|row| row.proposal),
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
    let mut newsletters = Vec::new();
    for (name, newsletter) in &site.settings.newsletters {
        let until = store.last_edition_until(name).await?;
        newsletters.push(json!({
            "newsletter": name,
            "title": newsletter.title,
            "last_edition_until": until.map(|at| at.to_string()),
        }));
    }
    let json = json!({ "feeds": feeds, "newsletters": newsletters });
    Ok(Answer { outcome: Outcome::Done, text: told(&json), json })
}

fn told(status: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for feed in list(&status["feeds"]) {
        let items = feed["items"].as_u64().unwrap_or_default() as usize;
        lines.push(format!("{}: {}", text(&feed, "feed"), count(items, "item")));
        for source in list(&feed["sources"]) {
            let [name, state, location] =
                ["source", "state", "location"].map(|key| text(&source, key));
            lines.push(format!("  {name:<16} {state:<18} {location}"));
            let more = |told: &str| format!("  {:<16} {told}", "");
            lines.extend(text(&source, "message").lines().map(more));
            if let Some(proposal) = source["proposal"].as_str() {
                lines.push(more("its items are found by"));
                let table = if proposal.is_empty() { "no rules" } else { proposal };
                lines.extend(table.lines().map(|line| more(&format!("  {line}"))));
                let slug = text(&feed, "feed");
                lines.push(more(&format!("which `infocus add --repair {slug}` writes")));
            }
        }
    }
    for newsletter in list(&status["newsletters"]) {
        let last = match newsletter["last_edition_until"].as_str() {
            Some(until) => format!("last edition until {until}"),
            None => "no edition yet".to_owned(),
        };
        lines.push(format!("{}: {last}", text(&newsletter, "newsletter")));
    }
    if lines.is_empty() {
        lines.push(
            "No feeds yet: `infocus add \"news/*.txt\"` makes one of the files in feeds/news/."
                .to_owned(),
        );
    }
    lines.join("\n")
}
