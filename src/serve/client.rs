//! Who asks, and how often.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::held;

/// Clients that are remembered at most. Beyond them all are forgotten: there is somebody who has as many
/// addresses as they like, and whom no count keeps out.
const MOST: usize = 50_000;

/// Somebody of whom a proxy says nothing that can be read: all of them are one client, and no proxy.
const UNKNOWN: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Whom a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);

/// The client of a request: who connected, or for whom a proxy that is trusted says to ask. What others
/// say of themselves counts for nothing.
pub fn client_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Client {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return Client(peer);
    }
    let said = headers.get_all("x-forwarded-for").iter();
    let said: Vec<String> =
        said.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    let named: Vec<&str> = said.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut last = peer;
    for name in named.iter().rev() {
        // What comes before what cannot be read may be anybody's.
        let Ok(address) = name.parse::<IpAddr>() else { return Client(UNKNOWN) };
        last = address.to_canonical();
        if !is_trusted(&last) {
            break;
        }
    }
    Client(last)
}

/// The requests of each client in a time, of which there may be so many and no more.
#[derive(Debug)]
pub struct Limit {
    within: Duration,
    seen: Mutex<HashMap<IpAddr, Vec<Instant>>>,
}

impl Limit {
    pub fn new(within: Duration) -> Limit {
        Limit { within, seen: Mutex::default() }
    }

    /// Counts a request; how long to wait if it is one too many.
    pub fn count(&self, client: Client, most: usize) -> Result<(), Duration> {
        let now = Instant::now();
        let mut seen = held(self.seen.lock());
        let is_late = |at: &Instant| now.duration_since(*at) < self.within;
        if seen.len() >= MOST {
            seen.retain(|_, moments| moments.iter().any(is_late));
        }
        if seen.len() >= MOST {
            seen.clear();
        }
        let key = network_of(client.0);
        let moments = seen.entry(key).or_default();
        moments.retain(is_late);
        if moments.len() >= most {
            let oldest = moments.first().map_or(now, |at| *at);
            return Err(self.within.saturating_sub(now.duration_since(oldest)));
        }
        moments.push(now);
        Ok(())
    }
}

/// An address of IPv6 is one of many that its owner has.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use axum::http::HeaderMap;
    use ipnet::IpNet;

    use super::{Client, Limit, client_of};

    fn client(peer: &str, forwarded: &str) -> String {
        let trusted: Vec<IpNet> =
            vec!["127.0.0.0/8".parse().unwrap(), "10.1.0.0/16".parse().unwrap()];
        let mut headers = HeaderMap::new();
        if !forwarded.is_empty() {
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        client_of(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn only_proxies_that_are_trusted_say_whom_they_ask_for() {
        for (peer, forwarded, expected) in [
            ("192.0.2.1", "", "192.0.2.1"),
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("127.0.0.1", "203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
            ("127.0.0.1", "203.0.113.9, unknown", "::"),
            ("127.0.0.1", "203.0.113.9:4711", "::"),
            ("::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(client(peer, forwarded), expected, "{peer} for {forwarded}");
        }
    }

    #[test]
    fn a_client_is_refused_after_so_many_and_others_are_not() {
        let limit = Limit::new(Duration::from_secs(60));
        let of = |text: &str| Client(text.parse::<IpAddr>().unwrap());
        assert!(limit.count(of("2001:db8::1"), 2).is_ok());
        assert!(limit.count(of("2001:db8::2"), 2).is_ok());
        assert!(limit.count(of("2001:db8::3"), 2).is_err(), "of one network");
        assert!(limit.count(of("2001:db8:1::3"), 2).is_ok());
    }
}
