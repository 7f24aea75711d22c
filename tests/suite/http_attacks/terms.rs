//! Attacks on what a client asks for: a challenge, scope, resources, and whatever it writes beside them.

use super::browser::{Ask, title};
use super::expect::{assert_error_page, assert_refused, assert_sent_error};
use super::members::{CHALLENGE, Tokens, encoded, redemption};
use super::stage::Stage;
use crate::http_exchange::{API, get, post};

super::attacks!["terms.rs":
    without_pkce_there_is_no_code,
    a_plain_challenge_is_none,
    nobody_gets_scope_beyond_the_registration,
    a_resource_is_one_of_the_clients,
    free_text_fills_no_storage,
];

#[test]
fn without_pkce_there_is_no_code() {
    covers!("ATK-065", "ATK-086");
    let stage = Stage::new();
    let writes = stage.writes();
    let members = &stage.members;

    for client in [&members.app, &members.page, &members.web, &members.desk] {
        for ask in [
            Ask::of(client).without("code_challenge").without("code_challenge_method"),
            Ask::of(client).without("code_challenge"),
            Ask::of(client).with("code_challenge", ""),
            Ask::of(client).with("code_challenge", "short"),
            Ask::of(client).with("code_challenge", &"=".repeat(43)),
            Ask::of(client).and("code_challenge", CHALLENGE),
        ] {
            assert_sent_error(&stage.browser_of("alice").authorize(&ask), "invalid_request");
        }
    }
    assert_eq!(stage.writes(), writes);
    // There is no code without a challenge, so a verifier alone redeems nothing.
    let made_up = "A".repeat(stage.approved_code(&members.web).len());
    assert_refused(&stage.redeem(&members.web, &made_up), 400, "invalid_grant");
}

#[test]
fn a_plain_challenge_is_none() {
    covers!("ATK-067");
    let stage = Stage::new();
    let writes = stage.writes();

    for client in [&stage.members.app, &stage.members.web] {
        for method in ["plain", "PLAIN", "s256", "S512", "none"] {
            let ask = Ask::of(client).with("code_challenge_method", method);
            assert_sent_error(&stage.browser_of("alice").authorize(&ask), "invalid_request");
        }
        let ask = Ask::of(client).without("code_challenge_method");
        assert_sent_error(&stage.browser_of("alice").authorize(&ask), "invalid_request");
    }
    assert_eq!(stage.writes(), writes);
    let document = stage.send(get("/.well-known/oauth-authorization-server")).json();
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
}

#[test]
fn nobody_gets_scope_beyond_the_registration() {
    covers!("ATK-071");
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);
    let code = stage.approved_code(&members.web);
    let writes = stage.writes();

    for scope in ["unknown", "read unknown", "openid", "READ", "read  write", "read\twrite", "\"read\""] {
        let ask = Ask::of(&members.web).with("scope", scope);
        assert_sent_error(&stage.browser_of("alice").authorize(&ask), "invalid_scope");
        let scope = encoded(&[("scope", scope)]);
        let machine = stage.token(&members.machine, &format!("grant_type=client_credentials&{scope}"));
        assert_refused(&machine, 400, "invalid_scope");
        let form = format!("grant_type=refresh_token&refresh_token={}&{scope}", tokens.refresh);
        assert_refused(&stage.token(&members.web, &form), 400, "invalid_scope");
    }
    assert_eq!(stage.writes(), writes);
    // What was approved stays what it is, whatever is asked of the token endpoint.
    let redeemed = stage.token(&members.web, &format!("{}&scope=admin", redemption(&code))).json();
    assert_ne!(redeemed["scope"], "admin");
    assert!(!redeemed["scope"].as_str().unwrap_or_default().contains("admin"), "{redeemed}");
    let defaults = stage.token(&members.machine, "grant_type=client_credentials").json();
    assert_eq!(defaults["scope"], "admin read write");
}

#[test]
fn a_resource_is_one_of_the_clients() {
    covers!("ATK-072");
    let stage = Stage::new();
    let members = &stage.members;
    let code = stage.approved_code(&members.web);
    let writes = stage.writes();

    for resource in [
        "https://unknown.example/",
        "/relative",
        "api.example",
        "https://api.example/#",
        "https://api.example/#x",
        "https://alice@api.example/",
        "https://api.example/path",
        "https://API.example/",
        "",
    ] {
        let form = encoded(&[("resource", resource)]);
        if !resource.is_empty() {
            let ask = Ask::of(&members.web).with("resource", resource);
            assert_sent_error(&stage.browser_of("alice").authorize(&ask), "invalid_target");
            let machine = stage.token(&members.machine, &format!("grant_type=client_credentials&{form}"));
            assert_refused(&machine, 400, "invalid_target");
            let redeemed = stage.token(&members.web, &format!("{}&{form}", redemption(&code)));
            assert_refused(&redeemed, 400, "invalid_target");
        }
    }
    let repeat = |times: usize| (0..times).fold(Ask::of(&members.web), |ask, _| ask.and("resource", API));
    assert_sent_error(&stage.browser_of("alice").authorize(&repeat(17)), "invalid_target");
    assert_error_page(&stage.browser_of("alice").authorize(&repeat(1000)));
    assert_eq!(stage.writes(), writes);
    Tokens::in_answer(&stage.redeem(&members.web, &code));
}

#[test]
fn free_text_fills_no_storage() {
    covers!("ATK-075");
    let stage = Stage::new();
    let writes = stage.writes();
    let ask = Ask::of(&stage.members.web);

    for number in 0..20 {
        let text = format!("text-{number}");
        for name in ["login_hint", "ui_locales", "acr_values", "state", "nonce"] {
            assert_eq!(title(&stage.browser().authorize(&ask.clone().with(name, &text))), "LogIn");
        }
        assert_error_page(&stage.browser().authorize(&ask.clone().with("client_id", &text)));
        let form = format!("grant_type=client_credentials&client_id={text}&client_secret={text}");
        assert_refused(&stage.send(post("/token", "", &form)), 401, "invalid_client");
    }
    let long = stage.browser_of("alice").authorize(&ask.with("login_hint", &"x".repeat(1000)));
    assert!(long.text().len() < 4096, "{}", long.text().len());

    assert_eq!(stage.writes(), writes);
}
