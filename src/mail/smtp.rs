//! A session with a relay (RFC 5321), that knows at which step it broke.
//!
//! Where the relay offers pipelining (RFC 2920) the end of a message and all that is to be said before
//! the next leave in one piece, so that a message costs one round trip.

mod fault;
mod reply;

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, EXT_PIPELINING, EXT_SIZE, EXT_START_TLS, EhloResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::line::{CONNECT, Line, encrypted};
use super::{Relay, Security};
pub use fault::{Fault, FaultKind, Step};
pub use reply::Reply;

/// Bytes that a relay may say at once.
const LONGEST: usize = 64 * 1024;

/// A connection to a relay that takes messages.
pub struct Session {
    stream: Box<dyn Line>,
    /// What was read and not yet looked at.
    input: Vec<u8>,
    /// What the relay can do.
    is_pipelining: bool,
    takes_size: bool,
    /// How long it may take to answer; twice that for a whole message.
    patience: Duration,
    /// A message was begun and not ended.
    needs_reset: bool,
}

/// From and to whom a message is sent, and how long it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub from: String,
    pub to: String,
    pub size: usize,
}

/// What a relay says to an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// It waits for the message.
    Wanted,
    Refused(Step, Reply),
}

/// What it says to the end of a message, and to the envelope of the next.
#[derive(Debug)]
pub struct Ended {
    pub reply: Result<Reply, Fault>,
    pub next: Option<Result<Offered, Fault>>,
}

impl Session {
    /// Connects, greets, and proves who it is. `name` is who we say we are.
    pub async fn open(
        relay: &Relay,
        name: &str,
        secret: Option<&str>,
        patience: Duration,
    ) -> Result<Session, Fault> {
        let connect =
            timeout(CONNECT.min(patience), TcpStream::connect((&*relay.host, relay.port)));
        let connected = connect.await.map_err(|_| Fault::timeout(Step::Connect))?;
        let stream = connected.map_err(|error| Fault::io(Step::Connect, error))?;
        // What is written in one piece is to leave in one piece, and at once.
        stream.set_nodelay(true).map_err(|error| Fault::io(Step::Connect, error))?;
        let mut session = match relay.security {
            Security::Tls => Session::over(secured(stream, relay).await?, patience),
            Security::StartTls | Security::None => Session::over(Box::new(stream), patience),
        };
        session.greeted().await?;
        let mut offers = session.hello(name).await?;
        if relay.security == Security::StartTls {
            session = session.start_tls(relay, &offers).await?;
            offers = session.hello(name).await?;
        }
        session.is_pipelining = offers.has_capability(EXT_PIPELINING);
        session.takes_size = offers.has_capability(EXT_SIZE);
        if let Some(user) = &relay.user {
            session.prove(user, secret, &offers).await?;
        }
        Ok(session)
    }

    fn over(stream: Box<dyn Line>, patience: Duration) -> Session {
        Session {
            stream,
            input: Vec::new(),
            is_pipelining: false,
            takes_size: false,
            patience,
            needs_reset: false,
        }
    }

    async fn greeted(&mut self) -> Result<(), Fault> {
        self.reply(Step::Greeting).await?.positive(Step::Greeting).map(drop)
    }

    async fn hello(&mut self, name: &str) -> Result<EhloResponse<String>, Fault> {
        self.write(Step::Ehlo, format!("EHLO {name}\r\n").as_bytes()).await?;
        let bytes = self.reply_bytes(Step::Ehlo, self.patience).await?;
        let reply = Reply::parse(&bytes).ok_or_else(|| Fault::garbled(Step::Ehlo, &bytes))?;
        if reply.code / 100 == 5 {
            // It is from before extensions (RFC 5321, 3.2).
            self.write(Step::Ehlo, format!("HELO {name}\r\n").as_bytes()).await?;
            self.reply(Step::Ehlo).await?.positive(Step::Ehlo)?;
            return Ok(EhloResponse::new(String::new()));
        }
        reply.positive(Step::Ehlo)?;
        EhloResponse::parse(&mut bytes.iter()).map_err(|_| Fault::garbled(Step::Ehlo, &bytes))
    }

    async fn start_tls(
        mut self,
        relay: &Relay,
        offers: &EhloResponse<String>,
    ) -> Result<Session, Fault> {
        if !offers.has_capability(EXT_START_TLS) {
            return Err(Fault::new(Step::StartTls, FaultKind::NotOffered("STARTTLS")));
        }
        self.write(Step::StartTls, b"STARTTLS\r\n").await?;
        self.reply(Step::StartTls).await?.positive(Step::StartTls)?;
        if !self.input.is_empty() {
            // Said before there was anything to protect it: somebody else may have.
            return Err(Fault::garbled(Step::StartTls, &self.input));
        }
        Ok(Session::over(secured(self.stream, relay).await?, self.patience))
    }

