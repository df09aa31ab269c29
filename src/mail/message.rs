//! A newsletter's message: text and HTML, and the headers that a list owes (RFC 2369, 2919, 8058).
//!
//! Everything but whom it goes to is made once, as it goes over the wire. A copy for one subscriber
//! is that with their address and token put in: no encoding, no rendering.

use std::borrow::Cow;

use encodify::{Fold, qp, rfc2047};
use jiff::Timestamp;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::headers::{Header, HeaderType};
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Mailbox, Signer};
use crate::newsletter::Token;
use crate::normalize::line;

/// Everything that a message says to all of its recipients; the same message gives the same bytes.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    pub from: &'a Mailbox,
    pub reply_to: Option<&'a Mailbox>,
    pub subject: &'a str,
    pub date: Timestamp,
    /// Unique; parts of the message are told apart by it.
    pub id: &'a str,
    pub language: &'a str,
    /// Title and name of the newsletter, the latter part of its `List-Id` for ever.
    pub list: (&'a str, &'a str),
    /// With [`Token::BLANK`] in it, like the parts.
    pub unsubscribe: Url,
    pub archive: Url,
    pub text: &'a str,
    pub html: &'a str,
}

/// What every copy of a message is made from.
#[derive(Debug)]
pub struct Master {
    from: Mailbox,
    /// Headers that are the same in all copies, each with its lines ended.
    headers: Vec<(&'static str, String)>,
    list: String,
    unsubscribe: Url,
    body: Vec<u8>,
    /// Where the tokens go: the place of each of their characters, between which lines may end.
    places: Vec<[usize; Token::LENGTH]>,
    /// The hash of the body as far as it is the same in all copies.
    start: Sha256,
}

/// For whom a copy is.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    pub mailbox: &'a Mailbox,
    pub token: &'a Token,
    /// Unique and always the same, without the domain: by it a copy that came twice is known.
    pub message_id: &'a str,
}

