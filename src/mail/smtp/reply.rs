//! What a relay says (RFC 5321, 4.2), and in what class (RFC 3463).

use std::fmt;

use smtp_proto::response::parser::ResponseReceiver;

use super::{Fault, FaultKind, Step};

/// A reply: a number for programs, a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Such as 5.1.1; none if it does not say.
    pub class: Option<[u8; 3]>,
    pub text: String,
}

impl Reply {
    pub(super) fn parse(bytes: &[u8]) -> Option<Reply> {
        let response = ResponseReceiver::default().parse(&mut bytes.iter()).ok()?;
        let class = Some(response.esc).filter(|class| class[0] > 0);
        Some(Reply { code: response.code, class, text: crate::normalize::line(&response.message) })
    }

    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// True if the same may be taken later.
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    pub(super) fn positive(self, step: Step) -> Result<Reply, Fault> {
        if self.is_positive() { Ok(self) } else { Err(Fault::new(step, FaultKind::Refused(self))) }
    }

    pub(super) fn intermediate(self, step: Step) -> Result<Reply, Fault> {
        match self.code / 100 {
            3 => Ok(self),
            _ => Err(Fault::new(step, FaultKind::Refused(self))),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some([class, subject, detail]) = self.class {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, " {}", self.text)
    }
}

/// The length of the first reply in what was read, if all of it is there.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(end) = bytes[from..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[from..from + end];
        from += end + 1;
        // A line that goes on says so after its number.
        if line.get(3) != Some(&b'-') {
            return Some(from);
        }
    }
    None
}
