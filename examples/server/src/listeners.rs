//! Where the server listens, with TLS or, on loopback, without.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{Config, Key, ListenerSection};

/// A place to listen at, bound and waiting.
pub struct Listener {
    pub tcp: TcpListener,
    pub tls: Option<Arc<ServerConfig>>,
}

/// The listeners of the file.
///
/// # Errors
///
/// One line: no listener, an address that is taken, a key that cannot be read.
pub fn of_file(config: &Config) -> Result<Vec<Listener>, String> {
    if config.file.listeners.is_empty() {
        return Err(config.error_at(&Key::of("listeners"), "needs at least one listener").to_string());
    }
    // Keys first: nobody shall find a port open behind which nothing can answer.
    let with_keys = config.file.listeners.iter().enumerate().map(|(index, section)| {
        tls(config, section, &Key::of("listeners").nth(index)).map(|tls| (section.address, tls))
    });
    let with_keys: Vec<_> = with_keys.collect::<Result<_, _>>()?;
    with_keys.into_iter().map(|(address, tls)| Ok(Listener { tcp: bind(address)?, tls })).collect()
}

/// Listeners without TLS.
///
/// # Errors
///
/// An address is taken, or is not on loopback.
pub fn plain(addresses: &[SocketAddr]) -> Result<Vec<Listener>, String> {
    if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        return Err(format!("--listen {address}: must be a loopback address; other listeners belong into the file"));
    }
    addresses.iter().map(|address| Ok(Listener { tcp: bind(*address)?, tls: None })).collect()
}

/// A listener on loopback, and the port that it got.
///
/// # Errors
///
/// The port is taken.
pub fn on_loopback(port: u16) -> Result<(Listener, u16), String> {
    let tcp = bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))?;
    let port = tcp.local_addr().map_err(|error| error.to_string())?.port();
    Ok((Listener { tcp, tls: None }, port))
}

/// A listener without TLS, for what only this machine or its network may see.
///
/// # Errors
///
/// The address is taken.
pub fn bare(address: SocketAddr) -> Result<Listener, String> {
    Ok(Listener { tcp: bind(address)?, tls: None })
}

fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    let bound = TcpListener::bind(address).and_then(|tcp| tcp.set_nonblocking(true).map(|()| tcp));
    bound.map_err(|error| format!("cannot listen at {address}: {error}"))
}

fn tls(config: &Config, section: &ListenerSection, key: &Key) -> Result<Option<Arc<ServerConfig>>, String> {
    let (Some(certificates), Some(private)) = (&section.certificates, &section.key) else { return Ok(None) };
    let at = |name: &str, rule: String| config.error_at(&key.then(name), rule).to_string();
    let chain = read(&config.resolve(certificates)).and_then(|pem| chain(&pem));
    let chain = chain.map_err(|rule| at("certificates", rule))?;
    let private = read(&config.resolve(private))
        .and_then(|pem| PrivateKeyDer::from_pem_slice(&pem).map_err(|_| "holds no private key in PEM form".to_owned()));
    let private = private.map_err(|rule| at("key", rule))?;
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut tls = tls.map_err(|error| at("key", format!("does not fit the certificates: {error}")))?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Arc::new(tls)))
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| "holds no certificates in PEM form".to_owned())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
