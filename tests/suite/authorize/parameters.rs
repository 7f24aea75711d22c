//! What may be asked.

use grantsmith::server::{Authorization, Need, Registration};
use grantsmith::value::GrantType;

use crate::world::{API, OTHER_API, REDIRECT_URI, Request, World, asked, code_in, code_of, error_in, resources, uris};

#[track_caller]
fn error_for(world: &World, request: &Request) -> String {
    error_in(&world.browser_of("alice").authorize(request))
}

#[test]
fn names_and_values_are_case_sensitive() {
    covers!("RFC6749-1.9-01");
    let world = World::new();
    let request = Request::of(&world.web);

    assert_eq!(error_for(&world, &request.clone().with("response_type", "Code")), "unsupported_response_type");
    assert_eq!(
        error_for(&world, &request.clone().without("response_type").with("Response_Type", "code")),
        "invalid_request"
    );
    assert_eq!(error_for(&world, &request.clone().with("scope", "READ")), "invalid_scope");
    let named = request.without("client_id").with("Client_id", world.web.client.id().as_str());
    assert!(matches!(world.browser_of("alice").authorize(&named), Authorization::ErrorPage(_)));
    let form = "grant_type=AUTHORIZATION_CODE&code=x";
    assert_eq!(code_of(world.token(&world.web, form)), "unsupported_grant_type");
}

#[test]
fn an_empty_parameter_is_an_absent_one() {
    covers!("RFC6749-3.1-07");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let request = Request::of(&world.web);

    let page = asked(browser.authorize(&request.clone().with("scope", "").with("state", "").with("prompt", "")));
    assert_eq!(page.scope.as_str(), "admin read write");
    let answer = browser.approve(&page.handle);
    assert_eq!(crate::world::parameter(&answer, "state"), None);
    assert!(matches!(browser.authorize(&request.with("client_id", "")), Authorization::ErrorPage(_)));
}

#[test]
fn unknown_parameters_change_nothing() {
    covers!("RFC6749-3.1-08", "ATK-048");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let mut request = Request::of(&world.web).and("foo", "bar").and("foo", "baz");
    for name in ["approved", "user_id", "skip_consent", "sub", "grant_id", "scope[]", "redirect_uri[0]"] {
        request = request.and(name, "1").and(name, "mallory");
    }

    let page = asked(browser.authorize(&request));
    let answer = browser.approve(&page.handle);

    assert_eq!(page.need, Need::Consent);
    assert_eq!(page.scope.as_str(), "read write");
    world.redeem(&world.web, &code_in(&answer)).unwrap();
    assert_eq!(world.grants_of("alice").len(), 1);
    assert!(world.grants_of("mallory").is_empty());
}

#[test]
fn a_known_parameter_may_come_once() {
    covers!("RFC6749-3.1-09", "OAUTH21-3.1-01", "RFC6749-4.1.2.1-05");
    let world = World::new();
    let request = Request::of(&world.web).with("nonce", "n").with("prompt", "login").with("max_age", "5");
    let request = request.with("response_mode", "query").with("login_hint", "alice").with("ui_locales", "en");

    for name in [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
    ] {
        let twice = request.clone().and(name, "again");
        assert_eq!(error_for(&world, &twice), "invalid_request", "{name}");
    }
    let several = Request::of(&world.web).and("resource", OTHER_API);
    assert_eq!(asked(world.browser_of("alice").authorize(&several)).resources, resources(&[API, OTHER_API]));
}

#[test]
fn a_response_type_is_required() {
    covers!("RFC6749-3.1.1-01", "RFC6749-4.1.2.1-05");
    let world = World::new();
    let request = Request::of(&world.web);

    assert_eq!(error_for(&world, &request.clone().without("response_type")), "invalid_request");
    assert_eq!(error_for(&world, &request.with("response_type", "")), "invalid_request");
}

#[test]
fn nothing_but_a_code_is_offered() {
    covers!(
        "RFC6749-3.1.1-02",
        "RFC6749-3.1.1-03",
        "RFC6749-4.1.2.1-08",
        "OAUTH21-10.1-01",
        "ATK-035",
        "ATK-039",
        "ATK-040"
    );
    let world = World::new();
    let request = Request::of(&world.web);

    for response_type in [
        "foo",
        "none",
        "token",
        "id_token",
        "code token",
        "token code",
        "code id_token",
        "id_token code",
        "id_token token",
        "token id_token",
        "code code",
        "CODE",
        " code",
        "code ",
        "code\tid_token",
    ] {
        for mode in ["query", "form_post"] {
            let request = request.clone().with("response_type", response_type).with("response_mode", mode);
            let answer = world.browser_of("alice").authorize(&request);
            assert_eq!(error_in(&answer), "unsupported_response_type", "{response_type:?}");
            for secret in ["access_token", "id_token", "code"] {
                assert_eq!(crate::world::parameter(&answer, secret), None);
            }
        }
    }
}

