//! Subscribers from a table, with a report line by line.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{BATCH, active};
use crate::cli::{Answer, Outcome, newsletter};
use crate::newsletter::{Status, Subscriber, Table};
use crate::site::Site;
use crate::store::{Store, Subscribed};

/// Lines of an import that are told one by one; a file may have none that is right.
const TOLD: usize = 100;

#[derive(Debug, Args)]
pub struct Options {
    newsletter: String,
    /// `-`: standard input
    file: PathBuf,
    /// What they agreed to, or where that is kept
    #[arg(long, value_name = "TEXT")]
    consent: Option<String>,
}

/// What has become of the lines of a table.
#[derive(Debug, Default)]
struct Imported {
    added: usize,
    present: usize,
    refused: Vec<(u64, String)>,
}

pub async fn run(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let settings = newsletter(site, &options.newsletter)?;
    let file = options.file.display().to_string();
    let source: Box<dyn Read> = match file.as_str() {
        "-" => Box::new(io::stdin()),
        _ => {
            Box::new(File::open(&options.file).with_context(|| format!("failed to read `{file}`"))?)
        }
    };
    let table = Table::open(source, settings).with_context(|| format!("`{file}` was not taken"))?;
    let mut imported = Imported::default();
    let mut waiting = Vec::new();
    for line in table {
        let (line, found) = line
            .with_context(|| format!("`{file}` was taken up to here ({} added)", imported.added))?;
        match found {
            Ok((mailbox, choice)) => {
                let consent = options.consent.as_deref();
                waiting.push((line, active(mailbox, choice, "import", consent, now)));
            }
            Err(reason) => imported.refused.push((line, reason)),
        }
        if waiting.len() == BATCH {
            imported.take(store, &options.newsletter, &mut waiting).await?;
        }
    }
    imported.take(store, &options.newsletter, &mut waiting).await?;
    Ok(imported.told(&file))
}

impl Imported {
    async fn take(
        &mut self,
        store: &Store,
        newsletter: &str,
        waiting: &mut Vec<(u64, Subscriber)>,
    ) -> anyhow::Result<()> {
        let (lines, subscribers): (Vec<u64>, Vec<Subscriber>) = waiting.drain(..).unzip();
        let outcomes = store.subscribe(newsletter, &subscribers).await?;
        for ((line, one), outcome) in lines.iter().zip(&subscribers).zip(outcomes) {
            let address = one.mailbox.address();
            match outcome {
                Subscribed::Added => self.added += 1,
                Subscribed::Was(Status::Unsubscribed) => {
                    self.refused.push((*line, format!("`{address}` has unsubscribed")));
                }
                Subscribed::Was(_) => self.present += 1,
                Subscribed::Suppressed(why) => {
                    let told = format!("`{address}` is never mailed again: {}", why.reason);
                    self.refused.push((*line, told));
                }
            }
        }
        Ok(())
    }

    fn told(mut self, file: &str) -> Answer {
        self.refused.sort();
        let mut text = format!(
            "{} added, {} there already, {} refused",
            self.added,
            self.present,
            self.refused.len()
        );
        for (line, reason) in self.refused.iter().take(TOLD) {
            text += &format!("\n  {file}:{line}: {reason}");
        }
        if self.refused.len() > TOLD {
            text += &format!("\n  and {} more", self.refused.len() - TOLD);
        }
        let refused: Vec<Value> = self
            .refused
            .iter()
            .map(|(line, reason)| json!({ "line": line, "reason": reason }))
            .collect();
        let outcome = if refused.is_empty() { Outcome::Done } else { Outcome::InPart };
        let json = json!({ "added": self.added, "present": self.present, "refused": refused });
        Answer { outcome, text, json }
    }
}
