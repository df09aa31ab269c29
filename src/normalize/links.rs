//! Addresses: absolute, without tracking, and comparable.

use url::Url;

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
const SESSION: [&str; 7] =
    ["phpsessid", "jsessionid", "sid", "sessionid", "session_id", "aspsessionid*", "cfid"];

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
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    TRACKING.iter().chain(&SESSION).any(|noise| match noise.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *noise,
    })
}

/// What two addresses of one page have in common: neither scheme, nor `www.`, nor a trailing
/// slash, nor the fragment, nor the order of the parameters counts.
pub fn key(url: &Url) -> String {
    let url = clean(url.clone());
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut query: Vec<&str> =
        url.query().map(|query| query.split('&').collect()).unwrap_or_default();
    query.sort_unstable();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{host}{port}{}{mark}{}", url.path().trim_end_matches('/'), query.join("&"))
}
