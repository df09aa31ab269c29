//! Addresses: absolute, without tracking, and comparable.

use url::{Host, Url};

/// Parameters that tell who came from where, not what is shown. A trailing `*` stands for any end.
const TRACKING: [&str; 18] = [
    "utm_*",
    "mc_*",
    "pk_*",
    "mtm_*",
    "matomo_*",
    "hsa_*",
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "_hsenc",
    "_hsmi",
    "_ga",
    "_gl",
    "wt_mc",
    "at_campaign",
];

/// Parameters that carry somebody's session: useless, and different on every visit.
const SESSION: [&str; 6] =
    ["phpsessid", "jsessionid", "sessionid", "session_id", "aspsessionid*", "cfid"];

/// Parameters that are a token or a referrer to most sites and the name of the page to some: an
/// address keeps them, its key does not.
const DOUBTFUL: [&str; 10] =
    ["sid", "ref", "referrer", "token", "sess", "session", "nocache", "_", "_t", "cb"];

/// A value of so many characters, letters and digits mixed, was made by a machine.
const TOKEN_LENGTH: usize = 12;

/// `href` as an address a reader can follow: absolute against `base`, `http` or `https`, cleaned.
pub fn absolute(href: &str, base: Option<&Url>) -> Option<Url> {
    let href = href.trim();
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| clean(url))
}

/// The address without tracking parameters, session tokens and credentials.
pub fn clean(mut url: Url) -> Url {
    // Failing means that there was nothing to take away.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some((path, _)) = url.path().to_owned().split_once(";jsessionid=") {
        url.set_path(path);
    }
    if let Some(query) = url.query() {
        // Pair by pair as written: decoding and encoding again would change other addresses.
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_noise(pair)).collect();
        let kept = kept.join("&");
        url.set_query(Some(kept.as_str()).filter(|query| !query.is_empty()));
    }
    url
}

fn is_noise(pair: &str) -> bool {
    is_named(pair, &TRACKING) || is_named(pair, &SESSION)
}

fn is_named(pair: &str, names: &[&str]) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    names.iter().any(|noise| match noise.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *noise,
    })
}

/// True for an address in the network of whoever reads it: what is loaded from there is not from
/// those who announced. A page that lies there itself may point to its neighbours.
pub fn leads_inside(url: &Url, page: Option<&Url>) -> bool {
    let is_inside = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
        None => false,
    };
    is_inside(url) && !page.is_some_and(is_inside)
}

/// What two addresses of one page have in common: neither scheme, nor `www.`, nor a trailing
/// slash, nor the fragment, nor the order of the parameters counts.
pub fn key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{host}{port}{}", path_key(url, |pair| !is_named(pair, &DOUBTFUL)))
}

/// The whole address, for places where [`key`] does not tell the items apart.
pub fn full_key(url: &Url) -> String {
    let fragment = url.fragment().unwrap_or_default();
    format!("{}{}#{fragment}", url.host_str().unwrap_or_default(), path_key(url, |_| true))
}

/// What stays of an address when its page moves to another host and gets another token.
pub fn place(url: &Url) -> String {
    path_key(url, |pair| {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        let is_mixed = value.bytes().any(|b| b.is_ascii_digit())
            && value.bytes().any(|b| b.is_ascii_alphabetic());
        let is_token = is_mixed && value.len() >= TOKEN_LENGTH;
        !is_token && !is_named(pair, &DOUBTFUL)
    })
}

/// The last part of the path without its ending: what the page is called wherever it is moved to.
pub fn name(url: &Url) -> Option<String> {
    let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    Some(last.split('.').next().unwrap_or(last).to_lowercase()).filter(|name| !name.is_empty())
}

fn path_key(url: &Url, is_kept: impl Fn(&str) -> bool) -> String {
    let url = clean(url.clone());
    let query = url.query().unwrap_or_default();
    let mut query: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && is_kept(pair)).collect();
    query.sort_unstable();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", url.path().trim_end_matches('/'), query.join("&"))
}
