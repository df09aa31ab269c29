//! `send`: opens the editions that are due and delivers what waits.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::turn::Turn;
use super::{Answer, Outcome, deliveries, newsletter, publish};
use crate::alert;
use crate::clock::Clock;
use crate::config::Newsletter;
use crate::diagnostic::count;
use crate::mail::{Mailbox, Transport};
use crate::newsletter::delivery::{self, Delivered, Halt, OUTBOX};
use crate::newsletter::{self as news, Asked, Edition, EditionState, Opening, State, consent};
use crate::site::Site;
use crate::status;
use crate::store::Store;

/// Editions back to which it is looked for one that waits for somebody, or is tried again.
const RECENT: usize = 10;

#[derive(Debug, Args)]
pub struct Options {
    /// Newsletters by their names in the settings [default: all that have a schedule]
    newsletter: Vec<String>,
    /// Sends the next edition as it would be now to this address, and to nobody else
    #[arg(long, value_name = "ADDRESS", value_parser = super::subscribers::mailbox)]
    to: Option<Mailbox>,
    /// Makes the first edition now, with what was there before the newsletter
    #[arg(long, conflicts_with = "to")]
    include_backlog: bool,
    /// Tries the last edition again, for these alone
    #[arg(long, value_name = "STATES", value_delimiter = ',', conflicts_with_all = ["to", "include_backlog"])]
    only: Vec<Again>,
}

/// Who can be tried again.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Again {
    /// Who waits for their next turn
    Deferred,
    /// Whom the relay did not want
    Failed,
    /// Who may have got it
    Uncertain,
}

impl Again {
    fn state(self) -> State {
        match self {
            Again::Deferred => State::Deferred,
            Again::Failed => State::Failed,
            Again::Uncertain => State::Uncertain,
        }
    }
}

pub async fn run(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    for name in &options.newsletter {
        newsletter(site, name)?;
    }
    // Rates bound all machines, so that one of them sends.
    let is_for_one = !site.settings.mail.rates.is_empty();
    let clock = Clock::start(now);
    let Some(turn) = Turn::take(&site.root, store, is_for_one, clock).await? else {
        return Ok(Answer::another_runs());
    };
    let answer = send(site, store, options, now, &turn).await;
    turn.end().await;
    answer
}

async fn send(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
    turn: &Turn,
) -> anyhow::Result<Answer> {
    if let Some(to) = &options.to {
        return test_copy(site, store, options, to, now).await;
    }
    let clock = Clock::start(now);
    let uncertain = delivery::recover(store, &site.settings.mail.transport, now).await?;
    if uncertain > 0 {
        tell!(
            "warning: an earlier run broke off: {} left without an answer",
            count(uncertain as usize, "message")
        );
    }
    if let Some(error) = consent::ask_waiting(site, store, now, || false).await? {
        tell!("warning: somebody could not be asked whether it was them: {error}");
    }
    let (openings, reopened) = match options.only.is_empty() {
        true => (open(site, store, options, now).await?, None),
        false => (Vec::new(), Some(try_again(site, store, options, now).await?)),
    };
    let mut editions = deliverable(site, store, options, now).await?;
    editions.retain(|edition| reopened.as_ref().is_none_or(|ids| ids.contains(&edition.id)));
    let waiting = waiting(store, &editions).await?;
    let bar = progress(waiting);
    let stop = async {
        tokio::select! {
            () = stopped() => {}
            () = turn.lost() => tell!("warning: stopping: another process may be sending by now"),
        }
    };
    let run = delivery::deliver(site, store, editions, clock, stop, |settled| {
        bar.set_position(settled);
    });
    let run = run.await?;
    bar.finish_and_clear();
    tell(site, &openings, &run).await;
    publish::archive(site, store, run.settled > 0, clock).await?;
    if let Some(kept) = site.settings.mail.keep_deliveries {
        let before = now.checked_sub(SignedDuration::try_from(kept)?)?;
        store.forget_deliveries(before).await?;
    }
    let waiting = held_before(site, store, options, &openings).await?;
    let is_asked = !options.newsletter.is_empty() || std::io::stdout().is_terminal();
    answer(site, store, &openings, &waiting, run, is_asked, now).await
}

/// Newsletters that were named, or all that come by themselves.
fn chosen<'a>(site: &'a Site, options: &Options) -> Vec<(&'a String, &'a Newsletter)> {
    let is_chosen =
        |(name, newsletter): &(&String, &Newsletter)| match options.newsletter.is_empty() {
            true => newsletter.schedule.is_some() || !newsletter.frequencies.is_empty(),
            false => options.newsletter.contains(name),
        };
    site.settings.newsletters.iter().filter(is_chosen).collect()
}

type Openings = Vec<(String, String, Opening)>;

