//! What a page offers, found without any rules.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use url::Url;

use super::page::Named;
use super::{Answer, Outcome};
use crate::config::Settings;
use crate::dates::Reader;
use crate::detect::{self, Candidate, Obstacle};
use crate::diagnostic::{Diagnostic, count};
use crate::extract::markup;
use crate::normalize::cut_at_word;
use crate::normalize::sighting::{Ground, Sighting};
use crate::offers::Offer;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    page: Named,
    /// A title that the list has, or a part of it; more than one if need be
    #[arg(long, value_name = "TITLE")]
    example: Vec<String>,
    /// `jsonfeed`: the best list as JSON Feed 1.1, empty if it is not sure
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Jsonfeed,
}

/// Lists that are shown, and items of the best one.
const LISTS: usize = 3;
const ITEMS: usize = 8;

/// Characters of a title in the table.
const TITLE: usize = 56;

pub async fn run(settings: &Settings, options: &Options, now: Timestamp) -> anyhow::Result<Answer> {
    let page = options.page.get(settings).await?;
    let html = markup::parse(&page.text).map_err(|error| Diagnostic::new(error.to_string()))?;
    let root = html.root_element();
    let language = root.value().attr("lang").unwrap_or(&settings.language).to_owned();
    let dates = Reader::new(&language).looking_at(now, &settings.time_zone);
    let lists = detect::lists(&html, &page.url, &dates);
    let best = detect::choose(&lists, &options.example);
    let ground = |dates: Reader| Ground {
        base: Some(page.url.clone()),
        dates,
        zone: settings.time_zone.clone(),
        language: language.clone(),
        scope: String::new(),
        rules: String::new(),
    };
    let sightings = |list: &Candidate| -> Vec<Sighting> {
        let ground = ground(list.dates.clone());
        list.items.iter().filter_map(|item| Sighting::of(item, &ground)).collect()
    };
    let found = best.map(sightings).unwrap_or_default();
    let offers = match options.format {
        Format::Jsonfeed => Vec::new(),
        _ => options.page.offers(settings, &html, &page.url, &dates).await?,
    };
    let json = match options.format {
        Format::Jsonfeed => feed(&page.url, &found, &settings.time_zone),
        _ => json!({
            "url": page.url,
            "sure": best.is_some(),
            "offers": offers.iter().map(offered).collect::<Vec<_>>(),
            "lists": lists.iter().take(LISTS).map(described).collect::<Vec<_>>(),
        }),
    };
    let obstacle = detect::obstacle(&html).filter(|_| best.is_none());
    let text = match options.format {
        Format::Table => {
            let is_shell = obstacle == Some(Obstacle::Scripts) && options.page.is_unrendered();
            let hint = if is_shell { "\n`--browser` loads it in one." } else { "" };
            named(&offers) + &table(&lists, best, &found, obstacle) + hint
        }
        Format::Json | Format::Jsonfeed => json.to_string(),
    };
    let outcome =
        if best.is_some() || !offers.is_empty() { Outcome::Done } else { Outcome::Nothing };
    Ok(Answer { outcome, text, json })
}

/// The items as JSON Feed 1.1.
fn feed(url: &Url, found: &[Sighting], zone: &TimeZone) -> Value {
    let item = |item: &Sighting| {
        let address = item.url.as_ref().map(Url::to_string);
        let mut shown = json!({
            "id": address.clone().unwrap_or_else(|| item.title.clone()),
            "url": address,
            "title": item.title,
            "content_text": item.summary.clone().unwrap_or_default(),
        });
        if let Some(date) = &item.published {
            shown["date_published"] = date.shown(zone).into();
        }
        if let Some(image) = &item.image {
            shown["image"] = image.url.to_string().into();
        }
        shown
    };
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": url.host_str().unwrap_or("page"),
        "home_page_url": url,
        "items": found.iter().map(item).collect::<Vec<_>>(),
    })
}

fn described(list: &Candidate) -> Value {
    let reasons: Vec<Value> = list
        .reasons
        .iter()
        .map(
            |reason| json!({ "what": reason.what, "share": reason.share, "points": reason.points }),
        )
        .collect();
    let titles: Vec<_> = list.items.iter().take(ITEMS).map(|item| item.title.clone()).collect();
    json!({ "items": list.items.len(), "score": list.score, "titles": titles, "reasons": reasons })
}

fn offered(offer: &Offer) -> Value {
    json!({
        "kind": offer.kind.name(),
        "url": offer.url,
        "title": offer.title,
        "items": offer.answer.as_ref().map(|(_, items)| items),
    })
}

/// What the site has already: better than anything that can be made of the page.
fn named(offers: &[Offer]) -> String {
    if offers.is_empty() {
        return String::new();
    }
    let mut text = "The site has this already; `infocus add` takes the addresses:\n\n".to_owned();
    for offer in offers {
        let items = offer.answer.as_ref().map(|(_, items)| format!(", {}", count(*items, "item")));
        let _ = writeln!(text, "  {}", offer.url);
        let _ = writeln!(
            text,
            "    {}{} {}",
            offer.kind.name(),
            items.unwrap_or_default(),
            cut_at_word(&offer.title, TITLE)
        );
    }
    text.push('\n');
    text
}

fn table(
    lists: &[Candidate],
    best: Option<&Candidate>,
    found: &[Sighting],
    obstacle: Option<Obstacle>,
) -> String {
    let mut text = String::new();
    match best {
        Some(list) => {
            let _ = writeln!(
                text,
                "{} (score {:.1})\n",
                count(found.len(), "announcement"),
                list.score
            );
            for item in found.iter().take(ITEMS) {
                let day = item.published.as_ref().map(|date| date.when.day().to_string());
                let day = day.unwrap_or_else(|| "no date".to_owned());
                let _ = writeln!(text, "  {day:<10}  {}", cut_at_word(&item.title, TITLE));
            }
            if found.len() > ITEMS {
                let _ = writeln!(text, "  ... and {} more", found.len() - ITEMS);
            }
            let _ = writeln!(text, "\nWhy:");
        }
        None if lists.is_empty() => {
            let why = obstacle.map_or("there are no links that could make a list", Obstacle::told);
            let _ = writeln!(text, "No announcements: {why}.");
        }
        None => {
            if let Some(obstacle) = obstacle {
                let _ = writeln!(text, "Perhaps {}.", obstacle.told());
            }
            let _ = writeln!(text, "Not sure. What comes nearest to a list of announcements:");
        }
    }
    for list in best.map_or_else(|| lists.iter().take(LISTS).collect(), |best| vec![best]) {
        if best.is_none() {
            let first = list.items.first().and_then(|item| item.title.clone()).unwrap_or_default();
            let _ = writeln!(
                text,
                "\n{} such as \"{}\" (score {:.1})",
                count(list.items.len(), "link"),
                cut_at_word(&first, TITLE),
                list.score
            );
        }
        for reason in list.reasons.iter().filter(|reason| reason.points.abs() >= 0.2) {
            let _ = writeln!(text, "  {:>+5.1}  {}", reason.points, reason.told());
        }
    }
    text.trim_end().to_owned()
}
