//! The metadata document over HTTP, and what is not found.

use http::{Method, StatusCode};

use crate::http_exchange::{ISSUER, Site, builder, get, post, request, send};

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

#[test]
fn the_document_is_served_to_everybody() {
    covers!("RFC8414-3.1-01", "RFC8414-3.2-01", "RFC8414-3.3-01", "RFC9207-2.3-01", "RFC9207-2.3-03");
    let site = Site::new();

    send(&site.service, get(WELL_KNOWN)).assert_golden(concat!(
        "200
        access-control-allow-origin: *
        cache-control: public, max-age=300
        content-type: application/json
        x-content-type-options: nosniff

        ",
        r#"{"issuer":"https://as.example","#,
        r#""authorization_endpoint":"https://as.example/authorize","#,
        r#""token_endpoint":"https://as.example/token","#,
        r#""response_types_supported":["code"],"#,
        r#""response_modes_supported":["query","form_post"],"#,
        r#""grant_types_supported":["authorization_code","client_credentials","refresh_token"],"#,
        r#""token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],"#,
        r#""revocation_endpoint":"https://as.example/revoke","#,
        r#""revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],"#,
        r#""introspection_endpoint":"https://as.example/introspect","#,
        r#""introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],"#,
        r#""code_challenge_methods_supported":["S256"],"#,
        r#""authorization_response_iss_parameter_supported":true,"#,
        r#""request_uri_parameter_supported":false}"#,
    ));
}

#[test]
fn head_is_get_without_the_body() {
    covers!("RFC8414-3.1-01");
    let site = Site::new();
    let full = send(&site.service, get(WELL_KNOWN));

    let head = send(&site.service, request(Method::HEAD, WELL_KNOWN));

    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), Some(full.body.len().to_string().as_str()));
    assert_eq!(head.header("content-type"), full.header("content-type"));
}

#[test]
fn other_methods_are_refused() {
    covers!("RFC8414-3.1-01");
    let site = Site::new();

    let answer = send(&site.service, post(WELL_KNOWN, "", ""));

    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn an_issuer_with_a_path_is_found_in_both_places() {
    covers!("RFC8414-3-01", "RFC8414-3.3-01");
    let issuer = "https://as.example/tenants/t1";
    let site = Site::of(builder(issuer));

    for path in [format!("{WELL_KNOWN}/tenants/t1"), format!("/tenants/t1{WELL_KNOWN}")] {
        assert_eq!(send(&site.service, get(&path)).json()["issuer"], issuer, "{path}");
    }
    for path in [WELL_KNOWN, "/tenants/t1/.well-known", "/tenants/t1/.well-known/openid-configuration"] {
        assert_eq!(send(&site.service, get(path)).status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn what_is_configured_is_what_is_served() {
    covers!("RFC8414-3.3-01", "RFC8414-3.2-02");
    let site = Site::of(
        builder(ISSUER).token_endpoint("https://as.example/oauth/v2/token").scopes_supported(["read", "write"]),
    );

    let document = send(&site.service, get(WELL_KNOWN)).json();

    assert_eq!(document["token_endpoint"], "https://as.example/oauth/v2/token");
    assert_eq!(document["scopes_supported"], serde_json::json!(["read", "write"]));
    assert_eq!(send(&site.service, get("/oauth/v2/token")).status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(send(&site.service, get("/token")).status, StatusCode::NOT_FOUND);
    for (name, value) in document.as_object().unwrap() {
        assert!(value.as_array().is_none_or(|list| !list.is_empty()), "{name} is empty");
    }
}
