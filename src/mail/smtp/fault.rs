//! How a session breaks, and at which step.

use std::{fmt, io};

use super::Reply;

/// Where in a session something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connect,
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// Within a message, of which the end has not left.
    Content,
    /// The end of a message has left, or may have.
    End,
}

/// A session that is of no more use.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {kind}")]
pub struct Fault {
    pub step: Step,
    pub kind: FaultKind,
}

#[derive(Debug, thiserror::Error)]
pub enum FaultKind {
    #[error("the relay said `{0}`")]
    Refused(Reply),
    #[error("{0}")]
    Io(io::Error),
    #[error("the relay took too long")]
    Timeout,
    #[error("the relay closed the connection")]
    Closed,
    #[error("the relay does not offer {0}")]
    NotOffered(&'static str),
    #[error("the connection is not secure: {0}")]
    Tls(String),
    #[error("the relay said what is no answer: `{0}`")]
    Garbled(String),
}

impl Fault {
    pub(super) fn new(step: Step, kind: FaultKind) -> Fault {
        Fault { step, kind }
    }

    pub fn closed(step: Step) -> Fault {
        Fault::new(step, FaultKind::Closed)
    }

    pub(super) fn io(step: Step, error: io::Error) -> Fault {
        Fault::new(step, FaultKind::Io(error))
    }

    pub(super) fn timeout(step: Step) -> Fault {
        Fault::new(step, FaultKind::Timeout)
    }

    pub(super) fn garbled(step: Step, bytes: &[u8]) -> Fault {
        let text: String = String::from_utf8_lossy(bytes).chars().take(80).collect();
        Fault::new(step, FaultKind::Garbled(crate::normalize::line(&text)))
    }

    /// What the relay said, if that is what went wrong.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.kind {
            FaultKind::Refused(reply) => Some(reply),
            _ => None,
        }
    }

    /// True if nothing but a change of the settings helps.
    pub fn is_ours(&self) -> bool {
        match &self.kind {
            FaultKind::NotOffered(_) | FaultKind::Tls(_) => true,
            FaultKind::Refused(reply) => {
                matches!(self.step, Step::Auth | Step::StartTls) && !reply.is_transient()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Connect => "connecting",
            Step::Greeting => "greeting",
            Step::Ehlo => "EHLO",
            Step::StartTls => "TLS",
            Step::Auth => "AUTH",
            Step::Mail => "MAIL",
            Step::Rcpt => "RCPT",
            Step::Data => "DATA",
            Step::Content => "within the message",
            Step::End => "after the message",
        })
    }
}
