//! Attacks on what is told about tokens, and on who may take them back.

use http::{Method, StatusCode};

use super::expect::{assert_inactive, assert_refused};
use super::stage::Stage;
use crate::http_exchange::{basic, post, request, with};

super::attacks!["introspection.rs":
    strangers_are_told_nothing,
    only_its_own_resource_is_told_of_a_token,
    whatever_is_not_active_looks_the_same,
    a_jwt_is_nothing,
    a_token_of_another_client_is_not_taken_back,
    revocation_tells_nothing,
];

#[test]
fn strangers_are_told_nothing() {
    covers!("ATK-171");
    let stage = Stage::new();
    let tokens = stage.approved_tokens(&stage.members.web);
    let form = format!("token={}", tokens.access);

    for (authorization, more) in [
        (String::new(), ""),
        (String::new(), "&client_id=api"),
        (String::new(), "&client_id=api&client_secret="),
        (String::new(), "&client_id=app"),
        (basic("api", ""), ""),
        (basic("app", ""), ""),
        (basic("api", "wrong"), ""),
        (format!("Bearer {}", tokens.access), ""),
        ("Bearer x".to_owned(), ""),
    ] {
        let answer = stage.send(post("/introspect", &authorization, &format!("{form}{more}")));
        assert_refused(&answer, 401, "invalid_client");
    }
    assert!(stage.is_active(&tokens.access));
}

#[test]
fn only_its_own_resource_is_told_of_a_token() {
    covers!("ATK-172");
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);
    let machine = stage.machine_token();

    for token in [&tokens.access, &machine] {
        for stranger in [&members.other_api, &members.desk, &members.stranger] {
            assert_inactive(&stage.introspect(stranger, token));
        }
        assert!(stage.is_active(token));
    }
    assert_inactive(&stage.introspect(&members.desk, &tokens.refresh));
    assert_inactive(&stage.introspect(&members.api, &tokens.refresh));
}

#[test]
fn whatever_is_not_active_looks_the_same() {
    covers!("ATK-174");
    let stage = Stage::new();
    let elsewhere = Stage::new();
    let (web, api) = (&stage.members.web, &stage.members.api);
    let of_another_realm = elsewhere.machine_token();
    let (revoked, expired) = (stage.approved_tokens(web), stage.approved_tokens(web));
    stage.revoke(web, &revoked.access);
    stage.advance(601);
    let live = stage.approved_tokens(web);
    let code = stage.approved_code(web);

    let long = "x".repeat(10_000);
    let known = [&revoked.access, &expired.access, &of_another_realm, &code, &live.refresh, &revoked.refresh];
    let unknown = ["unknown", "\u{20ac}", "a.b.c", "<script>", " ", "%00", long.as_str()];
    let mut answers: Vec<_> = Vec::new();
    for token in known.into_iter().map(String::as_str).chain(unknown) {
        let answer = stage.introspect(api, token);
        assert_inactive(&answer);
        answers.push(answer.golden());
        let hinted =
            api.form("/introspect", &format!("{}&token_type_hint=x", super::members::encoded(&[("token", token)])));
        answers.push(stage.send(hinted).golden());
    }
    answers.push(stage.introspect(&stage.members.other_api, &live.access).golden());
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_refused(&stage.introspect(api, &"x".repeat(1 << 20)), 413, "invalid_request");
    assert!(stage.is_active(&live.access) && elsewhere.is_active(&of_another_realm));
}

#[test]
fn a_jwt_is_nothing() {
    covers!("ATK-176");
    let stage = Stage::new();
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    for header in
        ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ", "eyJ0eXAiOiJhdCtqd3QifQ"]
    {
        let claims = "eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJzdWIiOiJhbGljZSIsImF1ZCI6Imh0dHBzOi8vYXBpLmV4YW1wbGUvIn0";
        for jwt in
            [format!("{header}.{claims}."), format!("{header}.{claims}.{signature}"), format!("{header}.{claims}")]
        {
            assert_inactive(&stage.introspect(&stage.members.api, &jwt));
            assert_refused(&stage.refresh(&stage.members.web, &jwt), 400, "invalid_grant");
        }
    }
}

#[test]
fn a_token_of_another_client_is_not_taken_back() {
    covers!("ATK-180");
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);
    let writes = stage.writes();

    for token in [&tokens.access, &tokens.refresh] {
        for thief in [&members.desk, &members.stranger, &members.machine, &members.api] {
            assert_refused(&stage.revoke(thief, token), 400, "invalid_grant");
        }
        // Whoever cannot prove who they are is not even told that the token is good.
        for thief in [&members.app, &members.page] {
            let answer = stage.revoke(thief, token);
            assert_eq!(answer.golden(), stage.revoke(thief, "unknown").golden());
        }
    }
    assert_eq!(stage.writes(), writes);
    assert!(stage.is_active(&tokens.access));
    let tokens = tokens.renewed(&stage.refresh(&members.web, &tokens.refresh));
    assert_eq!(stage.revoke(&members.web, &tokens.refresh).status, StatusCode::OK);
    assert!(!stage.is_active(&tokens.access));
}

#[test]
fn revocation_tells_nothing() {
    covers!("ATK-184");
    let stage = Stage::new();
    let web = &stage.members.web;
    let tokens = stage.approved_tokens(web);

    let code = stage.approved_code(web);
    let mut answers: Vec<_> = Vec::new();
    for token in ["unknown", "a.b.c", "\u{20ac}", "<script>", " ", &code, &"x".repeat(10_000)] {
        answers.push(stage.revoke(web, token).golden());
    }
    answers.push(stage.revoke(web, &tokens.access).golden());
    answers.push(stage.revoke(web, &tokens.access).golden());
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].starts_with("200"));

    assert_refused(&stage.send(web.form("/revoke", "")), 400, "invalid_request");
    assert_refused(&stage.revoke(web, ""), 400, "invalid_request");
    assert_refused(&stage.send(web.form("/revoke", "token=a&token=b")), 400, "invalid_request");
    assert_refused(&stage.revoke(web, &"x".repeat(1 << 20)), 413, "invalid_request");
    let unheard = web.form("/revoke", "token=x&callback=alert");
    assert_eq!(stage.send(unheard).text(), "");
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let request = with(request(method, "/revoke?callback=alert"), "authorization", &basic(&web.id, &web.secret));
        assert_eq!(stage.send(request).status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(stage.redeem(web, &code).status, StatusCode::OK);
}