#[test]
fn a_response_mode_is_one_of_two() {
    let world = World::new();
    let mut browser = world.browser_of("alice");

    for mode in ["fragment", "query.jwt", "QUERY", "web_message"] {
        let answer = browser.authorize(&Request::of(&world.web).with("response_mode", mode));
        assert!(matches!(answer, Authorization::Redirect(_)));
        assert_eq!(error_in(&answer), "invalid_request");
    }
}

#[test]
fn a_client_without_the_code_grant_is_unauthorized() {
    covers!("RFC6749-4.1.2.1-06");
    let world = World::new();
    let mut registration = Registration::confidential(uris(&[REDIRECT_URI])).with_scope("read write".parse().unwrap());
    registration.grant_types = vec![GrantType::RefreshToken];
    let client = world.register(registration.with_resources(resources(&[API])));

    assert_eq!(error_for(&world, &Request::of(&client)), "unauthorized_client");
}

#[test]
fn every_client_needs_a_challenge() {
    covers!(
        "RFC7636-4.4.1-01",
        "RFC9700-2.1.1-01",
        "OAUTH21-4.1.1-01",
        "OAUTH21-4.1.2.1-01",
        "OAUTH21-7.5.1.1-01",
        "ATK-065"
    );
    let world = World::new();

    for client in [&world.web, &world.app, &world.native] {
        let request = Request::of(client).without("code_challenge");
        assert_eq!(error_for(&world, &request), "invalid_request");
        assert_eq!(error_for(&world, &request.clone().without("code_challenge_method")), "invalid_request");
        // There is no exception for a nonce.
        assert_eq!(error_for(&world, &request.with("nonce", "n")), "invalid_request");
    }
    assert!(world.grants_of("alice").is_empty());
}

#[test]
fn a_challenge_is_an_s256_challenge() {
    covers!("RFC7636-4.3-01", "RFC7636-4.4.1-03", "ATK-067", "RFC6749-4.1.2.1-05");
    let world = World::new();
    let request = Request::of(&world.web);

    assert_eq!(error_for(&world, &request.clone().without("code_challenge_method")), "invalid_request");
    for method in ["plain", "s256", "S512", "S256 plain"] {
        assert_eq!(error_for(&world, &request.clone().with("code_challenge_method", method)), "invalid_request");
    }
    let forty_two = "a".repeat(42);
    let padded = format!("{}=", "A".repeat(43));
    let plus = format!("{}+", "A".repeat(42));
    for challenge in [&*forty_two, &*padded, &*plus, "", &"A".repeat(44), &"A".repeat(10_000), "\u{e9}"] {
        assert_eq!(error_for(&world, &request.clone().with("code_challenge", challenge)), "invalid_request");
    }
    let methods = world.server.metadata().code_challenge_methods_supported;
    assert_eq!(methods, ["S256"]);
}

#[test]
fn a_scope_is_within_the_registration() {
    covers!("RFC6749-4.1.2.1-09", "ATK-071");
    let world = World::new();
    let request = Request::of(&world.web);

    for scope in ["unknown", "read unknown", "read  write", " read", "read\twrite", "\"read\"", "caf\u{e9}"] {
        assert_eq!(error_for(&world, &request.clone().with("scope", scope)), "invalid_scope", "{scope:?}");
    }
    assert_eq!(error_for(&world, &request.with("scope", &"read ".repeat(1000))), "invalid_scope");
    let machine = |form: &str| code_of(world.token(&world.machine, form));
    assert_eq!(machine("grant_type=client_credentials&scope=unknown"), "invalid_scope");
    let refresh = world.tokens(&world.web);
    let refresh = crate::token_world::refresh_of(&refresh);
    let form = format!("grant_type=refresh_token&refresh_token={refresh}&scope=admin");
    assert_eq!(code_of(world.token(&world.web, &form)), "invalid_scope");
}

