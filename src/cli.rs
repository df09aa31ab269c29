//! The command line: one short function per command; the only place that wires modules together.

mod check;
mod digest;
mod publish;
mod refresh;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Invalid};
use crate::site::Site;
use crate::store::Store;

/// Announcements in, feeds and newsletters out.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 90)]
struct Cli {
    /// The directory of the site.
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    site: PathBuf,
    /// What time it is, for replays and tests.
    #[arg(long, global = true, value_name = "RFC3339")]
    now: Option<Timestamp>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Settings, definitions and templates: what is wrong, with file and line
    Check,
    /// One pass, made for cron: the due sources, then publish
    Refresh(refresh::Options),
    /// Write the output again from what is remembered
    Publish,
    /// What the next edition of a newsletter would be now; sends nothing
    Digest(digest::Options),
    /// Sources and their health, feeds and their items
    Status(status::Options),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// A source is degraded or failed; the rest is done.
    InPart,
}

/// Exit codes, for cron and scripts.
const FAILED: u8 = 1;
const INVALID: u8 = 2;
const IN_PART: u8 = 3;

/// Parses the arguments, runs the command, prints what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::InPart) => IN_PART.into(),
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            let invalid = error.is::<Invalid>() || error.is::<Diagnostic>();
            if invalid { INVALID.into() } else { FAILED.into() }
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let site = Site::load(&cli.site)?;
    let now = cli.now.unwrap_or_else(Timestamp::now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &cli.command {
            Command::Check => check::run(&site),
            Command::Refresh(options) => {
                let store = open(&site).await?;
                let outcome = refresh::run(&site, &store, options, now).await;
                store.close().await;
                outcome
            }
            Command::Digest(options) => {
                let store = open(&site).await?;
                let outcome = digest::run(&site, &store, options).await;
                store.close().await;
                outcome
            }
            Command::Publish => {
                let store = open(&site).await?;
                let outcome = publish::run(&site, &store).await;
                store.close().await;
                outcome
            }
            Command::Status(options) => {
                let store = open(&site).await?;
                let outcome = status::run(&site, &store, options).await;
                store.close().await;
                outcome
            }
        }
    })
}

async fn open(site: &Site) -> anyhow::Result<Store> {
    Store::open(&site.root, &site.settings.database).await.context("the site has no memory")
}

/// The causes of an error, the last of which is the one to mend.
fn chain(error: &anyhow::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // An error that passes its cause on word for word says nothing of its own.
        if texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    texts.join("\n  because: ")
}
