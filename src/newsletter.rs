//! The newsletter: the choice of items for a period, rendered as mail.

mod digest;
mod import;
mod render;
mod schedule;
mod subscriber;

use std::path::PathBuf;

use jiff::Timestamp;

use crate::catalog::Feed;
use crate::config::Newsletter;
use crate::diagnostic::Diagnostic;
use crate::mail::{Mailbox, Message, Recipient};
use crate::model::Item;
use crate::publish::{Output, OutputError, window};
use crate::site::Site;
use crate::store::{Store, StoreError};
use crate::templates::TemplateError;

pub use digest::{Digest, Section};
pub use import::{ImportError, Table, check as check_choice};
pub use render::{Rendered, render};
pub use schedule::{Approval, Schedule};
pub use subscriber::{Choice, Consent, Status, Subscriber, Token};

/// Where drafts are kept, relative to the site.
pub const PREVIEW: &str = "preview";

#[derive(Debug, thiserror::Error)]
pub enum NewsletterError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Setup(#[from] Diagnostic),
    #[error("failed to put the styles into the mail: {0}")]
    Styles(String),
}

/// A draft that was written.
#[derive(Debug)]
pub struct Draft {
    pub directory: PathBuf,
    pub items: usize,
    /// There was no edition yet, so it shows the latest items.
    pub is_first: bool,
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
    let newsletter = &site.settings.newsletters[name];
    let from = sender(site, name)?;
    let digest = compose(site, store, name, newsletter, since).await?;
    if digest.sections.is_empty() {
        return Ok(None);
    }
    let rendered = render(&digest, site)?;
    let id = digest.fingerprint();
    let message = Message {
        from,
        reply_to: site.settings.mail.reply_to.as_ref(),
        subject: &rendered.subject,
        date: digest.changed_at(),
        id: &id,
        language: &digest.language,
        list: (&digest.title, name),
        unsubscribe: rendered.unsubscribe.clone(),
        archive: site.settings.base_url.clone(),
        text: &rendered.text,
        html: &rendered.html,
    };
    let output = Output::new(directory.clone());
    let mut stage = output.stage()?;
    let (mailbox, token) = (Mailbox::nobody(), Token::nobody());
    let nobody = Recipient { mailbox: &mailbox, token: &token, message_id: &id };
    stage.write("digest.html", for_nobody(&rendered.html).as_bytes())?;
    stage.write("digest.txt", for_nobody(&rendered.text).as_bytes())?;
    stage.write("digest.eml", &message.master().copy(nobody, None))?;
    stage.commit()?;
    let items = digest.sections.iter().map(|section| section.items.len()).sum();
    Ok(Some(Draft { directory, items, is_first: digest.since.is_none() }))
}

/// A part of a message that has no recipient yet.
fn for_nobody(part: &str) -> String {
    part.replace(Token::BLANK, Token::nobody().as_str())
}

/// Where the draft of a newsletter is kept unless another place is named.
pub fn preview(site: &Site, name: &str) -> PathBuf {
    site.root.join(PREVIEW).join(name)
}

/// Loading the site has made sure that there is one.
fn sender<'a>(site: &'a Site, name: &str) -> Result<&'a Mailbox, Diagnostic> {
    let from = site.settings.mail.from.as_ref();
    from.ok_or_else(|| Diagnostic::new(format!("newsletter `{name}` has no sender")))
}

async fn compose(
    site: &Site,
    store: &Store,
    name: &str,
    newsletter: &Newsletter,
    since: Option<Timestamp>,
) -> Result<Digest, StoreError> {
    let since = match since {
        Some(since) => Some(since),
        None => store.last_edition_until(name).await?,
    };
    let mut feeds = Vec::new();
    for feed in carried(site, newsletter) {
        let items = match since {
            Some(since) => feed.view(store.seen_since(&feed.slug, since).await?),
            None => window(&feed.view(store.all(&feed.slug).await?), feed.window).to_vec(),
        };
        feeds.push((feed, items));
    }
    let language = newsletter.language.as_ref().unwrap_or(&site.settings.language);
    Ok(Digest::compose(name, &newsletter.title, language, since, feeds))
}

/// The feeds of a newsletter, in its order; all of the site if it names none.
fn carried<'a>(site: &'a Site, newsletter: &Newsletter) -> Vec<&'a Feed> {
    if newsletter.feeds.is_empty() {
        return site.feeds.iter().collect();
    }
    let find = |slug: &String| site.feeds.iter().find(|feed| feed.slug.as_str() == slug);
    newsletter.feeds.iter().filter_map(find).collect()
}

/// Renders a digest once, of an item that is not there, so that a template that asks for what it
/// is not given is found before it matters.
pub fn rehearse(site: &Site) -> Result<(), NewsletterError> {
    let feed = Feed::sample();
    let feeds = vec![(&feed, vec![Item::sample(), Item::bare_sample()])];
    render(&Digest::compose("sample", "Sample", &site.settings.language, None, feeds), site)?;
    Ok(())
}
