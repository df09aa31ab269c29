use std::io::IsTerminal;

use clap::Args;
use jiff::Timestamp;

use super::Outcome;
use crate::diagnostic::count;
use crate::newsletter::{self, Draft};
use crate::refresh::{Pass, Report};
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Options {
    /// The feeds to refresh; all of them if none is named
    slug: Vec<String>,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
    /// Look at all sources, due or not
    #[arg(long)]
    force: bool,
}

pub async fn run(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let feeds = site.select(&options.slug)?;
    let pass = Pass { site, store, now, force: options.force };
    let report = pass.run(&feeds, |_| {}).await?;
    let mut drafts = Vec::new();
    for name in site.settings.newsletters.keys() {
        let directory = newsletter::preview(site, name);
        drafts.extend(newsletter::draft(site, store, name, None, directory).await?);
    }
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(site, &report, &drafts);
    }
    Ok(if report.is_whole() { Outcome::Done } else { Outcome::InPart })
}

/// Problems always; where the output is when somebody looks on, or when there is something new to
/// find there. Otherwise silence: cron mails every word.
fn print(site: &Site, report: &Report, drafts: &[Draft]) {
    for problem in report.sources.iter().flat_map(|source| &source.problems) {
        eprintln!("error: {problem}");
    }
    let is_first = report.feeds.iter().any(|feed| feed.is_first);
    if !is_first && !std::io::stdout().is_terminal() {
        return;
    }
    if site.feeds.is_empty() {
        println!("No feeds yet: put a definition into `feeds/`.");
        return;
    }
    for feed in &report.feeds {
        let new: usize = report
            .sources
            .iter()
            .filter(|source| source.source.split('/').next() == Some(&feed.feed))
            .map(|source| source.new)
            .sum();
        println!("{}: {}, {new} new", feed.feed, count(feed.items, "item"));
    }
    let root = site.output();
    println!("Published in {}", root.root().join("index.html").display());
    for draft in drafts {
        println!("Draft of the next edition: {}", draft.directory.join("digest.html").display());
    }
}
