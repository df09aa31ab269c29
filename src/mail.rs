//! Mail: addresses and messages.

mod address;
mod message;

pub use address::Mailbox;
pub use message::{Message, encoded_html_len};
