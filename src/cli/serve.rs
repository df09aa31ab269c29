//! `serve`: the public face over HTTP, and on request all that cron would do.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use listenfd::ListenFd;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::schedule::Schedule;
use super::{Answer, Cli, Outcome, send};
use crate::clock::Clock;
use crate::diagnostic::Diagnostic;
use crate::serve::{self, Server};
use crate::store::Store;

/// Characters of a password at least.
const SHORT: usize = 10;

#[derive(Debug, Args)]
pub struct Options {
    /// Where to listen; a socket that systemd has opened goes before
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Reads a password and prints what goes into the settings for it
    #[arg(long)]
    pub hash_password: bool,
    /// Also looks at the sources and sends what is due, in place of cron
    #[arg(long)]
    schedule: bool,
    /// Writes a line for each request, without anybody's address
    #[arg(long)]
    log: bool,
}

pub async fn run(
    cli: &Cli,
    store: Store,
    options: &Options,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let (listener, clock) = (listener(options.listen).await?, Clock::start(now));
    let address = listener.local_addr()?;
    let logs = options.log;
    let server = Server::new(&cli.site, store.clone(), serve::Options { clock, logs })?;
    tell!("serving http://{address}/");
    let (schedule, ended) = match options.schedule {
        true => {
            let (schedule, ended) = super::schedule::start(&cli.site, clock);
            (Some(schedule), Some(ended))
        }
        false => (None, None),
    };
    let mut has_broken = false;
    let stop = async {
        tokio::select! {
            () = send::asked_to_stop() => {}
            () = until_over(ended) => has_broken = true,
        }
        schedule.iter().for_each(Schedule::stop);
    };
    server.run(listener, stop).await?;
    tell!("stopped");
    if let Some(schedule) = schedule {
        schedule.finish();
    }
    store.close().await;
    anyhow::ensure!(!has_broken, "what `--schedule` runs has broken");
    Ok(Answer { outcome: Outcome::Done, text: String::new(), json: json!({ "served": address }) })
}

/// Never, if there is nothing that could be over.
async fn until_over(ended: Option<oneshot::Receiver<()>>) {
    match ended {
        Some(ended) => drop(ended.await),
        None => std::future::pending().await,
    }
}

/// From the first line of what comes in, so that it is in no list of processes.
pub fn hash_password() -> anyhow::Result<Answer> {
    if io::stdin().is_terminal() {
        tell!("password, which is shown here as you type it:");
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.chars().count() < SHORT {
        let problem = format!("the password has fewer than {SHORT} characters");
        return Err(Diagnostic::new(problem)
            .help("four words that have nothing in common are good")
            .into());
    }
    let hash = serve::hash_password(password).context("the password cannot be hashed")?;
    let text = format!("[serve]\ndesk_password = \"{hash}\"");
    Ok(Answer { outcome: Outcome::Done, text, json: json!({ "desk_password": hash }) })
}

/// The socket that was handed over (sd_listen_fds), or one of its own.
async fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    if let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? {
        listener.set_nonblocking(true)?;
        return Ok(TcpListener::from_std(listener)?);
    }
    TcpListener::bind(address).await.map_err(|error| {
        let problem = Diagnostic::new(format!("failed to listen on `{address}`: {error}"));
        match error.kind() {
            io::ErrorKind::AddrInUse => problem
                .help("another program listens there; `--listen 127.0.0.1:8081` is another place"),
            _ => problem,
        }
        .into()
    })
}
