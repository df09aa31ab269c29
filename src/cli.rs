//! The command line: one short function per command; the only place that wires modules together.

mod add;
mod article;
mod bounce;
mod check;
mod deliveries;
mod digest;
mod doctor;
mod edition;
mod init;
mod move_to;
mod page;
mod probe;
mod publish;
mod refresh;
mod repair;
mod schedule;
mod schema;
mod send;
mod serve;
mod status;
mod subscribers;
mod templates;
mod test;
mod turn;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::clock::Clock;
use crate::config::{self, Newsletter, Settings};
use crate::diagnostic::{Diagnostic, Invalid};
use crate::newsletter::NewsletterError;
use crate::run::Run;
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
    /// Print one JSON object.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A new site: commented settings and a place for feeds
    Init(init::Options),
    /// What a page offers, found without any rules
    Probe(probe::Options),
    /// One page read as an announcement: title, date, author, image, text
    Article(article::Options),
    /// A feed made of a folder of announcements, a page, a feed or a sitemap
    Add(add::Options),
    /// Settings, definitions and templates: what is wrong, with file and line
    Check,
    /// Kept pages read again: what a changed definition would change
    Test(test::Options),
    /// One pass, made for cron: the due sources, then publish
    Refresh(refresh::Options),
    /// Write the output again from what is remembered
    Publish,
    /// Sources and their health, feeds and their items, newsletters
    Status(status::Options),
    /// What the next edition of a newsletter would be now; sends nothing
    Digest(digest::Options),
    /// The editions that are due, made and delivered; made for cron
    Send(send::Options),
    /// Feeds, archive and the pages of subscribers over HTTP
    Serve(serve::Options),
    /// What was made of a newsletter, and whether it goes out
    #[command(subcommand)]
    Edition(edition::Command),
    /// What stands between a mailing and its readers: one finding for each fault
    Doctor(doctor::Options),
    /// What came back: bounces, complaints, and people who leave by mail
    Bounce(bounce::Options),
    /// Who gets a newsletter
    #[command(subcommand)]
    Subscribers(subscribers::Command),
    /// The templates of pages and mails
    #[command(subcommand)]
    Templates(templates::Command),
    /// What is remembered, from one database to another
    Move(move_to::Options),
    /// A JSON Schema of the settings and definitions, for editors
    Schema(schema::Options),
}

impl Cli {
    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// A source is degraded or failed; the rest is done.
    InPart,
    /// There was nothing to be found, and that is all.
    Nothing,
}

/// What a command has to say: to people, who may be told nothing, or to programs.
#[derive(Debug)]
struct Answer {
    outcome: Outcome,
    text: String,
    json: serde_json::Value,
}

impl Answer {
    /// Cron starts the next run whether the last has ended or not.
    fn another_runs() -> Answer {
        tell!("another run is at work here; this one leaves it to that");
        let json = serde_json::json!({ "another_runs": true });
        Answer { outcome: Outcome::Done, text: String::new(), json }
    }
}

/// Exit codes, for cron and scripts.
const FAILED: u8 = 1;
const INVALID: u8 = 2;
const IN_PART: u8 = 3;

/// Parses the arguments, runs the command, prints what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    loop {
        let code = run_and_tell(&cli);
        match &cli.command {
            Command::Refresh(options) if options.watch => {
                std::thread::sleep(refresh::rest(Run::idle_until(&cli.site)));
            }
            _ => return code,
        }
    }
}

