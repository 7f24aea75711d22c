//! The token endpoint over HTTP.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::host::{Attempt, RateLimited, RateLimiter};
use grantsmith::http::Caller;
use grantsmith::value::Lifetime;
use http::{Method, Request, StatusCode};
use http_body_util::Full;

use crate::http_exchange::{Answered, FORM, ISSUER, Site, builder, get, post, request, send, with};

const MACHINE: &str = "grant_type=client_credentials&scope=read";

#[test]
fn a_token_response_is_exactly_this() {
    covers!("RFC6749-5.1-01", "RFC6749-5.1-06", "RFC6749-5.1-07", "OAUTH21-3.2.3-01");
    let site = Site::new();

    let answer = send(&site.service, post("/token", &site.machine, MACHINE));

    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    answer.assert_golden(&format!(
        r#"200
        cache-control: no-store
        content-type: application/json
        pragma: no-cache
        x-content-type-options: nosniff

        {{"access_token":"{token}","token_type":"Bearer","expires_in":600,"scope":"read"}}"#
    ));
}

#[test]
fn a_client_that_fails_to_authenticate_is_told_so() {
    covers!("RFC6749-5.1-06", "RFC6749-5.1-07", "RFC6749-5.2-01");
    let site = Site::new();

    for body in [MACHINE, "grant_type=client_credentials&client_id=nobody&client_secret=wrong"] {
        send(&site.service, post("/token", "", body)).assert_golden(
            r#"401
            cache-control: no-store
            content-type: application/json
            pragma: no-cache
            www-authenticate: Basic realm="clients", charset="UTF-8"
            x-content-type-options: nosniff

            {"error":"invalid_client"}"#,
        );
    }
}

#[test]
fn every_other_error_is_a_400_with_json() {
    covers!("RFC6749-5.2-01", "OAUTH21-3.2.3-01");
    let site = Site::new();

    for (body, code) in [
        ("", "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=%zz", "invalid_request"),
        ("grant_type=password&username=u&password=p", "unsupported_grant_type"),
        ("grant_type=authorization_code&code=c", "unauthorized_client"),
        ("grant_type=client_credentials&scope=everything", "invalid_scope"),
        ("grant_type=client_credentials&resource=https%3A%2F%2Felsewhere.example%2F", "invalid_target"),
    ] {
        send(&site.service, post("/token", &site.machine, body)).assert_golden(&format!(
            r#"400
            cache-control: no-store
            content-type: application/json
            pragma: no-cache
            x-content-type-options: nosniff

            {{"error":"{code}"}}"#
        ));
    }
}

#[test]
fn other_methods_are_refused() {
    covers!("RFC6749-3.2-02");
    let site = Site::new();

    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        send(&site.service, with(request(method, "/token"), "authorization", &site.machine)).assert_golden(
            "405
            allow: POST
            cache-control: no-store
            content-security-policy: default-src 'none'; frame-ancestors 'none'
            pragma: no-cache
            referrer-policy: no-referrer
            x-content-type-options: nosniff
            x-frame-options: DENY",
        );
    }
}

