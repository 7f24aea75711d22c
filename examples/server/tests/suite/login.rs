//! Logging in.

use crate::browser::{Browser, get, request};
use crate::program::Program;

#[test]
fn a_user_logs_in_on_the_way_to_an_application() {
    let program = Program::start();
    let mut browser = Browser::new(&program);

    let page = browser.open(&request(&program, &[]));
    assert_eq!((page.status, &*page.heading()), (200, "Sign in"));
    assert!(page.body.contains("Looking-Glass Portal"));
    let page = browser.log_in(&page, "alice", "wonderland");

    assert_eq!((page.status, &*page.heading()), (200, "Allow Looking-Glass Portal?"));
}

#[test]
fn whoever_mistypes_sees_what_went_wrong_and_goes_on() {
    let program = Program::start();
    let mut browser = Browser::new(&program);
    let mut page = browser.open(&request(&program, &[]));

    for (user, password) in
        [("alice", "wrong"), ("nobody", "wonderland"), ("no such name!\u{e9}", "x"), ("carol", "looking-glass")]
    {
        page = browser.log_in(&page, user, password);

        assert_eq!((page.status, &*page.heading()), (422, "Sign in"), "{user}");
        assert!(page.body.contains("id=\"error-summary\" role=\"alert\""), "{user}");
        assert!(page.body.contains("The user name or the password is wrong."), "{user}");
        assert_eq!(page.body.matches("aria-describedby=\"error-summary\"").count(), 2);
        assert!(page.body.contains("<title>Error: Sign in"));
        assert!(page.body.contains("Looking-Glass Portal"), "the page forgot who sent the user");
        assert!(page.header("content-security-policy").contains("form-action 'self' https://client.example"));
    }
    let page = browser.log_in(&page, "alice", "wonderland");
    assert_eq!(page.heading(), "Allow Looking-Glass Portal?");
}

#[test]
fn what_was_typed_is_escaped() {
    let program = Program::start();
    let mut browser = Browser::new(&program);
    let page = browser.get("/login");

    let page = browser.log_in(&page, "\"><script>alert(1)</script>", "x");

    assert!(!page.body.contains("<script>"));
    assert_eq!(
        page.form("login-submit").fields.iter().find(|(name, _)| name == "login").unwrap().1,
        "\"><script>alert(1)</script>"
    );
}

#[test]
fn a_form_of_another_site_logs_nobody_in() {
    let program = Program::start();
    let mut browser = Browser::new(&program);
    let form = browser.get("/login").form("login-submit").fill("login", "alice").fill("password", "wonderland");

    let mut stranger = Browser::new(&program);
    let page = stranger.submit(form.clone());
    assert_eq!((page.status, &*page.class()), (403, "page-error"), "without the cookie");
    let page = stranger.submit(stranger_form(&form));
    assert_eq!(page.status, 403, "with another word");

    for header in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        browser.headers = vec![header];
        assert_eq!(browser.submit(form.clone()).status, 403, "{header:?}");
    }
    assert!(browser.cookies().keys().all(|name| !name.contains("session")));
    browser.headers = vec![("origin", "null"), ("sec-fetch-site", "same-origin")];
    assert_eq!(browser.submit(form).class(), "page-account");
}

fn stranger_form(form: &crate::html::Form) -> crate::html::Form {
    form.clone().fill("csrf", &"A".repeat(43))
}

#[test]
fn a_session_gets_a_new_name_at_every_login() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let session = |browser: &Browser| browser.cookies().get("grantsmith-session").unwrap().clone();
    let first = session(&browser);

    let page = browser.open(&request(&program, &[("prompt", "login")]));
    browser.log_in(&page, "alice", "wonderland");

    assert_ne!(session(&browser), first);
}

#[test]
fn two_tabs_may_log_in_one_after_the_other() {
    let program = Program::start();
    let mut browser = Browser::new(&program);
    let first = browser.open(&request(&program, &[("state", "first")]));
    let second = browser.open(&request(&program, &[("state", "second"), ("client_id", "post-app")]));

    let first = browser.log_in(&first, "alice", "wonderland");
    let stolen = browser.cookies().get("grantsmith-session").unwrap().clone();
    let second = browser.log_in(&second, "alice", "wonderland");

    for (page, state) in [(first, "first"), (second, "second")] {
        let answer = browser.submit(page.form("consent-submit"));
        assert_eq!(answer.parameter("state").as_deref(), Some(state), "one press is enough");
    }
    let former = get(&program.url("/account"), &[("cookie", &format!("grantsmith-session={stolen}"))]);
    assert_eq!(former.class(), "page-login", "the browser's former session is over");
}

#[test]
fn an_application_may_want_a_new_login() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);

    let page = browser.open(&request(&program, &[("prompt", "login")]));
    assert_eq!(page.heading(), "Sign in again");
    let page = browser.log_in(&page, "alice", "wonderland");

    assert_eq!(page.class(), "page-consent", "once is enough");
}

#[test]
fn an_application_may_want_the_user_to_choose() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);

    let page = browser.open(&request(&program, &[("prompt", "select_account")]));
    assert_eq!(page.class(), "page-choose");
    let same = browser.submit(page.form("account-submit"));
    assert_eq!(same.class(), "page-consent");
    assert!(same.body.contains("<strong>alice</strong>"));

    let other = browser.submit(page.form("account-other"));
    assert_eq!(other.class(), "page-login");
    let other = browser.log_in(&other, "bob", "builder");
    assert!(other.body.contains("<strong>bob</strong>"));
}

#[test]
fn without_a_session_a_silent_request_is_answered_and_nothing_is_shown() {
    let program = Program::start();
    let mut browser = Browser::new(&program);

    let answer = browser.open(&request(&program, &[("prompt", "none")]));

    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state"));
}

#[test]
fn whoever_cancels_is_told_that_nothing_was_shared() {
    let program = Program::start();
    let mut browser = Browser::new(&program);
    let page = browser.open(&request(&program, &[]));
    assert!(page.body.contains("login-cancel\" href=\"/cancelled\""));

    assert_eq!(browser.get("/cancelled").class(), "page-cancelled");
}
