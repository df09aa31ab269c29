//! What has come of a pass so far: looks that are done become reports, in the order of their turns.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::{AcquireError, SemaphorePermit};

use super::look::{Look, Looked};
use super::queue::Queue;
use super::report::SourceReport;
use super::settle::Settled;
use super::{Pass, RefreshError};
use crate::catalog::Location;
use crate::diagnostic::{Diagnostic, count};
use crate::fetch::Fetcher;
use crate::store::{Missing, StoreError};

/// A look that is done, in the place that it has until it is put down.
pub struct Done<'a> {
    pub turn: usize,
    /// None if another process looks, or has.
    pub looked: Result<Option<Looked>, StoreError>,
    pub took: Duration,
    pub _place: Result<SemaphorePermit<'a>, AcquireError>,
}

/// A turn, what came of it, and the milliseconds that it took.
type Silent = (usize, Looked, u64);

pub struct Progress<'a> {
    pass: &'a Pass<'a>,
    looks: &'a [Look<'a>],
    fetcher: &'a Fetcher,
    queue: Queue<Done<'a>>,
    reports: Vec<Option<SourceReport>>,
    /// Items that their listings have no longer, by the turns of those.
    missing: Vec<(usize, Vec<Missing>)>,
    /// Looks of which nothing was heard, when nothing had been heard of anybody.
    silent: Vec<Silent>,
}

impl<'a> Progress<'a> {
    pub fn new(pass: &'a Pass<'a>, looks: &'a [Look<'a>], fetcher: &'a Fetcher) -> Progress<'a> {
        Progress {
            pass,
            looks,
            fetcher,
            queue: Queue::new(looks),
            reports: looks.iter().map(|_| None).collect(),
            missing: Vec::new(),
            silent: Vec::new(),
        }
    }

    /// Puts down what is done and waits for no other look of its feed.
    pub async fn settle(
        &mut self,
        done: impl Iterator<Item = Done<'a>>,
    ) -> Result<(), RefreshError> {
        done.for_each(|done| self.queue.put(done.turn, done));
        let mut batch = self.pass.store.begin().await?;
        let mut settled = Vec::new();
        for (turn, Done { looked, took, _place, .. }) in self.queue.ready() {
            let took = took.as_millis() as u64;
            match looked? {
                // Whose fault that is will be seen.
                Some(Looked::Unreached(problem, error))
                    if error.is_silence() && !self.fetcher.has_heard() =>
                {
                    self.silent.push((turn, Looked::Unreached(problem, error), took));
                }
                None => {}
                Some(looked) => {
                    let mut done = self.pass.settle(&self.looks[turn], looked, &mut batch).await?;
                    done.report.took = took;
                    settled.push((turn, done));
                }
            }
        }
        batch.note_hosts(&self.fetcher.asked()).await?;
        batch.commit().await?;
        for (turn, Settled { mut report, page, given }) in settled {
            let look = &self.looks[turn];
            // What is kept is for trying definitions; feeds go on without.
            report.warnings.extend(page.and_then(|page| self.pass.keep(look, page)));
            if let Some(given) = given {
                self.missing.push((turn, self.pass.missing(look, &given).await?));
            }
            self.reports[turn] = Some(report);
        }
        Ok(())
    }

    /// The reports of all looks, in the order of their turns; and what is to be said if it is the
    /// network here that failed.
    pub async fn end(mut self) -> Result<(Vec<SourceReport>, Option<Diagnostic>), RefreshError> {
        let silent = std::mem::take(&mut self.silent);
        let offline = self.is_offline(&silent).then(|| offline(silent.len()));
        self.pass.ask_for_missing(self.looks, self.missing, &mut self.reports).await?;
        let mut batch = self.pass.store.begin().await?;
        for (turn, looked, took) in silent {
            let look = &self.looks[turn];
            let report = match offline {
                Some(_) => {
                    self.pass.leave(look).await?;
                    self.pass.offline(look)
                }
                None => self.pass.settle(look, looked, &mut batch).await?.report,
            };
            self.reports[turn] = Some(SourceReport { took, ..report });
        }
        batch.note_hosts(&self.fetcher.asked()).await?;
        batch.commit().await?;
        Ok((self.reports.into_iter().flatten().collect(), offline))
    }

    /// True if nothing was heard of anybody, and more than one was asked.
    fn is_offline(&self, silent: &[Silent]) -> bool {
        let host = |(turn, ..): &Silent| match &self.looks[*turn].source.location {
            Location::Page(url) => url.host_str(),
            Location::Files { .. } => None,
        };
        let hosts: HashSet<&str> = silent.iter().filter_map(host).collect();
        !self.fetcher.has_heard() && hosts.len() > 1
    }
}

fn offline(sources: usize) -> Diagnostic {
    Diagnostic::new(format!("none of {} could be reached", count(sources, "source")))
        .help("see whether this machine is on the net; nothing is counted against the sources")
}
