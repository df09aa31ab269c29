//! What went wrong with sources, as a feed for the operator.

use url::Url;

use super::{FeedDocument, PublishError, atom};
use crate::catalog::Feed;
use crate::config::Settings;
use crate::model::{Item, ItemId, Slug};
use crate::normalize::{SafeHtml, escape};
use crate::store::Event;

/// The feed's place below the address of the site.
const SLUG: &str = "status";

/// An Atom feed of what was told of sources, the newest first.
pub fn write(settings: &Settings, events: &[Event]) -> Result<String, PublishError> {
    let Some(slug) = Slug::parse(SLUG) else { return Ok(String::new()) };
    let feed = Feed {
        slug: slug.clone(),
        title: format!("{}: health of sources", settings.title()),
        description: None,
        language: "en".to_owned(),
        window: events.len(),
        ..Feed::sample()
    };
    let items: Vec<Item> =
        events.iter().map(|event| item(&slug, event, &settings.base_url)).collect();
    atom::write(&FeedDocument::new(&feed, &items, &settings.base_url, &settings.time_zone))
}

fn item(slug: &Slug, event: &Event, base_url: &Url) -> Item {
    let key = format!("{} {} {}", event.feed, event.source, event.at);
    let state = if event.is_over { "well again" } else { "in need of a look" };
    let bare = Item::bare_sample();
    let mut published = bare.published.clone();
    published.at = event.at;
    Item {
        id: ItemId::issue(slug, &key),
        url: base_url.join(&format!("{}/", event.feed)).ok(),
        title: format!("{} is {state}", event.source),
        content: SafeHtml::from_html(&format!("<pre>{}</pre>", escape(&event.text)), None),
        published,
        first_seen_at: event.at,
        updated_at: event.at,
        ..bare
    }
}