    async fn prove(
        &mut self,
        user: &str,
        secret: Option<&str>,
        offers: &EhloResponse<String>,
    ) -> Result<(), Fault> {
        let secret = secret.unwrap_or_default();
        if offers.auth() & AUTH_PLAIN != 0 {
            let proof = STANDARD.encode(format!("\0{user}\0{secret}"));
            self.write(Step::Auth, format!("AUTH PLAIN {proof}\r\n").as_bytes()).await?;
        } else if offers.auth() & AUTH_LOGIN != 0 {
            self.write(Step::Auth, b"AUTH LOGIN\r\n").await?;
            for word in [user, secret] {
                self.reply(Step::Auth).await?.intermediate(Step::Auth)?;
                self.write(Step::Auth, format!("{}\r\n", STANDARD.encode(word)).as_bytes()).await?;
            }
        } else {
            return Err(Fault::new(Step::Auth, FaultKind::NotOffered("AUTH PLAIN")));
        }
        self.reply(Step::Auth).await?.positive(Step::Auth).map(drop)
    }

    /// Asks whether a message is wanted.
    pub async fn offer(&mut self, envelope: &Envelope) -> Result<Offered, Fault> {
        if self.is_pipelining {
            let group = self.group(envelope).concat();
            self.write(Step::Mail, group.as_bytes()).await?;
            return self.offered().await;
        }
        let is_again = self.needs_reset;
        for (n, line) in self.group(envelope).iter().enumerate() {
            let step =
                [Step::Mail, Step::Rcpt, Step::Data][n.saturating_sub(usize::from(is_again))];
            self.write(step, line.as_bytes()).await?;
            let reply = self.reply(step).await?;
            let is_data = step == Step::Data;
            if if is_data { reply.code != 354 } else { !reply.is_positive() } {
                self.needs_reset = true;
                return Ok(Offered::Refused(step, reply));
            }
        }
        self.needs_reset = true;
        Ok(Offered::Wanted)
    }

    /// The commands that come before a message.
    fn group(&self, envelope: &Envelope) -> Vec<String> {
        let size = match self.takes_size {
            true => format!(" SIZE={}", envelope.size),
            false => String::new(),
        };
        let mut group = Vec::new();
        if self.needs_reset {
            group.push("RSET\r\n".to_owned());
        }
        group.push(format!("MAIL FROM:<{}>{size}\r\n", envelope.from));
        group.push(format!("RCPT TO:<{}>\r\n", envelope.to));
        group.push("DATA\r\n".to_owned());
        group
    }

    /// The replies to a group. After a refusal the rest is read, and an open message is ended empty.
    async fn offered(&mut self) -> Result<Offered, Fault> {
        let mut refused = None;
        if self.needs_reset {
            self.reply(Step::Mail).await?;
        }
        self.needs_reset = true;
        for step in [Step::Mail, Step::Rcpt, Step::Data] {
            let reply = match (self.reply(step).await, refused.take()) {
                (Ok(reply), None) => reply,
                // What follows a refusal is of no matter, but for a message that was opened.
                (Ok(reply), Some(refusal)) => {
                    if step == Step::Data && reply.code == 354 {
                        self.write(Step::Data, b".\r\n").await?;
                        self.reply(Step::Data).await?;
                    }
                    refused = Some(refusal);
                    continue;
                }
                (Err(_), Some((step, reply))) => return Ok(Offered::Refused(step, reply)),
                (Err(fault), None) => return Err(fault),
            };
            let is_wanted =
                if step == Step::Data { reply.code == 354 } else { reply.is_positive() };
            if !is_wanted {
                refused = Some((step, reply));
            }
        }
        Ok(match refused {
            Some((step, reply)) => Offered::Refused(step, reply),
            None => Offered::Wanted,
        })
    }

    /// Sends a message that is wanted, all but its end. It can still be given up.
    pub async fn content(&mut self, message: &[u8]) -> Result<(), Fault> {
        self.write(Step::Content, &stuffed(message)).await
    }

