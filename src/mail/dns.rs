//! What domains say of themselves.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};

/// Asks a name server, or those that the machine asks.
pub struct Dns {
    resolver: TokioResolver,
}

/// What prevents an answer; that there is nothing of the kind is one.
#[derive(Debug, thiserror::Error)]
#[error("no answer about `{name}`: {error}")]
pub struct DnsError {
    name: String,
    error: String,
}

impl Dns {
    pub fn new(server: Option<SocketAddr>) -> Result<Dns, DnsError> {
        let failed = |error: NetError| DnsError { name: ".".to_owned(), error: error.to_string() };
        let mut builder = match server {
            Some(server) => {
                let mut asked = NameServerConfig::udp_and_tcp(server.ip());
                for connection in &mut asked.connections {
                    connection.port = server.port();
                }
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![asked]);
                Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(failed)?,
        };
        // Somebody waits for it.
        builder.options_mut().attempts = 1;
        Ok(Dns { resolver: builder.build().map_err(failed)? })
    }

    /// The texts of a name, each joined from its pieces.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let text = |data: &RData| match data {
            RData::TXT(text) => {
                let pieces = text.txt_data.iter();
                let pieces: Vec<u8> = pieces.flat_map(|piece| piece.iter().copied()).collect();
                Some(String::from_utf8_lossy(&pieces).into_owned())
            }
            _ => None,
        };
        self.records(name, RecordType::TXT, text).await
    }

    /// The addresses of a host; of one that is an address, itself.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let address = |data: &RData| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        };
        let mut addresses = self.records(host, RecordType::A, address).await?;
        addresses.extend(self.records(host, RecordType::AAAA, address).await?);
        Ok(addresses)
    }

    /// The names that an address says are its own.
    pub async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        let name = match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
            }
            IpAddr::V6(address) => {
                let octets = address.octets();
                let nibbles = octets.iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
                nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa."
            }
        };
        let pointer = |data: &RData| match data {
            RData::PTR(name) => Some(name.0.to_utf8().trim_end_matches('.').to_owned()),
            _ => None,
        };
        self.records(&name, RecordType::PTR, pointer).await
    }

    async fn records<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, DnsError> {
        // Not within the machine's own domain.
        let whole = format!("{}.", name.trim_end_matches('.'));
        match self.resolver.lookup(whole, kind).await {
            Ok(found) => {
                Ok(found.answers().iter().filter_map(|record| read(&record.data)).collect())
            }
            Err(error) if error.is_nx_domain() || error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(DnsError { name: name.to_owned(), error: error.to_string() }),
        }
    }
}
