//! Connected applications.

use serde_json::Value;

use crate::browser::{Browser, REDIRECT_URI, basic, notes, post, redeem, request};
use crate::program::Program;

fn connect(program: &Program, browser: &mut Browser) -> Value {
    let page = browser.open(&request(program, &[]));
    let answer = browser.submit(page.form("consent-submit").fill("remember", "1"));
    redeem(program, &answer.parameter("code").unwrap())
}

#[test]
fn nothing_is_connected_at_first() {
    let program = Program::start();

    let page = Browser::alice(&program).get("/account");

    assert!(page.body.contains("no-apps") && !page.body.contains("revoke-submit"));
}

#[test]
fn an_application_is_listed_with_what_it_may_do() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    connect(&program, &mut browser);

    let page = browser.get("/account");

    assert_eq!(page.body.matches("<li class=\"app\"").count(), 1);
    for text in ["data-client=\"web-app\"", "Looking-Glass Portal", "Read your notes", "Write and change", "remembered"]
    {
        assert!(page.body.contains(text), "{text}");
    }
}

#[test]
fn disconnecting_ends_every_token_and_forgets_the_consent() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let tokens = connect(&program, &mut browser);
    assert_eq!(notes(&program, &tokens), 200);

    let page = browser.get("/account");
    let page = browser.submit(page.form("revoke-submit"));

    assert!(
        page.body.contains("<strong>Looking-Glass Portal</strong> is disconnected.") && page.body.contains("no-apps")
    );
    assert_eq!(notes(&program, &tokens), 401);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    let refused = post(&program.url("/token"), &refresh, &[("authorization", &basic("web-app", "web-app-secret"))]);
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(browser.open(&request(&program, &[])).class(), "page-consent");
}

#[test]
fn users_see_and_end_only_what_is_theirs() {
    let program = Program::start();
    let mut alice = Browser::alice(&program);
    let tokens = connect(&program, &mut alice);
    let form = alice.get("/account").form("revoke-submit");

    let mut bob = Browser::of(&program, "bob", "builder");
    assert!(bob.get("/account").body.contains("no-apps"));
    let refused = bob.submit(form.clone());
    assert_eq!((refused.status, &*refused.class()), (403, "page-error"));

    assert_eq!(notes(&program, &tokens), 200);
    assert!(alice.submit(form).body.contains("<strong>Looking-Glass Portal</strong> is disconnected."));
}

#[test]
fn another_site_cannot_disconnect() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let tokens = connect(&program, &mut browser);
    let form = browser.get("/account").form("revoke-submit");

    browser.headers = vec![("origin", "https://evil.example")];
    assert_eq!(browser.submit(form.clone()).status, 403);
    browser.headers = Vec::new();
    assert_eq!(browser.submit(form.fill("csrf", "")).status, 403);

    assert_eq!(notes(&program, &tokens), 200);
}

#[test]
fn whoever_is_not_logged_in_is_asked_to() {
    let program = Program::start();
    let mut browser = Browser::new(&program);

    let page = browser.get("/");
    assert_eq!((page.status, &*page.class()), (200, "page-login"));
    assert_eq!(browser.log_in(&page, "alice", "wonderland").class(), "page-account");
}

#[test]
fn a_client_that_is_disabled_afterwards_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("grants.db").display());
    let text = std::fs::read_to_string(crate::program::TEST).unwrap();
    let config = folder.path().join("server.toml");
    let start = |text: &str, port: &str| {
        std::fs::write(&config, text).unwrap();
        Program::with(["--config", config.to_str().unwrap(), "--plain-http", port, "--store", &store])
    };
    let program = start(&text, "0");
    let tokens = connect(&program, &mut Browser::alice(&program));
    let port = program.issuer.rsplit(':').next().unwrap().to_owned();
    program.stopped_log();

    let program = start(&text, &port);
    assert_eq!(notes(&program, &tokens), 200, "a restart changes nothing");
    program.stopped_log();

    let disabled = text.replace("id = \"web-app\"", "id = \"web-app\"\ndisabled = true");
    let program = start(&disabled, &port);
    assert_eq!(notes(&program, &tokens), 401);
    let page = Browser::alice(&program).open(&request(&program, &[("redirect_uri", REDIRECT_URI)]));
    assert_eq!((page.status, &*page.class()), (400, "page-error"));
}
