//! Which pages of other origins may read the answers.

use grantsmith::http::{InvalidMount, OAuthService};
use http::{Method, StatusCode};

use crate::http_exchange::{Answered, Site, get, post, request, send, with};

const APP: &str = "https://app.example";
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// A site whose answers the app may read.
fn shared() -> (Site, OAuthService) {
    let site = Site::new();
    let service = site.service.allow_origins([APP, "http://localhost:3000"]).unwrap();
    (site, service)
}

fn preflight(service: &OAuthService, target: &str, origin: &str) -> Answered {
    let asking = with(request(Method::OPTIONS, target), "origin", origin);
    send(service, with(asking, "access-control-request-method", "POST"))
}

fn has_cors(answer: &Answered) -> bool {
    answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"))
}

#[test]
fn nobody_may_read_answers_by_default() {
    covers!("ATK-103");
    let site = Site::new();

    for target in ["/token", "/revoke", "/introspect"] {
        assert!(!has_cors(&send(&site.service, with(post(target, "", ""), "origin", APP))), "{target}");
        let answer = preflight(&site.service, target, APP);
        assert!(!has_cors(&answer), "{target}");
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{target}");
    }
}

#[test]
fn a_named_origin_may_read_tokens_and_errors() {
    covers!("ATK-103");
    let (site, service) = shared();

    for (authorization, body, status) in
        [(site.machine.as_str(), "grant_type=client_credentials", 200), ("", "grant_type=client_credentials", 401)]
    {
        let answer = send(&service, with(post("/token", authorization, body), "origin", APP));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    let refused = send(&service, with(request(Method::GET, "/revoke"), "origin", APP));
    assert_eq!(refused.header("allow"), Some("POST, OPTIONS"));
    assert_eq!(refused.header("access-control-allow-origin"), Some(APP));
}

#[test]
fn a_preflight_of_a_named_origin_is_answered() {
    let (_, service) = shared();

    preflight(&service, "/token", APP).assert_golden(
        "204
        access-control-allow-headers: authorization, content-type
        access-control-allow-methods: POST
        access-control-allow-origin: https://app.example
        access-control-max-age: 600
        allow: POST, OPTIONS
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        pragma: no-cache
        referrer-policy: no-referrer
        vary: Origin
        x-content-type-options: nosniff
        x-frame-options: DENY",
    );
}

#[test]
fn every_other_origin_may_not() {
    covers!("ATK-103");
    let (site, service) = shared();

    for origin in [
        "null",
        "https://evil.example",
        "https://app.example.evil.example",
        "https://evilapp.example",
        "https://sub.app.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example/",
        "https://APP.example",
        "http://localhost",
        "",
    ] {
        let asked = with(post("/token", &site.machine, "grant_type=client_credentials"), "origin", origin);
        for answer in [send(&service, asked), preflight(&service, "/token", origin)] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{origin}");
        }
    }
    let twice = with(with(post("/token", &site.machine, ""), "origin", APP), "origin", "https://evil.example");
    assert_eq!(send(&service, twice).header("access-control-allow-origin"), None);
}

#[test]
fn introspection_is_shared_with_nobody() {
    covers!("ATK-103");
    let (site, service) = shared();

    assert!(!has_cors(&send(&service, with(post("/introspect", &site.api, "token=t"), "origin", APP))));
    let answer = preflight(&service, "/introspect", APP);
    assert!(!has_cors(&answer));
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("POST")));
}

#[test]
fn the_metadata_is_shared_with_everybody_without_credentials() {
    covers!("ATK-103");
    let site = Site::new();

    for origin in ["https://evil.example", "null"] {
        let answer = send(&site.service, with(get(WELL_KNOWN), "origin", origin));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    preflight(&site.service, WELL_KNOWN, "https://evil.example").assert_golden(
        "204
        access-control-allow-headers: *
        access-control-allow-methods: GET, HEAD
        access-control-allow-origin: *
        access-control-max-age: 600
        allow: GET, HEAD, OPTIONS
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        pragma: no-cache
        referrer-policy: no-referrer
        x-content-type-options: nosniff
        x-frame-options: DENY",
    );
}

#[test]
fn an_origin_that_is_none_cannot_be_named() {
    let Err(InvalidMount::Origin(error)) = Site::new().service.allow_origins([APP, "null"]) else { panic!() };

    assert_eq!(error.value, "null");
}
