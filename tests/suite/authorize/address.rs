//! The client and the redirection URI come first, and what is wrong with them stays on a page.

use grantsmith::host::Filter;
use grantsmith::record::Record;
use grantsmith::server::{Authorization, ErrorPageKind, Registration};
use pollster::FutureExt as _;

use crate::world::{
    Browser, LOOPBACK, REDIRECT_URI, Request, SECOND_URI, World, asked, code_in, location, page, resources, uris,
};

const EVIL: &str = "https://evil.example/callback";

#[track_caller]
fn assert_page(browser: &mut Browser<'_>, request: &Request) {
    let answer = browser.authorize(request);
    assert_eq!(page(&answer), ErrorPageKind::RequestInvalid, "{}", request.query());
    let Authorization::ErrorPage(page) = answer else { unreachable!() };
    assert_eq!(page.status(), 400);
    assert!(page.onward().is_none());
}

#[test]
fn a_request_without_client_is_a_page() {
    covers!("RFC6749-4.1.1-01");
    let world = World::new();

    assert_page(&mut world.browser_of("alice"), &Request::of(&world.web).without("client_id"));
}

#[test]
fn every_client_that_is_none_gets_the_same_page() {
    covers!("RFC6749-4.1.2.1-02", "ATK-003");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let request = Request::of(&world.web).with("redirect_uri", EVIL);
    let long = "a".repeat(100_000);

    for id in ["", "unknown", &long, "nul\0", " \u{7f}", "cafe\u{301}"] {
        assert_page(&mut browser, &request.clone().with("client_id", id));
    }
    assert_page(&mut browser, &request.clone().and("client_id", world.web.client.id().as_str()));
    let raw = format!("{}&client_id=%ff%fe", request.without("client_id").query());
    assert_eq!(page(&browser.send(raw.as_bytes())), ErrorPageKind::RequestInvalid);
}

#[test]
fn a_disabled_client_is_a_page() {
    covers!("RFC6749-4.1.2.1-02");
    let world = World::new();
    let mut client = (*world.web.client).clone();
    client.is_disabled = true;
    world.replace(Record::Client(client.into()));
    world.advance(60);

    assert_page(&mut world.browser_of("alice"), &Request::of(&world.web));
}

#[test]
fn an_unregistered_redirect_uri_is_a_page_and_leaves_nothing_behind() {
    covers!("RFC6749-3.1.2.3-02", "RFC6749-3.1.2.4-02", "ATK-001");
    let world = World::new();
    let request = Request::of(&world.web).with("redirect_uri", EVIL);

    assert_page(&mut world.browser(), &request);
    assert_page(&mut world.browser_of("alice"), &request);
    assert_page(&mut world.browser_of("alice"), &request.with("prompt", "none"));

    assert!(world.records_of("alice").is_empty());
    let filter = Filter::Client(*world.server.realm().fingerprint(), world.web.client.id().clone());
    assert!(world.storage.list(&filter, None, 10).block_on().unwrap().keys.len() <= 1);
}

#[test]
fn only_the_registered_text_is_the_registered_uri() {
    covers!("RFC9700-2.1-01", "OAUTH21-2.3.1-02", "RFC6749-3.1.2.4-02");
    let world = World::new();
    let mut browser = world.browser_of("alice");

    for other in [
        "https://app.example/callback/",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "HTTPS://app.example/callback",
        "https://app.example:443/callback",
        "https://app.example/callback?",
        "https://app.example/callback?a=1",
        "https://app.example/callback#",
        "https://app.example/callback%23",
        "https://app.example/callback/../callback",
        "https://app.example/%63allback",
        "https://app.example/callback/..;/x",
        "https://app.example/callback/%2e%2e/x",
        "https://app.example.evil.example/callback",
        "https://evilapp.example/callback",
        "https://appXexample/callback",
        "https://app.example@evil.example/callback",
        "https://app.example%40evil.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        " https://app.example/callback",
        "https://app.example/callback ",
        "https://app.example/callback\n",
        "https://app.example/call\tback",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        assert_page(&mut browser, &Request::of(&world.web).with("redirect_uri", other));
    }
}

