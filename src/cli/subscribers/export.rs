//! Subscribers as a table, and all that is known of one.

use std::io;

use clap::Args;
use serde_json::Value;

use super::{BATCH, done, joined, mailbox, nobody};
use crate::cli::{Answer, newsletter};
use crate::mail::Mailbox;
use crate::newsletter::consent;
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Options {
    newsletter: String,
    /// All that is known of this one
    #[arg(value_parser = mailbox)]
    address: Option<Mailbox>,
}

pub async fn run(site: &Site, store: &Store, options: &Options) -> anyhow::Result<Answer> {
    newsletter(site, &options.newsletter)?;
    if let Some(address) = &options.address {
        return one(store, &options.newsletter, address).await;
    }
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    out.write_record([
        "email",
        "name",
        "language",
        "frequency",
        "feeds",
        "status",
        "since",
        "consent",
    ])?;
    let mut after = None;
    loop {
        let page = store.subscribers(&options.newsletter, after.as_ref(), BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.mailbox.clone());
        for one in &page {
            out.write_record([
                one.mailbox.address(),
                one.mailbox.name(),
                &one.choice.language,
                &one.choice.frequency,
                &joined(&one.choice.feeds),
                one.status.as_str(),
                &one.created_at.to_string(),
                one.consent.text.as_deref().unwrap_or_default(),
            ])?;
        }
    }
    out.flush()?;
    done(String::new(), Value::Null)
}

async fn one(store: &Store, name: &str, address: &Mailbox) -> anyhow::Result<Answer> {
    let Some(one) = store.subscriber(name, address).await? else {
        return Err(nobody(name, address).into());
    };
    let known = consent::known(store, name, &one).await?;
    done(serde_json::to_string_pretty(&known)?, known)
}