    /// Ends a message: from here on it may have been taken, whatever is heard. In the same piece asks
    /// whether the next is wanted.
    pub async fn end(&mut self, next: Option<&Envelope>) -> Ended {
        if let Err(fault) = self.listen().await {
            return Ended { reply: Err(fault), next: None };
        }
        self.needs_reset = false;
        let asks = next.filter(|_| self.is_pipelining);
        let mut piece = b".\r\n".to_vec();
        for line in asks.map(|next| self.group(next)).unwrap_or_default() {
            piece.extend_from_slice(line.as_bytes());
        }
        if let Err(fault) = self.write(Step::End, &piece).await {
            return Ended { reply: Err(fault), next: None };
        }
        let reply = self.reply_within(Step::End, self.patience * 2).await;
        let next = match (&reply, next) {
            (Err(_), _) | (_, None) => None,
            (Ok(_), Some(_)) if asks.is_some() => Some(self.offered().await),
            (Ok(_), Some(next)) => Some(self.offer(next).await),
        };
        Ended { reply, next }
    }

    /// Says farewell; nobody waits for the answer.
    pub async fn close(mut self) {
        let _ = self.write(Step::End, b"QUIT\r\n").await;
        let _ = self.stream.shutdown().await;
    }

    /// True if the relay is still there, as far as can be known without asking.
    pub async fn is_open(&mut self) -> bool {
        self.listen().await.is_ok() && self.input.is_empty()
    }

    /// Takes in what the relay has said unasked; it has something to say when it goes away.
    async fn listen(&mut self) -> Result<(), Fault> {
        let mut chunk = [0; 512];
        loop {
            match self.stream.read(&mut chunk).now_or_never() {
                None => return Ok(()),
                Some(Ok(0)) if self.input.is_empty() => {
                    return Err(Fault::new(Step::Content, FaultKind::Closed));
                }
                // What it said last is read as its answer.
                Some(Ok(0)) => return Ok(()),
                Some(Ok(n)) => self.input.extend_from_slice(&chunk[..n]),
                Some(Err(error)) => return Err(Fault::io(Step::Content, error)),
            }
        }
    }

    async fn write(&mut self, step: Step, bytes: &[u8]) -> Result<(), Fault> {
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let written = timeout(self.patience, write).await.map_err(|_| Fault::timeout(step))?;
        written.map_err(|error| Fault::io(step, error))
    }

    async fn reply(&mut self, step: Step) -> Result<Reply, Fault> {
        self.reply_within(step, self.patience).await
    }

    async fn reply_within(&mut self, step: Step, patience: Duration) -> Result<Reply, Fault> {
        let bytes = self.reply_bytes(step, patience).await?;
        Reply::parse(&bytes).ok_or_else(|| Fault::garbled(step, &bytes))
    }

    /// The next reply, as it came.
    async fn reply_bytes(&mut self, step: Step, patience: Duration) -> Result<Vec<u8>, Fault> {
        let read = async {
            loop {
                if let Some(length) = reply::length(&self.input) {
                    let rest = self.input.split_off(length);
                    return Ok(std::mem::replace(&mut self.input, rest));
                }
                if self.input.len() > LONGEST {
                    return Err(Fault::garbled(step, &self.input));
                }
                let read = self.stream.read_buf(&mut self.input).await;
                if read.map_err(|error| Fault::io(step, error))? == 0 {
                    return Err(Fault::new(step, FaultKind::Closed));
                }
            }
        };
        timeout(patience, read).await.map_err(|_| Fault::timeout(step))?
    }
}

/// The same line, encrypted; what goes wrong is a certificate far more often than the line.
async fn secured(line: impl Line + 'static, relay: &Relay) -> Result<Box<dyn Line>, Fault> {
    let secured = encrypted(line, &relay.host).await;
    secured.map_err(|error| Fault::new(Step::StartTls, FaultKind::Tls(error)))
}

/// A message whose lines do not begin with the end of it (RFC 5321, 4.5.2).
fn stuffed(message: &[u8]) -> Cow<'_, [u8]> {
    let is_dotted = |at: usize| message[at..].starts_with(b"\n.");
    let newlines = message.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let dotted: Vec<usize> = newlines.map(|(at, _)| at).filter(|at| is_dotted(*at)).collect();
    if dotted.is_empty() {
        return Cow::Borrowed(message);
    }
    let mut stuffed = Vec::with_capacity(message.len() + dotted.len());
    let mut from = 0;
    for at in dotted {
        stuffed.extend_from_slice(&message[from..=at]);
        stuffed.push(b'.');
        from = at + 1;
    }
    stuffed.extend_from_slice(&message[from..]);
    Cow::Owned(stuffed)
}