#[test]
fn a_native_client_may_change_the_port_and_nothing_else() {
    covers!("RFC8252-8.4-03", "RFC9700-2.1-01");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let request = Request::of(&world.native);

    for same in [LOOPBACK, "http://127.0.0.1:49152/callback", "http://[::1]:8080/callback", "com.example.app:/callback"]
    {
        asked(browser.authorize(&request.clone().with("redirect_uri", same)));
    }
    for other in [
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/callback?x=1",
        "https://127.0.0.1/callback",
        "http://localhost/callback",
        "http://localhost:49152/callback",
        "http://127.0.0.2/callback",
        "http://127.1/callback",
        "http://2130706433/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://[::1%25eth0]/callback",
        "http://[::1/callback",
        "com.example.app:/other",
        "com.example.other:/callback",
    ] {
        assert_page(&mut browser, &request.clone().with("redirect_uri", other));
    }
}

#[test]
fn a_web_client_gets_no_port_freedom() {
    covers!("OAUTH21-4.1.1-02");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    // Registration refuses such a URI, so it comes from a host's own clients table.
    let mut client = (*world.web.client).clone();
    client.redirect_uris = uris(&[LOOPBACK]);
    world.replace(Record::Client(client.into()));
    world.advance(60);
    let request = Request::of(&world.web);

    asked(browser.authorize(&request.clone().with("redirect_uri", LOOPBACK)));
    assert_page(&mut browser, &request.with("redirect_uri", "http://127.0.0.1:49152/callback"));
}

#[test]
fn a_repeated_address_is_a_page_whatever_the_order() {
    covers!("RFC6749-3.1-09", "ATK-022");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let good = Request::of(&world.web);

    assert_page(&mut browser, &good.clone().and("redirect_uri", EVIL));
    assert_page(&mut browser, &good.clone().with("redirect_uri", EVIL).and("redirect_uri", REDIRECT_URI));
    assert_page(&mut browser, &good.clone().and("redirect_uri", REDIRECT_URI));
    assert_page(&mut browser, &good.clone().and("redirect_uri", ""));
    assert_page(&mut browser, &good.clone().and("client_id", "other"));
    assert_page(
        &mut browser,
        &good.clone().with("client_id", "other").and("client_id", world.web.client.id().as_str()),
    );
    assert_page(&mut browser, &good.clone().and("client_id", world.web.client.id().as_str()));
}

#[test]
fn the_only_registered_uri_may_be_left_out() {
    covers!("OAUTH21-2.3.2-01");
    let world = World::new();
    let mut browser = world.browser_of("alice");

    let answer = browser.approve_all(&Request::of(&world.web).without("redirect_uri"));

    assert!(location(&answer).as_str().starts_with(&format!("{REDIRECT_URI}?")));
    world.redeem(&world.web, &code_in(&answer)).unwrap();
}

#[test]
fn one_of_two_registered_uris_must_be_named() {
    covers!("RFC6749-3.1.2.3-01", "OAUTH21-2.3.2-01");
    let world = World::new();
    let mut browser = world.browser_of("alice");

    assert_page(&mut browser, &Request::of(&world.twofold).without("redirect_uri"));
    asked(browser.authorize(&Request::of(&world.twofold).with("redirect_uri", SECOND_URI)));
}

#[test]
fn openid_needs_a_redirect_uri() {
    let world = World::new();
    let registration = Registration::confidential(uris(&[REDIRECT_URI])).with_scope("openid read".parse().unwrap());
    let client = world.register(registration.with_resources(resources(&[crate::world::API])));
    let mut browser = world.browser_of("alice");
    let request = Request::of(&client).without("redirect_uri");

    assert_page(&mut browser, &request.clone().with("scope", "openid read"));
    assert_page(&mut browser, &request.clone().without("scope"));
    asked(browser.authorize(&request.with("scope", "read")));
}

#[test]
fn the_address_is_judged_before_everything_else() {
    covers!("ATK-036");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let evil = Request::of(&world.web).with("redirect_uri", EVIL);

    for request in [evil.clone().with("response_type", "bogus"), evil.clone().without("response_type")] {
        assert_page(&mut browser, &request);
        assert_page(&mut browser, &request.clone().with("client_id", "unknown"));
        assert_page(&mut browser, &request.with("scope", "\"").with("prompt", "none"));
    }
}

#[test]
fn no_other_parameter_decides_where_a_browser_goes() {
    covers!("RFC9700-2.1-02", "RFC6749-3.1.2.4-02");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let mut request = Request::of(&world.web);
    for name in ["return_to", "continue", "next", "url", "error_uri", "target", "redirect", "post_logout_redirect_uri"]
    {
        request = request.with(name, EVIL);
    }

    let approved = browser.approve_all(&request);
    let failed = browser.authorize(&request.clone().with("scope", "unknown"));

    for answer in [approved, failed] {
        assert!(location(&answer).as_str().starts_with(REDIRECT_URI));
        assert!(!location(&answer).as_str().contains("evil"));
    }
}
