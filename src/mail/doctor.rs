//! What receivers will find wrong with mail from here, each fault once, with what to do about it.

use std::collections::HashSet;

use super::dns::{Dns, DnsError};
use super::{Published, Relay};

/// Lookups that checking an SPF record may cost (RFC 7208, 4.6.4).
const LOOKUPS: usize = 10;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What it is about: `spf`, `dkim`, `dmarc`, `ptr`, ...
    pub about: &'static str,
    pub problem: String,
    pub help: String,
}

impl Finding {
    pub fn new(
        about: &'static str,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> Finding {
        Finding { about, problem: problem.into(), help: help.into() }
    }
}

/// Whether a domain lets the relay send for it (RFC 7208).
pub async fn spf(dns: &Dns, domain: &str, relay: &Relay) -> Result<Option<Finding>, DnsError> {
    let records = spf_records(dns, domain).await?;
    let allow = format!("`{domain}. IN TXT \"v=spf1 a:{} -all\"`", relay.host);
    let [record] = records.as_slice() else {
        return Ok(Some(match records.len() {
            0 => Finding::new(
                "spf",
                format!("`{domain}` has no SPF record"),
                format!("publish {allow}, or what your relay tells you to include"),
            ),
            n => Finding::new(
                "spf",
                format!("`{domain}` has {n} SPF records, so that none counts"),
                "merge them into one",
            ),
        }));
    };
    if record.split_whitespace().any(|term| term.eq_ignore_ascii_case("+all") || term == "all") {
        return Ok(Some(Finding::new(
            "spf",
            format!("the SPF record of `{domain}` lets everybody send"),
            "end it with `-all`",
        )));
    }
    let lookups = count_lookups(dns, domain, record).await?;
    Ok((lookups > LOOKUPS).then(|| {
        Finding::new(
            "spf",
            format!("the SPF record of `{domain}` costs {lookups} lookups, of which {LOOKUPS} are allowed, so that none counts"),
            "leave out what does not send for you any more, or write addresses (`ip4:`) in the place of `include:`",
        )
    }))
}

async fn spf_records(dns: &Dns, domain: &str) -> Result<Vec<String>, DnsError> {
    let mut records = dns.texts(domain).await?;
    records.retain(|text| {
        let first = text.split_whitespace().next().unwrap_or_default();
        first.eq_ignore_ascii_case("v=spf1")
    });
    Ok(records)
}

/// The lookups that a record costs, with all that it includes.
async fn count_lookups(dns: &Dns, domain: &str, record: &str) -> Result<usize, DnsError> {
    let mut lookups = 0;
    let mut seen = HashSet::from([domain.to_lowercase()]);
    let mut records = vec![record.to_owned()];
    while let Some(record) = records.pop() {
        for term in record.split_whitespace().skip(1) {
            let term = term.trim_start_matches(['+', '-', '~', '?']).to_lowercase();
            let (name, target) = term.split_once([':', '=', '/']).unwrap_or((&term, ""));
            match name {
                "a" | "mx" | "ptr" | "exists" => lookups += 1,
                "include" | "redirect" => {
                    lookups += 1;
                    // Who includes itself would never end, and is over the limit long before.
                    if lookups <= 2 * LOOKUPS && seen.insert(target.to_owned()) {
                        records.extend(spf_records(dns, target).await?.into_iter().next());
                    }
                }
                _ => {}
            }
        }
    }
    Ok(lookups)
}

/// Whether what a domain publishes is the other half of a key (RFC 6376, 3.6.1).
pub async fn dkim(dns: &Dns, key: &Published) -> Result<Option<Finding>, DnsError> {
    let published = dns.texts(&key.name).await?;
    let publish = format!("publish `{}. IN TXT \"{}\"`", key.name, key.record);
    let value = |record: &str, tag: &str| {
        let tags = record.split(';').filter_map(|tag| tag.split_once('='));
        let mut found = tags.filter(|(name, _)| name.trim() == tag);
        found.next().map(|(_, value)| value.split_whitespace().collect::<String>())
    };
    let own = value(&key.record, "p");
    let problem = match published.as_slice() {
        [] => "is not there".to_owned(),
        [record] if value(record, "p").is_none_or(|p| p.is_empty()) => "has no key".to_owned(),
        [record] if value(record, "p") != own => "has another key than `key_file`".to_owned(),
        [record] if value(record, "t").is_some_and(|flags| flags.contains('y')) => {
            "says that it is a test (`t=y`)".to_owned()
        }
        [_] => return Ok(None),
        more => format!("has {} records", more.len()),
    };
    Ok(Some(Finding::new("dkim", format!("`{}` {problem}", key.name), publish)))
}

/// Whether the domain that people see says what to do with forgeries, and is the one that answers for
/// the mail: by its signature or by its return path (RFC 7489; RFC 9989 walks up the same way).
pub async fn dmarc(
    dns: &Dns,
    from: &str,
    signed: Option<&str>,
    returned: &str,
) -> Result<Option<Finding>, DnsError> {
    let mut records = Vec::new();
    let mut name = from;
    loop {
        let found = dns.texts(&format!("_dmarc.{name}")).await?;
        let is_dmarc = |text: &String| text.trim_start().starts_with("v=DMARC1");
        records.extend(found.into_iter().filter(is_dmarc).map(|record| (name, record)));
        match name.split_once('.') {
            Some((_, above)) if above.contains('.') => name = above,
            _ => break,
        }
    }
    let Some((_, record)) = records.first() else {
        return Ok(Some(Finding::new(
            "dmarc",
            format!("`{from}` has no DMARC record"),
            format!(
                "publish `_dmarc.{from}. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{from}\"`, and `p=quarantine` when the reports show that all is well"
            ),
        )));
    };
    // The domain of the organisation is the highest that has a record.
    let organisation = records.last().map_or(from, |(name, _)| name);
    let strict = |tag: &str| {
        record
            .split(';')
            .any(|part| part.split_whitespace().collect::<String>() == format!("{tag}=s"))
    };
    let is_aligned = |domain: &str, tag: &str| {
        domain.eq_ignore_ascii_case(from)
            || (!strict(tag)
                && (domain == organisation || domain.ends_with(&format!(".{organisation}"))))
    };
    let by_signature = signed.is_some_and(|domain| is_aligned(domain, "adkim"));
    if by_signature || is_aligned(returned, "aspf") {
        return Ok(None);
    }
    Ok(Some(Finding::new(
        "alignment",
        format!("mail from `{from}` is answered for by other domains only, so that DMARC fails"),
        format!(
            "sign with `domain = \"{organisation}\"` under `[mail.dkim]`, or let `return_path` be in `{organisation}`"
        ),
    )))
}

/// Whether the relay's address has a name that has the address.
pub async fn ptr(dns: &Dns, relay: &Relay) -> Result<Option<Finding>, DnsError> {
    let addresses = dns.addresses(&relay.host).await?;
    if addresses.is_empty() {
        return Ok(Some(Finding::new(
            "relay",
            format!("the relay `{}` has no address", relay.host),
            "see `transport` under `[mail]`",
        )));
    }
    for address in addresses {
        let mut is_confirmed = false;
        for name in dns.names(address).await? {
            is_confirmed |= dns.addresses(&name).await?.contains(&address);
        }
        if !is_confirmed {
            return Ok(Some(Finding::new(
                "ptr",
                format!("the relay's address {address} has no name that leads back to it"),
                "whoever runs the relay, or rents out the address, sets its reverse name",
            )));
        }
    }
    Ok(None)
}
