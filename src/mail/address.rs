//! Addresses of mail (RFC 5322, 3.4), the part of it that people use.

use serde::Deserialize;

/// `In Focus <news@example.org>`: a name, which may be empty, and an address that was parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: String,
    address: String,
}

impl Mailbox {
    pub fn parse(text: &str) -> Option<Mailbox> {
        let text = crate::normalize::line(text);
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').to_owned(), address.to_owned()),
            None => (String::new(), text),
        };
        Mailbox::new(&name, &address)
    }

    /// The name and the address of somebody; a domain in other letters is put into ASCII.
    pub fn new(name: &str, address: &str) -> Option<Mailbox> {
        let (local, domain) = address.trim().rsplit_once('@')?;
        let domain = match domain.is_ascii() {
            true => domain.to_owned(),
            false => url::Host::parse(domain).ok()?.to_string(),
        };
        let address = format!("{local}@{domain}");
        is_address(&address).then(|| Mailbox { name: crate::normalize::line(name), address })
    }

    /// The address with a mark before its `@`, by which what comes back is known (VERP).
    pub fn marked(&self, mark: &str) -> String {
        match self.address.rsplit_once('@') {
            Some((local, domain)) => format!("{local}+{mark}@{domain}"),
            None => self.address.clone(),
        }
    }

    /// The key as a file may be called; by a hash, where an address has what no name may have.
    pub fn file_name(&self) -> String {
        let legal = |c: char| c.is_ascii_alphanumeric() || "@.+-_=".contains(c);
        let key = self.key();
        match key.len() <= 200 && key.chars().all(legal) {
            true => key,
            false => crate::hash::short([key], 16),
        }
    }

    /// What tells one mailbox from another: nobody's relay tells capitals apart.
    pub fn key(&self) -> String {
        self.address.to_ascii_lowercase()
    }

    /// Whom a draft is addressed to: a domain that is nobody's for ever (RFC 2606).
    pub fn nobody() -> Mailbox {
        Mailbox { name: String::new(), address: "subscriber@example.com".to_owned() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A dot-atom, `@`, and a domain of at least two labels, the last of which is no number: it is no address
/// of a machine. Quoted locals exist on paper only.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_atom = |part: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
        !part.is_empty() && part.chars().all(legal)
    };
    let is_label = |label: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(legal)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && !domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

impl<'de> Deserialize<'de> for Mailbox {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Mailbox, D::Error> {
        let text = String::deserialize(deserializer)?;
        Mailbox::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no mail address, expected such as `In Focus <news@example.org>`"
            ))
        })
    }
}
