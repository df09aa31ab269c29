//! One connection, and the messages that go over it one after the other.

use super::outcome::{self, Refusal};
use super::work::Task;
use super::{Halt, PATIENCE, Shared, State, held, message_id};
use crate::mail::smtp::{Envelope, Fault, Offered, Reply, Session, Step};
use crate::mail::{Recipient, Relay, Transport};
use crate::publish::{Directory, OutputError};
use crate::store::Turn;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Faults of ours in a row before it is clear that they are.
const OURS: u64 = 3;

/// Connections that may break under one message before it has to wait.
const BREAKS: u32 = 3;

/// Files that are written at once.
const FILES: usize = 50;

/// Works until there is nothing to do, the connection is of no more use, or the run is to stop.
pub async fn run(shared: Arc<Shared>) {
    match &shared.transport {
        Transport::Outbox => fill_outbox(&shared).await,
        Transport::Smtp(relay) => deliver(&shared, relay).await,
    }
    shared.changed.notify_one();
}

/// A message for one subscriber.
pub struct Job {
    pub task: Task,
    envelope: Envelope,
    message: Vec<u8>,
}

impl Job {
    pub fn make(shared: &Shared, task: Task) -> Option<Job> {
        let claimed = &task.claimed;
        let master = shared.masters.get(&(claimed.edition.clone(), claimed.variant))?;
        let recipient = Recipient {
            mailbox: &claimed.mailbox,
            token: &claimed.token,
            message_id: &message_id(&shared.key, &claimed.edition, &claimed.token),
        };
        let message = master.copy(recipient, shared.signer.as_ref());
        let from = match &shared.return_path {
            Some(path) => path.marked(claimed.token.as_str()),
            None => shared.from.address().to_owned(),
        };
        let to = claimed.mailbox.address().to_owned();
        let envelope = Envelope { from, to, size: message.len() };
        Some(Job { task, envelope, message })
    }

    fn turn(&self, shared: &Shared, state: State) -> Turn {
        self.task.claimed.turn(state, shared.clock.now())
    }

    /// It is tried again after a while, the longer the more often it was; not for ever.
    fn later(&self, shared: &Shared, reply: String) -> Turn {
        let now = shared.clock.now();
        let wait = outcome::wait(self.task.claimed.attempts);
        let made = shared.editions.get(&self.task.claimed.edition).copied().unwrap_or(now);
        let is_late = now.duration_since(made).as_secs() > outcome::LIFETIME.as_secs() as i64;
        let state = if is_late { State::Failed } else { State::Deferred };
        Turn {
            due_at: now.checked_add(wait).unwrap_or(now),
            reply: Some(reply),
            ..self.turn(shared, state)
        }
    }
}

/// Writes messages as files, named by whom they are for, some at once.
async fn fill_outbox(shared: &Shared) {
    let mut jobs = Vec::new();
    loop {
        let job = shared.next().await;
        let is_last = job.is_none();
        jobs.extend(job);
        if jobs.len() == FILES || is_last {
            if let Err(error) = write(shared, &jobs) {
                return shared.halt(Halt::Unreachable(error.to_string()), None);
            }
            let turn = |job: &Job| Turn {
                handed_at: Some(shared.clock.now()),
                reply: Some("written".to_owned()),
                ..job.turn(shared, State::Accepted)
            };
            let turns = jobs.iter().map(turn).collect();
            for _ in jobs.drain(..) {
                held(&shared.limits).settle(Some(shared.clock.now()));
                shared.accepted();
            }
            shared.put(turns).await;
        }
        if is_last {
            return;
        }
    }
}

fn write(shared: &Shared, jobs: &[Job]) -> Result<(), OutputError> {
    let output = Directory::new(shared.outbox.clone());
    let mut stage = output.stage()?;
    for job in jobs {
        let claimed = &job.task.claimed;
        let name = claimed.mailbox.file_name();
        stage.write(&format!("{}/{name}.eml", claimed.edition), &job.message)?;
    }
    stage.commit()
}

/// A connection at work.
struct Lane<'a> {
    shared: &'a Shared,
    session: Session,
    /// What is to be put down, as soon as something else is or there is nothing more.
    turns: Vec<Turn>,
    /// Messages that it has carried.
    carried: usize,
}

/// What a refusal means for the connection.
#[derive(PartialEq, Eq)]
enum Line {
    Open,
    Gone,
}

async fn deliver(shared: &Shared, relay: &Relay) {
    let name = shared.from.domain();
    let session = match Session::open(relay, name, shared.secret.as_deref(), PATIENCE).await {
        Ok(session) => session,
        Err(fault) => return shared.refused_connection(&fault),
    };
    held(&shared.rest).is_over(shared.clock.now());
    shared.connected.fetch_add(1, Ordering::Relaxed);
    shared.changed.notify_one();
    let mut lane = Lane { shared, session, turns: Vec::new(), carried: 0 };
    let mut line = Line::Open;
    while line == Line::Open {
        let Some(job) = shared.next().await else { break };
        if !lane.session.is_open().await {
            // It was closed while there was nothing to do.
            held(&shared.limits).settle(None);
            shared.work.give_back(job.task);
            if lane.carried == 0 {
                shared.refused_connection(&Fault::closed(Step::Ehlo));
            }
            line = Line::Gone;
            break;
        }
        let offered = lane.session.offer(&job.envelope).await;
        line = lane.converse(job, offered).await;
        shared.put(std::mem::take(&mut lane.turns)).await;
    }
    shared.connected.fetch_sub(1, Ordering::Relaxed);
    if line == Line::Open {
        lane.session.close().await;
    }
}