async fn open(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Openings> {
    let mut openings = Vec::new();
    for (name, _) in chosen(site, options) {
        let asked = Asked {
            by_name: options.newsletter.contains(name),
            with_backlog: options.include_backlog,
        };
        for (frequency, opening) in news::open(site, store, name, asked, now).await? {
            openings.push((name.clone(), frequency, opening));
        }
    }
    Ok(openings)
}

/// Opens the last edition of each newsletter that has somebody to try again.
async fn try_again(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Vec<String>> {
    let states: Vec<State> = options.only.iter().map(|again| again.state()).collect();
    let mut reopened = Vec::new();
    for (name, _) in chosen(site, options) {
        for edition in store.editions(name, RECENT).await? {
            let is_there = matches!(edition.state, EditionState::Open | EditionState::Sent);
            if is_there && store.try_again(&edition.id, &states, now).await? > 0 {
                reopened.push(edition.id);
                break;
            }
        }
    }
    Ok(reopened)
}

/// What was held or paused earlier, and still is.
async fn held_before(
    site: &Site,
    store: &Store,
    options: &Options,
    openings: &Openings,
) -> anyhow::Result<Vec<String>> {
    let is_new = |id: &str| {
        openings.iter().any(|(_, _, opening)| match opening {
            Opening::Opened { edition, .. } => edition.id == id,
            _ => false,
        })
    };
    let mut told = Vec::new();
    for (name, _) in chosen(site, options) {
        for edition in store.editions(name, RECENT).await? {
            let is_kept = matches!(edition.state, EditionState::Held | EditionState::Paused);
            if is_kept && !is_new(&edition.id) {
                let (id, state) = (&edition.id, edition.state.as_str());
                let reason = edition.reason.as_deref().unwrap_or_default();
                told.push(format!("{id} is {state}: {reason}; `infocus edition approve {name}`"));
            }
        }
    }
    Ok(told)
}

/// The open editions of newsletters that there are, of those that were named.
async fn deliverable(
    site: &Site,
    store: &Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Vec<Edition>> {
    let mut editions = store.editions_to_deliver(now).await?;
    editions.retain(|edition| {
        let is_known = site.settings.newsletters.contains_key(&edition.newsletter);
        if !is_known {
            tell!("warning: `{}` waits, but there is no such newsletter any more", edition.id);
        }
        let names = &options.newsletter;
        is_known && (names.is_empty() || names.contains(&edition.newsletter))
    });
    Ok(editions)
}

async fn waiting(store: &Store, editions: &[Edition]) -> anyhow::Result<u64> {
    let mut waiting = 0;
    for edition in editions {
        let counts = store.count_deliveries(&edition.id).await?;
        waiting += counts.get(&State::Due).copied().unwrap_or(0);
    }
    Ok(waiting)
}

/// Ends when the run is asked to; asked twice, it is over at once.
async fn stopped() {
    asked_to_stop().await;
    tell!("stopping: what is on its way is finished; once more stops at once");
    tokio::spawn(async {
        asked_to_stop().await;
        std::process::exit(super::FAILED.into());
    });
}

pub(super) async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// A bar on stderr if that is a terminal, with the rate and the time that is left.
fn progress(messages: u64) -> ProgressBar {
    if messages == 0 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(messages);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

async fn test_copy(
    site: &Site,
    store: &Store,
    options: &Options,
    to: &Mailbox,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let mut lines = Vec::new();
    for (name, _) in chosen(site, options) {
        let sent = delivery::test_copy(site, store, name, to, now).await?;
        lines.push(match sent {
            true => format!("{name}: a copy went to {}", to.address()),
            false => format!("{name}: nothing new, nothing to copy"),
        });
    }
    if lines.is_empty() {
        lines.push("no newsletter was named, and none has a schedule".to_owned());
    }
    let json = json!({ "to": to.address() });
    Ok(Answer { outcome: Outcome::Done, text: lines.join("\n"), json })
}

/// Lets the operator know of what waits for them.
async fn tell(site: &Site, openings: &Openings, run: &delivery::Run) {
    let held = openings.iter().filter_map(|(_, _, opening)| match opening {
        Opening::Opened { edition, .. } => told_of_held(edition),
        _ => None,
    });
    let paused = run.editions.iter().filter(|edition| edition.state == EditionState::Paused);
    let paused = paused.map(|edition| {
        let reason = edition.reason.as_deref().unwrap_or_default();
        format!("`{}` is paused: {reason}", edition.edition)
    });
    let news: Vec<String> = held.chain(paused).collect();
    for text in &news {
        tell!("{text}");
    }
    if let Some(webhook) = &site.settings.alerts.webhook
        && !news.is_empty()
        && let Err(error) = alert::say(webhook, &news.join("\n")).await
    {
        tell!("warning: the webhook heard nothing: {}", error.without_url());
    }
}

fn told_of_held(edition: &Edition) -> Option<String> {
    let reason = edition.reason.as_deref().filter(|_| edition.state == EditionState::Held)?;
    let name = &edition.newsletter;
    Some(format!(
        "`{}` is held: {reason}\n  look: editions/{}/\nhelp: `infocus edition approve {name}` sends \
         it, `infocus edition discard {name}` does not",
        edition.id, edition.id
    ))
}

async fn answer(
    site: &Site,
    store: &Store,
    openings: &Openings,
    waiting: &[String],
    run: delivery::Run,
    is_asked: bool,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let is_open = |delivered: &Delivered| {
        // What is claimed or handed over now is another process's.
        let waits =
            |state: &State| matches!(state, State::Due | State::Deferred | State::Uncertain);
        delivered.deliveries.keys().any(waits)
    };
    let is_in_part = !waiting.is_empty()
        || run.editions.iter().any(is_open)
        || openings.iter().any(|(_, _, opening)| opening.is_held());
    let lines = lines(site, store, openings, waiting, &run, is_asked).await?;
    let asked: Vec<_> = openings
        .iter()
        .map(|(name, frequency, opening)| {
            json!({ "newsletter": name, "frequency": frequency, "opening": opening })
        })
        .collect();
    let halted = run.halt.as_ref().map(halted);
    let json = json!({
        "newsletters": asked,
        "editions": run.editions,
        "stopped": &halted,
        "at": now,
    });
    if let Some(Halt::Unreachable(_) | Halt::Ours(_) | Halt::Ledger(_)) = &run.halt {
        for line in &lines {
            tell!("{line}");
        }
        return Err(Stopped(halted.unwrap_or_default()).into());
    }
    let stopped = halted.map(|why| format!("stopped: {why}; the next run goes on"));
    let text = lines.into_iter().chain(stopped).collect::<Vec<_>>().join("\n");
    let outcome = if is_in_part || run.halt.is_some() { Outcome::InPart } else { Outcome::Done };
    Ok(Answer { outcome, text, json })
}

/// What somebody who asked wants to know; cron mails every word, so that it hears of what was done
/// only.
async fn lines(
    site: &Site,
    store: &Store,
    openings: &Openings,
    waiting: &[String],
    run: &delivery::Run,
    is_asked: bool,
) -> anyhow::Result<Vec<String>> {
    let mut lines = if is_asked { waiting.to_vec() } else { Vec::new() };
    for (name, frequency, opening) in openings {
        if is_asked || opening.is_news() {
            let frequency = format!(" ({frequency})").replace(" ()", "");
            lines.push(format!("{name}{frequency}: {}", told(site, opening, name)));
        }
    }
    for delivered in run.editions.iter().filter(|_| is_asked || run.settled > 0) {
        let counts = deliveries::counts(&delivered.deliveries);
        lines.push(format!("{}: {counts}", delivered.edition));
        let named = status::named(store, &delivered.edition).await?;
        lines.extend(deliveries::lines(&delivered.newsletter, &named));
    }
    if matches!(site.settings.mail.transport, Transport::Outbox) && run.settled > 0 {
        lines.push(format!("Written to {}", site.root.join(OUTBOX).display()));
    }
    if lines.is_empty() && is_asked && openings.is_empty() {
        lines.push(
            "nothing to send; a newsletter without a schedule is sent by its name".to_owned(),
        );
    }
    Ok(lines)
}

/// A run that could not go on.
#[derive(Debug, thiserror::Error)]
#[error("{0}\nhelp: nobody is lost: what was not accepted waits for the next `infocus send`")]
struct Stopped(String);

fn halted(halt: &Halt) -> String {
    match halt {
        Halt::Asked => "it was asked to stop".to_owned(),
        Halt::Held => "the edition was held".to_owned(),
        Halt::Enough => "the rates allow no more for now".to_owned(),
        Halt::Unreachable(why) => format!("the relay takes nothing: {why}"),
        Halt::Ours(why) => format!("the relay does not take it from us: {why}"),
        Halt::Ledger(why) => format!("deliveries cannot be written down: {why}"),
    }
}

fn told(site: &Site, opening: &Opening, name: &str) -> String {
    let zone = &site.settings.time_zone;
    let at = |moment: &Timestamp| {
        moment.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string()
    };
    let next = |next: &Option<Timestamp>| match next {
        Some(next) => format!("the next edition is due on {}", at(next)),
        None => "nothing is due".to_owned(),
    };
    match opening {
        Opening::Opened { edition, deliveries } => {
            let people = count(*deliveries as usize, "subscriber");
            format!("an edition for {people}, editions/{}/", edition.id)
        }
        Opening::NotDue { next: at } => next(at),
        Opening::TooLate { slot, next: after, .. } => format!(
            "the edition of {} was missed, what it had comes later: {}",
            at(slot),
            next(after)
        ),
        Opening::Empty { is_first: false } => "skipped: empty, there is nothing new".to_owned(),
        Opening::Empty { is_first: true } => format!(
            "skipped: empty, there is nothing new since there is the newsletter; what was there before \
             goes out by `infocus send {name} --include-backlog`"
        ),
        Opening::Nobody => {
            format!("nobody gets it yet: `infocus subscribers add {name} you@example.org`")
        }
    }
}
