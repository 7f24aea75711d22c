//! The public keys over HTTP.

use std::sync::Arc;

use grantsmith::http::OAuthService;
use grantsmith::jose::{CryptoBackend, JwkSet};
use grantsmith::server::{AuthorizationServer, Builder, SigningKeySource};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::JwsAlgorithm;
use http::{Method, StatusCode};

use crate::http_exchange::{ISSUER, builder, get, post, request, send, with};
use crate::token_world::keyring;

fn service(builder: Builder) -> OAuthService {
    OAuthService::without_pages(builder.build().unwrap()).unwrap()
}

fn keys() -> SigningKeySource {
    SigningKeySource::stored(CryptoBackend::RustCrypto, [JwsAlgorithm::Es256])
}

#[test]
fn the_keys_are_where_the_metadata_says_for_everybody() {
    covers!("RFC8414-2-04", "RFC9068-4-01");
    let service = service(builder(ISSUER).signing_keys(keys()));
    let metadata = send(&service, get("/.well-known/oauth-authorization-server")).json();
    assert_eq!(metadata["jwks_uri"], "https://as.example/jwks");

    let answer = send(&service, get("/jwks"));

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(JwkSet::parse(&answer.body).unwrap().keys().len(), 1);

    let head = send(&service, request(Method::HEAD, "/jwks"));
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), Some(answer.body.len().to_string().as_str()));
    let preflight = with(request(Method::OPTIONS, "/jwks"), "origin", "https://app.example");
    assert_eq!(send(&service, preflight).status, StatusCode::NO_CONTENT);
    assert_eq!(send(&service, post("/jwks", "", "")).status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn the_path_is_the_hosts_choice() {
    let chosen = builder(ISSUER).signing_keys(keys()).keys_endpoint("https://as.example/oauth/keys.json");
    let service = service(chosen);

    assert_eq!(send(&service, get("/oauth/keys.json")).status, StatusCode::OK);
    assert_eq!(send(&service, get("/jwks")).status, StatusCode::NOT_FOUND);
    for (url, why) in [
        ("https://as.example/token", "must not be the URL of two endpoints"),
        ("http://as.example/keys", "must be an https URL"),
    ] {
        let error = builder(ISSUER).keys_endpoint(url).build().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_server_that_signs_nothing_has_no_such_endpoint() {
    assert_eq!(send(&service(builder(ISSUER)), get("/jwks")).status, StatusCode::NOT_FOUND);

    let of_another = || builder(ISSUER).token_endpoint("https://as.example/jwks");
    assert!(of_another().build().is_ok());
    assert!(of_another().signing_keys(keys()).build().is_err());
}

#[test]
fn keys_that_cannot_be_read_are_an_error_and_never_an_empty_set() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())).at(0, Fault::Error));
    let service = service(AuthorizationServer::builder(ISSUER, storage, Arc::new(keyring())).signing_keys(keys()));

    let answer = send(&service, get("/jwks"));

    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json()["error"], "server_error");
    assert_eq!(send(&service, get("/jwks")).status, StatusCode::OK);
}
