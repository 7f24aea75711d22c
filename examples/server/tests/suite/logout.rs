//! Logging out.

use crate::browser::{Browser, notes, redeem, request};
use crate::program::Program;

#[test]
fn a_user_logs_out_and_applications_stay_connected() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));
    let answer = browser.submit(page.form("consent-submit"));
    let tokens = redeem(&program, &answer.parameter("code").unwrap());

    let question = browser.get("/logout");
    assert_eq!(question.heading(), "Sign out?");
    let page = browser.submit(question.form("logout-submit"));

    assert_eq!(page.class(), "page-logged-out");
    assert!(!browser.cookies().contains_key("grantsmith-session"));
    assert_eq!(browser.get("/account").class(), "page-login");
    assert_eq!(notes(&program, &tokens), 200);
}

#[test]
fn the_session_is_over_for_whoever_kept_the_cookie() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let stolen = format!("grantsmith-session={}", browser.cookies().get("grantsmith-session").unwrap());
    let page = browser.get("/account");
    browser.submit(page.form("logout-link"));

    let answer = crate::browser::get(&program.url("/account"), &[("cookie", &stolen)]);

    assert_eq!(answer.class(), "page-login");
}

#[test]
fn a_link_or_a_form_of_another_site_logs_nobody_out() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let form = browser.get("/logout").form("logout-submit");

    assert_eq!(browser.submit(form.clone().fill("csrf", "")).status, 403);
    browser.headers = vec![("origin", "https://evil.example")];
    assert_eq!(browser.submit(form.clone()).status, 403);

    assert_eq!(browser.get("/account").class(), "page-account");
    browser.headers = Vec::new();
    assert_eq!(browser.submit(form.clone()).class(), "page-logged-out");
    assert_eq!(browser.submit(form).class(), "page-logged-out", "twice does no harm");
}
