//! Asking those who want a newsletter, after they were told that they will be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use super::work::Work;
use crate::newsletter::{Subscriber, consent};
use crate::serve::{Server, held};

/// Wishes that wait at most.
const WAITING: usize = 1_000;

/// How often it is looked for those who could not be asked.
const AGAIN: Duration = Duration::from_secs(60);

type Wanted = (String, Subscriber);

/// Takes wishes, as many as it has room for.
#[derive(Debug)]
pub struct Asker {
    /// None when it is time to stop.
    wishes: Mutex<Option<mpsc::Sender<Wanted>>>,
    done: Notify,
    pub work: Work,
}

impl Asker {
    pub fn new() -> (Asker, mpsc::Receiver<Wanted>) {
        let (wishes, wanted) = mpsc::channel(WAITING);
        let wishes = Mutex::new(Some(wishes));
        (Asker { wishes, done: Notify::new(), work: Work::new() }, wanted)
    }

    fn is_stopping(&self) -> bool {
        held(self.wishes.lock()).is_none()
    }

    /// Takes a wish; false if there is no room.
    pub fn ask(&self, newsletter: String, subscriber: Subscriber) -> bool {
        let wishes = held(self.wishes.lock());
        wishes.as_ref().is_some_and(|wishes| wishes.try_send((newsletter, subscriber)).is_ok())
    }

    /// Ends when all that were taken are put down, or asked.
    pub async fn finish(&self) {
        held(self.wishes.lock()).take();
        self.done.notified().await;
    }
}

/// Asks one after the other, and now and then those who could not be asked when it was their turn.
pub async fn ask_all(server: Arc<Server>, mut wanted: mpsc::Receiver<Wanted>) {
    let mut again = interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            wish = wanted.recv() => match wish {
                Some((name, subscriber)) if server.asker.is_stopping() => {
                    put_down(&server, &name, &subscriber).await;
                }
                Some((name, subscriber)) => ask(&server, &name, &subscriber).await,
                None => break,
            },
            _ = again.tick() => ask_again(&server).await,
        }
    }
    server.asker.done.notify_one();
}

/// For when the server runs again.
async fn put_down(server: &Server, name: &str, subscriber: &Subscriber) {
    let now = server.clock.now();
    if let Err(error) = consent::want(&server.store, name, subscriber, now).await {
        eprintln!("error: somebody who wants `{name}` is not put down: {error}");
    }
}

async fn ask(server: &Server, name: &str, subscriber: &Subscriber) {
    let loaded = server.loaded();
    if !loaded.site.settings.newsletters.contains_key(name) {
        return;
    }
    let now = server.clock.now();
    if let Err(error) = consent::ask(&loaded.site, &server.store, name, subscriber, now).await {
        eprintln!("warning: somebody who wants `{name}` could not be asked, later again: {error}");
    }
}

async fn ask_again(server: &Server) {
    let (site, now) = (&server.loaded().site, server.clock.now());
    match consent::ask_waiting(site, &server.store, now).await {
        Ok((_, None)) => {}
        Ok((_, Some(error))) | Err(error) => {
            eprintln!("warning: somebody could not be asked whether it was them: {error}");
        }
    }
}
