//! From the request through login and consent to the client.

use grantsmith::server::Registration;
use grantsmith::value::ResourceSet;
use http::StatusCode;

use super::{Asked, CLIENT, Office, VERIFIER, is_error_page, query, value_in};
use crate::http_exchange::{get, post, send, with};

#[test]
fn a_user_logs_in_agrees_and_the_client_gets_its_token() {
    covers!("RFC6749-3.1-05", "RFC9207-2.3-02");
    let office = Office::new();

    let login = office.ask(&query(&[("scope", "read")]), "");
    assert_eq!((login.need.as_str(), login.path.as_str()), ("LogIn", "/authorize/resume"));
    let resumed = with(get(&format!("{}?handle={}", login.path, login.handle)), "cookie", "session=alice");
    let consent = Asked::of(send(&office.service, with(resumed, "cookie", &login.cookies)), &login.cookies);
    assert_eq!(consent.need, "Consent");
    let cookies = format!("session=alice{}", consent.cookies);
    let approved = office.decide_as(&cookies, &consent, "decision=approve");

    let code = value_in(&approved, "code").unwrap();
    approved.assert_golden(&format!(
        "303
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        location: https://client.example/callback?code={code}&state=xyz&iss=https%3A%2F%2Fas.example
        pragma: no-cache
        referrer-policy: no-referrer
        x-content-type-options: nosniff
        x-frame-options: DENY"
    ));
    let form = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
    let tokens = send(&office.service, post("/token", &office.basic, &form));
    assert_eq!((tokens.status, &tokens.json()["scope"]), (StatusCode::OK, &"read".into()));
    let document = send(&office.service, get("/.well-known/oauth-authorization-server")).json();
    assert_eq!(document["issuer"].as_str(), value_in(&approved, "iss").as_deref());
}

#[test]
fn every_redirect_of_the_user_flow_is_a_303() {
    covers!("RFC9700-4.12-01");
    let office = Office::new();
    let decided = |decision| office.decide(&office.consent(&query(&[])), decision);

    let redirects = [
        decided("decision=approve"),
        decided("decision=deny"),
        office.ask(&query(&[("scope", "unknown")]), "session=alice").answer,
        office.ask(&query(&[("prompt", "none")]), "").answer,
    ];

    for answer in redirects {
        assert!(answer.header("location").is_some());
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[test]
fn a_posted_request_and_a_posted_return_work_too() {
    covers!("RFC6749-3.1-05");
    let office = Office::new();

    let login = Asked::of(send(&office.service, post("/authorize", "", &query(&[]))), "session=alice");
    let back = post(&login.path, "", &format!("handle={}", login.handle));
    let consent = Asked::of(send(&office.service, with(back, "cookie", &login.cookies)), &login.cookies);

    assert_eq!((login.need.as_str(), consent.need.as_str()), ("LogIn", "Consent"));
}

#[test]
fn a_no_goes_to_the_client() {
    let office = Office::new();

    let denied = office.decide(&office.consent(&query(&[])), "decision=deny");

    assert_eq!(denied.status, StatusCode::SEE_OTHER);
    assert_eq!(value_in(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(value_in(&denied, "state").as_deref(), Some("xyz"));
}

#[test]
fn less_than_was_asked_may_be_approved_and_nothing_may_not() {
    let office = Office::new();
    let scope_of = |decision: &str| {
        let approved = office.decide(&office.consent(&query(&[("scope", "read write")])), decision);
        let code = value_in(&approved, "code").unwrap();
        let form = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
        send(&office.service, post("/token", &office.basic, &form)).json()["scope"].clone()
    };

    assert_eq!(scope_of("decision=approve"), "read write");
    assert_eq!(scope_of("decision=approve&scope=&scope=write"), "write");
    let nothing = office.decide(&office.consent(&query(&[("scope", "read")])), "decision=approve&scope=");
    assert!(is_error_page(&nothing), "{}", nothing.golden());
}

#[test]
fn a_decision_that_is_not_clear_decides_nothing() {
    let office = Office::new();
    let asked = office.consent(&query(&[]));

    for decision in ["", "decision=", "decision=yes", "decision=approve&decision=deny", "decision=approve&scope=%22"] {
        assert!(is_error_page(&office.decide(&asked, decision)), "{decision}");
    }
    assert!(value_in(&office.decide(&asked, "decision=approve"), "code").is_some());
}

#[test]
fn another_browser_cannot_decide() {
    let office = Office::new();
    let asked = office.consent(&query(&[]));
    let other = office.consent(&query(&[])).cookies;

    for cookies in ["session=alice", &other] {
        assert_eq!(office.decide_as(cookies, &asked, "decision=approve").status, StatusCode::FORBIDDEN);
    }
}

#[test]
fn a_handle_longer_than_a_form_may_be_comes_back_whole() {
    let office = Office::new();
    let scope: Vec<_> = (10..26).map(|at| format!("{at}{}", "s".repeat(250))).collect();
    let scope = scope.join(" ");
    let resources: Vec<_> = (10..26).map(|at| format!("https://api.example/{at}/{}", "r".repeat(450))).collect();
    let parsed = resources.iter().map(|resource| resource.parse().unwrap()).collect();
    let mut registration = Registration::confidential(vec![CLIENT.parse().unwrap()])
        .with_id("greedy".parse().unwrap())
        .with_scope(scope.parse().unwrap())
        .with_resources(ResourceSet::new(parsed).unwrap());
    registration.allows_multiple_audiences = true;
    pollster::block_on(office.server.register(registration)).unwrap();
    let state = "s".repeat(2000);
    let mut more = vec![("client_id", "greedy"), ("state", &state), ("scope", &scope)];
    more.extend(resources.iter().map(|resource| ("resource", resource.as_str())));

    let login = office.ask(&query(&more), "");
    let back = with(get(&format!("{}?handle={}", login.path, login.handle)), "cookie", "session=alice");
    let consent = Asked::of(send(&office.service, with(back, "cookie", &login.cookies)), &login.cookies);
    let cookies = format!("session=alice{}", consent.cookies);
    let approved = office.decide_as(&cookies, &consent, "decision=approve");

    assert!(consent.handle.len() > 16 * 1024, "{}", consent.handle.len());
    assert!(value_in(&approved, "code").is_some());
    assert_eq!(value_in(&approved, "state"), Some(state));
}
