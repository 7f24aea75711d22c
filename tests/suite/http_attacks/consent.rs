//! Attacks on what the user agrees to, and on who the user is.

use std::thread;

use grantsmith::server::{InvalidRegistration, Registration, RegistrationError};
use http::StatusCode;

use super::browser::{Ask, Browser, Form, title};
use super::expect::{assert_error_page, assert_sent_error, code_in, value_in};
use super::members::{Member, OTHER_API, Tokens, encoded, resources, uris};
use super::stage::Stage;
use crate::http_exchange::{API, Answered};

super::attacks!["consent.rs":
    a_decision_from_another_site_decides_nothing,
    what_one_browser_began_another_cannot_finish,
    what_is_decided_is_what_was_asked,
    an_approval_that_is_sent_twice_gives_one_code,
    eight_approvals_at_once_give_one_code,
    remembered_consent_does_not_serve_whoever_poses_as_the_client,
    a_step_that_was_not_taken_is_asked_for_again,
    what_the_client_calls_itself_is_text,
    another_user_does_not_finish_the_request,
    nothing_is_shown_to_whom_nothing_may_be_shown,
];

/// A consent page in alice's browser.
fn consent<'a>(stage: &'a Stage, ask: &Ask) -> (Browser<'a>, Answered) {
    let mut browser = stage.browser_of("alice");
    let page = browser.authorize(ask);
    assert_eq!(title(&page), "Consent", "{}", page.golden());
    (browser, page)
}

