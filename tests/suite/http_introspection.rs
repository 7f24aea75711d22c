//! The introspection endpoint over HTTP.

use http::{Method, StatusCode};

use crate::http_exchange::{Site, post, request, send, with};

#[test]
fn an_active_token_is_described() {
    covers!("RFC7662-2.2-01");
    let site = Site::new();

    let answer = site.introspect(&site.access_token());

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["active"], serde_json::Value::Bool(true));
}

#[test]
fn an_unknown_token_is_inactive_and_nothing_more() {
    covers!("RFC7662-2.2-01");
    let site = Site::new();

    site.introspect("unknown").assert_golden(
        r#"200
        cache-control: no-store
        content-type: application/json
        pragma: no-cache
        x-content-type-options: nosniff

        {"active":false}"#,
    );
}

#[test]
fn only_a_posted_form_is_taken() {
    covers!("RFC7662-2.1-01");
    let site = Site::new();

    let get = send(&site.service, with(request(Method::GET, "/introspect?token=t"), "authorization", &site.api));
    assert_eq!((get.status, get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("POST")));

    let mut json = post("/introspect", &site.api, r#"{"token":"t"}"#);
    json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let json = send(&site.service, json);
    assert_eq!((json.status, json.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
}

#[test]
fn a_bearer_token_does_not_authorize_the_call() {
    covers!("RFC7662-2.3-02");
    let site = Site::new();
    let token = site.access_token();

    for bearer in [format!("Bearer {token}"), "Bearer junk".to_owned()] {
        let answer = send(&site.service, post("/introspect", &bearer, &format!("token={token}")));
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="clients", charset="UTF-8""#));
    }
}
