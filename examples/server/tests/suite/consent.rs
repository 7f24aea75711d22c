//! Saying yes or no.

use crate::browser::{Browser, notes, redeem, request};
use crate::program::Program;

#[test]
fn a_yes_brings_a_code_that_opens_the_api() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);

    let page = browser.open(&request(&program, &[]));
    assert!(page.body.contains("Read your notes") && page.body.contains("Write and change your notes"));
    assert!(page.body.contains("client.example") && page.body.contains("<strong>Notes</strong>"));
    let answer = browser.submit(page.form("consent-submit"));

    assert_eq!(answer.parameter("state").as_deref(), Some("a state"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(&*program.issuer));
    let tokens = redeem(&program, &answer.parameter("code").unwrap());
    assert_eq!(tokens["scope"], "notes:read notes:write");
    assert_eq!(notes(&program, &tokens), 200);
}

#[test]
fn a_no_goes_back_to_the_application() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));

    let answer = browser.submit(page.form("consent-cancel"));

    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(&*program.issuer));
}

#[test]
fn the_first_decision_stands_however_often_it_is_sent() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));

    let code = browser.submit(page.form("consent-submit")).parameter("code").unwrap();
    assert_eq!(browser.submit(page.form("consent-submit")).parameter("code").as_ref(), Some(&code), "a double click");
    assert_eq!(browser.submit(page.form("consent-cancel")).parameter("code").as_ref(), Some(&code), "too late");

    redeem(&program, &code);
    assert_eq!(browser.submit(page.form("consent-submit")).heading(), "Already done");
}

#[test]
fn a_user_may_allow_less_and_must_allow_something() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let form = browser.open(&request(&program, &[])).form("consent-submit");

    let nothing = browser.submit(form.clone().uncheck("notes:read").uncheck("notes:write"));
    assert_eq!((nothing.status, &*nothing.heading()), (400, "Nothing was chosen"));

    let answer = browser.submit(form.uncheck("notes:write"));
    let tokens = redeem(&program, &answer.parameter("code").unwrap());
    assert_eq!(tokens["scope"], "notes:read");
}

#[test]
fn a_remembered_consent_is_not_asked_again_and_one_that_was_not_is() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));
    browser.submit(page.form("consent-submit"));

    let page = browser.open(&request(&program, &[]));
    assert_eq!(page.class(), "page-consent");
    browser.submit(page.form("consent-submit").fill("remember", "1"));

    let answer = browser.open(&request(&program, &[]));
    assert!(answer.parameter("code").is_some());
    let more = browser.open(&request(&program, &[("scope", "notes:read profile")]));
    assert_eq!(more.class(), "page-consent", "more was asked");
    let anew = browser.open(&request(&program, &[("prompt", "consent")]));
    assert_eq!(anew.class(), "page-consent", "the application wants it to be asked");
}

#[test]
fn a_client_that_anybody_could_be_is_not_remembered() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let public = [("client_id", "public-app"), ("redirect_uri", "http://127.0.0.1:4711/callback")];

    let page = browser.open(&request(&program, &public));
    assert!(!page.body.contains("name=\"remember\""));
    assert!(page.header("content-security-policy").contains("form-action 'self' http://127.0.0.1:4711"));
    browser.submit(page.form("consent-submit").fill("remember", "1"));

    assert_eq!(browser.open(&request(&program, &public)).class(), "page-consent");
}

#[test]
fn the_user_is_warned_of_a_client_that_nobody_vouches_for() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let stranger = [("client_id", "stranger"), ("redirect_uri", "https://stranger.example/callback")];

    let page = browser.open(&request(&program, &[&stranger[..], &[("scope", "notes:read")]].concat()));
    assert!(page.body.contains("Nobody here has verified this app."));

    let page = browser.open(&request(&program, &[&stranger[..], &[("scope", "nonsense")]].concat()));
    assert_eq!((page.status, &*page.heading()), (400, "This request failed"));
    assert!(page.body.contains("Go on to stranger.example"));
}

#[test]
fn another_user_does_not_decide_what_was_asked_of_the_first() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));

    let login = browser.submit(page.form("logout-switch"));
    assert_eq!(login.heading(), "Sign in");
    let of_bob = browser.log_in(&login, "bob", "builder");
    assert!(of_bob.body.contains("<strong>bob</strong>"));

    let answer = browser.submit(page.form("consent-submit"));
    assert_eq!(answer.class(), "page-consent", "alice's page decides nothing for bob");
}

#[test]
fn a_handle_works_in_its_own_browser_only() {
    let program = Program::start();
    let form = Browser::alice(&program).open(&request(&program, &[])).form("consent-submit");

    let answer = Browser::alice(&program).submit(form);

    assert_eq!((answer.status, &*answer.class()), (403, "page-error"));
    assert!(answer.body.contains("data-kind=\"another_browser\""));
}

#[test]
fn pages_cannot_be_framed_kept_scripted_or_told_of() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let consent = browser.open(&request(&program, &[]));
    let pages = [browser.get("/account"), browser.get("/logout"), browser.get("/nowhere"), consent];
    let login = Browser::new(&program).get("/login");

    for page in pages.iter().chain([&login]) {
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{}: {policy}", page.heading());
        }
        assert!(!policy.contains("script-src") && !page.body.contains("<script"), "{}", page.heading());
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("x-frame-options"), "DENY");
    }
}

#[test]
fn a_form_post_response_leaves_by_a_form() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[("response_mode", "form_post")]));

    let answer = browser.submit(page.form("consent-submit"));

    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("action=\"https://client.example/callback\"") && answer.body.contains("name=\"code\"")
    );
}