#[test]
fn a_decision_from_another_site_decides_nothing() {
    covers!("ATK-049");
    let stage = Stage::new();
    let (mut alice, page) = consent(&stage, &Ask::of(&stage.members.web));
    let writes = stage.writes();
    // The attacker has a handle of their own, or alters one; alice's browser sends it along with her cookies.
    let (_, foreign) = consent(&stage, &Ask::of(&stage.members.web));
    let foreign = Form::on(&foreign).value("handle").unwrap().to_owned();

    for handle in [None, Some(""), Some("x"), Some(foreign.as_str())] {
        for decision in ["approve", "deny"] {
            let mut form = vec![("decision", decision), ("remember", "1")];
            form.extend(handle.map(|handle| ("handle", handle)));
            let answer = alice.post("/authorize/decide", &encoded(&form));
            let expected = if handle == Some(&foreign) { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
            assert_eq!(answer.status, expected, "{}", answer.golden());
        }
    }
    // A cross-site post carries no cookie, because of SameSite.
    let mut without_cookies = stage.browser();
    assert_eq!(without_cookies.approve(&page).status, StatusCode::FORBIDDEN);
    assert_eq!(alice.get("/authorize/decide?decision=approve").status, StatusCode::METHOD_NOT_ALLOWED);
    let in_query = format!("/authorize/decide?handle={}", Form::on(&page).value("handle").unwrap());
    assert_error_page(&alice.post(&in_query, "decision=approve"));
    assert_eq!(stage.writes(), writes);

    let answer = alice.approve(&page);
    Tokens::in_answer(&stage.redeem(&stage.members.web, &code_in(&answer)));
    assert_error_page(&alice.approve(&page));
}

#[test]
fn what_one_browser_began_another_cannot_finish() {
    covers!("ATK-050");
    let stage = Stage::new();
    let mut mallory = stage.browser();
    let login = mallory.authorize(&Ask::of(&stage.members.web));
    let mut alice = stage.browser_of("alice");
    let writes = stage.writes();

    assert_eq!(alice.submit(&login, &[]).status, StatusCode::FORBIDDEN);
    assert_eq!(alice.approve(&login).status, StatusCode::FORBIDDEN);
    alice.authorize(&Ask::of(&stage.members.web));
    assert_eq!(alice.submit(&login, &[]).status, StatusCode::FORBIDDEN);
    let handle = Form::on(&login).value("handle").unwrap().to_owned();
    assert_eq!(alice.get(&format!("/authorize/resume?handle={handle}")).status, StatusCode::FORBIDDEN);
    assert_eq!(
        alice.post("/authorize/decide", &format!("handle={handle}&decision=approve")).status,
        StatusCode::FORBIDDEN
    );

    assert_eq!(title(&mallory.submit(&login, &[])), "LogIn");
    assert_eq!(stage.writes(), writes);
}

#[test]
fn what_is_decided_is_what_was_asked() {
    covers!("ATK-051");
    let stage = Stage::new();
    let (mut alice, page) = consent(&stage, &Ask::of(&stage.members.web).with("scope", "read"));
    let writes = stage.writes();

    for more in [
        &[("scope", "read write")][..],
        &[("scope", "read"), ("scope", "admin")],
        &[("scope", "admin")],
        &[("scope", "")],
        &[("scope", "\"")],
        &[("resource", OTHER_API)],
        &[("resource", API), ("resource", OTHER_API)],
        &[("resource", "")],
        &[("handle", "x")],
        &[("decision", "deny")],
    ] {
        let answer = alice.submit(&page, &[&[("decision", "approve")], more].concat());
        assert_error_page(&answer);
    }
    let handle = Form::on(&page).value("handle").unwrap().to_owned();
    for position in (0..handle.len()).step_by(11) {
        let other = if &handle[position..=position] == "A" { "B" } else { "A" };
        let altered = format!("{}{other}{}", &handle[..position], &handle[position + 1..]);
        assert_error_page(&alice.post("/authorize/decide", &format!("handle={altered}&decision=approve")));
    }
    assert_eq!(stage.writes(), writes);

    let others = [("client_id", "stranger"), ("redirect_uri", "https://evil.example/"), ("sub", "bob"), ("state", "x")];
    let answer = alice.submit(&page, &[&[("decision", "approve")], &others[..]].concat());
    assert_eq!(value_in(&answer, "state").as_deref(), Some("the-state"));
    let tokens = stage.redeem(&stage.members.web, &code_in(&answer));
    assert_eq!(tokens.json()["scope"], "read");
}

#[test]
fn an_approval_that_is_sent_twice_gives_one_code() {
    covers!("ATK-052");
    let stage = Stage::new();
    let (mut alice, page) = consent(&stage, &Ask::of(&stage.members.web));

    let code = code_in(&alice.approve(&page));
    assert_eq!(code_in(&alice.approve(&page)), code);
    assert_eq!(code_in(&alice.deny(&page)), code);
    Tokens::in_answer(&stage.redeem(&stage.members.web, &code));

    assert_error_page(&alice.approve(&page));
    assert_error_page(&alice.deny(&page));
    let (mut alice, page) = consent(&stage, &Ask::of(&stage.members.web));
    assert_sent_error(&alice.deny(&page), "access_denied");
    assert_sent_error(&alice.approve(&page), "access_denied");
}

#[test]
fn eight_approvals_at_once_give_one_code() {
    covers!("ATK-052");
    let stage = Stage::new();
    let other = stage.another_process();
    let (alice, page) = consent(&stage, &Ask::of(&stage.members.web));

    let mut codes: Vec<_> = thread::scope(|scope| {
        let approvals: Vec<_> = (0..8)
            .map(|number| {
                let mut browser = alice.clone();
                browser.stage = if number % 2 == 0 { &stage } else { &other };
                let page = &page;
                scope.spawn(move || code_in(&browser.approve(page)))
            })
            .collect();
        approvals.into_iter().map(|approval| approval.join().unwrap()).collect()
    });

    codes.dedup();
    assert_eq!(codes.len(), 1);
    Tokens::in_answer(&stage.redeem(&stage.members.web, &codes[0]));
}

#[test]
fn remembered_consent_does_not_serve_whoever_poses_as_the_client() {
    covers!("ATK-053");
    let stage = Stage::new();
    let members = &stage.members;
    let private = Ask::of(&members.app).with("redirect_uri", "com.example.app:/cb");

    for ask in [Ask::of(&members.app), private, Ask::of(&members.page), Ask::of(&members.stranger)] {
        let (mut alice, page) = consent(&stage, &ask);
        code_in(&alice.submit(&page, &[("decision", "approve"), ("remember", "1")]));
        assert_eq!(title(&alice.authorize(&ask)), "Consent");
        let silent = alice.authorize(&ask.with("prompt", "none"));
        assert_eq!(value_in(&silent, "code"), None);
    }
    let (mut alice, page) = consent(&stage, &Ask::of(&members.web));
    code_in(&alice.submit(&page, &[("decision", "approve"), ("remember", "1")]));
    code_in(&alice.authorize(&Ask::of(&members.web)));
    assert_eq!(title(&alice.authorize(&Ask::of(&members.web).with("scope", "read write admin"))), "Consent");
    assert_eq!(title(&alice.authorize(&Ask::of(&members.web).with("resource", OTHER_API))), "Consent");
    assert_eq!(title(&stage.browser_of("bob").authorize(&Ask::of(&members.web))), "Consent");
}

#[test]
fn a_step_that_was_not_taken_is_asked_for_again() {
    covers!("ATK-054");
    let stage = Stage::new();
    let writes = stage.writes();
    let flags = [("decision", "approve"), ("approved", "1"), ("post_login", "true"), ("skip_consent", "true")];
    let ask = Ask::of(&stage.members.web).and("approved", "1").and("post_login", "true").and("skip_consent", "true");

    let mut browser = stage.browser();
    let login = browser.authorize(&ask);
    let decide = |browser: &mut Browser<'_>, page: &Answered| {
        let handle = Form::on(page).value("handle").unwrap().to_owned();
        browser.post("/authorize/decide", &encoded(&[&[("handle", handle.as_str())], &flags[..]].concat()))
    };
    assert_eq!(title(&decide(&mut browser, &login)), "LogIn");
    assert_eq!(title(&browser.submit(&login, &flags)), "LogIn");
    browser.log_in("alice");
    // Logging in is not agreeing: no consent page was shown.
    assert_eq!(title(&decide(&mut browser, &login)), "Consent");

    let again = browser.authorize(&ask.clone().with("prompt", "login"));
    assert_eq!(title(&again), "LogInAgain");
    assert_eq!(title(&decide(&mut browser, &again)), "LogInAgain");
    assert_eq!(title(&browser.submit(&again, &flags)), "LogInAgain");
    let choose = browser.authorize(&ask.clone().with("prompt", "select_account"));
    assert_eq!(title(&choose), "SelectAccount");
    for target in ["/authorize/resume", "/authorize/resume?approved=1", "/authorize/resume?handle=x"] {
        assert_error_page(&browser.get(target));
    }
    assert_eq!(stage.writes(), writes);
}