impl Message<'_> {
    pub fn master(&self) -> Master {
        let body = self.body();
        let places = places(&body);
        let common = places.first().map_or(body.len(), |place| place[0]);
        let mut start = Sha256::new();
        start.update(&body[..common]);
        Master {
            from: self.from.clone(),
            headers: self.headers(),
            list: self.list.1.to_owned(),
            unsubscribe: self.unsubscribe.clone(),
            body,
            places,
            start,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let (title, name) = self.list;
        let host = self.unsubscribe.host_str().unwrap_or_default();
        // A host without a dot is nobody's domain.
        let host = if host.contains('.') { host } else { self.from.domain() };
        let raw = |text: String| HeaderType::from(Raw::new(text));
        let multipart = ContentType::new("multipart/alternative");
        let multipart = multipart.attribute("boundary", self.boundary());
        let mut headers = vec![("From", written("From", address(self.from).into()))];
        headers.push(("Subject", subject(self.subject)));
        let mut add = |name, value| headers.push((name, written(name, value)));
        if let Some(reply_to) = self.reply_to {
            add("Reply-To", address(reply_to).into());
        }
        add("Date", Date::new(self.date.as_second()).into());
        add("List-Id", raw(format!("{}<{name}.{host}>", phrase(title))));
        if self.unsubscribe.scheme() == "https" {
            add("List-Unsubscribe-Post", raw("List-Unsubscribe=One-Click".to_owned()));
        }
        add("List-Archive", raw(format!("<{}>", self.archive)));
        add("Feedback-ID", raw(self.feedback_id()));
        add("Auto-Submitted", raw("auto-generated".to_owned()));
        add("Content-Language", raw(line(self.language)));
        add("MIME-Version", raw("1.0".to_owned()));
        add("Content-Type", multipart.into());
        headers
    }

    /// By what Gmail sorts complaints: the last field is the sender's for ever.
    fn feedback_id(&self) -> String {
        let (_, name) = self.list;
        format!("{}:{name}:infocus:{}", self.id, self.from.domain().replace('.', "-"))
    }

    fn body(&self) -> Vec<u8> {
        let boundary = self.boundary();
        let mut body = Vec::new();
        for (media_type, content) in [("text/plain", self.text), ("text/html", self.html)] {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            body.extend_from_slice(&encoded(media_type, content));
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        body
    }

    /// No line of the parts begins with it: they are text of people, this is a hash.
    fn boundary(&self) -> String {
        format!("=_{}", self.id)
    }
}

impl Master {
    /// The message for one subscriber as it goes over the wire, lines ended by CR LF.
    pub fn copy(&self, to: Recipient, signer: Option<&Signer>) -> Vec<u8> {
        let own = [
            ("To", written("To", address(to.mailbox).into())),
            ("Message-ID", format!("<{}@{}>\r\n", to.message_id, self.from.domain())),
            ("List-Unsubscribe", self.list_unsubscribe(to.token)),
        ];
        let mut bytes = Vec::with_capacity(self.body.len() + 4096);
        let headers = || {
            let all = self.headers.iter().chain(&own);
            all.map(|(name, value)| (*name, value.as_str()))
        };
        let mut body = self.body.clone();
        for place in &self.places {
            for (at, character) in place.iter().zip(to.token.as_str().bytes()) {
                body[*at] = character;
            }
        }
        if let Some(signer) = signer {
            let mut hash = self.start.clone();
            hash.update(&body[self.places.first().map_or(body.len(), |place| place[0])..]);
            bytes.extend_from_slice(signer.sign(headers(), &hash.finalize()).as_bytes());
        }
        for (name, value) in headers() {
            bytes.extend_from_slice(format!("{name}: {value}").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&body);
        bytes
    }

    /// By the web first, by mail where that does not work (RFC 2369, 8058).
    fn list_unsubscribe(&self, token: &Token) -> String {
        let (list, from) = (&self.list, self.from.address());
        let by_mail = format!("<mailto:{from}?subject=unsubscribe%20{list}%20{token}>\r\n");
        match self.unsubscribe.scheme() {
            "https" => {
                let url = self.unsubscribe.as_str().replace(Token::BLANK, token.as_str());
                format!("<{url}>,\r\n {by_mail}")
            }
            _ => by_mail,
        }
    }
}

/// The length of an HTML part in a message, in bytes, its headers included.
pub fn encoded_html_len(html: &str) -> usize {
    encoded("text/html", html).len()
}

/// A part with its headers. Tokens are put into it later, so that it is quoted-printable always.
fn encoded(media_type: &'static str, content: &str) -> Vec<u8> {
    let content_type = ContentType::new(media_type).attribute("charset", "utf-8");
    let content = qp::BODY.encode(content);
    let part = MimePart {
        headers: vec![(Cow::from("Content-Type"), content_type.into())],
        contents: BodyPart::Binary(content.into_bytes().into()),
    };
    let mut bytes = Vec::new();
    part.transfer_encoding("quoted-printable").write_part(&mut bytes);
    bytes
}

/// Where [`Token::BLANK`] stands. Within it a line may end softly (RFC 2045, 6.7).
fn places(body: &[u8]) -> Vec<[usize; Token::LENGTH]> {
    let blank = Token::BLANK.as_bytes();
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) = body[from..].iter().position(|byte| *byte == blank[0]) {
        from += found;
        if let Some(place) = place_at(body, from) {
            places.push(place);
        }
        from += 1;
    }
    places
}

fn place_at(body: &[u8], start: usize) -> Option<[usize; Token::LENGTH]> {
    let mut place = [0; Token::LENGTH];
    let mut at = start;
    for (slot, expected) in place.iter_mut().zip(Token::BLANK.bytes()) {
        if body[at..].starts_with(b"=\r\n") {
            at += 3;
        }
        if *body.get(at)? != expected {
            return None;
        }
        *slot = at;
        at += 1;
    }
    Some(place)
}

/// The value of a header, folded, its lines ended.
fn written(name: &str, value: HeaderType) -> String {
    let mut bytes = Vec::new();
    value.write_header(&mut bytes, name.len() + 2);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A subject; one that looks encoded is, so that it is not taken for what it is not (RFC 2047).
fn subject(text: &str) -> String {
    if !text.contains("=?") {
        return written("Subject", Text::new(text).into());
    }
    let (mut words, mut column) = (String::new(), "Subject: ".len());
    rfc2047::Q_TEXT.encode_words("utf-8", text, &mut column, Fold::HEADER, &mut words);
    words + "\r\n"
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    let name = Some(mailbox.name()).filter(|name| !name.is_empty());
    Address::new_address(name, mailbox.address())
}

/// A title before an address in angle brackets: quoted where it is ASCII, absent where not - the
/// `List-Id` says who the list is, the subject says its name.
fn phrase(title: &str) -> String {
    let title = line(title);
    match title.is_ascii() {
        true => format!("\"{}\" ", title.replace(['"', '\\'], "'")),
        false => String::new(),
    }
}
