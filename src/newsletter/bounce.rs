//! What comes back: bounces (RFC 3464), complaints (RFC 5965), and people who confirm or leave by mail. Pure.

use mailparse::{MailHeaderMap, ParsedMail, parse_headers, parse_mail};

use super::Token;

/// Headers that say to whom a message came, the surest first.
const TO: [&str; 5] = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To"];

/// What relays say of mailboxes that are not there, where they give no class.
const NOBODY: [&str; 10] = [
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "unknown recipient",
    "unknown mailbox",
    "mailbox not found",
    "does not exist",
    "doesn't exist",
    "recipient rejected: access denied",
];

/// A message that came back, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// It could not be delivered.
    Bounce(Bounce),
    /// Its recipient called it abuse.
    Complaint(Mark),
    /// Its recipient wants no more.
    Leave(Token),
    /// Its recipient says that it was them who wanted it.
    Confirm(Token),
    /// A machine answers that somebody is away: no bounce.
    AutoReply,
    /// Nothing of ours, or nothing that is over: a delay for instance.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub mark: Mark,
    pub is_hard: bool,
    /// What was said, as people should read it.
    pub reason: String,
}

/// By what it is known whose a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub token: Token,
    /// Of the message that came back, without the domain; it may not be quoted.
    pub message_id: Option<String>,
}

/// Reads a message that came to the return path, or to who answers for the newsletter.
pub fn read(message: &[u8]) -> Returned {
    let Ok(mail) = parse_mail(message) else { return Returned::Other };
    let kind = mail.ctype.params.get("report-type").map(|kind| kind.to_lowercase());
    match (mail.ctype.mimetype.as_str(), kind.as_deref()) {
        ("multipart/report", Some("delivery-status")) => bounce(&mail),
        ("multipart/report", Some("feedback-report")) => complaint(&mail),
        _ => letter(&mail),
    }
}

fn bounce(mail: &ParsedMail) -> Returned {
    let Some(status) = part(mail, "message/delivery-status") else { return Returned::Other };
    let Some(mark) = mark(mail) else { return Returned::Other };
    // A group for the message, then one for each recipient; ours have one.
    let field = |name: &str| {
        let lines = status.lines().skip_while(|line| !is_field(line, name));
        let mut lines = lines.map(str::to_owned);
        let first = lines.next()?;
        let mut value = first.split_once(':')?.1.trim().to_owned();
        for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
            value += &format!(" {}", line.trim());
        }
        Some(value)
    };
    if field("Action").is_some_and(|action| !action.eq_ignore_ascii_case("failed")) {
        return Returned::Other;
    }
    let class = field("Status").unwrap_or_default();
    let diagnostic = field("Diagnostic-Code").unwrap_or_default();
    let diagnostic = diagnostic.split_once(';').map_or(&*diagnostic, |(_, text)| text).trim();
    let reason = crate::normalize::line(&format!("{class} {diagnostic}"));
    let is_hard = is_hard(&class, diagnostic);
    Returned::Bounce(Bounce { mark, is_hard, reason })
}

fn is_field(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// True if the mailbox is not there and will not be (RFC 3463, 3.2).
fn is_hard(class: &str, diagnostic: &str) -> bool {
    let digits: Vec<u16> =
        class.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    let says_nobody = || {
        let diagnostic = diagnostic.to_lowercase();
        NOBODY.iter().any(|words| diagnostic.contains(words))
    };
    match digits.as_slice() {
        // Our own address, or a route that is none for now.
        [5, 1, 7..=9] => false,
        [5, 1, _] | [5, 2, 1] => true,
        [5, 0, _] | [5, 5, _] => says_nobody(),
        _ => false,
    }
}

fn complaint(mail: &ParsedMail) -> Returned {
    let report = part(mail, "message/feedback-report").unwrap_or_default();
    let is_abuse = report.lines().any(|line| {
        let value = line.split_once(':').map(|(_, value)| value.trim().to_lowercase());
        is_field(line, "Feedback-Type")
            && value.is_some_and(|value| value == "abuse" || value == "fraud" || value == "opt-out")
    });
    match mark(mail).filter(|_| is_abuse) {
        Some(mark) => Returned::Complaint(mark),
        None => Returned::Other,
    }
}

/// What is no report: somebody who leaves, a machine, or a person.
fn letter(mail: &ParsedMail) -> Returned {
    let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default().to_lowercase();
    let submitted = header("Auto-Submitted");
    let is_machine = (!submitted.is_empty() && submitted != "no")
        || ["auto_reply", "auto-reply"].contains(&header("Precedence").as_str())
        || !header("X-Autoreply").is_empty()
        || !header("X-Autorespond").is_empty();
    if is_machine {
        return Returned::AutoReply;
    }
    let subject = header("Subject");
    let words: Vec<&str> = subject.split_whitespace().collect();
    match words.as_slice() {
        [.., "unsubscribe", _, token] => {
            Token::parse(token).map_or(Returned::Other, Returned::Leave)
        }
        [.., "confirm", _, token] => Token::parse(token).map_or(Returned::Other, Returned::Confirm),
        _ => Returned::Other,
    }
}

/// The mark of the return path it came to, or that of the message it quotes.
fn mark(mail: &ParsedMail) -> Option<Mark> {
    let quoted = ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"]
        .iter()
        .find_map(|kind| part(mail, kind));
    let quoted = quoted.unwrap_or_default();
    let headers = parse_headers(quoted.as_bytes()).map(|(headers, _)| headers).unwrap_or_default();
    let ways = headers.get_first_value("List-Unsubscribe").unwrap_or_default();
    let after = |text: &str, start: &str| {
        text.split(start).skip(1).find_map(|rest| Token::parse(rest.get(..Token::LENGTH)?))
    };
    let received = TO.iter().flat_map(|name| mail.headers.get_all_values(name));
    let token = received.into_iter().find_map(|value| after(&value.to_lowercase(), "+"));
    let token = token.or_else(|| after(&ways, "/unsubscribe/"))?;
    let message_id = headers.get_first_value("Message-ID").and_then(|id| {
        let id = id.trim().trim_start_matches('<').split('@').next()?.to_owned();
        Some(id)
    });
    Some(Mark { token, message_id })
}

/// The first part of a kind, at any depth, decoded.
fn part(mail: &ParsedMail, kind: &str) -> Option<String> {
    if mail.ctype.mimetype == kind {
        return mail.get_body().ok();
    }
    mail.subparts.iter().find_map(|inner| part(inner, kind))
}
