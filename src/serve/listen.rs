//! Connections: as many as there may be, none longer than it is of use, and all of them finished when
//! it is time to stop.

use std::convert::Infallible;
use std::io::{self, IoSlice, Write};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::http::{Method, Request, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::Reply;
use crate::newsletter::Token;

/// Bytes of the headers of a request at most.
const HEADERS: usize = 16 << 10;

/// How long a client may take for them, and how long a connection may lie idle; up to twice as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections at the same time, if the system allows so many.
const CONNECTIONS: u64 = 16_384;

/// Files that have room beside them.
const FILES: u64 = 128;

/// How long what was begun may take when it is time to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long a client may be silent then of whom nothing was begun.
const HASTE: Duration = Duration::from_secs(1);

/// Answers requests until `stop`.
pub async fn run<F>(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    answer: impl Fn(IpAddr, Request<Incoming>) -> F + Clone + Send + 'static,
) -> io::Result<()>
where
    F: Future<Output = Reply> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(connections()));
    let shutdown = GracefulShutdown::new();
    let (stopping, is_stopping) = watch::channel(false);
    let mut http = http1::Builder::new();
    // A timer for each request would cost as much as the answer: there is one for each connection.
    http.header_read_timeout(None).max_buf_size(HEADERS);
    tokio::pin!(stop);
    loop {
        let place = tokio::select! {
            place = room.clone().acquire_owned() => place.map_err(io::Error::other)?,
            () = &mut stop => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Of one connection, or for want of files: there will be some.
                Err(_) => {
                    sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let activity = Arc::new(Activity::default());
        let seen = activity.clone();
        let service = service_fn(move |request| {
            let (answered, seen) = (answer(peer.ip(), request), seen.clone());
            seen.answering.store(true, Ordering::Relaxed);
            async move {
                let reply = answered.await;
                seen.answering.store(false, Ordering::Relaxed);
                Ok::<_, Infallible>(reply)
            }
        });
        let stream = TokioIo::new(Watched { stream, activity: activity.clone() });
        let connection = shutdown.watch(http.serve_connection(stream, service));
        let mut is_stopping = is_stopping.clone();
        tokio::spawn(async move {
            // Whoever breaks off, or sends what is no request, has been told so.
            tokio::select! {
                _ = connection => {}
                () = activity.ceases(PATIENCE) => {}
                () = async {
                    let _ = is_stopping.wait_for(|is_stopping| *is_stopping).await;
                    activity.ceases(HASTE).await;
                } => {}
            }
            drop(place);
        });
    }
    drop(listener);
    stopping.send_replace(true);
    let _ = timeout(GRACE, shutdown.shutdown()).await;
    Ok(())
}

/// What a connection is doing.
#[derive(Debug, Default)]
struct Activity {
    answering: AtomicBool,
    /// Times that something has left.
    written: AtomicU64,
}

impl Activity {
    /// Ends when nothing has left for a while and nothing is being answered: the client is gone, or takes
    /// its time to keep us busy.
    async fn ceases(&self, patience: Duration) {
        let mut before = None;
        loop {
            sleep(patience).await;
            let written = self.written.load(Ordering::Relaxed);
            if before == Some(written) && !self.answering.load(Ordering::Relaxed) {
                return;
            }
            before = Some(written);
        }
    }
}

/// A connection of which it is seen that something leaves.
struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
}

impl Watched {
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = written {
            self.activity.written.fetch_add(1, Ordering::Relaxed);
        }
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// As many connections as the system allows, which is asked to allow what it may.
#[cfg(unix)]
fn connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    files.saturating_sub(FILES).clamp(FILES, CONNECTIONS) as usize
}

#[cfg(not(unix))]
fn connections() -> usize {
    CONNECTIONS as usize
}

/// A line for a request, with nothing in it that says whose it was.
pub fn log(method: &Method, uri: &Uri, status: StatusCode, began: Instant, now: Timestamp) {
    // However a link was mangled, what stands where a token would is told to nobody.
    let path = uri.path();
    let shown = if path.contains("newsletters/") { 4 } else { usize::MAX };
    let hidden = |(at, part)| if at < shown && !is_secret(part) { part } else { "..." };
    let path: Vec<&str> = path.split('/').enumerate().map(hidden).collect();
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    let (path, status) = (path.join("/"), status.as_u16());
    // A log that is full, or that nobody reads, is no reason to answer nobody.
    let _ = writeln!(io::stdout(), "{now:.0} {method} {path} {status} {milliseconds:.1} ms");
}

/// What may be a token or a mail address.
fn is_secret(part: &str) -> bool {
    let is_long = |run: &[u8]| run.len() >= Token::LENGTH / 2 && run[0].is_ascii_hexdigit();
    let mut runs = part.as_bytes().chunk_by(|a, b| a.is_ascii_hexdigit() == b.is_ascii_hexdigit());
    runs.any(is_long) || part.contains('@') || part.to_ascii_lowercase().contains("%40")
}
