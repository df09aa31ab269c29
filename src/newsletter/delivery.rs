//! One edition to each subscriber, once.
//!
//! A delivery is claimed; when the end of its message is about to leave, that is written down first;
//! what the relay says is written down before the next message ends. So after any crash it is known
//! of each whether it was accepted, still waits, or left without an answer.

mod lane;
mod ledger;
mod outcome;
mod pace;
mod shared;
mod single;
mod state;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::edition::{Edition, EditionState};
use super::subscriber::Token;
use super::{NewsletterError, master};
use crate::clock::Clock;
use crate::hash;
use crate::mail::{Mailbox, Master, Signer, Transport};
use crate::site::Site;
use crate::store::{self, Store, StoreError};
use ledger::Ledger;
use pace::{Limits, Pause, Window};
pub(in crate::newsletter) use single::Single;
pub use single::test_copy;
pub use state::State;
use work::Work;

/// Connections at most, if the settings do not say.
const CONNECTIONS: usize = 20;

/// How long a relay may take to answer.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long messages that are on their way may take when the run is to stop.
const GRACE: Duration = Duration::from_secs(8);

/// Where the outbox is, relative to the site.
pub const OUTBOX: &str = "outbox";

/// The environment variable with the secret of the relay.
pub const SECRET: &str = "INFOCUS_SMTP_PASSWORD";

/// Why a run stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// Somebody asked for it.
    Asked,
    /// The edition was held meanwhile.
    Held,
    /// The rates allow no more for a while.
    Enough,
    /// The relay is not there, or wants nothing for now.
    Unreachable(String),
    /// Nothing will be accepted before somebody mends our side.
    Ours(String),
    /// The ledger cannot be written.
    Ledger(String),
}

/// What has come of a run for an edition, and of it in all.
#[derive(Debug, Clone, Serialize)]
pub struct Delivered {
    pub edition: String,
    pub newsletter: String,
    pub state: EditionState,
    pub reason: Option<String>,
    pub deliveries: BTreeMap<State, u64>,
}

#[derive(Debug)]
pub struct Run {
    pub editions: Vec<Delivered>,
    /// Deliveries that took a turn.
    pub settled: u64,
    pub halt: Option<Halt>,
}

/// What all connections share.
struct Shared {
    store: Store,
    clock: Clock,
    transport: Transport,
    outbox: PathBuf,
    secret: Option<String>,
    from: Mailbox,
    return_path: Option<Mailbox>,
    /// The key of the ids of messages.
    key: String,
    signer: Option<Signer>,
    /// When each of them was made.
    editions: BTreeMap<String, Timestamp>,
    /// By edition and number of the variant.
    masters: HashMap<(String, i64), Master>,
    work: Work,
    ledger: Ledger,
    window: Mutex<Window>,
    /// For as long nothing leaves.
    pause: Mutex<Pause>,
    /// For as long nobody connects.
    rest: Mutex<Pause>,
    limits: Mutex<Limits>,
    /// Connections at work.
    connected: AtomicUsize,
    /// Faults of ours in a row.
    ours: AtomicU64,
    accepted: AtomicU64,
    settled: AtomicU64,
    stops: AtomicBool,
    halt: Mutex<Option<(Halt, Option<String>)>>,
    /// Something changed that who manages the connections should know.
    changed: Notify,
}

impl Shared {
    /// Stops the run; the first reason stays. An edition that is named is paused.
    fn halt(&self, reason: Halt, edition: Option<&str>) {
        let mut halt = held(&self.halt);
        if halt.is_none() {
            *halt = Some((reason, edition.map(str::to_owned)));
        }
        drop(halt);
        self.stops.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
        self.changed.notify_one();
    }

    /// A delivery that is as it was before it was claimed.
    fn undone(&self, task: &work::Task) -> store::Turn {
        let now = self.clock.now();
        // Whoever delivers next may have a clock that is behind.
        let due_at = self.editions.get(&task.claimed.edition).copied().unwrap_or(now);
        store::Turn { is_no_attempt: true, ..task.claimed.turn(State::Due, due_at) }
    }

    /// Whoever delivers next need not wait until the claims have run out.
    async fn let_go(&self) {
        let turns = self.work.rest().iter().map(|task| self.undone(task)).collect();
        // What cannot be written down is due when they have.
        let _ = self.ledger.put(turns).await;
    }

    fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }
}

/// What a lock holds is whole, whoever panicked.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Delivers editions as far as they go now. `stop` ends when the run is to; `watch` is told how many
/// deliveries are settled, now and then.
pub async fn deliver(
    site: &Site,
    store: &Store,
    editions: Vec<Edition>,
    clock: Clock,
    stop: impl Future<Output = ()>,
    watch: impl Fn(u64),
) -> Result<Run, NewsletterError> {
    let Some(from) = site.settings.mail.from.clone().filter(|_| !editions.is_empty()) else {
        return Ok(Run { editions: Vec::new(), settled: 0, halt: None });
    };
    let shared = Arc::new(prepare(site, store, &editions, from, clock).await?);
    lanes(&shared, stop, watch).await;
    shared.let_go().await;
    let halt = held(&shared.halt).take();
    let settled = shared.settled.load(Ordering::Relaxed);
    let run = settle(store, editions, &site.settings.mail.transport, halt, clock).await?;
    Ok(Run { settled, ..run })
}

