//! `subscribers`: who gets a newsletter.

mod export;
mod import;

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Outcome, newsletter};
use crate::config::Newsletter;
use crate::diagnostic::{Diagnostic, count};
use crate::mail::Mailbox;
use crate::newsletter::consent;
use crate::newsletter::{Choice, Consent, Status, Subscriber, Token, check_choice};
use crate::site::Site;
use crate::store::{Store, Subscribed};

/// Subscribers that are read or written at once.
const BATCH: usize = 500;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Subscribes somebody at once, or changes what they chose
    Add(Add),
    /// Who gets it
    List(List),
    /// Subscribes everybody in a CSV file at once: `email`, `name`, `language`, `frequency`, `feeds`
    Import(import::Options),
    /// Prints all of them as CSV, or all that is known of one as JSON
    Export(export::Options),
    /// Ends somebody's subscription
    Remove(One),
    /// Forgets somebody, here and in all newsletters, but that they are never to be mailed
    Erase(One),
    /// Never mails an address again, in no newsletter
    Suppress(One),
}

#[derive(Debug, Args)]
pub struct One {
    newsletter: String,
    /// Such as `ana@example.org`
    #[arg(value_parser = mailbox)]
    address: Mailbox,
}

#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    one: One,
    /// In which language, if not in that of the newsletter
    #[arg(long)]
    language: Option<String>,
    /// How often, as one of the newsletter's `frequencies`
    #[arg(long)]
    frequency: Option<String>,
    /// Only these of its feeds
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    feeds: Option<Vec<String>>,
    /// What they agreed to, or where that is kept
    #[arg(long, value_name = "TEXT")]
    consent: Option<String>,
    /// Though they had unsubscribed: they asked for it
    #[arg(long)]
    again: bool,
    /// Mails them first, and subscribes them when they confirm that it was them
    #[arg(long, conflicts_with_all = ["again", "consent"])]
    ask: bool,
}

#[derive(Debug, Args)]
pub struct List {
    newsletter: String,
    /// Only those of this status
    #[arg(long)]
    status: Option<Status>,
}

pub(super) fn mailbox(text: &str) -> Result<Mailbox, String> {
    Mailbox::parse(text).ok_or_else(|| "expected such as `ana@example.org`".to_owned())
}

pub async fn run(
    site: &Site,
    store: &Store,
    command: &Command,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    match command {
        Command::Add(options) => add(site, store, options, now).await,
        Command::List(options) => list(site, store, options).await,
        Command::Import(options) => import::run(site, store, options, now).await,
        Command::Export(options) => export::run(site, store, options).await,
        Command::Remove(options) => remove(site, store, options, now).await,
        Command::Erase(options) => erase(site, store, options, now).await,
        Command::Suppress(options) => suppress(site, store, options, now).await,
    }
}

fn done(text: String, json: Value) -> anyhow::Result<Answer> {
    Ok(Answer { outcome: Outcome::Done, text, json })
}

async fn add(site: &Site, store: &Store, options: &Add, now: Timestamp) -> anyhow::Result<Answer> {
    let One { newsletter: name, address } = &options.one;
    let settings = newsletter(site, name)?;
    let before = store.subscriber(name, address).await?;
    let choice = chosen(options, before.as_ref(), settings)?;
    if options.ask {
        if before.is_some_and(|before| before.status == Status::Active) {
            let text = format!("{} gets it already", address.address());
            return done(text, json!({ "asked": false }));
        }
        let wish = active(address.clone(), choice, "asked", None, now);
        let asked = consent::ask(site, store, name, &wish, now).await?;
        let text = match asked {
            true => format!("Asked: {}, by mail", address.address()),
            false => format!("{} was asked within a day, or is never mailed", address.address()),
        };
        return done(text, json!({ "asked": asked }));
    }
    if let Some(before) = before {
        if let Some(suppression) = store.suppressed(&[address.key()]).await?.get(&address.key()) {
            return Err(never(address, &suppression.reason).into());
        }
        if before.status != Status::Active && !options.again {
            let what =
                if before.status == Status::Pending { "has not confirmed" } else { "has left" };
            let problem = format!("`{}` {what} `{name}`", address.address());
            let help = "if they asked for it, say so: `--again`";
            return Err(Diagnostic::new(problem).help(help).into());
        }
        if options.again || options.consent.is_some() {
            let text = options.consent.as_deref();
            let renewed = active(address.clone(), Choice::default(), "by hand", text, now);
            store.set_consent(&before.token, &renewed.consent).await?;
        }
        store.choose(name, address, &choice, now).await?;
        store.set_status(name, address, Status::Active, now).await?;
        return done(format!("Changed: {}", address.address()), json!({ "changed": 1 }));
    }
    let subscriber = active(address.clone(), choice, "by hand", options.consent.as_deref(), now);
    match store.subscribe(name, &[subscriber]).await?.as_slice() {
        [Subscribed::Suppressed(suppression)] => Err(never(address, &suppression.reason).into()),
        _ => done(format!("Subscribed: {}", address.address()), json!({ "added": 1 })),
    }
}

