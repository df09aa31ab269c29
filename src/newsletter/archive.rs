//! The editions on the web, where everybody may read them: what was mailed to those who chose nothing, a
//! list of all, and a feed of them. Nothing of a subscriber is in it.

use serde_json::{Value, json};
use url::Url;

use super::{Edition, NewsletterError, Token, language};
use crate::catalog::Feed;
use crate::dates;
use crate::model::{Item, ItemId, Slug};
use crate::normalize::SafeHtml;
use crate::publish::{FeedDocument, Rollout, WRITING, write_atom, write_rss};
use crate::run::Lease;
use crate::site::Site;
use crate::store::Store;
use crate::templates::TemplateError;

/// Where it lies in the output.
const DIRECTORY: &str = "newsletters";

/// Editions that the feed has; the list has all.
const FED: usize = 20;

/// An edition as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub subject: String,
    pub html: String,
}

/// The address of the archive of a newsletter.
pub fn address(site: &Site, name: &str) -> Url {
    let mut url = site.settings.base_url.clone();
    url.set_path(&format!("{}{DIRECTORY}/{name}/", url.path()));
    url
}

/// Writes the archives of all newsletters of which something has been mailed, or of those alone whose last
/// edition is not there; what would not change is not touched.
pub async fn publish(
    site: &Site,
    store: &Store,
    all: bool,
    lease: Option<&Lease>,
) -> Result<(), NewsletterError> {
    let output = site.output(WRITING)?;
    let mut rollout = output.rollout(store, lease).await?;
    rollout.look(DIRECTORY, all).await?;
    let (writer, mut written) = (Token::draw(), Vec::new());
    for name in site.settings.newsletters.keys() {
        let Some(last) = store.last_mailed(name).await? else { continue };
        let key = format!("{DIRECTORY}/{name}");
        let is_there = rollout.has(&format!("{key}/{last}.html"))
            && store.published_of(&key).await?.as_ref() == Some(&last);
        if is_there && !all {
            continue;
        }
        store.note_publishing(std::slice::from_ref(&key), &writer).await?;
        write(site, name, &store.pages(name).await?, &mut rollout)?;
        written.push((key, last));
    }
    rollout.commit().await?;
    if !written.is_empty() {
        store.note_published(&written, &writer).await?;
    }
    Ok(())
}

fn write(
    site: &Site,
    name: &str,
    pages: &[(Edition, Page)],
    rollout: &mut Rollout<'_>,
) -> Result<(), NewsletterError> {
    let mut write = |file: &str, text: &str| {
        rollout.write(&format!("{DIRECTORY}/{name}/{file}"), text.as_bytes())
    };
    for (edition, page) in pages {
        write(&file(edition), &page.html)?;
    }
    write("index.html", &list(site, name, pages)?)?;
    let Some(slug) = Slug::parse(name) else { return Ok(()) };
    let (language, title) = (language(site, name), &site.settings.newsletters[name].title);
    let feed = Feed {
        slug: slug.clone(),
        title: title.clone(),
        description: None,
        language: language.to_owned(),
        home_url: Some(address(site, name)),
        ..Feed::sample()
    };
    let items: Vec<Item> =
        pages.iter().take(FED).map(|(edition, page)| item(site, &slug, edition, page)).collect();
    let mut base_url = site.settings.base_url.clone();
    base_url.set_path(&format!("{}{DIRECTORY}/", base_url.path()));
    let document = FeedDocument::new(&feed, &items, &base_url, &site.settings.time_zone);
    for (file, text) in [("feed.xml", write_rss(&document)), ("atom.xml", write_atom(&document))] {
        write(file, &text?)?;
    }
    Ok(())
}

/// `index.html`
fn list(site: &Site, name: &str, pages: &[(Edition, Page)]) -> Result<String, TemplateError> {
    let (language, title) = (language(site, name), &site.settings.newsletters[name].title);
    let editions: Vec<Value> = pages
        .iter()
        .map(|(edition, page)| {
            let (day, date) = day(site, edition, language);
            json!({ "file": file(edition), "subject": page.subject, "day": day, "date": date })
        })
        .collect();
    let context = json!({
        "language": language,
        "t": site.templates.texts(language),
        "site": site.settings.title(),
        "title": title,
        "editions": editions,
    });
    site.templates.render("newsletter.html", context)
}

/// Renders the list once, so that a template that asks for what it is not given is found before it
/// matters.
pub fn rehearse(site: &Site) -> Result<(), TemplateError> {
    let page = Page { subject: String::new(), html: String::new() };
    for name in site.settings.newsletters.keys().take(1) {
        list(site, name, &[(Edition::sample(), page.clone())])?;
    }
    Ok(())
}

fn file(edition: &Edition) -> String {
    format!("{}.html", edition.id)
}

/// The day of an edition, for programs and for people.
pub fn day(site: &Site, edition: &Edition, language: &str) -> (String, String) {
    let day = edition.until.to_zoned_datetime(site.settings.time_zone.clone()).date();
    (day.to_string(), dates::long(day, language))
}

fn item(site: &Site, slug: &Slug, edition: &Edition, page: &Page) -> Item {
    let bare = Item::bare_sample();
    let main = page.html.split_once("<main>").and_then(|(_, rest)| rest.split_once("</main>"));
    let url = address(site, slug.as_str()).join(&file(edition)).ok();
    let mut published = bare.published.clone();
    published.at = edition.until;
    let (_, date) = day(site, edition, language(site, slug.as_str()));
    let name = &site.settings.newsletters[slug.as_str()].title;
    Item {
        id: ItemId::issue(slug, &edition.id),
        title: page.subject.clone(),
        summary: Some(format!("{name}, {date}")),
        content: SafeHtml::from_html(main.map_or("", |(main, _)| main), url.as_ref()),
        url,
        published,
        first_seen_at: edition.until,
        updated_at: edition.until,
        ..bare
    }
}
