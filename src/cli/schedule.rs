//! What cron would do, in the process that serves: `refresh` when a source is due, then `send`.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use clap::Parser;
use tokio::sync::oneshot;

use super::{Cli, run_and_tell};
use crate::clock::Clock;

/// The longest rest between two looks at what is due: newsletters have their minutes.
const REST: Duration = Duration::from_secs(60);

/// How long a run that has begun may take when it is time to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Runs that follow each other on a thread of their own.
pub struct Schedule {
    stop: Sender<()>,
    done: mpsc::Receiver<()>,
}

/// Begins; what is returned beside it ends when there are no more runs, whatever the reason.
pub fn start(site: &Path, clock: Clock) -> (Schedule, oneshot::Receiver<()>) {
    let (stop, stopped) = mpsc::channel();
    let (end, done) = mpsc::channel();
    let (over, ended) = oneshot::channel::<()>();
    let site = site.to_owned();
    thread::spawn(move || {
        // Let go of when the thread ends, also if it breaks.
        let _over = over;
        'runs: loop {
            for command in ["refresh", "send"] {
                if !matches!(stopped.try_recv(), Err(TryRecvError::Empty)) {
                    break 'runs;
                }
                run_and_tell(&command_line(&site, clock, command));
            }
            if !matches!(stopped.recv_timeout(REST), Err(RecvTimeoutError::Timeout)) {
                break;
            }
        }
        let _ = end.send(());
    });
    (Schedule { stop, done }, ended)
}

impl Schedule {
    /// Lets no other run begin.
    pub fn stop(&self) {
        let _ = self.stop.send(());
    }

    /// Lets a run that has begun come to its end, if it does so soon: wherever it is stopped, the next
    /// goes on.
    pub fn finish(self) {
        let _ = self.done.recv_timeout(GRACE);
    }
}

fn command_line(site: &Path, clock: Clock, command: &str) -> Cli {
    let now = clock.now().to_string();
    let words =
        ["infocus".as_ref(), "--site".as_ref(), site.as_os_str(), "--now".as_ref(), now.as_ref()];
    Cli::parse_from(words.into_iter().chain([command.as_ref()]))
}
