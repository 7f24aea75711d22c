//! The revocation endpoint over HTTP.

use http::{Method, StatusCode};

use crate::http_exchange::{Site, post, request, send, with};

#[test]
fn a_revoked_token_is_gone() {
    let site = Site::new();
    let token = site.access_token();

    send(&site.service, post("/revoke", &site.machine, &format!("token={token}"))).assert_golden(
        "200
        cache-control: no-store
        pragma: no-cache
        x-content-type-options: nosniff",
    );

    assert_eq!(site.introspect(&token).text(), r#"{"active":false}"#);
}

#[test]
fn only_a_posted_form_is_taken() {
    covers!("RFC7009-2-06");
    let site = Site::new();

    let get = send(&site.service, with(request(Method::GET, "/revoke?token=t"), "authorization", &site.machine));
    assert_eq!((get.status, get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("POST")));

    let mut json = post("/revoke", &site.machine, r#"{"token":"t"}"#);
    json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let json = send(&site.service, json);
    assert_eq!((json.status, json.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
}

#[test]
fn errors_are_those_of_the_token_endpoint() {
    covers!("RFC7009-2.2.1-01");
    let site = Site::new();

    send(&site.service, post("/revoke", &site.machine, "token_type_hint=access_token")).assert_golden(
        r#"400
        cache-control: no-store
        content-type: application/json
        pragma: no-cache
        x-content-type-options: nosniff

        {"error":"invalid_request"}"#,
    );
    let stranger = send(&site.service, post("/revoke", "Basic eDp5", "token=t"));
    assert_eq!((stranger.status, stranger.error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
}