fn run_and_tell(cli: &Cli) -> ExitCode {
    match run(cli) {
        Ok(answer) => {
            let text = if cli.json { answer.json.to_string() } else { answer.text };
            if !text.is_empty() {
                // Whoever reads it may have had enough (`| head`).
                let _ = writeln!(std::io::stdout(), "{text}");
            }
            match answer.outcome {
                Outcome::Done => ExitCode::SUCCESS,
                Outcome::InPart => IN_PART.into(),
                Outcome::Nothing => FAILED.into(),
            }
        }
        Err(error) => {
            let told = chain(&error);
            tell!("error: {told}");
            if let (Command::Refresh(_), Ok(runtime)) = (&cli.command, runtime()) {
                runtime.block_on(refresh::ping_of_failure(&cli.site, told));
            }
            let invalid = error.is::<Invalid>()
                || error.is::<Diagnostic>()
                || matches!(error.downcast_ref(), Some(NewsletterError::Setup(_)));
            if invalid { INVALID.into() } else { FAILED.into() }
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Answer> {
    if let Command::Init(options) = &cli.command {
        return init::run(&cli.site, options);
    }
    if let Command::Serve(serve::Options { hash_password: true, .. }) = &cli.command {
        return serve::hash_password();
    }
    if let Command::Schema(options) = &cli.command {
        return schema::run(options);
    }
    if let Command::Probe(_) | Command::Article(_) = &cli.command {
        return run_anywhere(cli);
    }
    let mut run = match &cli.command {
        Command::Refresh(_) | Command::Publish => match Run::begin(&cli.site) {
            Ok(Some(run)) => Some(run),
            // Those that share a database take turns by that.
            Ok(None) if Site::load(&cli.site)?.is_shared() => None,
            Ok(None) => return Ok(Answer::another_runs()),
            // A site that is not there, or not writable, is told of below.
            Err(_) => None,
        },
        _ => None,
    };
    let clock = Clock::start(cli.now());
    let now = clock.start_of_run();
    if let (Command::Refresh(options), Some(run)) = (&cli.command, &mut run)
        && !options.force
        && run.is_idle(now)
    {
        return Ok(refresh::idle());
    }
    if let Some(run) = &mut run {
        run.start()?;
    }
    let site = Site::load(&cli.site)?;
    match &cli.command {
        Command::Check => check::run(&site),
        Command::Templates(command) => templates::run(&site, command),
        command => {
            let runtime = match command {
                // Signing is work for every processor.
                Command::Send(_) | Command::Serve(_) => {
                    Builder::new_multi_thread().enable_all().build()?
                }
                _ => runtime()?,
            };
            match command {
                Command::Move(options) => runtime.block_on(move_to::run(&site, options)),
                Command::Add(options) if options.repair.is_none() => {
                    runtime.block_on(add::run(&site, options, now))
                }
                _ => {
                    let answer = runtime.block_on(run_with_store(cli, &site, run.as_mut(), clock));
                    if let Some(run) = run {
                        // What is not put down costs the next run some time.
                        let _ = run.end(site.output_directory(), site.database());
                    }
                    answer
                }
            }
        }
    }
}

/// The commands that look at a page, for which there need be no site.
fn run_anywhere(cli: &Cli) -> anyhow::Result<Answer> {
    let is_site = cli.site.join(config::FILE).exists();
    let settings = if is_site { Site::load(&cli.site)?.settings } else { Settings::default() };
    match &cli.command {
        Command::Probe(options) => runtime()?.block_on(probe::run(&settings, options, cli.now())),
        Command::Article(options) => {
            runtime()?.block_on(article::run(&settings, options, cli.now()))
        }
        _ => unreachable!("a command that needs a site"),
    }
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The commands that need to remember.
async fn run_with_store(
    cli: &Cli,
    site: &Site,
    run: Option<&mut Run>,
    mut clock: Clock,
) -> anyhow::Result<Answer> {
    let store = Store::open(&site.root, &site.settings.database).await?;
    if cli.now.is_none() {
        clock = clock.ahead(store.skew().await?);
    }
    let now = clock.start_of_run();
    let answer = match &cli.command {
        Command::Add(add::Options { repair: Some(slug), example, .. }) => {
            repair::run(site, &store, slug, example, now).await
        }
        Command::Test(options) => test::run(site, &store, options, now).await,
        Command::Refresh(options) => refresh::run(site, &store, run, options, clock).await,
        Command::Publish => publish::run(site, &store, clock).await,
        Command::Status(options) => status::run(site, &store, options, now).await,
        Command::Digest(options) => digest::run(site, &store, options).await,
        Command::Send(options) => send::run(site, &store, options, now).await,
        Command::Serve(options) => return serve::run(cli, store, options, now).await,
        Command::Doctor(options) => doctor::run(site, &store, options).await,
        Command::Bounce(options) => bounce::run(&store, options, now).await,
        Command::Edition(command) => edition::run(site, &store, command, now).await,
        Command::Subscribers(command) => subscribers::run(site, &store, command, now).await,
        Command::Init(_)
        | Command::Probe(_)
        | Command::Article(_)
        | Command::Add(_)
        | Command::Check
        | Command::Move(_)
        | Command::Templates(_)
        | Command::Schema(_) => {
            unreachable!("a command without a store")
        }
    };
    store.close().await;
    answer
}

/// A newsletter by its name in the settings.
fn newsletter<'a>(site: &'a Site, name: &str) -> Result<&'a Newsletter, Diagnostic> {
    site.settings.newsletters.get(name).ok_or_else(|| {
        let known = site.settings.newsletters.keys().map(String::as_str);
        let problem = Diagnostic::new(format!("there is no newsletter `{name}`"));
        let otherwise = format!("add `[newsletters.{name}]` to `infocus.toml`");
        problem.did_you_mean(name, known, otherwise)
    })
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
