//! What tests of others use: `--auto-login` and `POST /drive`.

use url::Url;

use crate::browser::{Answer, Browser, notes, post, redeem, request};
use crate::program::{Program, TEST};

fn automatic() -> Program {
    Program::with(["--config", TEST, "--plain-http", "0", "--auto-login", "alice"])
}

fn drive(program: &Program, goto: &str, more: &[(&str, &str)]) -> Answer {
    post(&program.url("/drive"), &[&[("goto", goto)], more].concat(), &[])
}

fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let url: Url = answer.body.parse().unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[test]
fn it_logs_in_and_agrees() {
    let program = automatic();

    for change in [("prompt", ""), ("prompt", "login"), ("prompt", "select_account"), ("prompt", "consent")] {
        let answer = drive(&program, &request(&program, &[change]), &[]);

        assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
        let tokens = redeem(&program, &parameter(&answer, "code").unwrap());
        assert_eq!(notes(&program, &tokens), 200, "{change:?}");
    }
}

#[test]
fn it_says_no_when_it_is_told_to() {
    let program = automatic();

    let answer = drive(&program, &request(&program, &[]), &[("cancel", "1")]);

    assert_eq!(parameter(&answer, "error").as_deref(), Some("access_denied"));
}

#[test]
fn it_tells_what_a_form_would_post_and_what_an_error_page_would_say() {
    let program = automatic();

    let answer = drive(&program, &request(&program, &[("response_mode", "form_post")]), &[]);
    let (action, form) = answer.body.split_once('\n').unwrap();
    assert_eq!(action, "https://client.example/callback");
    assert!(form.starts_with("code="), "{form}");

    let answer = drive(&program, &request(&program, &[("client_id", "nobody")]), &[]);
    assert_eq!(answer.status, 400);
    assert!(answer.body.starts_with("The application that sent you here"));
    assert_eq!(drive(&program, "https://elsewhere.example/authorize?x=y", &[]).status, 400);
}

#[test]
fn a_browser_is_logged_in_and_still_asked_for_consent() {
    let program = automatic();
    let mut browser = Browser::new(&program);

    assert_eq!(browser.open(&request(&program, &[])).class(), "page-consent");
    assert_eq!(browser.open(&request(&program, &[("prompt", "login")])).class(), "page-login");
    assert_eq!(browser.get("/account").class(), "page-account");
}

#[test]
fn nobody_is_driven_without_the_switch() {
    let program = Program::start();

    assert_eq!(drive(&program, &request(&program, &[]), &[]).status, 404);
}
