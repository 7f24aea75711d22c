//! With TLS.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::program::{Program, TEST, command};

/// A configuration with a certificate for localhost, and where it will listen.
fn configured(folder: &Path) -> (String, u16, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("chain.pem"), cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = fs::read_to_string(TEST).unwrap();
    let text = text.replace("http://localhost:3000", &format!("https://localhost:{port}"));
    let listener = format!("address = \"127.0.0.1:{port}\"\ncertificates = \"chain.pem\"\nkey = \"key.pem\"");
    let text = text.replace("address = \"127.0.0.1:3000\"", &listener);
    let path = folder.join("server.toml");
    fs::write(&path, text).unwrap();
    (path.to_str().unwrap().to_owned(), port, cert.der().clone())
}

/// The head of the answer.
fn ask(port: u16, certificate: &CertificateDer<'static>, request: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port)).unwrap());
    stream.write_all(format!("{request}host: localhost:{port}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    // Without a closing message the end is an error; what came before is there.
    _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn cookies_are_for_tls_and_this_host_only() {
    let folder = tempfile::tempdir().unwrap();
    let (config, port, certificate) = configured(folder.path());
    let program = Program::with(["--config", &config]);
    assert_eq!(program.issuer, format!("https://localhost:{port}"));

    assert!(ask(port, &certificate, "GET /health HTTP/1.1\r\n").starts_with("HTTP/1.1 200"));
    let login = ask(port, &certificate, "GET /login HTTP/1.1\r\n");

    let cookie = login.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("set-cookie: __Host-grantsmith-form="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    assert!(login.contains("strict-transport-security: max-age="));
}

#[test]
fn a_certificate_that_cannot_be_used_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _, _) = configured(folder.path());
    let refused = || {
        let output = command().args(["--config", &config]).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };

    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("key.pem"), other.signing_key.serialize_pem()).unwrap();
    let said = refused();
    assert!(
        said.contains(": listeners[0].key: does not fit the certificates: ") && said.lines().count() == 1,
        "{said}"
    );

    fs::write(folder.path().join("key.pem"), "junk").unwrap();
    assert!(refused().contains(": listeners[0].key: holds no private key in PEM form"));
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    assert!(refused().contains(": listeners[0].key: cannot read "));
    fs::write(folder.path().join("chain.pem"), "junk").unwrap();
    assert!(refused().contains(": listeners[0].certificates: holds no certificates in PEM form"));
}