#[test]
fn without_a_scope_the_default_is_meant_or_nothing() {
    covers!("RFC6749-3.3-04");
    let world = World::new();
    let mut registration = Registration::confidential(uris(&[REDIRECT_URI])).with_scope("read write".parse().unwrap());
    registration.default_scope = "read".parse().unwrap();
    let with_default = world.register(registration.clone().with_resources(resources(&[API])));
    registration.default_scope = "".parse().unwrap();
    let without = world.register(registration.with_resources(resources(&[API])));

    let page = asked(world.browser_of("alice").authorize(&Request::of(&with_default).without("scope")));
    assert_eq!(page.scope.as_str(), "read");
    assert_eq!(error_for(&world, &Request::of(&without).without("scope")), "invalid_scope");
}

#[test]
fn a_resource_is_one_of_the_clients() {
    covers!("RFC8707-2-06", "ATK-072");
    let world = World::new();
    let request = Request::of(&world.web);

    for resource in [
        "https://unknown.example",
        "/relative",
        "api.example",
        "https://api.example#",
        "https://api.example#x",
        "https://alice@api.example",
        "https://api.example/path",
    ] {
        assert_eq!(error_for(&world, &request.clone().with("resource", resource)), "invalid_target", "{resource}");
        let code = world.approved_code(&world.twofold, "alice");
        let form = format!("{}&resource={}", crate::token_world::redemption(&code), resource.replace('#', "%23"));
        assert_eq!(code_of(world.token(&world.twofold, &form)), "invalid_target", "{resource}");
    }
    let many = (0..17).fold(request.clone(), |request, _| request.and("resource", API));
    assert_eq!(error_for(&world, &many), "invalid_target");
    // More parameters than any request needs are not even counted by name.
    let too_many = (0..1000).fold(request, |request, _| request.and("resource", API));
    assert!(matches!(world.browser_of("alice").authorize(&too_many), Authorization::ErrorPage(_)));
}

#[test]
fn without_a_resource_all_of_the_clients_are_meant() {
    let world = World::new();

    let page = asked(world.browser_of("alice").authorize(&Request::of(&world.web).without("resource")));

    assert_eq!(page.resources, resources(&[API, OTHER_API]));
}

#[test]
fn a_request_is_not_somewhere_else() {
    let world = World::new();
    let request = Request::of(&world.web);

    assert_eq!(error_for(&world, &request.clone().with("request", "e30.e30.")), "request_not_supported");
    assert_eq!(error_for(&world, &request.with("request_uri", "https://x.example")), "request_uri_not_supported");
}

#[test]
fn a_state_is_printable_and_short() {
    let world = World::new();
    let mut browser = world.browser_of("alice");

    for state in ["\n", "caf\u{e9}", &"s".repeat(2049)] {
        let answer = browser.authorize(&Request::of(&world.web).with("state", state));
        assert_eq!(error_in(&answer), "invalid_request");
        assert_eq!(crate::world::parameter(&answer, "state"), None);
    }
}

#[test]
fn hints_are_short_text() {
    let world = World::new();
    let request = Request::of(&world.web);

    for name in ["nonce", "login_hint", "ui_locales"] {
        assert_eq!(error_for(&world, &request.clone().with(name, &"x".repeat(513))), "invalid_request");
        assert_eq!(error_for(&world, &request.clone().with(name, "a\u{0}b")), "invalid_request");
    }
    let hinted = request.with("login_hint", "<b>al\u{ef}ce</b>").with("ui_locales", "de fr");
    let page = asked(world.browser_of("alice").authorize(&hinted));
    assert_eq!(page.login_hint.as_deref(), Some("<b>al\u{ef}ce</b>"));
    assert_eq!(page.ui_locales.as_deref(), Some("de fr"));
}

#[test]
fn an_invalid_request_is_never_put_before_the_user() {
    covers!("RFC6749-4.1.1-03");
    let world = World::new();
    let request = Request::of(&world.web);

    for invalid in [
        request.clone().without("response_type"),
        request.clone().with("response_type", "token"),
        request.clone().without("code_challenge"),
        request.clone().with("code_challenge_method", "plain"),
        request.clone().with("scope", "unknown"),
        request.clone().with("resource", "https://unknown.example"),
        request.clone().with("prompt", "none login"),
        request.clone().with("max_age", "-1"),
        request.clone().with("response_mode", "fragment"),
        request.clone().with("state", "\n"),
        request.clone().with("request", "x"),
        request.clone().and("nonce", "1").and("nonce", "2"),
        request.clone().with("redirect_uri", "https://evil.example/"),
        request.with("client_id", "unknown"),
    ] {
        let answer = world.browser_of("alice").authorize(&invalid);
        assert!(!matches!(answer, Authorization::Ask(_)), "{}", invalid.query());
    }
}
