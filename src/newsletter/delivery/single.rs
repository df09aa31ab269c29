//! Messages to one address, in the ledger of nobody.

use jiff::Timestamp;

use super::{OUTBOX, PATIENCE, SECRET};
use crate::hash;
use crate::mail::smtp::{Envelope, Offered, Session, Step};
use crate::mail::{Mailbox, Master, Recipient, Signer, Transport};
use crate::newsletter::draft::next;
use crate::newsletter::render::render;
use crate::newsletter::{Content, NewsletterError, Token, master, sender};
use crate::publish::Directory;
use crate::site::Site;
use crate::store::Store;

/// Sends the next edition as it would be now to one address; false if it would be empty.
pub async fn test_copy(
    site: &Site,
    store: &Store,
    name: &str,
    to: &Mailbox,
    now: Timestamp,
) -> Result<bool, NewsletterError> {
    let mut digest = next(site, store, name, None).await?;
    if digest.is_empty() {
        return Ok(false);
    }
    digest.is_first_draft = false;
    let rendered = render(&digest, site)?;
    let id = hash::short([digest.fingerprint(), to.key(), now.to_string()], 16);
    let content = Content {
        newsletter: name,
        id: &id,
        date: now,
        language: &digest.language,
        subject: &format!("[Test] {}", rendered.subject),
        text: &rendered.text,
        html: &rendered.html,
    };
    let token = Token::nobody();
    let recipient = Recipient { mailbox: to, token: &token, message_id: &id };
    Single::offer(site, &master(site, &content)?, name, recipient, "test").await?.leave().await?;
    Ok(true)
}

/// One message to one address, in the ledger of nobody, as far as it goes before it may have left.
pub(in crate::newsletter) struct Single {
    message: Vec<u8>,
    way: Way,
}

/// An outbox, in which it lies in a directory for its kind, or a relay that wants it.
enum Way {
    Outbox(Directory, String),
    Relay(Box<Session>),
}

impl Single {
    /// Makes it and asks the relay whether it is wanted.
    pub async fn offer(
        site: &Site,
        master: &Master,
        name: &str,
        to: Recipient<'_>,
        kind: &str,
    ) -> Result<Single, NewsletterError> {
        let mail = &site.settings.mail;
        let signer = mail.dkim.as_ref().map(|dkim| Signer::load(&site.root, dkim)).transpose()?;
        let message = master.copy(to, signer.as_ref());
        let Transport::Smtp(relay) = &mail.transport else {
            let file = format!("{kind}/{name}-{}.eml", to.mailbox.file_name());
            let way = Way::Outbox(Directory::new(site.root.join(OUTBOX)), file);
            return Ok(Single { message, way });
        };
        let from = sender(site, name)?;
        let envelope = Envelope {
            from: from.address().to_owned(),
            to: to.mailbox.address().to_owned(),
            size: message.len(),
        };
        let secret = std::env::var(SECRET).ok();
        let mut session = Session::open(relay, from.domain(), secret.as_deref(), PATIENCE).await?;
        match session.offer(&envelope).await? {
            Offered::Refused(step, reply) => Err(NewsletterError::Refused(step, reply)),
            Offered::Wanted => Ok(Single { message, way: Way::Relay(Box::new(session)) }),
        }
    }

    /// Sends it.
    pub async fn leave(self) -> Result<(), NewsletterError> {
        let mut session = match self.way {
            // Another run may be filling the outbox.
            Way::Outbox(outbox, file) => return Ok(outbox.put(&file, &self.message)?),
            Way::Relay(session) => session,
        };
        session.content(&self.message).await?;
        let reply = session.end(None).await.reply?;
        if !reply.is_positive() {
            return Err(NewsletterError::Refused(Step::End, reply));
        }
        session.close().await;
        Ok(())
    }
}
