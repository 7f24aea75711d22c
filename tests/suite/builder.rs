//! Building a server, and every mistake that one can make.

use std::sync::Arc;

use async_trait::async_trait;
use grantsmith::host::{
    CustomApproval, CustomGrant, CustomRefusal, CustomRequest, DerivedKeyring, Keyring, KeyringError, Purpose,
};
use grantsmith::policy::{CredentialPrefix, Policy};
use grantsmith::server::{AuthorizationServer, Builder, ConfigurationError, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{GrantType, Lifetime, ResourceSet, SymmetricKey};
use pollster::FutureExt as _;

use crate::token_world::{TokenWorld, access, code_of, keyring};

fn builder(issuer: &str) -> Builder {
    AuthorizationServer::builder(issuer, Arc::new(MemoryStorage::new()), Arc::new(keyring()))
}

fn refusal(builder: Builder) -> ConfigurationError {
    builder.build().expect_err("a configuration that is not safe")
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

/// An endpoint's name, and how to set its URL.
type Endpoint = (&'static str, fn(Builder, &str) -> Builder);

/// A change of the policy, and what is said of it.
type Change = (fn(&mut Policy), &'static str);

#[test]
fn an_endpoint_has_no_fragment_and_keeps_its_query() {
    covers!("RFC6749-3.1-02", "RFC6749-3.1-03", "RFC7009-2-03");
    let endpoints: [Endpoint; 4] = [
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
    let cases: [Change; 9] = [
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

#[test]
fn the_loopback_switch_opens_no_other_host() {
    covers!("ATK-302", "RFC6749-10.8-01");
    let loopback = || builder("http://127.0.0.1:8080").policy(insecure());
    for url in ["http://as.example/token", "http://10.0.0.1/token", "http://127.0.0.1.evil.tld/token"] {
        assert!(matches!(refusal(loopback().token_endpoint(url)), ConfigurationError::Url { .. }), "{url}");
    }
    for url in ["http://127.0.0.1:9090/token", "http://[::1]/token", "https://as.example/token"] {
        assert!(loopback().token_endpoint(url).build().is_ok(), "{url}");
    }
}

#[test]
fn what_is_no_absolute_url_or_has_a_user_does_not_build() {
    for url in
        ["", "/token", "token", "//as.example", " https://as.example/x", "https://as.example/x\n", "https://a/\u{e9}"]
    {
        for (_, builder) in configured(url) {
            let ConfigurationError::Url { value, rule, .. } = refusal(builder) else { panic!("{url}") };
            assert_eq!((value.as_str(), rule), (url, "must be an absolute URL"));
        }
    }
    for url in ["https://user@as.example/x", "https://:password@as.example/x"] {
        for (_, builder) in configured(url) {
            assert!(matches!(refusal(builder), ConfigurationError::Url { .. }), "{url}");
        }
    }
}

#[test]
fn a_trailing_slash_does_not_build_so_none_has_to_be_removed() {
    covers!("RFC8414-3.1-02");
    for issuer in ["https://h/", "https://h/t1/", "https://h/t1//"] {
        refusal(builder(issuer));
    }
    let issuer = builder("https://h/t1").build().unwrap().issuer().clone();
    let well_known = format!("{}/.well-known/oauth-authorization-server{}", issuer.origin(), issuer.path());
    assert_eq!(well_known, "https://h/.well-known/oauth-authorization-server/t1");
    assert!(!well_known["https://".len()..].contains("//"));
}

/// A builder for each endpoint that this URL is configured for.
fn configured(url: &str) -> [(&'static str, Builder); 4] {
    [
        ("authorization_endpoint", builder("https://as.example").authorization_endpoint(url)),
        ("token_endpoint", builder("https://as.example").token_endpoint(url)),
        ("introspection_endpoint", builder("https://as.example").introspection_endpoint(url)),
        ("revocation_endpoint", builder("https://as.example").revocation_endpoint(url)),
    ]
}

/// A keyring that lacks one of its keys.
struct Lacking(Purpose);

impl Keyring for Lacking {
    fn current(&self) -> u8 {
        9
    }

    fn key(&self, purpose: Purpose, number: u8) -> Option<SymmetricKey> {
        (purpose != self.0 && number == 9).then(|| SymmetricKey::new([1; 32]))
    }
}

#[test]
fn a_keyring_without_its_current_key_does_not_build() {
    covers!("ATK-304");
    for purpose in [Purpose::Masking, Purpose::Derivation, Purpose::Handles] {
        let storage = Arc::new(MemoryStorage::new());
        let builder = AuthorizationServer::builder("https://as.example", storage, Arc::new(Lacking(purpose)));
        assert_eq!(refusal(builder), ConfigurationError::Keyring { number: 9 });
    }
}

/// A grant type of the host's own that gives nothing.
struct Custom(GrantType);

#[async_trait]
impl CustomGrant for Custom {
    fn grant_type(&self) -> &GrantType {
        &self.0
    }

    async fn judge(&self, _: &CustomRequest<'_>) -> Result<CustomApproval, CustomRefusal> {
        Err(CustomRefusal::InvalidGrant)
    }
}

mod features {
    use super::*;

    fn custom(name: &str) -> Arc<Custom> {
        Arc::new(Custom(name.parse().unwrap()))
    }

    #[test]
    fn a_custom_grant_of_a_built_in_or_taken_name_does_not_build() {
        covers!("ATK-304");
        for name in ["authorization_code", "refresh_token", "client_credentials"] {
            let error = refusal(builder("https://as.example").custom_grant(custom(name)));
            assert_eq!(error, ConfigurationError::CustomGrant { value: name.to_owned() });
        }
        let error = refusal(builder("https://as.example").custom_grant(custom("urn:a")).custom_grant(custom("urn:a")));
        assert_eq!(error, ConfigurationError::CustomGrant { value: "urn:a".to_owned() });
        assert!(
            builder("https://as.example").custom_grant(custom("urn:a")).custom_grant(custom("urn:b")).build().is_ok()
        );
    }

    #[test]
    fn a_grant_type_that_is_not_configured_is_refused_and_not_published() {
        covers!("ATK-305");
        let world = TokenWorld::new();
        for name in ["urn:example:custom", "urn:ietf:params:oauth:grant-type:device_code", "password", "implicit"] {
            assert_eq!(code_of(world.token(&world.web, &format!("grant_type={name}"))), "unsupported_grant_type");
        }
        let published = world.server.metadata().grant_types_supported;
        assert_eq!(published, ["authorization_code", "client_credentials", "refresh_token"]);
        let with_custom = builder("https://as.example").custom_grant(custom("urn:a")).build().unwrap();
        assert_eq!(with_custom.metadata().grant_types_supported[3], "urn:a");
    }

    #[test]
    fn a_client_is_refused_every_grant_type_that_it_was_not_given() {
        covers!("ATK-305");
        let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.custom_grant(custom("urn:a")));
        let nothing = Registration::resource_server(ResourceSet::default());
        let nothing = world.server.register(nothing).block_on().unwrap();
        for form in [
            "grant_type=authorization_code&code=x",
            "grant_type=refresh_token&refresh_token=x",
            "grant_type=client_credentials",
            "grant_type=urn:a",
        ] {
            assert_eq!(code_of(world.token(&nothing, form)), "unauthorized_client", "{form}");
        }
    }

    #[test]
    fn what_is_not_configured_is_not_published() {
        covers!("ATK-305");
        let document = serde_json::to_value(builder("https://as.example").build().unwrap().metadata()).unwrap();
        for member in ["scopes_supported", "service_documentation", "registration_endpoint", "jwks_uri"] {
            assert!(document.get(member).is_none(), "{member}");
        }
    }
}