#[test]
fn a_body_of_another_type_is_never_read() {
    covers!("ATK-100");
    let site = Site::new();
    let typed = |types: &[&str]| {
        let bare = Request::post("/token").header("authorization", &site.machine);
        let request = bare.body(Full::from(MACHINE)).unwrap();
        send(&site.service, types.iter().fold(request, |request, value| with(request, "content-type", value)))
    };

    for types in [
        &[][..],
        &["application/json"],
        &["text/plain"],
        &["multipart/form-data; boundary=x"],
        &["application/x-www-form-urlencoded; charset=utf-16"],
        &["application/x-www-form-urlencoded; charset=utf-8; charset=utf-16"],
        &["application/x-www-form-urlencoded, application/json"],
        &["text/plain; a=application/x-www-form-urlencoded"],
        &[FORM, "application/json"],
        &[FORM, FORM],
    ] {
        let answer = typed(types);
        assert_eq!((answer.status, answer.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"), "{types:?}");
    }
    assert_eq!(typed(&["application/x-www-form-urlencoded; charset=UTF-8"]).status, StatusCode::OK);
}

#[test]
fn a_body_over_the_cap_is_too_large() {
    let site = Site::new();
    let padded = |length: usize| format!("{MACHINE}&pad={}", "a".repeat(length - MACHINE.len() - "&pad=".len()));

    let most = send(&site.service, post("/token", &site.machine, &padded(16 * 1024)));
    let more = send(&site.service, post("/token", &site.machine, &padded(16 * 1024 + 1)));

    assert_eq!(most.status, StatusCode::OK);
    more.assert_golden(
        r#"413
        cache-control: no-store
        content-type: application/json
        pragma: no-cache
        x-content-type-options: nosniff

        {"error":"invalid_request"}"#,
    );
}

#[test]
fn credentials_in_the_query_are_refused() {
    covers!("ATK-121", "ATK-024", "RFC6749-2.3.1-05");
    let site = Site::new();
    let secret = &site.machine_secret;

    let all = format!("/token?grant_type=client_credentials&client_id=machine&client_secret={secret}");
    for (target, authorization, body) in [
        (all.as_str(), "", ""),
        (&format!("/token?client_id=machine&client_secret={secret}"), "", MACHINE),
        ("/token?scope=write", &site.machine, MACHINE),
        ("/token?grant%5Ftype=client_credentials", &site.machine, ""),
        ("/token?%zz", &site.machine, MACHINE),
    ] {
        let answer = send(&site.service, post(target, authorization, body));
        assert_eq!((answer.status, answer.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"), "{target}");
    }
}

#[test]
fn a_query_that_is_no_protocol_parameter_is_ignored() {
    let site = Site::new();

    assert_eq!(send(&site.service, post("/token?tenant=1", &site.machine, MACHINE)).status, StatusCode::OK);
}

#[test]
fn two_authorization_headers_are_refused() {
    let site = Site::new();

    let twice = with(post("/token", &site.machine, MACHINE), "authorization", &site.machine);
    let answer = send(&site.service, twice);

    assert_eq!((answer.status, answer.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
}

#[test]
fn certificate_headers_authenticate_nobody() {
    covers!("ATK-137", "RFC9700-4.13-01");
    let site = Site::new();
    let certificate = "-----BEGIN%20CERTIFICATE-----";

    let request = post("/token", "", "grant_type=client_credentials&client_id=machine");
    let headers = ["x-client-cert", "x-ssl-client-cert", "x-forwarded-client-cert", "client-cert", "ssl-client-verify"];
    let answer = send(&site.service, headers.iter().fold(request, |request, name| with(request, name, certificate)));

    assert_eq!((answer.status, answer.error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
}

#[test]
fn forwarded_headers_change_nothing() {
    covers!("RFC9700-4.13-01", "ATK-139");
    let lies = |request| {
        [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-port", "81"),
            ("x-forwarded-prefix", "/evil"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-original-url", "/evil"),
            ("forwarded", "for=10.0.0.1;host=evil.example;proto=http"),
        ]
        .into_iter()
        .fold(request, |request, (name, value)| with(request, name, value))
    };
    let requests = || {
        [
            post("/token", "", "grant_type=client_credentials&client_id=machine"),
            post("/introspect", "", "token=t"),
            post("/revoke", "", "token=t"),
            get("/.well-known/oauth-authorization-server"),
            get("/elsewhere"),
        ]
    };
    let site = Site::new();

    for (plain, lied) in requests().into_iter().zip(requests()) {
        let target = plain.uri().clone();
        assert_eq!(send(&site.service, plain).golden(), send(&site.service, lies(lied)).golden(), "{target}");
    }
}

#[test]
fn every_answer_with_credentials_or_their_errors_is_kept_by_nobody() {
    covers!("ATK-102");
    let site = Site::new();
    let token = site.access_token();

    let asking = format!("token={token}");
    for (target, authorization, body) in [
        ("/token", site.machine.as_str(), MACHINE),
        ("/token", "", MACHINE),
        ("/token", &site.machine, ""),
        ("/introspect", &site.api, &asking),
        ("/introspect", &site.api, "token=junk"),
        ("/introspect", &site.api, ""),
        ("/introspect", "", &asking),
        ("/revoke", "", &asking),
        ("/revoke", &site.machine, ""),
        ("/revoke", &site.machine, &asking),
        ("/revoke?token=x", &site.machine, &asking),
    ] {
        let answer = send(&site.service, post(target, authorization, body));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target} {body}");
        assert_eq!(answer.header("pragma"), Some("no-cache"), "{target} {body}");
    }
}

/// Lets nobody through, and remembers who asked.
#[derive(Default)]
struct Closed(Mutex<Vec<Option<String>>>);

#[async_trait]
impl RateLimiter for Closed {
    async fn check(&self, attempt: &Attempt<'_>) -> Result<(), RateLimited> {
        self.0.lock().unwrap().push(attempt.caller.map(str::to_owned));
        Err(RateLimited { retry_after: Lifetime::seconds(30) })
    }

    async fn failed(&self, _: &Attempt<'_>) {}
}

#[test]
fn the_rate_limiter_learns_the_caller_from_the_extensions_only() {
    let limiter = Arc::new(Closed::default());
    let site = Site::of(builder(ISSUER).rate_limiter(Arc::<Closed>::clone(&limiter)));
    let sent = |extend: &dyn Fn(&mut Request<Full<Bytes>>)| -> Answered {
        let mut request = with(post("/token", &site.machine, MACHINE), "x-forwarded-for", "10.0.0.1");
        extend(&mut request);
        send(&site.service, request)
    };

    let known = sent(&|request| drop(request.extensions_mut().insert(Caller::new("192.0.2.7"))));
    sent(&|_| ());

    known.assert_golden(
        r#"429
        cache-control: no-store
        content-type: application/json
        pragma: no-cache
        retry-after: 30
        x-content-type-options: nosniff

        {"error":"temporarily_unavailable"}"#,
    );
    assert_eq!(*limiter.0.lock().unwrap(), [Some("192.0.2.7".to_owned()), None]);
}
