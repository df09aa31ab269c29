//! `doctor`: what stands between a mailing and its readers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Answer, Outcome, chain};
use crate::alert;
use crate::diagnostic::count;
use crate::mail::dns::{Dns, DnsError};
use crate::mail::doctor::{self, Finding};
use crate::mail::smtp::Session;
use crate::mail::{Mailbox, Relay, Security, Signer, Transport};
use crate::newsletter::{self as news, Token, delivery, lint};
use crate::site::Site;
use crate::store::Store;

/// How long the relay may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub struct Options {
    /// Asks this name server, not those of the machine
    #[arg(long, value_name = "ADDRESS:PORT")]
    dns: Option<SocketAddr>,
    /// Where `infocus serve` answers, if this machine does not reach it by its public name
    #[arg(long, value_name = "ADDRESS:PORT")]
    server: Option<SocketAddr>,
}

pub async fn run(site: &Site, store: &Store, options: &Options) -> anyhow::Result<Answer> {
    let mut findings = Vec::new();
    match &site.settings.mail.from {
        None => findings.push(Finding::new(
            "from",
            "nobody is named whom mail comes from",
            "set `from` under `[mail]`: `from = \"In Focus <news@example.org>\"`",
        )),
        Some(from) => {
            sender(site, from, options, &mut findings).await?;
            links(site, &mut findings);
            // What never leaves the machine has links that nobody follows.
            if let Transport::Smtp(_) = &site.settings.mail.transport {
                findings.extend(one_click(site, options).await?);
            }
        }
    }
    for (name, newsletter) in &site.settings.newsletters {
        for (frequency, people) in store.frequencies(name).await? {
            if !frequency.is_empty() && !newsletter.frequencies.contains_key(&frequency) {
                let people = count(people as usize, "subscriber");
                findings.push(Finding::new(
                    "frequency",
                    format!("{name}: {people} chose `{frequency}`, which is not offered, and get nothing"),
                    format!("put it back under `[newsletters.{name}.frequencies]`, or change their choice"),
                ));
            }
        }
        if let Some(html) = news::next_html(site, store, name).await? {
            let found = lint(&html).into_iter();
            findings.extend(found.map(|finding| Finding {
                problem: format!("{name}: {}", finding.problem),
                ..finding
            }));
        }
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|Finding { about, problem, help }| format!("{about}: {problem}\n  help: {help}"))
        .collect();
    let (outcome, text) = match lines.is_empty() {
        true => (Outcome::Done, "nothing is wrong".to_owned()),
        false => {
            let summary = count(lines.len(), "finding");
            (Outcome::InPart, format!("{}\n{summary}", lines.join("\n")))
        }
    };
    Ok(Answer { outcome, text, json: json!({ "findings": findings }) })
}

/// Who sends, as others see them.
async fn sender(
    site: &Site,
    from: &Mailbox,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let mail = &site.settings.mail;
    let signer = match &mail.dkim {
        Some(dkim) => Some(Signer::load(&site.root, dkim)?),
        None => {
            findings.push(Finding::new(
                "dkim",
                "nothing is signed",
                "`openssl genrsa -out dkim.pem 2048`, and `[mail.dkim]` with `domain`, `selector` \
                 and `key_file`",
            ));
            None
        }
    };
    let Transport::Smtp(relay) = &mail.transport else {
        // What never leaves the machine is nobody else's business.
        return Ok(());
    };
    let returned = mail.return_path.as_ref().unwrap_or(from).domain();
    let dns = Dns::new(options.dns)?;
    match zones(&dns, relay, from, signer.as_ref(), returned).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::new(
            "dns",
            error.to_string(),
            "try again, or name a server: `--dns 9.9.9.9:53`",
        )),
    }
    findings.extend(connection(relay, from).await);
    Ok(())
}

async fn zones(
    dns: &Dns,
    relay: &Relay,
    from: &Mailbox,
    signer: Option<&Signer>,
    returned: &str,
) -> Result<Vec<Finding>, DnsError> {
    let mut findings = Vec::new();
    findings.extend(doctor::spf(dns, returned, relay).await?);
    for key in signer.map(Signer::published).unwrap_or_default() {
        findings.extend(doctor::dkim(dns, &key).await?);
    }
    let signed = signer.map(Signer::domain);
    findings.extend(doctor::dmarc(dns, from.domain(), signed, returned).await?);
    findings.extend(doctor::ptr(dns, relay).await?);
    Ok(findings)
}

/// The relay as we meet it: whether it is there, safe to talk to, and lets us in.
async fn connection(relay: &Relay, from: &Mailbox) -> Option<Finding> {
    let is_near = relay.host == "localhost"
        || relay.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if relay.security == Security::None && !is_near {
        return Some(Finding::new(
            "tls",
            format!("what is said to `{relay}` can be read and changed on its way"),
            "leave out `?tls=none`",
        ));
    }
    let secret = std::env::var(delivery::SECRET).ok();
    match Session::open(relay, from.domain(), secret.as_deref(), PATIENCE).await {
        Ok(session) => {
            session.close().await;
            None
        }
        Err(fault) => Some(Finding::new(
            "relay",
            format!("`{relay}` does not let us in: {fault}"),
            "see `transport` under `[mail]`, and `INFOCUS_SMTP_PASSWORD`",
        )),
    }
}

/// Whether the one click that leaves is answered as it has to be (RFC 8058): at once, without sending
/// anybody elsewhere. It is asked for nobody, so that nobody leaves.
async fn one_click(site: &Site, options: &Options) -> anyhow::Result<Option<Finding>> {
    let base = &site.settings.base_url;
    let Some(name) = site.settings.newsletters.keys().next() else { return Ok(None) };
    if base.scheme() != "https" {
        return Ok(None);
    }
    let url = news::leave_url(site, name, &Token::nobody());
    let mut asked = url.clone();
    if let Some(server) = options.server {
        asked = format!("http://{server}{}", url.path()).parse()?;
    }
    let problem = match alert::click(&asked).await {
        Ok(status) if status.is_success() => return Ok(None),
        Ok(status) => format!("`{url}` answers {status} to the one click that leaves"),
        Err(error) => format!("`{url}` does not answer: {}", chain(&error.without_url().into())),
    };
    Ok(Some(Finding::new(
        "one-click",
        problem,
        "let `infocus serve` answer there, behind a proxy for `https://`; if this machine cannot reach \
         it by that name, `--server 127.0.0.1:8080` says where it is",
    )))
}

/// The ways out that every mail offers.
fn links(site: &Site, findings: &mut Vec<Finding>) {
    let base = &site.settings.base_url;
    if base.scheme() != "https" {
        findings.push(Finding::new(
            "one-click",
            format!("`base_url` is `{base}`: one click to unsubscribe works over `https://` only"),
            "serve the site over `https://`; the large providers ask for it (RFC 8058)",
        ));
    }
    if site.settings.mail.address.is_none() {
        findings.push(Finding::new(
            "address",
            "the foot of the mails has no postal address",
            "set `address` under `[mail]`; the law asks for it in many places",
        ));
    }
}
