//! What cron would do, in the process that serves: `refresh` when a source is due, then `send`.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Parser;

use super::{Cli, run_and_tell};
use crate::newsletter::delivery::Clock;

/// The longest rest between two looks at what is due: newsletters have their minutes.
const REST: Duration = Duration::from_secs(60);

/// How long a run that has begun may take when it is time to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Runs that follow each other on a thread of their own.
pub struct Schedule {
    stop: Sender<()>,
    done: mpsc::Receiver<()>,
    _thread: JoinHandle<()>,
}

pub fn start(site: &Path, clock: Clock) -> Schedule {
    let (stop, stopped) = mpsc::channel();
    let (end, done) = mpsc::channel();
    let site = site.to_owned();
    let thread = thread::spawn(move || {
        while let Err(RecvTimeoutError::Timeout) = {
            for command in ["refresh", "send"] {
                run_and_tell(&command_line(&site, clock, command));
            }
            stopped.recv_timeout(REST)
        } {}
        let _ = end.send(());
    });
    Schedule { stop, done, _thread: thread }
}

impl Schedule {
    /// Lets a run that has begun come to its end, if it does so soon: wherever it is stopped, the next
    /// goes on.
    pub fn finish(self) {
        let _ = self.stop.send(());
        let _ = self.done.recv_timeout(GRACE);
    }
}

fn command_line(site: &Path, clock: Clock, command: &str) -> Cli {
    let now = clock.now().to_string();
    let words =
        ["infocus".as_ref(), "--site".as_ref(), site.as_os_str(), "--now".as_ref(), now.as_ref()];
    Cli::parse_from(words.into_iter().chain([command.as_ref()]))
}