impl Lane<'_> {
    /// Delivers messages as long as each is followed by another.
    async fn converse(&mut self, mut job: Job, mut offered: Result<Offered, Fault>) -> Line {
        let shared = self.shared;
        loop {
            match offered {
                Ok(Offered::Wanted) => {}
                Ok(Offered::Refused(step, reply)) => {
                    held(&shared.limits).settle(None);
                    return self.refused(job, step, &reply).await;
                }
                Err(fault) => {
                    held(&shared.limits).settle(None);
                    return self.broke(job, &fault).await;
                }
            }
            // The message travels while it is written down that its end is about to; that end waits.
            let handed_at = Some(shared.clock.now());
            self.turns.push(Turn { handed_at, ..job.turn(shared, State::Handed) });
            let written = shared.ledger.put(std::mem::take(&mut self.turns));
            let sent = self.session.content(&job.message).await;
            let following = if sent.is_ok() { shared.ready().await } else { None };
            if !shared.may_leave(&job, written.await).await {
                held(&shared.limits).settle(None);
                shared.give_back(following);
                self.turns.push(shared.undone(&job.task));
                return Line::Gone;
            }
            if let Err(fault) = sent {
                held(&shared.limits).settle(None);
                return self.broke(job, &fault).await;
            }
            let ended = self.session.end(following.as_ref().map(|job| &job.envelope)).await;
            let line = self.ended(job, ended.reply).await;
            match (following, ended.next, line) {
                (Some(following), Some(next), Line::Open) => (job, offered) = (following, next),
                (following, _, line) => {
                    shared.give_back(following);
                    return line;
                }
            }
        }
    }

    /// The end of a message has left, and this is what was heard.
    async fn ended(&mut self, job: Job, reply: Result<Reply, Fault>) -> Line {
        let shared = self.shared;
        held(&shared.limits).settle(Some(shared.clock.now()));
        match reply {
            Ok(reply) if reply.is_positive() => {
                self.carried += 1;
                shared.accepted();
                let reply = Some(reply.to_string());
                self.turns.push(Turn { reply, ..job.turn(shared, State::Accepted) });
                Line::Open
            }
            Ok(reply) => self.refused(job, Step::End, &reply).await,
            Err(fault) => self.broke(job, &fault).await,
        }
    }

    /// The relay does not want a message.
    async fn refused(&mut self, mut job: Job, step: Step, reply: &Reply) -> Line {
        let shared = self.shared;
        let line = if reply.code == 421 { Line::Gone } else { Line::Open };
        let has_accepted = shared.has_accepted();
        let told = format!("{step}: {reply}");
        match Refusal::of(step, reply, has_accepted) {
            Refusal::Throttled => {
                // A relay that takes so many messages and no more over one connection is well.
                if line == Line::Open || self.carried == 0 {
                    shared.slow_down(&told);
                }
                // Before the recipient is named it is the connection that has had enough.
                let is_of_connection = step == Step::Mail && self.carried > 0;
                job.task.breaks += u32::from(!is_of_connection);
                if job.task.breaks < BREAKS || !has_accepted {
                    self.give_back(job, step).await;
                    return line;
                }
                // The others do well: it is this one that is not wanted for now.
                self.turns.push(job.later(shared, told));
            }
            Refusal::Later => self.turns.push(job.later(shared, told)),
            Refusal::Ours => {
                let turn = job.later(shared, told.clone());
                self.turns.push(Turn { is_no_attempt: true, ..turn });
                if shared.ours.fetch_add(1, Ordering::Relaxed) + 1 >= OURS {
                    shared.halt(Halt::Ours(told), Some(&job.task.claimed.edition));
                }
            }
            Refusal::Never => {
                self.turns.push(Turn { reply: Some(told), ..job.turn(shared, State::Failed) });
            }
            Refusal::Nobody => {
                self.turns.push(Turn { reply: Some(told), ..job.turn(shared, State::Failed) });
                let (mailbox, now) = (&job.task.claimed.mailbox, shared.clock.now());
                let suppressed = shared.store.suppress(mailbox, "there is no such mailbox", now);
                if let Err(error) = suppressed.await {
                    shared.halt(Halt::Ledger(error.to_string()), None);
                }
            }
        }
        shared.settled.fetch_add(1, Ordering::Relaxed);
        line
    }

    /// The session broke under a message.
    async fn broke(&mut self, mut job: Job, fault: &Fault) -> Line {
        let shared = self.shared;
        held(&shared.window).failed();
        job.task.breaks += 1;
        if fault.step == Step::End {
            let reply = Some(fault.to_string());
            self.turns.push(Turn { reply, ..job.turn(shared, State::Uncertain) });
        } else if job.task.breaks < BREAKS {
            self.give_back(job, fault.step).await;
            return Line::Gone;
        } else {
            self.turns.push(job.later(shared, fault.to_string()));
        }
        shared.settled.fetch_add(1, Ordering::Relaxed);
        Line::Gone
    }

    /// Lets another connection try it. If it is in the ledger that it was about to leave, that has to
    /// go first: whoever has it next puts down the same.
    async fn give_back(&mut self, job: Job, step: Step) {
        if matches!(step, Step::Content | Step::End) {
            self.turns.push(job.turn(self.shared, State::Claimed));
            self.shared.put(std::mem::take(&mut self.turns)).await;
        }
        self.shared.work.give_back(job.task);
    }
}
