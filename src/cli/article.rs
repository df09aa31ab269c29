//! One page, read as an announcement.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::page::Named;
use super::{Answer, Outcome};
use crate::config::Settings;
use crate::dates::Reader;
use crate::diagnostic::Diagnostic;
use crate::extract::article;
use crate::normalize::sighting::{Ground, Sighting};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    page: Named,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub async fn run(settings: &Settings, options: &Options, now: Timestamp) -> anyhow::Result<Answer> {
    let page = options.page.get(settings).await?;
    let dates = Reader::new(&settings.language).looking_at(now, &settings.time_zone);
    let raw = article::read(&page.text, &page.url, &dates)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let ground = Ground {
        base: Some(page.url.clone()),
        dates,
        zone: settings.time_zone.clone(),
        language: raw.language.clone().unwrap_or_else(|| settings.language.clone()),
        scope: String::new(),
        rules: String::new(),
    };
    let found = Sighting::of(&raw, &ground)
        .ok_or_else(|| Diagnostic::new("there is no text on the page"))?;
    let json = described(&found, &page.url, settings);
    let text = match options.format {
        Format::Text => shown(&found),
        Format::Json => json.to_string(),
    };
    Ok(Answer { outcome: Outcome::Done, text, json })
}

fn described(found: &Sighting, url: &Url, settings: &Settings) -> Value {
    let zone = &settings.time_zone;
    json!({
        "title": found.title,
        "url": found.url.as_ref().unwrap_or(url),
        "date_published": found.published.as_ref().and_then(|date| date.shown(zone)),
        "date_evidence": found.published.as_ref().map(|date| date.evidence.as_str()),
        "authors": found.author.as_deref().map(names).unwrap_or_default(),
        "image": found.image.as_ref().map(|image| image.url.to_string()),
        "language": found.language,
        "content_html": found.content.as_str(),
        "content_text": article::text(found.content.as_str()),
    })
}

fn names(author: &str) -> Vec<&str> {
    author.split([',', '&']).map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn shown(found: &Sighting) -> String {
    let mut text = format!("{}\n", found.title);
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{name:<8} {value}");
        }
    };
    let date = found.published.as_ref();
    line("date", date.map(|date| format!("{} ({})", date.when.day(), date.evidence.as_str())));
    line("author", found.author.clone());
    line("image", found.image.as_ref().map(|image| image.url.to_string()));
    format!("{text}\n{}", article::text(found.content.as_str()))
}
