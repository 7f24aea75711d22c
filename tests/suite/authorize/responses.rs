//! How an answer looks on its way to the client.

use grantsmith::server::Authorization;
use grantsmith::wire::FormPost;

use crate::world::{Request, SECOND_URI, World, asked, code_in, location, parameter};

fn form(answer: Authorization) -> FormPost {
    match answer {
        Authorization::FormPost(form) => form,
        other => panic!("no form, but {other:?}"),
    }
}

/// A success, a denial and a refusal, in each response mode.
fn answers(world: &World) -> Vec<Authorization> {
    let mut browser = world.browser_of("alice");
    ["query", "form_post"]
        .into_iter()
        .flat_map(|mode| {
            let request = Request::of(&world.web).with("response_mode", mode);
            let page = asked(browser.authorize(&request));
            let denied = browser.deny(&page.handle);
            [browser.approve_all(&request), denied, browser.authorize(&request.with("scope", "unknown"))]
        })
        .collect()
}

#[test]
fn every_response_has_the_issuer_once() {
    covers!("RFC9207-2-01", "RFC9207-2-02", "ATK-042");
    let world = World::new();
    let metadata = world.server.metadata();

    for answer in answers(&world) {
        assert_eq!(parameter(&answer, "iss").unwrap(), metadata.issuer);
    }

    assert_eq!(metadata.issuer, "https://as.example");
    assert!(metadata.authorization_response_iss_parameter_supported);
}

#[test]
fn no_response_has_a_parameter_twice() {
    covers!("RFC6749-3.1-10");
    let world = World::new();

    for answer in answers(&world) {
        // `parameter` panics at the second one.
        let found = ["code", "error", "state", "iss"].iter().filter(|name| parameter(&answer, name).is_some()).count();
        assert_eq!(found, 3);
    }
}

#[test]
fn a_registered_query_stays_in_front() {
    covers!("RFC6749-3.1.2-02");
    let world = World::new();
    let mut browser = world.browser_of("alice");

    let answer = browser.approve_all(&Request::of(&world.twofold).with("redirect_uri", SECOND_URI));

    assert!(location(&answer).as_str().starts_with(&format!("{SECOND_URI}&code=")));
    world.redeem(&world.twofold, &code_in(&answer)).unwrap();
}

#[test]
fn a_form_goes_to_the_redirect_uri() {
    covers!("FORMPOST-2-01");
    let world = World::new();
    let mut browser = world.browser_of("alice");

    let form = form(browser.approve_all(&Request::of(&world.web).with("response_mode", "form_post")));

    assert_eq!(form.action, "https://app.example/callback");
    assert!(form.to_html().contains("<form method=\"post\" action=\"https://app.example/callback\">"));
}

#[test]
fn every_parameter_is_an_escaped_hidden_field() {
    covers!("FORMPOST-2-02");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let state = "\"><script>alert('1')</script>&amp;";
    let request = Request::of(&world.web).with("response_mode", "form_post").with("state", state);

    let form = form(browser.approve_all(&request));

    let html = form.to_html();
    let names: Vec<_> = form.fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    assert_eq!(html.matches("<input type=\"hidden\"").count(), 3);
    let escaped = "value=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;\"";
    assert!(html.contains(escaped), "{html}");
    assert!(!html.contains("<script>alert"));
}
