//! Building a server: what is not safe does not build, and every error names the field, the value and the rule.

use std::sync::Arc;

use async_trait::async_trait;
use grantsmith::host::{
    CustomApproval, CustomGrant, CustomRefusal, CustomRequest, DerivedKeyring, Keyring, KeyringError, Purpose,
};
use grantsmith::policy::{CredentialPrefix, Policy, PolicyViolation};
use grantsmith::server::{AuthorizationServer, Builder, ConfigurationError, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{GrantType, Lifetime, ResourceSet, SymmetricKey};
use pollster::FutureExt as _;

use crate::token_world::{TokenWorld, code_of, keyring};

fn builder(issuer: &str) -> Builder {
    AuthorizationServer::builder(issuer, Arc::new(MemoryStorage::new()), Arc::new(keyring()))
}

fn https() -> Builder {
    builder("https://as.example")
}

fn refusal(builder: Builder) -> ConfigurationError {
    builder.build().expect_err("a configuration that is not safe")
}

fn on_loopback() -> Policy {
    let mut policy = Policy::default();
    policy.danger.allows_insecure_loopback_issuer = true;
    policy
}

/// The URL of every endpoint, as it is published.
fn published(server: &AuthorizationServer) -> [String; 5] {
    let metadata = server.metadata();
    [
        metadata.issuer,
        metadata.authorization_endpoint,
        metadata.token_endpoint,
        metadata.introspection_endpoint,
        metadata.revocation_endpoint,
    ]
}

mod transport {
    use super::*;

    #[test]
    fn an_issuer_without_tls_does_not_build() {
        covers!("RFC6749-2.3.1-06", "RFC6749-10.9-01", "ATK-302");
        for issuer in ["http://as.example", "http://10.0.0.1", "http://127.0.0.1:8080", "http://localhost"] {
            let error = refusal(builder(issuer));
            assert_eq!(error.to_string(), format!("issuer {issuer}: the issuer is not an https URL"));
        }
    }

    #[test]
    fn on_loopback_it_builds_only_with_the_switch_that_says_so() {
        covers!("RFC6749-2.3.1-06", "ATK-302");
        for issuer in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080/as"] {
            assert!(builder(issuer).policy(on_loopback()).build().is_ok(), "{issuer}");
        }
        for issuer in ["http://as.example", "http://10.0.0.1", "http://0.0.0.0", "http://127.0.0.1.evil.tld"] {
            refusal(builder(issuer).policy(on_loopback()));
        }
    }

    #[test]
    fn every_endpoint_of_an_issuer_with_tls_has_tls() {
        covers!(
            "RFC6749-3.1-04",
            "RFC6749-3.2-01",
            "RFC6749-10.8-01",
            "RFC6749-10.11-01",
            "RFC7009-2-04",
            "RFC7662-2-01",
            "RFC8414-6.1-01",
            "ATK-302"
        );
        for issuer in ["https://as.example", "https://as.example/tenant", "https://as.example:8443"] {
            for url in published(&builder(issuer).build().unwrap()) {
                assert!(url.starts_with("https://as.example"), "{url}");
            }
        }
    }

    #[test]
    fn a_configured_endpoint_without_tls_does_not_build() {
        covers!("RFC6749-3.1-04", "RFC6749-3.2-01", "RFC7009-2-04", "RFC7662-2-01", "RFC6749-10.8-01", "ATK-302");
        for url in ["http://as.example/x", "http://127.0.0.1/x", "ftp://as.example/x", "javascript:alert(1)"] {
            for (field, builder) in configured(url) {
                assert_eq!(refusal(builder).to_string(), format!("{field} {url}: must be an https URL"));
            }
            let error = refusal(https().service_documentation(url));
            assert_eq!(error.to_string(), format!("service_documentation {url}: must be an https URL"));
        }
    }

    #[test]
    fn the_loopback_switch_opens_no_other_host() {
        covers!("ATK-302", "RFC6749-10.8-01");
        let loopback = || builder("http://127.0.0.1:8080").policy(on_loopback());
        for url in ["http://as.example/token", "http://10.0.0.1/token", "http://127.0.0.1.evil.tld/token"] {
            assert!(matches!(refusal(loopback().token_endpoint(url)), ConfigurationError::Url { .. }), "{url}");
        }
        for url in ["http://127.0.0.1:9090/token", "http://[::1]/token", "https://as.example/token"] {
            assert!(loopback().token_endpoint(url).build().is_ok(), "{url}");
        }
    }
}

