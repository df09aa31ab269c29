//! Writing deliveries down as they go: what many connections have to say goes to the disk at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::State;
use crate::store::{Noted, Store, StoreError, Turn};

/// Turns that go to the disk at once, at most.
const BATCH: usize = 200;

/// How often, and with what pause, results are written again when the disk is full: they are known
/// to nobody else.
const TRIES: u32 = 15;
const PAUSE: Duration = Duration::from_secs(1);

/// Which of them were put down, of all that went to the disk with them.
type Written = Result<Arc<Noted>, Arc<StoreError>>;
type Entry = (Vec<Turn>, oneshot::Sender<Written>);

/// What puts turns down, in the order in which they come.
#[derive(Debug, Clone)]
pub struct Ledger {
    entries: mpsc::UnboundedSender<Entry>,
}

impl Ledger {
    /// Begins to write; ends when nobody has anything to say any more.
    pub fn start(store: Store) -> Ledger {
        let (entries, inbox) = mpsc::unbounded_channel();
        tokio::spawn(write(store, inbox));
        Ledger { entries }
    }

    /// Puts turns down. They are on the disk when what is returned is over, and only then.
    pub fn put(&self, turns: Vec<Turn>) -> impl Future<Output = Written> + Send + use<> {
        let (sender, receiver) = oneshot::channel();
        let is_nothing = turns.is_empty();
        if !is_nothing {
            // If nobody writes any more, the answer is missing below.
            let _ = self.entries.send((turns, sender));
        }
        async move {
            if is_nothing {
                return Ok(Arc::default());
            }
            let lost = |_| Arc::new(StoreError::Sql("the ledger was closed".to_owned()));
            receiver.await.map_err(lost)?
        }
    }
}

async fn write(store: Store, mut inbox: mpsc::UnboundedReceiver<Entry>) {
    while let Some(first) = inbox.recv().await {
        let mut entries = vec![first];
        let mut count = entries[0].0.len();
        while count < BATCH
            && let Ok(entry) = inbox.try_recv()
        {
            count += entry.0.len();
            entries.push(entry);
        }
        let mut written = put_down(&store, &entries).await;
        if written.is_err() {
            // What is about to leave can stay; what has left cannot be undone.
            let intends = |(turns, _): &Entry| turns.iter().all(|turn| turn.state == State::Handed);
            let (intents, results): (Vec<Entry>, Vec<Entry>) =
                entries.into_iter().partition(intends);
            tell(intents, &written);
            entries = results;
            for _ in 0..TRIES {
                if entries.is_empty() || written.is_ok() {
                    break;
                }
                sleep(PAUSE).await;
                written = put_down(&store, &entries).await;
            }
        }
        tell(entries, &written);
    }
}

async fn put_down(store: &Store, entries: &[Entry]) -> Written {
    let turns: Vec<Turn> = entries.iter().flat_map(|(turns, _)| turns.iter().cloned()).collect();
    store.note_turns(&turns).await.map(Arc::new).map_err(Arc::new)
}

fn tell(entries: Vec<Entry>, written: &Written) {
    for (_, sender) in entries {
        // Whoever asked may have been stopped.
        let _ = sender.send(written.clone());
    }
}
