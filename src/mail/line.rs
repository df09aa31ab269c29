//! The line to a server of mail, and what keeps it from others.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a server may take to be there, and to prove who it is.
pub const CONNECT: Duration = Duration::from_secs(30);

/// What is said and heard.
pub trait Line: AsyncRead + AsyncWrite + Send + Unpin + Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + Debug> Line for T {}

/// A line that others can neither read nor change; who answers has proved to be the host. Says what is
/// wrong with it otherwise.
pub async fn encrypted(line: impl Line + 'static, host: &str) -> Result<Box<dyn Line>, String> {
    // An error means that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ClientConfig::with_platform_verifier().map_err(|error| error.to_string())?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, line);
    let connected = timeout(CONNECT, connecting).await;
    let connected = connected.map_err(|_| "it took too long".to_owned())?;
    Ok(Box::new(connected.map_err(|error| error.to_string())?))
}
