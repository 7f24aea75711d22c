//! What the visitor has to do before the client gets an answer.

use grantsmith::policy::{Policy, RememberedConsent};
use grantsmith::server::{Authorization, Need};

use crate::world::{LOOPBACK, Request, World, asked, code_in, error_in, parameter};

#[test]
fn nobody_decides_before_somebody_is_logged_in() {
    covers!("RFC6749-3.1-01");
    let world = World::new();
    let mut browser = world.browser();

    let page = asked(browser.authorize(&Request::of(&world.web)));
    assert_eq!(page.need, Need::LogIn);
    for answer in [browser.resume(&page.handle), browser.approve(&page.handle), browser.deny(&page.handle)] {
        assert_eq!(asked(answer).need, Need::LogIn);
    }
}

#[test]
fn without_showing_anything_nothing_is_asked() {
    covers!("ATK-059");
    let world = World::new();
    let request = Request::of(&world.web).with("prompt", "none");

    assert_eq!(error_in(&world.browser().authorize(&request)), "login_required");
    assert_eq!(error_in(&world.browser_of("alice").authorize(&request)), "consent_required");
    for prompt in ["none login", "login none", "none consent", "none none", "none select_account"] {
        for mut browser in [world.browser(), world.browser_of("alice")] {
            let answer = browser.authorize(&request.clone().with("prompt", prompt));
            assert_eq!(error_in(&answer), "invalid_request", "{prompt}");
        }
    }
    let aged = request.with("max_age", "60");
    assert_eq!(error_in(&world.browser_of("alice").authorize(&aged)), "login_required");
    assert!(world.grants_of("alice").is_empty());
}

#[test]
fn a_silent_request_succeeds_by_a_remembered_consent() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let page = asked(browser.authorize(&Request::of(&world.web)));
    browser.approve_for_good(&page.handle);

    let answer = browser.authorize(&Request::of(&world.web).with("prompt", "none"));

    world.redeem(&world.web, &code_in(&answer)).unwrap();
}

#[test]
fn a_remembered_consent_answers_for_what_it_covers() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let request = Request::of(&world.web);
    let page = asked(browser.authorize(&request));
    browser.approve_for_good(&page.handle);

    code_in(&browser.authorize(&request));
    code_in(&browser.authorize(&request.clone().with("scope", "read")));
    for more in [
        request.clone().with("scope", "admin read"),
        request.clone().with("resource", "https://other-api.example"),
        request.clone().with("prompt", "consent"),
        Request::of(&world.twofold),
    ] {
        assert_eq!(asked(browser.authorize(&more)).need, Need::Consent);
    }
    assert_eq!(asked(world.browser_of("bob").authorize(&request)).need, Need::Consent);
}

#[test]
fn an_unremembered_consent_answers_once() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let request = Request::of(&world.web);

    code_in(&browser.approve_all(&request));

    assert_eq!(asked(browser.authorize(&request)).need, Need::Consent);
}

#[test]
fn policy_says_for_whom_a_consent_is_remembered() {
    for (remembered, is_asked) in [(RememberedConsent::Never, true), (RememberedConsent::ClaimedHttpsToo, false)] {
        let mut policy = Policy::default();
        policy.remembered_consent = remembered;
        let world = World::with_policy(policy);
        let mut browser = world.browser_of("alice");

        for client in [&world.web, &world.app] {
            let page = asked(browser.authorize(&Request::of(client)));
            browser.approve_for_good(&page.handle);
            assert_eq!(matches!(browser.authorize(&Request::of(client)), Authorization::Ask(_)), is_asked);
        }
        for (client, uri) in [(&world.native, LOOPBACK), (&world.stranger, "https://stranger.example/callback")] {
            let request = Request::of(client).with("redirect_uri", uri);
            let page = asked(browser.authorize(&request));
            browser.approve_for_good(&page.handle);
            assert_eq!(asked(browser.authorize(&request)).need, Need::Consent);
        }
    }
}

#[test]
fn a_prompt_for_login_needs_a_newer_authentication() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    browser.log_in("alice");

    let page = asked(browser.authorize(&Request::of(&world.web).with("prompt", "login")));
    assert_eq!(page.need, Need::LogInAgain);
    assert_eq!(page.subject.as_ref().unwrap().as_str(), "alice");
    let again = asked(browser.resume(&page.handle));
    assert_eq!(again.need, Need::LogInAgain);
    world.advance(1);
    browser.log_in("alice");

    assert_eq!(asked(browser.resume(&page.handle)).need, Need::Consent);
}

#[test]
fn an_authentication_of_the_future_is_not_new() {
    let world = World::new();
    let mut browser = world.browser();
    browser.log_in_at("alice", world.now().as_seconds() + 1000);

    let page = asked(browser.authorize(&Request::of(&world.web).with("max_age", "0")));

    assert_eq!(page.need, Need::LogInAgain);
    assert_eq!(asked(browser.resume(&page.handle)).need, Need::LogInAgain);
}

#[test]
fn a_maximum_age_is_a_number_of_seconds() {
    covers!("ATK-061");
    let world = World::new();
    let request = Request::of(&world.web);
    let mut browser = world.browser_of("alice");

    for age in ["-1", "1.5", "1e9", "abc", "+1", " 1", "0x10", "\u{661}"] {
        assert_eq!(error_in(&browser.authorize(&request.clone().with("max_age", age))), "invalid_request", "{age}");
    }
    for age in ["3601", "99999999999999999999", ""] {
        assert_eq!(asked(browser.authorize(&request.clone().with("max_age", age))).need, Need::Consent, "{age}");
    }
    for age in ["0", "60", "3600"] {
        assert_eq!(asked(browser.authorize(&request.clone().with("max_age", age))).need, Need::LogInAgain, "{age}");
    }
    browser.log_in("alice");
    assert_eq!(asked(browser.authorize(&request.with("max_age", "0"))).need, Need::LogInAgain);
}

#[test]
fn an_account_is_selected_once() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let request = Request::of(&world.web).with("prompt", "select_account");
    let page = asked(browser.authorize(&Request::of(&world.web)));
    browser.approve_for_good(&page.handle);

    assert_eq!(asked(world.browser().authorize(&request)).need, Need::LogIn);
    let page = asked(browser.authorize(&request));
    assert_eq!(page.need, Need::SelectAccount);
    assert!(page.selects_account);
    assert!(parameter(&browser.resume(&page.handle), "code").is_some());
}
