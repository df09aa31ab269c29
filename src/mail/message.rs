//! A newsletter's message: text and HTML, and the headers that a list owes (RFC 2369, 2919, 8058).

use std::borrow::Cow;

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use url::Url;

use super::Mailbox;

/// Everything that a message says; the same message gives the same bytes.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    pub from: &'a Mailbox,
    pub to: &'a Mailbox,
    pub subject: &'a str,
    pub date: Timestamp,
    /// Unique, without the domain.
    pub id: &'a str,
    pub language: &'a str,
    /// Title and name of the newsletter, the latter part of its `List-Id` for ever.
    pub list: (&'a str, &'a str),
    pub unsubscribe: Url,
    pub archive: Url,
    pub text: &'a str,
    pub html: &'a str,
}

impl Message<'_> {
    /// The message as it goes over the wire, lines ended by CR LF.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (title, name) = self.list;
        let host = self.unsubscribe.host_str().unwrap_or_default();
        // A host without a dot is nobody's domain.
        let host = if host.contains('.') { host } else { self.from.domain() };
        let raw = |text: String| HeaderType::from(Raw::new(text));
        let mut message = MessageBuilder::new()
            .from(address(self.from))
            .to(address(self.to))
            .subject(self.subject)
            .date(Date::new(self.date.as_second()))
            .message_id(format!("{}@{}", self.id, self.from.domain()))
            .header("List-Id", raw(format!("{}<{name}.{host}>", phrase(title))))
            .header("List-Unsubscribe", raw(self.list_unsubscribe()));
        if self.unsubscribe.scheme() == "https" {
            let post = raw("List-Unsubscribe=One-Click".to_owned());
            message = message.header("List-Unsubscribe-Post", post);
        }
        let body = MimePart {
            headers: vec![(
                Cow::from("Content-Type"),
                ContentType::new("multipart/alternative")
                    .attribute("boundary", self.boundary())
                    .into(),
            )],
            contents: BodyPart::Multipart(vec![
                MimePart::new(utf8("text/plain"), self.text),
                MimePart::new(utf8("text/html"), self.html),
            ]),
        };
        let message = message
            .header("List-Archive", raw(format!("<{}>", self.archive)))
            .header("Auto-Submitted", raw("auto-generated".to_owned()))
            .header("Content-Language", raw(self.language.to_owned()))
            .body(body);
        let mut bytes = Vec::new();
        message.serialize(&mut bytes);
        bytes
    }

    /// By the web first, by mail where that does not work (RFC 2369, 8058).
    fn list_unsubscribe(&self) -> String {
        let (_, name) = self.list;
        let by_mail = format!("<mailto:{}?subject=unsubscribe%20{name}>", self.from.address());
        match self.unsubscribe.scheme() {
            "https" => format!("<{}>,\r\n {by_mail}", self.unsubscribe),
            _ => by_mail,
        }
    }

    /// No line of the parts begins with it: they are text of people, this is a hash.
    fn boundary(&self) -> String {
        format!("=_{}", self.id)
    }
}

/// The length of an HTML part in a message, in bytes, its headers included.
pub fn encoded_html_len(html: &str) -> usize {
    let mut bytes = Vec::new();
    MimePart::new(utf8("text/html"), html).write_part(&mut bytes);
    bytes.len()
}

fn utf8(media_type: &'static str) -> ContentType<'static> {
    ContentType::new(media_type).attribute("charset", "utf-8")
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    let name = Some(mailbox.name()).filter(|name| !name.is_empty());
    Address::new_address(name, mailbox.address())
}

/// A title before an address in angle brackets: quoted where it is ASCII, absent where not - the
/// `List-Id` says who the list is, the subject says its name.
fn phrase(title: &str) -> String {
    match title.is_ascii() {
        true => format!("\"{}\" ", title.replace(['"', '\\'], "'")),
        false => String::new(),
    }
}
