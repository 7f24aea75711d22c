//! TLS to the database: it is used, the server's certificate is checked, and there is no falling back.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use grantsmith::storage::postgres::{OpenError, PostgresStorage};
use grantsmith::value::Timestamp;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{ClientConfig, RootCertStore};

use super::{runtime, saved, session};
use crate::stores::servers::postgres::Cluster;
use crate::stores::servers::unprivileged;

#[test]
fn tls_is_used_with_a_certificate_that_is_trusted_and_only_then() {
    let own = self_signed();
    let files = tempfile::tempdir().unwrap();
    unprivileged::give(files.path());
    for (name, text) in [("certificate", own.cert.pem()), ("key", own.signing_key.serialize_pem())] {
        let path = files.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        unprivileged::give(&path);
    }
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let place = files.path().display();
    let settings = format!(
        "fsync = off\nlisten_addresses = '127.0.0.1'\nport = {port}\nssl = on\n\
        ssl_cert_file = '{place}/certificate'\nssl_key_file = '{place}/key'"
    );
    let Some(_cluster) = Cluster::start_with(&settings) else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let url = format!("postgres://postgres@localhost:{port}/postgres");
        let storage = PostgresStorage::open_with_rustls(&url, trusting(&own)).await.unwrap();
        saved(&storage, 1, session("session", "alice", Timestamp::MAX)).await;
        let client = storage.pool().get().await.unwrap();
        let question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert!(client.query_one(question, &[]).await.unwrap().get::<_, bool>(0));

        let refused = PostgresStorage::open_with_rustls(&url, trusting(&self_signed())).await;
        assert!(matches!(refused, Err(OpenError::Storage(_))), "{refused:?}");
    });
}

#[test]
fn a_server_that_has_no_tls_is_refused() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        client.read_exact(&mut [0; 8]).unwrap();
        client.write_all(b"N").unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "the client went on in the clear");
    });
    let url = format!("postgres://postgres@localhost:{port}/postgres?sslmode=prefer");

    let refused = runtime().block_on(PostgresStorage::open_with_rustls(&url, trusting(&self_signed())));

    assert!(matches!(refused, Err(OpenError::Storage(_))), "{refused:?}");
}

fn self_signed() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn trusting(own: &CertifiedKey<KeyPair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_root_certificates(roots).with_no_client_auth()
}