/// A builder for each endpoint that this URL is configured for.
fn configured(url: &str) -> [(&'static str, Builder); 4] {
    [
        ("authorization_endpoint", https().authorization_endpoint(url)),
        ("token_endpoint", https().token_endpoint(url)),
        ("introspection_endpoint", https().introspection_endpoint(url)),
        ("revocation_endpoint", https().revocation_endpoint(url)),
    ]
}

mod endpoints {
    use super::*;

    #[test]
    fn a_query_is_kept_byte_for_byte() {
        covers!("RFC6749-3.1-02");
        let url = "https://as.example/x?tenant=a&b=%20";
        for (field, builder) in configured(url) {
            let published = published(&builder.build().unwrap());
            assert_eq!(published.iter().filter(|published| *published == url).count(), 1, "{field}");
        }
    }

    #[test]
    fn a_fragment_does_not_build() {
        covers!("RFC6749-3.1-03");
        for url in ["https://as.example/x#y", "https://as.example/x#", "https://as.example/x?a#"] {
            for (field, builder) in configured(url) {
                assert_eq!(refusal(builder).to_string(), format!("{field} {url}: must not have a fragment"));
            }
        }
        assert!(published(&https().build().unwrap()).iter().all(|url| !url.contains('#')));
    }

    #[test]
    fn what_is_no_absolute_url_or_has_a_user_does_not_build() {
        for url in [
            "",
            "/token",
            "token",
            "//as.example",
            " https://as.example/x",
            "https://as.example/x\n",
            "https://a/\u{e9}",
        ] {
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
    fn two_endpoints_of_one_url_do_not_build() {
        let error = refusal(https().revocation_endpoint("https://as.example/token"));

        assert_eq!(error, ConfigurationError::EndpointTaken { value: "https://as.example/token".to_owned() });
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
}

mod names {
    use super::*;

    #[test]
    fn an_issuer_that_is_none_is_named_with_its_rule() {
        covers!("ATK-304");
        for (issuer, rule) in [
            ("", "the issuer is not an absolute URL"),
            ("as.example", "the issuer is not an absolute URL"),
            ("https://as.example?a", "the issuer has a query or a fragment"),
            ("https://as.example#", "the issuer has a query or a fragment"),
            ("https://as.example/", "the issuer ends with a slash"),
            ("https://user@as.example", "the issuer contains a user name"),
        ] {
            assert_eq!(refusal(builder(issuer)).to_string(), format!("issuer {issuer}: {rule}"));
        }
    }

    #[test]
    fn an_empty_realm_does_not_build_and_the_issuer_is_the_default() {
        covers!("ATK-304");
        for realm in ["", "a\nb", "\u{e9}"] {
            assert!(matches!(refusal(https().realm(realm)), ConfigurationError::Realm { .. }), "{realm:?}");
        }
        assert_eq!(https().build().unwrap().realm().name(), "https://as.example");
        assert_eq!(https().realm("main").build().unwrap().realm().name(), "main");
    }

    #[test]
    fn a_scope_that_is_no_single_token_does_not_build() {
        for scope in ["", "a b", "a\"", "\u{e9}"] {
            let error = refusal(https().scopes_supported(["read", scope]));
            assert_eq!(error, ConfigurationError::Scope { value: scope.to_owned() });
        }
    }
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
    assert_eq!(DerivedKeyring::new(1, [0; 32]).unwrap_err(), KeyringError::Constant);
}

#[test]
fn a_policy_out_of_bounds_does_not_build() {
    covers!("ATK-304", "RFC6750-5.2-04");
    for lifetime in [Lifetime::ZERO, Lifetime::seconds(3601), Lifetime::seconds(u64::MAX)] {
        let mut policy = Policy::default();
        policy.access_token_lifetime = lifetime;
        let error = refusal(https().policy(policy));
        assert!(matches!(error, ConfigurationError::Policy(PolicyViolation::Lifetime { .. })));
        assert!(error.to_string().starts_with(&format!("policy: access_token_lifetime is {lifetime}, but must be")));
    }
    let mut policy = Policy::default();
    policy.most_live_access_tokens = 0;
    refusal(https().policy(policy));
    assert!(CredentialPrefix::new("a prefix").is_err());
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
            let error = refusal(https().custom_grant(custom(name)));
            assert_eq!(error, ConfigurationError::CustomGrant { value: name.to_owned() });
        }
        let error = refusal(https().custom_grant(custom("urn:a")).custom_grant(custom("urn:a")));
        assert_eq!(error, ConfigurationError::CustomGrant { value: "urn:a".to_owned() });
        assert!(https().custom_grant(custom("urn:a")).custom_grant(custom("urn:b")).build().is_ok());
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
        let with_custom = https().custom_grant(custom("urn:a")).build().unwrap();
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
        let document = serde_json::to_value(https().build().unwrap().metadata()).unwrap();
        for member in ["scopes_supported", "service_documentation", "registration_endpoint", "jwks_uri"] {
            assert!(document.get(member).is_none(), "{member}");
        }
    }
}
