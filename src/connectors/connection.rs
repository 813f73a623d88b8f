//! Connections. Host name, address and certificate of the other side are checked before anything is sent.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tower_service::Service;
use url::{Host, Url};

use super::allow_list::Port;
use super::call_rules::CallRules;
use super::fault::{Fault, FaultKind};

/// hyper's client with connections that are kept. It speaks HTTP/1.1 only.
pub(super) type Client = legacy::Client<Connector, Full<Bytes>>;

/// How long a connection is kept that nobody uses. Load balancers commonly close theirs after a minute.
const KEPT_IDLE: Duration = Duration::from_secs(50);

const MAX_KEPT_PER_HOST: usize = 16;

/// The longest head of an answer. The client reads heads in pieces of this size, so that a head without end leaves other calls
/// their turn.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// For how many different sets of rules connections are kept.
const MAX_CLIENTS: usize = 4;

/// The clients of a thread, one for each set of rules: a connection that was made by other rules is not used.
#[derive(Default)]
pub(super) struct Clients {
    /// The latest is the last.
    made: Vec<(Arc<CallRules>, Option<FileVersion>, Client)>,
}

/// Time of change and length of a file. If either differs, the file has been replaced.
type FileVersion = (SystemTime, u64);

impl Clients {
    /// The client that makes requests by these rules.
    ///
    /// # Errors
    /// [`FaultKind::Misconfigured`] when the file of certificates cannot be used.
    pub(super) fn get(&mut self, rules: &Arc<CallRules>) -> Result<Client, Fault> {
        let version = ca_file_version(rules)?;
        let made = self
            .made
            .iter()
            .find(|(known, of, _)| *known == *rules && *of == version);
        match made {
            Some((_, _, client)) => Ok(client.clone()),
            None => self.add(rules, version),
        }
    }

    fn add(
        &mut self,
        rules: &Arc<CallRules>,
        version: Option<FileVersion>,
    ) -> Result<Client, Fault> {
        let client = make_client(rules).map_err(|_| Fault::new(FaultKind::Misconfigured))?;
        if self.made.len() >= MAX_CLIENTS {
            self.made.remove(0);
        }
        self.made.push((Arc::clone(rules), version, client.clone()));
        Ok(client)
    }
}

fn ca_file_version(rules: &CallRules) -> Result<Option<FileVersion>, Fault> {
    let Some(path) = &rules.ca_file else {
        return Ok(None);
    };
    let version = std::fs::metadata(path).and_then(|file| Ok((file.modified()?, file.len())));
    version
        .map(Some)
        .map_err(|_| Fault::new(FaultKind::Misconfigured))
}

fn make_client(rules: &Arc<CallRules>) -> Result<Client, Box<dyn Error>> {
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls_config(rules)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(Dialer {
            rules: Arc::clone(rules),
        });
    let connector = Connector {
        https,
        limit: rules.connect_timeout,
    };
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(KEPT_IDLE)
        .pool_max_idle_per_host(MAX_KEPT_PER_HOST)
        .http1_max_buf_size(MAX_HEAD_BYTES)
        .build(connector))
}

/// The cryptographic provider is passed in, and not installed for the whole process, where another library may install its own.
fn tls_config(rules: &CallRules) -> Result<ClientConfig, Box<dyn Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(rules)?)
        .with_no_client_auth())
}

/// The system's certificates and those of the file. A system may have none, but a file without any is a mistake.
fn roots(rules: &CallRules) -> Result<RootCertStore, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &rules.ca_file {
        let certificates = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() {
            return Err("the file has no certificate".into());
        }
        for certificate in certificates {
            roots.add(certificate)?;
        }
    }
    Ok(roots)
}

/// Connects within the time-out: name, address and TLS. All its errors are [`Fault`]s.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<Dialer>,
    limit: Duration,
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send>>;

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Fault;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            match timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(|error| fault_of(error.as_ref())),
                Err(_) => Err(Fault::new(FaultKind::TimedOut)),
            }
        })
    }
}

/// An error that is not one of the dialer's own [`Fault`]s comes from the handshake: a server that speaks no TLS commonly just
/// hangs up.
fn fault_of(error: &(dyn Error + Send + Sync + 'static)) -> Fault {
    let own = error.downcast_ref::<Fault>().copied();
    own.unwrap_or(Fault::new(FaultKind::Tls))
}

/// Whether an error on a connection is one of TLS.
pub(super) fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<rustls::Error>())
}

/// Looks the name up once, and connects to an address that may be called.
#[derive(Clone)]
struct Dialer {
    rules: Arc<CallRules>,
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = Fault;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let rules = Arc::clone(&self.rules);
        Box::pin(async move {
            let addresses = callable_addresses(&uri, &rules).await?;
            connect(&addresses, rules.connect_timeout).await
        })
    }
}

async fn callable_addresses(uri: &Uri, rules: &CallRules) -> Result<Vec<SocketAddr>, Fault> {
    let url = Url::parse(&uri.to_string()).map_err(|_| Fault::new(FaultKind::Misconfigured))?;
    let port = Port::of(&url).ok_or(Fault::new(FaultKind::Misconfigured))?;
    let must_be_here = url.scheme() != "https";
    let mut addresses = look_up(&url, port).await?;
    addresses.retain(|address| {
        let ip = address.ip().to_canonical();
        rules.allow_list.allows_address(ip, port) && (ip.is_loopback() || !must_be_here)
    });
    if addresses.is_empty() {
        return Err(Fault::new(FaultKind::AddressNotAllowed));
    }
    Ok(addresses)
}

async fn look_up(url: &Url, port: Port) -> Result<Vec<SocketAddr>, Fault> {
    let name = match url.host() {
        Some(Host::Domain(name)) => name,
        Some(Host::Ipv4(address)) => return Ok(vec![(IpAddr::V4(address), port.number).into()]),
        Some(Host::Ipv6(address)) => return Ok(vec![(IpAddr::V6(address), port.number).into()]),
        None => return Err(Fault::new(FaultKind::Misconfigured)),
    };
    let found = lookup_host((name, port.number)).await;
    let addresses: Vec<_> = found.map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(Fault::new(FaultKind::Unresolved));
    }
    Ok(addresses)
}

/// Tries one address after the other. Each has its share of the time, so that one that is silent does not use up all of it.
async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<TokioIo<TcpStream>, Fault> {
    let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut fault = Fault::new(FaultKind::Unreachable);
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one small write: waiting for more to send with it only delays it.
                let _ = stream.set_nodelay(true);
                return Ok(TokioIo::new(stream));
            }
            Ok(Err(_)) => {}
            Err(_) => fault = Fault::new(FaultKind::TimedOut),
        }
    }
    Err(fault)
}
