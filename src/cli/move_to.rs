//! `move`: what is remembered, from one database to another.

use clap::Args;
use serde_json::json;

use super::{Answer, Outcome};
use crate::diagnostic::{Diagnostic, count};
use crate::run::{Lock, Run};
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Options {
    /// Where it is: `sqlite:infocus.db`, or `postgres://user@host/name`
    from: String,
    /// Where it is to be
    to: String,
}

/// Copies, and compares. What it was copied from stays as it was.
pub async fn run(site: &Site, options: &Options) -> anyhow::Result<Answer> {
    let Options { from, to } = options;
    if from == to {
        return Err(Diagnostic::new("it is there already").into());
    }
    // Whoever wrote meanwhile would write into what is left behind.
    let (run, send) = (Run::begin(&site.root)?, Lock::take(&site.root, "send")?);
    let (Some(_run), Some(_send)) = (run, send) else { return Ok(Answer::another_runs()) };
    let here = Store::open(&site.root, from).await?;
    let there = Store::open(&site.root, to).await?;
    let counts = here.copy_to(&there).await;
    here.close().await;
    there.close().await;
    let counts = counts?;
    let rows = counts.values().sum::<u64>();
    let text = format!(
        "Copied and compared: {} in {}.\nNow say in `infocus.toml` where it is, `database`, and start again what runs.",
        count(rows as usize, "row"),
        count(counts.len(), "table"),
    );
    Ok(Answer { outcome: Outcome::Done, text, json: json!({ "rows": counts }) })
}
