use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::{Answer, Outcome, publish};
use crate::alert;
use crate::catalog::Source;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::diagnostic::count;
use crate::newsletter::{self, Draft};
use crate::normalize::whole_second;
use crate::refresh::{Pass, Report, SourceReport};
use crate::run::Run;
use crate::site::Site;
use crate::store::{Event, Store};

#[derive(Debug, Args)]
pub struct Options {
    /// The feeds to refresh; all of them if none is named
    slug: Vec<String>,
    /// Look at all sources, due or not
    #[arg(long)]
    pub force: bool,
    /// Go on for ever, each source when it is due
    #[arg(long, conflicts_with_all = ["now", "force", "json"])]
    pub watch: bool,
}

/// The time between two passes of a refresh that goes on for ever. Files are looked at in every pass.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How long a refresh that goes on for ever rests until the next source is due. Up to a tenth more,
/// so that those who began together do not stay so.
pub fn rest(until: Option<Timestamp>) -> Duration {
    let wait = until.map(|until| until.duration_since(Timestamp::now()));
    let wait = wait.and_then(|wait| Duration::try_from(wait).ok());
    let wait = wait.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
    // The standard library's hashers are seeded at random.
    let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
    wait.mul_f64(1.0 + 0.1 * random)
}

/// Tells the service that watches over the runs of a site that this one ended with an error; what
/// is wrong with the site may be in its definitions.
pub async fn ping_of_failure(root: &Path, error: String) {
    let file = Path::new(config::FILE);
    let Ok(text) = std::fs::read_to_string(root.join(file)) else { return };
    let settings = Settings::parse(file, &text, |name| std::env::var(name).ok());
    if let Some(url) = settings.ok().and_then(|settings| settings.alerts.ping) {
        ping(&url, error, true).await;
    }
}

async fn ping(url: &Url, text: String, has_failed: bool) {
    if let Err(error) = alert::ping(url, text, has_failed).await {
        tell!("warning: the ping was not heard: {}", error.without_url());
    }
}

pub async fn run(
    site: &Site,
    store: &Store,
    run: Option<&mut Run>,
    options: &Options,
    clock: Clock,
) -> anyhow::Result<Answer> {
    let now = clock.start_of_run();
    let feeds = site.select(&options.slug)?;
    let pass = Pass { site, store, now, clock, force: options.force };
    let sources = feeds.iter().map(|feed| feed.sources.len()).sum();
    let bar = progress(sources);
    let report = pass.run(&feeds, |source| {
        bar.set_message(source.name.clone());
        bar.inc(1);
    });
    let report = report.await?;
    bar.finish_and_clear();
    if let Some(problem) = &report.offline {
        tell!("error: {problem}");
    }
    let has_hub_heard = publish::tell_hub(site, store).await?;
    let is_told = tell(site, store, &report.sources, now).await? && has_hub_heard;
    if let Some(url) = &site.settings.alerts.ping {
        let told: Vec<String> = report.sources.iter().map(SourceReport::told).collect();
        let problems = told.into_iter().filter(|told| !told.is_empty());
        let text = report.offline.iter().map(ToString::to_string).chain(problems);
        ping(url, text.collect::<Vec<_>>().join("\n"), report.offline.is_some()).await;
    }
    let mut drafts = Vec::new();
    for name in site.settings.newsletters.keys() {
        store.began(name, whole_second(now)).await?;
        let directory = newsletter::preview(site, name);
        drafts.extend(newsletter::draft(site, store, name, None, directory).await?);
    }
    if let Some(run) = run.filter(|_| options.slug.is_empty()) {
        let is_sure = is_told && report.offline.is_none() && is_seen(site) && !store.is_shared();
        run.is_done(now, report.next_check_at.unwrap_or(Timestamp::MAX), is_sure);
    }
    Ok(Answer {
        outcome: if report.is_whole() { Outcome::Done } else { Outcome::InPart },
        text: told(site, &report, &drafts),
        json: serde_json::to_value(&report)?,
    })
}

/// What there is to say when nothing is due.
pub fn idle() -> Answer {
    let text = if std::io::stdout().is_terminal() { "Nothing is due." } else { "" };
    let json = json!({ "sources": [], "feeds": [], "offline": [], "idle": true });
    Answer { outcome: Outcome::Done, text: text.to_owned(), json }
}

/// True if what changes at a site can be seen from outside.
fn is_seen(site: &Site) -> bool {
    let mut sources = site.feeds.iter().flat_map(|feed| &feed.sources);
    // Whoever waits for a ping waits for all of them.
    site.settings.alerts.ping.is_none()
        && !site.feeds.is_empty()
        && sources.all(Source::is_within_site)
}

/// What is wrong, and what is no longer; what was wrong before is told to who looks on, not to cron
/// again at every pass. False if somebody has still to hear of it.
async fn tell(
    site: &Site,
    store: &Store,
    sources: &[SourceReport],
    now: Timestamp,
) -> anyhow::Result<bool> {
    let looks_on = std::io::stderr().is_terminal();
    for source in sources {
        let told = source.told();
        if !told.is_empty() && (looks_on || source.is_news()) {
            tell!("{told}");
        }
        for warning in &source.warnings {
            tell!("warning: {warning}");
        }
    }
    if let Some(webhook) = &site.settings.alerts.webhook
        && let Err(error) = alert::post(webhook, sources).await
    {
        tell!("warning: the webhook heard nothing: {}", error.without_url());
        // It is told again at the next pass.
        return Ok(false);
    }
    for source in sources.iter().filter(|source| source.is_news()) {
        let fault = source.fault();
        let event = Event {
            feed: source.feed.clone(),
            source: source.source.clone(),
            at: now,
            text: source.told(),
            is_over: fault.is_none(),
        };
        store.note_told(&event, &source.id, fault.as_deref()).await?;
    }
    Ok(true)
}

/// A bar on stderr if that is a terminal, where there is more than a moment to wait for.
fn progress(sources: usize) -> ProgressBar {
    if sources < 3 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(sources as u64);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Where the output is, when somebody looks on or when it is there for the first time. Otherwise
/// silence: cron mails every word.
fn told(site: &Site, report: &Report, drafts: &[Draft]) -> String {
    let is_first = report.feeds.iter().any(|feed| feed.is_first);
    if !is_first && !std::io::stdout().is_terminal() {
        return String::new();
    }
    if site.feeds.is_empty() {
        return "No feeds yet: `infocus add \"news/*.txt\"` makes one of the files in feeds/news/."
            .to_owned();
    }
    let mut lines = Vec::new();
    for feed in &report.feeds {
        let own = report.sources.iter().filter(|source| source.feed == feed.feed);
        let new: usize = own.map(|source| source.new).sum();
        lines.push(format!("{}: {}, {new} new", feed.feed, count(feed.items, "item")));
    }
    let is_empty = |source: &&SourceReport| source.found == 0 && source.problems.is_empty();
    for source in report.sources.iter().filter(is_empty) {
        lines.push(format!("{}: nothing that its filters want", source.source));
    }
    if !report.feeds.is_empty() {
        lines.push(format!("Published: {}", site.published("index.html")));
    }
    for draft in drafts {
        let page = draft.directory.join("digest.html");
        lines.push(format!("Draft of the next edition: {}", page.display()));
    }
    lines.join("\n")
}
