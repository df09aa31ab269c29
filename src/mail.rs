//! Mail: addresses, messages and their signatures, and the ways by which they leave.

mod address;
mod dkim;
pub mod dns;
pub mod doctor;
pub mod imap;
mod line;
mod message;
pub mod smtp;
mod transport;

pub use address::Mailbox;
pub use dkim::{Published, Signer};
pub use message::{Master, Message, Recipient, encoded_html_len};
pub use transport::{Rate, Relay, Security, Transport};
