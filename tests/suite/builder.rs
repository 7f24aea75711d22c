//! Building a server, and every mistake that one can make.

use std::sync::Arc;

use grantsmith::host::{DerivedKeyring, Keyring, KeyringError, Purpose};
use grantsmith::policy::{CredentialPrefix, Policy};
use grantsmith::server::{AuthorizationServer, Builder, ConfigurationError};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Lifetime, SymmetricKey};

use crate::token_world::{TokenWorld, access, keyring};

fn builder(issuer: &str) -> Builder {
    AuthorizationServer::builder(issuer, Arc::new(MemoryStorage::new()), Arc::new(keyring()))
}

fn insecure() -> Policy {
    let mut policy = Policy::default();
    policy.danger.allows_insecure_loopback_issuer = true;
    policy
}

/// Every URL that the server publishes.
fn urls(server: &AuthorizationServer) -> Vec<String> {
    let document: serde_json::Value = serde_json::from_slice(&server.metadata().to_json()).unwrap();
    let members = document.as_object().unwrap().iter();
    members
        .filter(|(name, _)| *name == "issuer" || name.ends_with("_endpoint"))
        .map(|(_, value)| value.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_url_of_every_server_is_https() {
    covers!(
        "RFC6749-2.3.1-06",
        "RFC6749-3.1-04",
        "RFC6749-3.2-01",
        "RFC6749-10.8-01",
        "RFC6749-10.9-01",
        "RFC6749-10.11-01",
        "RFC7009-2-04",
        "RFC7662-2-01",
        "RFC8414-6.1-01",
        "OAUTH21-1.5-01",
        "ATK-302"
    );
    for issuer in ["https://as.example", "https://as.example/tenant", "https://as.example:8443/a/b"] {
        let urls = urls(&builder(issuer).build().unwrap());

        assert_eq!(urls.len(), 5);
        assert!(urls.iter().all(|url| url.starts_with("https://")), "{urls:?}");
    }
    for issuer in ["http://as.example", "http://127.0.0.1:3000", "http://localhost:3000", "http://10.0.0.1"] {
        let error = builder(issuer).build().unwrap_err();

        assert_eq!(error.to_string(), format!("issuer {issuer}: the issuer is not an https URL"));
    }
    for url in ["http://as.example/token", "ftp://as.example/token", "//as.example/token", "/token", ""] {
        let error = builder("https://as.example").token_endpoint(url).build().unwrap_err();

        assert!(matches!(error, ConfigurationError::Url { field: "token_endpoint", .. }), "{error}");
    }
}

#[test]
fn only_loopback_may_go_without_tls_and_only_by_name() {
    covers!("ATK-302", "RFC6749-2.3.1-06");
    for issuer in ["http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost:3000/path"] {
        assert!(builder(issuer).policy(insecure()).build().is_ok(), "{issuer}");
    }
    for issuer in
        ["http://as.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://0.0.0.0"]
    {
        assert!(builder(issuer).policy(insecure()).build().is_err(), "{issuer}");
    }
    // The permission is for the issuer's own kind: an https server never gets an http endpoint.
    let mixed = builder("https://as.example").policy(insecure()).token_endpoint("http://127.0.0.1/token").build();
    assert!(mixed.is_err());
}

#[test]
fn an_issuer_is_written_in_one_way_only() {
    covers!("RFC8414-3.1-02", "RFC8414-2-01", "RFC9207-2-02", "ATK-304");
    for issuer in [
        "",
        "as.example",
        "https://",
        "https://as.example/",
        "https://as.example/tenant/",
        "https://as.example?tenant=a",
        "https://as.example#x",
        "https://user@as.example",
        "https://AS.example",
        "https://as.example:443",
        "https://as.example/a/../b",
    ] {
        let error = builder(issuer).build().unwrap_err();

        assert!(matches!(error, ConfigurationError::Issuer { .. }), "{issuer}: {error}");
    }
}

#[test]
fn an_endpoint_has_no_fragment_and_keeps_its_query() {
    covers!("RFC6749-3.1-02", "RFC6749-3.1-03", "RFC7009-2-03");
    let endpoints: [(&str, fn(Builder, &str) -> Builder); 4] = [
        ("authorization_endpoint", Builder::authorization_endpoint),
        ("token_endpoint", Builder::token_endpoint),
        ("introspection_endpoint", Builder::introspection_endpoint),
        ("revocation_endpoint", Builder::revocation_endpoint),
    ];
    for (name, set) in endpoints {
        for url in ["https://as.example/x#", "https://as.example/x#y", "https://user@as.example/x"] {
            let error = set(builder("https://as.example"), url).build().unwrap_err();
            assert!(matches!(error, ConfigurationError::Url { field, .. } if field == name), "{error}");
        }
        let server = set(builder("https://as.example"), "https://as.example/x?tenant=a").build().unwrap();
        assert!(urls(&server).contains(&"https://as.example/x?tenant=a".to_owned()), "{name}");
    }
}

#[test]
fn two_endpoints_of_one_url_do_not_fit() {
    let error = builder("https://as.example").token_endpoint("https://as.example/revoke").build().unwrap_err();

    assert_eq!(error.to_string(), "endpoint https://as.example/revoke: must not be the URL of two endpoints");
}

#[test]
fn a_policy_out_of_bounds_is_named() {
    covers!("ATK-304", "RFC6750-5.2-04");
    let cases: [(fn(&mut Policy), &str); 9] = [
        (|policy| policy.code_lifetime = Lifetime::ZERO, "code_lifetime is 0s, but must be between 1s and 600s"),
        (
            |policy| policy.code_lifetime = Lifetime::seconds(601),
            "code_lifetime is 601s, but must be between 1s and 600s",
        ),
        (
            |policy| policy.access_token_lifetime = Lifetime::ZERO,
            "access_token_lifetime is 0s, but must be between 1s and 3600s",
        ),
        (
            |policy| policy.access_token_lifetime = Lifetime::seconds(3601),
            "access_token_lifetime is 3601s, but must be between 1s and 3600s",
        ),
        (
            |policy| policy.refresh_retry_window = Lifetime::seconds(61),
            "refresh_retry_window is 61s, but must be between 0s and 60s",
        ),
        (
            |policy| policy.interaction_lifetime = Lifetime::ZERO,
            "interaction_lifetime is 0s, but must be between 1s and 86400s",
        ),
        (
            |policy| policy.public_refresh_lifetime = Lifetime::seconds(u64::MAX),
            "public_refresh_lifetime is 18446744073709551615s, but must be between 1s and 3153600000s",
        ),
        (|policy| policy.most_live_access_tokens = 0, "most_live_access_tokens is 0, but must be between 1 and 1024"),
        (
            |policy| policy.most_live_access_tokens = 1025,
            "most_live_access_tokens is 1025, but must be between 1 and 1024",
        ),
    ];
    for (change, message) in cases {
        let mut policy = Policy::default();
        change(&mut policy);

        let error = builder("https://as.example").policy(policy).build().unwrap_err();

        assert_eq!(error.to_string(), format!("policy: {message}"));
    }
}

#[test]
fn longer_lifetimes_need_a_dangerous_name() {
    let mut policy = Policy::default();
    policy.danger.allows_long_lived_codes = true;
    policy.danger.allows_long_lived_access_tokens = true;
    policy.code_lifetime = Lifetime::seconds(3600);
    policy.access_token_lifetime = Lifetime::days(7);

    assert!(builder("https://as.example").policy(policy).build().is_ok());
}

/// A keyring that has lost its keys.
struct Empty;

impl Keyring for Empty {
    fn current(&self) -> u8 {
        3
    }

    fn key(&self, _: Purpose, _: u8) -> Option<SymmetricKey> {
        None
    }
}

#[test]
fn what_is_missing_or_malformed_is_named() {
    covers!("ATK-304");
    let storage = || Arc::new(MemoryStorage::new());
    let error = AuthorizationServer::builder("https://as.example", storage(), Arc::new(Empty)).build().unwrap_err();
    assert_eq!(error, ConfigurationError::Keyring { number: 3 });
    assert_eq!(DerivedKeyring::new(1, [0; 32]).unwrap_err(), KeyringError::Constant);
    assert_eq!(keyring().with_retired(1, [9; 32]).unwrap_err(), KeyringError::NumberTaken(1));
    for realm in ["", "caf\u{e9}", "a\nb", &"x".repeat(513)] {
        let error = builder("https://as.example").realm(realm).build().unwrap_err();
        assert!(matches!(error, ConfigurationError::Realm { .. }));
    }
    let error = builder("https://as.example").scopes_supported(["read", "a b"]).build().unwrap_err();
    assert_eq!(error, ConfigurationError::Scope { value: "a b".to_owned() });
    let error = builder("https://as.example").service_documentation("docs").build().unwrap_err();
    assert!(matches!(error, ConfigurationError::Url { field: "service_documentation", .. }));
    assert!(CredentialPrefix::new("a-prefix-that-is-too-long").is_err());
    assert!(CredentialPrefix::new("sp ace").is_err());
}

#[test]
fn a_prefix_stands_before_every_credential() {
    let mut policy = Policy::default();
    policy.credential_prefix = CredentialPrefix::new("acme_").unwrap();
    let world = TokenWorld::with_policy(policy);

    let tokens = world.token(&world.machine, "grant_type=client_credentials").unwrap();

    assert!(access(&tokens).starts_with("acme_"));
    assert!(world.is_active(access(&tokens)));
    assert!(!world.is_active(&access(&tokens)["acme_".len()..]));
}

#[test]
fn credentials_outlive_the_key_they_were_made_with_until_it_is_removed() {
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let server = |keyring: DerivedKeyring| {
        AuthorizationServer::builder("https://as.example", Arc::clone(&world.storage), Arc::new(keyring))
            .clock(Arc::new(world.clock.clone()))
            .build()
            .unwrap()
    };
    let is_active = |server: &AuthorizationServer| {
        use pollster::FutureExt as _;
        let form = format!("token={}", access(&tokens));
        crate::token_world::post(&world.api, &form, |request| server.introspect(&request).block_on())
            .unwrap()
            .active()
            .is_some()
    };

    let rotated = server(DerivedKeyring::new(2, [8; 32]).unwrap().with_retired(1, [7; 32]).unwrap());
    assert!(is_active(&rotated));
    let removed = server(DerivedKeyring::new(2, [8; 32]).unwrap());
    assert!(!is_active(&removed));
}
