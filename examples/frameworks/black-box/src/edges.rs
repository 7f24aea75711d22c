//! What is at which path, and what is refused before the protocol is looked at.

use std::io::Read as _;

use ureq::SendBody;
use ureq::http::Method;

use crate::Site;
use crate::client::{AUTHORIZE, INTROSPECT, NOTES, REVOKE, TOKEN, WELL_KNOWN, fields, send};

pub(crate) fn metadata_is_found_at_its_well_known_path(site: &Site) {
    let answer = site.get(WELL_KNOWN);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text("issuer"), site.issuer);
    for (member, path) in [
        ("authorization_endpoint", AUTHORIZE),
        ("token_endpoint", TOKEN),
        ("introspection_endpoint", INTROSPECT),
        ("revocation_endpoint", REVOKE),
    ] {
        assert_eq!(answer.text(member), format!("{}{path}", site.issuer));
    }

    let head = send(site.request(Method::HEAD, WELL_KNOWN), ());
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), Some("application/json"));
}

pub(crate) fn nothing_else_is_found(site: &Site) {
    for path in ["/", "/nothing", "/token/", "/token/more", "/Token", "/.well-known/openid-configuration"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(send(site.form("/nothing"), "a=b").status, 404);
}

pub(crate) fn other_methods_are_refused_with_those_allowed(site: &Site) {
    for (method, path, allow) in [
        (Method::GET, TOKEN, "POST, OPTIONS"),
        (Method::PUT, TOKEN, "POST, OPTIONS"),
        (Method::GET, INTROSPECT, "POST"),
        (Method::DELETE, AUTHORIZE, "GET, POST"),
        (Method::DELETE, WELL_KNOWN, "GET, HEAD, OPTIONS"),
    ] {
        let answer = send(site.request(method.clone(), path), ());
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
    }
}

pub(crate) fn a_body_that_is_no_form_is_refused(site: &Site) {
    let json = site.request(Method::POST, TOKEN).header("content-type", "application/json");
    send(json, r#"{"grant_type":"client_credentials"}"#).assert_refused(400, "invalid_request");
    send(site.request(Method::POST, TOKEN), "grant_type=client_credentials").assert_refused(400, "invalid_request");
    send(site.form(TOKEN), "grant_type=%zz").assert_refused(400, "invalid_request");
}

pub(crate) fn a_body_that_is_too_long_is_refused(site: &Site) {
    let long = format!("grant_type={}", "a".repeat(20_000));
    send(site.form(TOKEN), &long).assert_refused(413, "invalid_request");
    // Without a length ahead it must be counted.
    let mut pieces = long.as_bytes().chain(std::io::empty());
    send(site.form(TOKEN), SendBody::from_reader(&mut pieces)).assert_refused(413, "invalid_request");
}

pub(crate) fn two_authorization_headers_are_refused(site: &Site) {
    let request = site.form_of("machine", TOKEN).header("authorization", "Bearer x");
    let answer = send(request, fields(&[("grant_type", "client_credentials"), ("resource", NOTES)]));
    // Gateways join what is there twice; then it is no header that a client sends.
    assert!([400, 401].contains(&answer.status), "{}", answer.status);
}

pub(crate) fn a_page_of_the_allowed_origin_may_ask_for_tokens(site: &Site) {
    for (origin, is_allowed) in [("https://app.example", true), ("https://evil.example", false)] {
        let preflight = site
            .request(Method::OPTIONS, TOKEN)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let allowed = send(preflight, ());
        assert_eq!((allowed.status, allowed.body.as_str()), (204, ""));
        assert_eq!(allowed.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(allowed.header("access-control-allow-origin"), is_allowed.then_some(origin));

        let answer = send(site.form(TOKEN).header("origin", origin), "grant_type=refresh_token&client_id=app");
        assert_eq!(answer.header("access-control-allow-origin"), is_allowed.then_some(origin));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}