#[test]
fn what_the_client_calls_itself_is_text() {
    covers!("ATK-055");
    let stage = Stage::new();
    let name = r#"<script>alert('x')</script>"><img src=x>"#;
    let registration = Registration::public(uris(&["https://odd.example/cb"]))
        .with_scope("read write".parse().unwrap())
        .with_resources(resources(&[API]));
    let registered = registration.clone().with_id("odd".parse().unwrap()).with_name(name);
    let odd = Member::register(&stage.server, &stage.witness, registered);

    let page = stage.browser_of("<script>alice").authorize(&Ask::of(&odd));

    assert_eq!(title(&page), "Consent");
    assert!(!page.text().contains("<script") && !page.text().contains("<img"), "{}", page.text());
    for name in ["Bank\u{202e}knaB", "Bank\n\n\n\n\nAll is well", "Bank\0", "B\u{200b}ank"] {
        let refused = stage.operate(|server| server.register(registration.clone().with_name(name)));
        assert!(matches!(refused, Err(RegistrationError::Invalid(InvalidRegistration::DisplayName))), "{name}");
    }
    for link in ["javascript:alert(1)", "http://odd.example/", "data:text/html,x"] {
        let mut registration = registration.clone();
        registration.display.policy_uri = Some(link.to_owned());
        let refused = stage.operate(|server| server.register(registration));
        assert!(matches!(refused, Err(RegistrationError::Invalid(InvalidRegistration::DisplayUri))), "{link}");
    }
}

#[test]
fn another_user_does_not_finish_the_request() {
    covers!("ATK-058");
    let stage = Stage::new();
    let (mut browser, page) = consent(&stage, &Ask::of(&stage.members.web));
    let writes = stage.writes();

    browser.log_in("bob");
    let asked = browser.approve(&page);
    assert_eq!(title(&asked), "Consent");
    assert!(asked.text().contains("bob") && !asked.text().contains("alice"), "{}", asked.text());
    assert_eq!(title(&browser.deny(&page)), "Consent");
    assert_eq!(stage.writes(), writes);
    let tokens = Tokens::in_answer(&stage.redeem(&stage.members.web, &code_in(&browser.approve(&asked))));
    assert_eq!(stage.introspect(&stage.members.api, &tokens.access).json()["sub"], "bob");

    // And whoever logs in after a decision does not get the code of the one who decided.
    let (mut browser, page) = consent(&stage, &Ask::of(&stage.members.web));
    code_in(&browser.approve(&page));
    browser.log_in("bob");
    let asked = browser.approve(&page);
    assert_eq!(title(&asked), "Consent");
    assert_error_page(&browser.approve(&asked));
    browser.cookies.remove("session");
    assert_eq!(title(&browser.approve(&page)), "LogIn");
}

#[test]
fn nothing_is_shown_to_whom_nothing_may_be_shown() {
    covers!("ATK-059");
    let stage = Stage::new();
    let writes = stage.writes();
    let ask = Ask::of(&stage.members.web);

    for (user, more, error) in [
        (None, "none", "login_required"),
        (Some("alice"), "none", "consent_required"),
        (None, "none login", "invalid_request"),
        (Some("alice"), "none login", "invalid_request"),
        (Some("alice"), "none consent", "invalid_request"),
        (Some("alice"), "login none", "invalid_request"),
        (Some("alice"), "none none", "invalid_request"),
    ] {
        let mut browser = user.map_or_else(|| stage.browser(), |user| stage.browser_of(user));
        let answer = browser.authorize(&ask.clone().with("prompt", more));
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{more}");
        assert_sent_error(&answer, error);
    }
    assert_eq!(stage.writes(), writes);
}
