//! The next edition as it would be now, for people to look at.

use std::path::PathBuf;

use jiff::Timestamp;

use super::digest::{Digest, Share};
use super::gather::{Period, gather};
use super::notes::Notes;
use super::render::{render, web_page};
use super::subscriber::{Choice, Token};
use super::{Content, NewsletterError, archive, consent, master};
use crate::catalog::Feed;
use crate::mail::{Mailbox, Master, Recipient};
use crate::model::Item;
use crate::publish::Directory;
use crate::site::Site;
use crate::store::Store;

/// Where drafts are kept, relative to the site.
pub const PREVIEW: &str = "preview";

/// A draft that was written.
#[derive(Debug)]
pub struct Draft {
    pub directory: PathBuf,
    pub items: usize,
    /// There was no edition yet, so it shows the latest items.
    pub is_first: bool,
    /// What its notes name and is not in it.
    pub unknown: Vec<String>,
}

/// Writes the next edition of a newsletter as it would be now: `digest.html`, `digest.txt` and
/// `digest.eml`. Nothing is written, and nothing returned, if it would be empty.
pub async fn draft(
    site: &Site,
    store: &Store,
    name: &str,
    since: Option<Timestamp>,
    directory: PathBuf,
) -> Result<Option<Draft>, NewsletterError> {
    let digest = next(site, store, name, since).await?;
    if digest.is_empty() {
        return Ok(None);
    }
    let rendered = render(&digest, site)?;
    let id = digest.fingerprint();
    let content = Content {
        newsletter: name,
        id: &id,
        date: digest.changed_at(),
        language: &digest.language,
        subject: &rendered.subject,
        text: &rendered.text,
        html: &rendered.html,
    };
    write(&Directory::new(directory.clone()), "", &content, &master(site, &content)?)?;
    let (items, is_first) = (digest.items().count(), digest.is_first_draft);
    Ok(Some(Draft { directory, items, is_first, unknown: digest.unknown }))
}

/// The next edition for those who chose nothing.
pub async fn next(
    site: &Site,
    store: &Store,
    name: &str,
    since: Option<Timestamp>,
) -> Result<Digest, NewsletterError> {
    let since = match since {
        Some(since) => Some(since),
        None => store.last_edition_until(name, "").await?,
    };
    let notes = Notes::read(&preview(site, name))?;
    let mailed_since = store.has_begun(name).await?.unwrap_or(Timestamp::MAX);
    let period = Period { from: since, until: None, mailed_since };
    let mut digest = gather(site, store, name, &Choice::default(), period, &notes).await?;
    digest.is_first_draft = since.is_none();
    Ok(digest)
}

/// The HTML of the next edition as it would be now; none if it would be empty.
pub async fn next_html(
    site: &Site,
    store: &Store,
    name: &str,
) -> Result<Option<String>, NewsletterError> {
    let digest = next(site, store, name, None).await?;
    match digest.is_empty() {
        true => Ok(None),
        false => Ok(Some(render(&digest, site)?.html)),
    }
}

/// Where the draft of a newsletter is kept unless another place is named.
pub fn preview(site: &Site, name: &str) -> PathBuf {
    site.root.join(PREVIEW).join(name)
}

/// Writes what people look at, into a directory of an output.
pub(super) fn write(
    output: &Directory,
    directory: &str,
    content: &Content,
    master: &Master,
) -> Result<(), NewsletterError> {
    let (mailbox, token) = (Mailbox::nobody(), Token::nobody());
    let nobody = Recipient { mailbox: &mailbox, token: &token, message_id: content.id };
    let mut stage = output.stage()?;
    let name = |file: &str| format!("{directory}{file}");
    stage.write(&name("digest.html"), for_nobody(content.html).as_bytes())?;
    stage.write(&name("digest.txt"), for_nobody(content.text).as_bytes())?;
    stage.write(&name("digest.eml"), &master.copy(nobody, None))?;
    stage.commit()?;
    Ok(())
}

/// A part of a message that has no recipient yet.
fn for_nobody(part: &str) -> String {
    part.replace(Token::BLANK, Token::nobody().as_str())
}

/// Renders a digest once, of an item that is not there, so that a template that asks for what it
/// is not given is found before it matters.
pub fn rehearse(site: &Site) -> Result<(), NewsletterError> {
    let feed = Feed::sample();
    let new = vec![Item::sample(), Item::bare_sample()];
    let share = Share { feed: &feed, new, updated: vec![Item::bare_sample()] };
    let language = &site.settings.language;
    let notes = Notes { intro: Some("Hello.".to_owned()), ..Notes::default() };
    let digest = Digest::compose(("sample", "Sample"), language, notes, vec![share]);
    render(&digest, site)?;
    web_page(&digest, site, Default::default())?;
    archive::rehearse(site)?;
    consent::rehearse(site)
}