async fn prepare(
    site: &Site,
    store: &Store,
    editions: &[Edition],
    from: Mailbox,
    clock: Clock,
) -> Result<Shared, NewsletterError> {
    let mail = &site.settings.mail;
    let mut masters = HashMap::new();
    for edition in editions {
        for variant in store.variants(&edition.id).await? {
            let id = variant.message(edition);
            let made = master(site, &variant.content(edition, &id))?;
            masters.insert((edition.id.clone(), variant.number), made);
        }
    }
    let left = match Limits::memory(&mail.rates) {
        Some((length, most)) => {
            let since = clock.now().checked_sub(length).unwrap_or(Timestamp::MIN);
            store.handed_since(since, most).await?
        }
        None => Vec::new(),
    };
    let signer = mail.dkim.as_ref().map(|dkim| Signer::load(&site.root, dkim)).transpose()?;
    let connections = mail.connections.map_or(CONNECTIONS, Into::into);
    Ok(Shared {
        store: store.clone(),
        clock,
        transport: mail.transport.clone(),
        outbox: site.root.join(OUTBOX),
        secret: std::env::var(SECRET).ok(),
        from,
        return_path: mail.return_path.clone(),
        key: key(store).await?,
        signer,
        masters,
        work: Work::new(editions.iter().map(|edition| edition.id.clone()).collect()),
        editions: editions.iter().map(|edition| (edition.id.clone(), edition.opened_at)).collect(),
        ledger: Ledger::start(store.clone()),
        window: Mutex::new(Window::new(connections)),
        pause: Mutex::default(),
        rest: Mutex::default(),
        limits: Mutex::new(Limits::new(mail.rates.clone(), left)),
        connected: AtomicUsize::new(0),
        ours: AtomicU64::new(0),
        accepted: AtomicU64::new(0),
        settled: AtomicU64::new(0),
        stops: AtomicBool::new(false),
        halt: Mutex::new(None),
        changed: Notify::new(),
    })
}

/// Keeps as many connections at work as the relay bears, until there is nothing to do or the run is
/// to stop.
async fn lanes(shared: &Arc<Shared>, stop: impl Future<Output = ()>, watch: impl Fn(u64)) {
    let mut lanes = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    let mut deadline = None;
    loop {
        watch(shared.settled.load(Ordering::Relaxed));
        if shared.stops() && deadline.is_none() {
            deadline = Some(tokio::time::Instant::now() + GRACE);
        }
        if !shared.stops() && shared.work.is_waiting() && room(shared, lanes.len()) {
            lanes.spawn(lane::run(shared.clone()));
            continue;
        }
        if lanes.is_empty() && (shared.stops() || !shared.work.is_waiting()) {
            break;
        }
        tokio::select! {
            () = &mut stop, if !shared.stops() => shared.halt(Halt::Asked, None),
            Some(_) = lanes.join_next(), if !lanes.is_empty() => {}
            () = shared.changed.notified() => {}
            _ = tick.tick() => {}
        }
        if deadline.is_some_and(|deadline| tokio::time::Instant::now() >= deadline) {
            lanes.shutdown().await;
        }
    }
    watch(shared.settled.load(Ordering::Relaxed));
}

/// True if there may be one more connection than there are.
fn room(shared: &Shared, lanes: usize) -> bool {
    let now = shared.clock.now();
    if held(&shared.rest).left(now).is_some() || held(&shared.pause).left(now).is_some() {
        return false;
    }
    match (&shared.transport, shared.connected.load(Ordering::Relaxed)) {
        // What the first hears from the relay is of use to the others; and a directory is one.
        (Transport::Outbox, _) | (_, 0) => lanes == 0,
        _ => lanes < held(&shared.window).size(),
    }
}

/// Puts down what the run has come to.
async fn settle(
    store: &Store,
    editions: Vec<Edition>,
    transport: &Transport,
    halt: Option<(Halt, Option<String>)>,
    clock: Clock,
) -> Result<Run, NewsletterError> {
    let (halt, paused) = halt.unzip();
    let paused = paused.flatten();
    // What cannot be written down is settled by the next run.
    let is_writable = !matches!(halt, Some(Halt::Ledger(_)));
    if is_writable {
        recover(store, transport, clock.now()).await?;
    }
    let mut delivered = Vec::new();
    for mut edition in editions {
        if let (Some(id), Some(Halt::Ours(reason))) = (&paused, &halt)
            && *id == edition.id
        {
            (edition.state, edition.reason) = (EditionState::Paused, Some(reason.clone()));
            store.set_edition(id, EditionState::Paused, Some(reason)).await?;
        } else if is_writable && let Some(state) = store.finish(&edition.id).await? {
            // Another process may have finished it.
            edition.state = state;
        }
        let deliveries = store.count_deliveries(&edition.id).await?;
        let Edition { id, newsletter, state, reason, .. } = edition;
        delivered.push(Delivered { edition: id, newsletter, state, reason, deliveries });
    }
    Ok(Run { editions: delivered, settled: 0, halt })
}

/// Settles what an earlier run has left: a message whose end may have left without an answer is
/// uncertain. A file is there or not, so that writing it again does no harm. Where other machines may be
/// at work, only what was claimed long ago is of a run that is no more.
pub async fn recover(
    store: &Store,
    transport: &Transport,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let handed = match transport {
        Transport::Outbox => State::Due,
        Transport::Smtp(_) => State::Uncertain,
    };
    store.recover(handed, now, !store.is_shared()).await
}

/// The key of the ids of messages: who does not have it cannot make one up.
pub async fn key(store: &Store) -> Result<String, StoreError> {
    store.secret("message ids").await
}

/// The id of a message, without the domain: always the same for an edition and a subscriber.
pub fn message_id(key: &str, edition: &str, token: &Token) -> String {
    hash::keyed(key, [edition, token.as_str()], 16)
}
