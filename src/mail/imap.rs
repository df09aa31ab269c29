//! Messages that wait in a mailbox (IMAP, RFC 9051).

use async_imap::Session;
use async_imap::error::Error;
use futures_util::TryStreamExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::line::{CONNECT, Line, encrypted};

/// A mailbox on a server, open.
pub struct Inbox {
    session: Session<Box<dyn Line>>,
}

#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    #[error("`{0}` is no mailbox, expected such as `imaps://user@imap.example.org/INBOX`")]
    Address(String),
    #[error("no connection to `{0}`: {1}")]
    Connect(String, String),
    #[error(
        "`{0}` does not let us in: {1}\nhelp: the password is in the environment, in `INFOCUS_IMAP_PASSWORD`"
    )]
    Login(String, String),
    #[error("the mailbox cannot be read: {0}")]
    Read(#[from] Error),
}

impl Inbox {
    /// Opens `imaps://user@host/INBOX`; `imap://...?tls=none` is for a server on the same machine.
    pub async fn open(address: &str, secret: &str) -> Result<Inbox, ImapError> {
        let wrong = || ImapError::Address(address.to_owned());
        let url = Url::parse(address).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?.to_owned();
        let port = match (url.scheme(), url.query()) {
            ("imaps", None) => url.port().unwrap_or(993),
            ("imap", Some("tls=none")) => url.port().unwrap_or(143),
            _ => return Err(wrong()),
        };
        if url.password().is_some() {
            return Err(wrong());
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let failed = |why: String| ImapError::Connect(host.clone(), why);
        let connecting = timeout(CONNECT, TcpStream::connect((&*host, port))).await;
        let stream = connecting
            .map_err(|_| failed("it took too long".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        let line: Box<dyn Line> = match url.scheme() {
            "imaps" => encrypted(stream, &host).await.map_err(failed)?,
            _ => Box::new(stream),
        };
        let mut client = async_imap::Client::new(line);
        // It greets first.
        client.read_response().await.map_err(|error| failed(error.to_string()))?;
        let user = decoded(url.username());
        let login = client.login(&user, secret).await;
        let mut session =
            login.map_err(|(error, _)| ImapError::Login(host.clone(), error.to_string()))?;
        let name = decoded(url.path().trim_start_matches('/'));
        session.select(if name.is_empty() { "INBOX" } else { &name }).await?;
        Ok(Inbox { session })
    }

    /// The messages that nobody has seen, the oldest first.
    pub async fn unseen(&mut self) -> Result<Vec<u32>, ImapError> {
        let mut unseen: Vec<u32> = self.session.uid_search("UNSEEN").await?.into_iter().collect();
        unseen.sort_unstable();
        Ok(unseen)
    }

    /// A message, which is not marked as seen by that; none if it is gone.
    pub async fn message(&mut self, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let fetched: Vec<_> =
            self.session.uid_fetch(uid.to_string(), "BODY.PEEK[]").await?.try_collect().await?;
        Ok(fetched.iter().find_map(|message| message.body()).map(<[u8]>::to_vec))
    }

    pub async fn mark_seen(&mut self, uid: u32) -> Result<(), ImapError> {
        let marked = self.session.uid_store(uid.to_string(), "+FLAGS.SILENT (\\Seen)").await?;
        let _: Vec<_> = marked.try_collect().await?;
        Ok(())
    }

    /// Says farewell; nobody waits for the answer.
    pub async fn close(mut self) {
        let _ = self.session.logout().await;
    }
}
