//! Error pages.

use crate::browser::{Browser, get, post, redeem, request};
use crate::program::Program;

#[test]
fn a_request_that_proves_nothing_is_answered_with_a_page_and_never_a_redirect() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let text = "The application that sent you here made a request that cannot be answered. You can close this page.";

    for change in [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", "https://client.example/callback/"),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "javascript:alert(1)"),
    ] {
        let page = browser.open(&request(&program, &[change]));

        assert_eq!((page.status, &*page.class()), (400, "page-error"), "{change:?}");
        assert!(page.body.contains("data-kind=\"request_invalid\"") && page.body.contains(text), "{change:?}");
        assert!(!page.body.contains("evil") && !page.body.contains("nobody") && !page.body.contains("alert"));
    }
}

#[test]
fn every_kind_has_its_text() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));
    let form = page.form("consent-submit");
    redeem(&program, &browser.submit(form.clone()).parameter("code").unwrap());

    let late = browser.submit(page.form("consent-cancel"));
    assert!(late.body.contains("data-kind=\"already_completed\""), "{}", late.body);
    let unknown = browser.submit(form.fill("handle", "junk"));
    assert!(unknown.body.contains("data-kind=\"handle_invalid\""));
    let nowhere = browser.get("/nowhere");
    assert!(nowhere.status == 404 && nowhere.body.contains("data-kind=\"not_found\""));
    let wrong_method = browser.get("/account/disconnect");
    assert!(wrong_method.status == 405 && wrong_method.body.contains("data-kind=\"method_not_allowed\""));
    assert_eq!(wrong_method.header("allow"), "POST");
}

#[test]
fn a_program_gets_json() {
    let program = Program::start();

    for (path, status, error) in
        [("/nowhere", 404, "not_found"), ("/authorize?client_id=nobody", 400, "request_invalid")]
    {
        let answer = get(&program.url(path), &[("accept", "application/json")]);

        assert_eq!((answer.status, answer.header("content-type")), (status, "application/json"));
        assert_eq!(answer.json()["error"], error);
        assert!(answer.json()["error_description"].as_str().unwrap().ends_with('.'));
    }
}

#[test]
fn junk_forms_are_refused_and_reflect_nothing() {
    let program = Program::start();
    let junk = "<script>alert(1)</script>";

    for path in ["/login", "/logout"] {
        for fields in
            [vec![], vec![(junk, junk)], vec![("csrf", junk), ("login", junk), ("password", junk), ("handle", junk)]]
        {
            let answer = post(&program.url(path), &fields, &[]);
            assert!(!answer.body.contains("<script"), "{path}");
            assert!([200, 403].contains(&answer.status), "{path}: {}", answer.status);
        }
        let long = "x".repeat(80_000);
        assert_eq!(post(&program.url(path), &[("csrf", long)], &[]).status, 403, "{path}");
    }
}
