//! The wall around private networks: every address is looked at after the name is resolved and
//! before anybody connects, so that neither a redirect nor a name leads inside.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::FetchError;

#[derive(Debug, Clone)]
pub struct Guard {
    allowed: Arc<[IpNet]>,
    /// Hosts that are reached though they are private.
    hosts: Arc<HashSet<String>>,
}

impl Guard {
    pub fn new(allowed: &[IpNet], hosts: impl IntoIterator<Item = String>) -> Guard {
        Guard { allowed: allowed.into(), hosts: Arc::new(hosts.into_iter().collect()) }
    }

    /// Refuses an address that is written as a number, and a host that only others reach; what else
    /// has a name comes to [`Resolve`].
    pub fn check(&self, url: &Url, reaches_private: bool) -> Result<(), FetchError> {
        let is_reached = url.host_str().is_some_and(|host| self.hosts.contains(host));
        if is_reached {
            let host = url.host_str().unwrap_or_default();
            return if reaches_private {
                Ok(())
            } else {
                Err(FetchError::Private(host.to_owned()))
            };
        }
        let ip: IpAddr = match url.host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            _ => return Ok(()),
        };
        if self.admits(ip) { Ok(()) } else { Err(FetchError::Private(ip.to_string())) }
    }

    fn admits(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.allowed.iter().any(|network| network.contains(&ip)) || is_public(ip)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let looked_up = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> =
                looked_up.map_err(|_| FetchError::NoHost(name.as_str().to_owned()))?.collect();
            let is_admitted = |address: &SocketAddr| {
                guard.hosts.contains(name.as_str()) || guard.admits(address.ip())
            };
            let admitted: Vec<SocketAddr> = found.iter().copied().filter(is_admitted).collect();
            if admitted.is_empty() && !found.is_empty() {
                return Err(FetchError::Private(name.as_str().to_owned()).into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// Addresses of the public internet, by the special-purpose registries (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_documentation()
        || a == 0
        // Carrier-grade NAT (RFC 6598), protocol assignments, benchmarking.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19))
        // Multicast and reserved.
        || a >= 224)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    match segments {
        // NAT64 (RFC 6052) and 6to4 carry an IPv4 address: that one counts.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Only global unicast, without documentation and Teredo.
        [first, second, ..] => {
            first & 0xe000 == 0x2000
                && (first, second) != (0x2001, 0xdb8)
                && (first, second) != (0x2001, 0)
        }
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_refused_in_every_spelling() {
        let guard = Guard::new(&["10.1.0.0/16".parse().expect("a network")], []);
        let refused = [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.9.9",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "2130706433",
            "0x7f.1",
        ];
        for host in refused {
            let url = format!("http://{host}/").parse().expect(host);
            assert!(guard.check(&url, false).is_err(), "{host}");
        }
        for host in ["10.1.2.3", "93.184.216.34", "[2606:2800:220:1::1]", "[64:ff9b::5db8:d822]"] {
            let url = format!("http://{host}/").parse().expect(host);
            assert!(guard.check(&url, false).is_ok(), "{host}");
        }
    }
}
