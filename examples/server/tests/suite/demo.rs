//! The demonstration API, the clients without users, and health.

use crate::browser::{Browser, basic, bearer, get, options, post, redeem, request};
use crate::program::Program;

#[test]
fn the_api_opens_to_a_token_with_the_right_scope() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[("scope", "notes:read")]));
    let tokens = redeem(&program, &browser.submit(page.form("consent-submit")).parameter("code").unwrap());
    let token = bearer(&tokens);
    let token = [("authorization", &*token)];

    let without = get(&program.url("/api/notes"), &[]);
    assert_eq!(without.status, 401);
    assert!(without.header("www-authenticate").starts_with("Bearer"));
    let reading = get(&program.url("/api/notes"), &token);
    assert_eq!((reading.status, reading.json()["read_by"].as_str()), (200, Some("alice")));
    let writing = post::<&str, &str>(&program.url("/api/notes"), &[], &token);
    assert_eq!(writing.status, 403);
    assert!(writing.header("www-authenticate").contains("insufficient_scope"));
    for path in ["/api/me", "/resource"] {
        let answer = get(&program.url(path), &token);
        assert_eq!((answer.status, answer.json()["sub"].as_str()), (200, Some("alice")));
        assert!(!answer.header("date").is_empty());
    }
}

#[test]
fn clients_without_users_and_resource_servers_are_served() {
    let program = Program::start();
    let ask = |id: &str, secret: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", "notes:read")];
        post(&program.url("/token"), &fields, &[("authorization", &basic(id, secret))])
    };

    for (id, secret) in [("machine", "machine-secret"), ("imported-app", "imported-app-secret")] {
        assert_eq!(ask(id, "wrong").status, 401, "{id}");
        let tokens = ask(id, secret);
        assert_eq!(tokens.status, 200, "{id}: {}", tokens.body);
        let fields = [("token", tokens.json()["access_token"].as_str().unwrap().to_owned())];
        let introspected =
            post(&program.url("/introspect"), &fields, &[("authorization", &basic("notes-api", "notes-api-secret"))]);
        assert_eq!(introspected.json()["active"], true, "{id}");
        assert_eq!(introspected.json()["aud"], program.url("/api"), "{id}");
    }
}

#[test]
fn a_web_page_of_an_allowed_origin_may_ask_for_tokens() {
    let program = Program::start();
    let fields = [("grant_type", "authorization_code")];

    let allowed = post(&program.url("/token"), &fields, &[("origin", "http://localhost:8081")]);
    assert_eq!(allowed.header("access-control-allow-origin"), "http://localhost:8081");
    let preflight = [
        ("origin", "http://localhost:8081"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    let may_call = options(&program.url("/api/notes"), &preflight);
    assert_eq!(may_call.status, 200);
    assert_eq!(may_call.header("access-control-allow-origin"), "http://localhost:8081");
    assert_eq!(may_call.header("access-control-allow-headers"), "authorization");
    let other = post(&program.url("/token"), &fields, &[("origin", "https://evil.example")]);
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[test]
fn it_says_that_it_is_well() {
    let program = Program::start();

    let answer = get(&program.url("/health"), &[]);

    assert_eq!((answer.status, &*answer.body), (200, "{\"status\":\"ok\"}"));
}
