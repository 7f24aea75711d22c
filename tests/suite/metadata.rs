//! The metadata document, through the plain API.

use serde_json::{Value, json};

use crate::http_exchange::{ISSUER, builder};

fn document(builder: grantsmith::server::Builder) -> Value {
    serde_json::from_slice(&builder.build().unwrap().metadata().to_json()).unwrap()
}

#[test]
fn the_issuer_is_the_configured_one_byte_for_byte() {
    covers!("RFC8414-3.3-01", "RFC9207-2.3-01");
    for issuer in ["https://as.example", "https://as.example/tenants/Tenant-1", "https://as.example:8443"] {
        assert_eq!(document(builder(issuer))["issuer"], issuer);
    }
}

#[test]
fn the_endpoints_are_there() {
    covers!("RFC8414-2-02", "RFC8414-2-03", "RFC7009-2-03");
    let document = document(builder(ISSUER));

    assert_eq!(document["authorization_endpoint"], "https://as.example/authorize");
    assert_eq!(document["token_endpoint"], "https://as.example/token");
    assert_eq!(document["revocation_endpoint"], "https://as.example/revoke");
    assert_eq!(document["introspection_endpoint"], "https://as.example/introspect");
}

#[test]
fn a_revocation_endpoint_without_tls_or_with_a_fragment_is_refused() {
    covers!("RFC7009-2-03");
    for url in ["http://as.example/revoke", "https://as.example/revoke#here", "/revoke"] {
        let error = builder(ISSUER).revocation_endpoint(url).build().unwrap_err();
        assert!(error.to_string().starts_with("revocation_endpoint"), "{error}");
    }
}

#[test]
fn what_is_supported_is_said() {
    covers!("RFC8414-2-08", "RFC8414-2-18", "RFC9700-2.1.1-07", "RFC9207-2.3-03");
    let document = document(builder(ISSUER));

    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
}

#[test]
fn no_list_is_empty() {
    covers!("RFC8414-3.2-02");
    for builder in [builder(ISSUER), builder(ISSUER).scopes_supported([])] {
        for (name, value) in document(builder).as_object().unwrap() {
            assert!(!value.is_null(), "{name} is null");
            assert!(value.as_array().is_none_or(|list| !list.is_empty()), "{name} is empty");
        }
    }
}