fn never(address: &Mailbox, reason: &str) -> Diagnostic {
    Diagnostic::new(format!("`{}` is never mailed again: {reason}", address.address()))
}

/// What was chosen now, over what was before.
fn chosen(
    options: &Add,
    before: Option<&Subscriber>,
    settings: &Newsletter,
) -> Result<Choice, Diagnostic> {
    let mut choice = before.map(|before| before.choice.clone()).unwrap_or_default();
    if let Some(language) = &options.language {
        choice.language.clone_from(language);
    }
    if let Some(frequency) = &options.frequency {
        choice.frequency.clone_from(frequency);
    }
    if let Some(feeds) = &options.feeds {
        choice.feeds = feeds.iter().cloned().collect::<BTreeSet<_>>();
    }
    check_choice(&choice, settings).map_err(Diagnostic::new)?;
    Ok(choice)
}

fn active(
    mailbox: Mailbox,
    choice: Choice,
    how: &str,
    text: Option<&str>,
    now: Timestamp,
) -> Subscriber {
    let consent = Consent {
        how: how.to_owned(),
        text: text.map(str::to_owned),
        asked_at: now,
        confirmed_at: None,
        before: None,
    };
    let (token, status) = (Token::draw(), Status::Active);
    Subscriber { token, mailbox, choice, status, consent, created_at: now }
}

async fn list(site: &Site, store: &Store, options: &List) -> anyhow::Result<Answer> {
    newsletter(site, &options.newsletter)?;
    let wanted = |one: &Subscriber| options.status.is_none_or(|status| status == one.status);
    let mut out = io::stdout().lock();
    let (mut after, mut listed) = (None, 0);
    loop {
        let page = store.subscribers(&options.newsletter, after.as_ref(), BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.mailbox.clone());
        for one in page.iter().filter(|one| wanted(one)) {
            listed += 1;
            let Choice { language, frequency, feeds } = &one.choice;
            let chosen = [language.clone(), frequency.clone(), joined(feeds)];
            let chosen: Vec<String> = chosen.into_iter().filter(|part| !part.is_empty()).collect();
            let line = format!(
                "{:<12}  {:<40}  {}",
                one.status.as_str(),
                one.mailbox.address(),
                chosen.join(", ")
            );
            if writeln!(out, "{}", line.trim_end()).is_err() {
                // Whoever reads it has had enough.
                return done(String::new(), Value::Null);
            }
        }
    }
    if listed == 0 {
        tell!("nobody; `infocus subscribers import {} FILE.csv` adds some", options.newsletter);
    }
    done(String::new(), json!({ "subscribers": listed }))
}

fn joined(feeds: &BTreeSet<String>) -> String {
    feeds.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn nobody(name: &str, address: &Mailbox) -> Diagnostic {
    Diagnostic::new(format!("`{}` does not get `{name}`", address.address()))
        .help(format!("`infocus subscribers list {name}` says who does"))
}

async fn remove(
    site: &Site,
    store: &Store,
    options: &One,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let One { newsletter: name, address } = options;
    newsletter(site, name)?;
    match store.set_status(name, address, Status::Unsubscribed, now).await? {
        true => done(format!("Unsubscribed: {}", address.address()), json!({ "removed": 1 })),
        false => Err(nobody(name, address).into()),
    }
}

async fn erase(
    site: &Site,
    store: &Store,
    options: &One,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    newsletter(site, &options.newsletter)?;
    let erased = consent::erase(site, store, &options.address, now).await?;
    let text = format!(
        "Erased: {}. What stays is a hash, so that the address is never mailed again.",
        count(erased as usize, "subscription")
    );
    done(text, json!({ "erased": erased }))
}

async fn suppress(
    site: &Site,
    store: &Store,
    options: &One,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    newsletter(site, &options.newsletter)?;
    store.suppress(&options.address, "by hand", now).await?;
    done(format!("Never mailed again: {}", options.address.address()), json!({ "suppressed": 1 }))
}
