//! The newsletter: what is new in a period, frozen as an edition, delivered to each subscriber once.

mod act;
pub mod archive;
pub mod bounce;
pub mod consent;
pub mod delivery;
mod digest;
mod draft;
mod edition;
mod gather;
mod import;
mod lint;
mod notes;
mod open;
mod render;
mod schedule;
mod subscriber;

use jiff::Timestamp;
use url::Url;

use crate::diagnostic::Diagnostic;
use crate::mail::smtp::{Fault, Reply, Step};
use crate::mail::{Mailbox, Master, Message};
use crate::publish::{OutputError, PublishError};
use crate::site::Site;
use crate::store::StoreError;
use crate::templates::TemplateError;

pub use act::Act;
pub use delivery::State;
pub use digest::{Digest, Section};
pub use draft::{Draft, PREVIEW, draft, next, next_html, preview, rehearse};
pub use edition::{Edition, EditionState, Group, Variant};
pub(crate) use gather::carried;
pub use import::{ImportError, Table, check as check_choice};
pub use lint::lint;
pub use notes::Notes;
pub use open::{Asked, EDITIONS, Opening, open, place};
pub use render::{Rendered, render, web_page};
pub use schedule::{Approval, Schedule};
pub use subscriber::{Choice, Consent, Status, Subscriber, Token};

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
    #[error(transparent)]
    Relay(#[from] Fault),
    #[error("the relay does not take it, {0}: {1}")]
    Refused(Step, Reply),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("failed to keep `edition.toml` with its edition: {0}")]
    Notes(std::io::Error),
    #[error("failed to put the styles into the mail: {0}")]
    Styles(String),
}

/// What a message of a newsletter says.
struct Content<'a> {
    newsletter: &'a str,
    /// Unique.
    id: &'a str,
    date: Timestamp,
    /// Empty: that of the newsletter.
    language: &'a str,
    subject: &'a str,
    text: &'a str,
    html: &'a str,
}

/// What every copy of a message is made from.
fn master(site: &Site, content: &Content) -> Result<Master, Diagnostic> {
    let name = content.newsletter;
    let newsletter = &site.settings.newsletters[name];
    let message = Message {
        from: sender(site, name)?,
        reply_to: site.settings.mail.reply_to.as_ref(),
        subject: content.subject,
        date: content.date,
        id: content.id,
        language: if content.language.is_empty() { language(site, name) } else { content.language },
        list: (&newsletter.title, name),
        unsubscribe: unsubscribe(site, name),
        archive: archive::address(site, name),
        text: content.text,
        html: content.html,
    };
    Ok(message.master())
}

/// The language of a newsletter, for those who chose none.
pub(crate) fn language<'a>(site: &'a Site, name: &str) -> &'a str {
    let own = site.settings.newsletters[name].language.as_deref();
    own.unwrap_or(&site.settings.language)
}

/// The address where a subscriber leaves.
pub fn leave_url(site: &Site, name: &str, token: &Token) -> Url {
    let mut url = unsubscribe(site, name);
    url.set_path(&url.path().replace(Token::BLANK, token.as_str()));
    url
}

/// The address where each subscriber chooses, with the blank in the place of the token.
fn preferences(site: &Site, name: &str) -> Url {
    own_page(site, name, "preferences")
}

/// The address where each subscriber leaves, with the blank in the place of the token.
fn unsubscribe(site: &Site, name: &str) -> Url {
    own_page(site, name, "unsubscribe")
}

/// A page of each subscriber's own, with the blank in the place of the token.
fn own_page(site: &Site, name: &str, page: &str) -> Url {
    let mut url = site.settings.base_url.clone();
    url.set_path(&format!("{}newsletters/{name}/{page}/{}", url.path(), Token::BLANK));
    url
}

/// Loading the site has made sure that there is one.
fn sender<'a>(site: &'a Site, name: &str) -> Result<&'a Mailbox, Diagnostic> {
    let from = site.settings.mail.from.as_ref();
    from.ok_or_else(|| Diagnostic::new(format!("newsletter `{name}` has no sender")))
}
