//! `bounce`: what came back, and what follows from it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{Answer, Outcome};
use crate::mail::imap::Inbox;
use crate::newsletter::bounce::{self, Bounce, Mark, Returned};
use crate::newsletter::delivery;
use crate::store::{Store, StoreError};

/// The environment variable with the secret of a mailbox.
const SECRET: &str = "INFOCUS_IMAP_PASSWORD";

/// Soft bounces, one for each edition, after which a mailbox counts as gone.
const SOFT: u32 = 5;

#[derive(Debug, Args)]
pub struct Options {
    /// A message, a directory of them, or a mailbox such as `imaps://user@imap.example.org/INBOX`; what
    /// is new in a Maildir or a mailbox is seen then [default: standard input]
    path: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Counts {
    hard: usize,
    soft: usize,
    complaints: usize,
    left: usize,
    confirmed: usize,
    others: usize,
}

pub async fn run(store: &Store, options: &Options, now: Timestamp) -> anyhow::Result<Answer> {
    let mut counts = Counts::default();
    match &options.path {
        None => {
            let mut message = Vec::new();
            io::stdin().read_to_end(&mut message).context("failed to read standard input")?;
            take(store, &message, now, &mut counts).await?;
        }
        Some(path) if path.to_string_lossy().contains("://") => {
            mailbox(store, &path.to_string_lossy(), now, &mut counts).await?;
        }
        Some(path) if path.is_dir() => directory(store, path, now, &mut counts).await?,
        Some(path) => take(store, &read(path)?, now, &mut counts).await?,
    }
    let Counts { hard, soft, complaints, left, confirmed, others } = counts;
    let text = format!(
        "{hard} not there, {soft} not taken, {complaints} complaints, {left} left, {confirmed} confirmed, \
         {others} ignored"
    );
    let json = json!({
        "hard": hard, "soft": soft, "complaints": complaints, "left": left, "confirmed": confirmed, "ignored": others,
    });
    Ok(Answer { outcome: Outcome::Done, text, json })
}

/// All messages of a mailbox that nobody has seen.
async fn mailbox(
    store: &Store,
    address: &str,
    now: Timestamp,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let secret = std::env::var(SECRET).unwrap_or_default();
    let mut inbox = Inbox::open(address, &secret).await?;
    for uid in inbox.unseen().await? {
        if let Some(message) = inbox.message(uid).await? {
            take(store, &message, now, counts).await?;
            inbox.mark_seen(uid).await?;
        }
    }
    inbox.close().await;
    Ok(())
}

/// All messages of a directory. Of a Maildir the new ones, which are seen then.
async fn directory(
    store: &Store,
    path: &Path,
    now: Timestamp,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let new = path.join("new");
    let is_maildir = new.is_dir() && path.join("cur").is_dir();
    let from = if is_maildir { &new } else { path };
    let entries =
        fs::read_dir(from).with_context(|| format!("failed to read `{}`", from.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    for file in files {
        take(store, &read(&file)?, now, counts).await?;
        if let Some(name) = file.file_name().filter(|_| is_maildir) {
            let seen = path.join("cur").join(format!("{}:2,S", name.to_string_lossy()));
            fs::rename(&file, &seen)
                .with_context(|| format!("failed to mark `{}` as seen", file.display()))?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("failed to read `{}`", file.display()))
}

async fn take(
    store: &Store,
    message: &[u8],
    now: Timestamp,
    counts: &mut Counts,
) -> Result<(), StoreError> {
    match bounce::read(message) {
        Returned::Bounce(bounce) => bounced(store, bounce, now, counts).await?,
        Returned::Complaint(mark) => match store.by_token(&mark.token).await? {
            Some((_, subscriber)) => {
                store.suppress(&subscriber.mailbox, "complained", now).await?;
                store.unsubscribe(&mark.token, now).await?;
                counts.complaints += 1;
            }
            None => counts.others += 1,
        },
        Returned::Leave(token) => match store.unsubscribe(&token, now).await? {
            Some(_) => counts.left += 1,
            None => counts.others += 1,
        },
        Returned::Confirm(token) => match store.confirm(&token, None, now).await? {
            true => counts.confirmed += 1,
            false => counts.others += 1,
        },
        Returned::AutoReply | Returned::Other => counts.others += 1,
    }
    Ok(())
}

async fn bounced(
    store: &Store,
    bounce: Bounce,
    now: Timestamp,
    counts: &mut Counts,
) -> Result<(), StoreError> {
    // A token that is nobody's was made up.
    let Some((_, subscriber)) = store.by_token(&bounce.mark.token).await? else {
        counts.others += 1;
        return Ok(());
    };
    let Some(edition) = edition(store, &bounce.mark).await? else {
        counts.others += 1;
        return Ok(());
    };
    let reply = format!("came back: {}", bounce.reason);
    let is_new = store.note_bounce(&edition, &bounce.mark.token, &reply).await?;
    if bounce.is_hard {
        store.suppress(&subscriber.mailbox, "there is no such mailbox", now).await?;
        counts.hard += 1;
    } else {
        if is_new && store.count_soft(&bounce.mark.token, now).await? >= SOFT {
            store.suppress(&subscriber.mailbox, "came back again and again", now).await?;
        }
        counts.soft += 1;
    }
    Ok(())
}

/// The edition that came back: the one it quotes, or the last they got if it quotes none. One that it
/// quotes and that was never theirs was made up.
async fn edition(store: &Store, mark: &Mark) -> Result<Option<String>, StoreError> {
    let editions = store.editions_of(&mark.token).await?;
    let Some(id) = &mark.message_id else { return Ok(editions.into_iter().next()) };
    let key = delivery::key(store).await?;
    Ok(editions.into_iter().find(|edition| delivery::message_id(&key, edition, &mark.token) == *id))
}
