//! Attacks on how the answer is asked for, and how it is told.

use http::StatusCode;

use super::browser::{Ask, Form, title};
use super::expect::{assert_error_page, assert_refused, assert_sent_error, code_in, value_in};
use super::members::{CALLBACK, Tokens};
use super::stage::Stage;
use crate::http_exchange::{ISSUER, get, post, with};

super::attacks!["authorize.rs":
    a_request_is_in_the_query_or_in_the_body,
    what_is_too_long_or_too_much_is_refused_at_once,
    line_breaks_stay_in_their_value,
    markup_in_a_value_stays_text,
    no_token_travels_through_the_browser,
    nobody_is_redirected_by_a_stranger,
    every_answer_says_who_answers,
    no_page_and_no_redirect_is_kept_framed_or_told_on,
    errors_say_nothing_in_the_attackers_words,
    parameters_that_nobody_knows_change_nothing,
    forged_headers_change_nothing,
];

#[test]
fn a_request_is_in_the_query_or_in_the_body() {
    covers!("ATK-024");
    let stage = Stage::new();
    let writes = stage.writes();
    let good = Ask::of(&stage.members.web);
    let bad = good.clone().with("redirect_uri", "https://evil.example/cb");

    for (in_query, in_body) in [
        (good.query(), bad.query()),
        (bad.query(), good.query()),
        (good.query(), String::new()),
        (good.clone().without("state").query(), "state=x".to_owned()),
        ("redirect_uri=https%3A%2F%2Fevil.example%2F".to_owned(), good.query()),
        ("redirect%5Furi=x".to_owned(), good.query()),
        ("%zz".to_owned(), good.query()),
    ] {
        let answer = stage.browser_of("alice").post(&format!("/authorize?{in_query}"), &in_body);
        assert_error_page(&answer);
    }
    assert_eq!(stage.writes(), writes);

    let code = stage.approved_code(&stage.members.web);
    let split = format!("/token?grant_type=authorization_code&code={code}");
    let form = format!("code_verifier={}", super::members::VERIFIER);
    assert_refused(&stage.send(stage.members.web.form(&split, &form)), 400, "invalid_request");
    Tokens::in_answer(&stage.redeem(&stage.members.web, &code));
}

#[test]
fn what_is_too_long_or_too_much_is_refused_at_once() {
    covers!("ATK-026");
    let stage = Stage::new();
    let writes = stage.writes();
    let ask = Ask::of(&stage.members.web);
    let alice = || stage.browser_of("alice");
    let ten_thousand = |pair: &str| format!("&{pair}").repeat(10_000);

    for name in ["state", "redirect_uri", "scope", "nonce"] {
        assert_error_page(&alice().authorize(&ask.clone().with(name, &"x".repeat(60_000))));
        let rest = ask.clone().without(name).query();
        assert_error_page(&alice().post("/authorize", &format!("{rest}&{name}={}", "x".repeat(10 << 20))));
    }
    for pair in ["a=b", "resource=x", "state=x"] {
        let many = format!("&{pair}").repeat(5000);
        assert_error_page(&alice().get(&format!("/authorize?{}{many}", ask.query())));
        assert_error_page(&alice().post("/authorize", &format!("{}{}", ask.query(), ten_thousand(pair))));
    }
    for target in ["/token", "/introspect", "/revoke"] {
        let long = format!("grant_type=authorization_code&scope={}", "s".repeat(1 << 20));
        assert_refused(&stage.send(stage.members.web.form(target, &long)), 413, "invalid_request");
        let many = format!("grant_type=authorization_code{}", ten_thousand("a=b"));
        assert_refused(&stage.send(stage.members.web.form(target, &many)), 413, "invalid_request");
        let repeated = format!("grant_type=authorization_code{}", "&a=b".repeat(1000));
        assert_refused(&stage.send(stage.members.web.form(target, &repeated)), 400, "invalid_request");
    }
    let page = alice().authorize(&ask);
    assert_error_page(&alice().post("/authorize/decide", &format!("handle={}", "h".repeat(1 << 20))));
    assert_eq!(title(&page), "Consent");
    assert_eq!(stage.writes(), writes);
}

#[test]
fn line_breaks_stay_in_their_value() {
    covers!("ATK-032");
    let stage = Stage::new();
    let ask = Ask::of(&stage.members.web);

    for attack in ["x\r\nSet-Cookie: x=1", "x\nLocation: https://evil.example/", "\r\n\r\n<html>", "x\0y", "x\u{7f}y"] {
        let answer = stage.browser_of("alice").authorize(&ask.clone().with("state", attack));
        assert_eq!(value_in(&answer, "error").as_deref(), Some("invalid_request"));
        assert_eq!(value_in(&answer, "state"), None);
        assert_eq!(answer.headers.get_all("location").iter().count(), 1);
        for name in ["scope", "client_id", "redirect_uri", "response_mode", "prompt", "resource", "request_uri"] {
            let answer = stage.browser_of("alice").authorize(&ask.clone().with(name, attack));
            assert!(!answer.headers.contains_key("set-cookie"), "{name}");
            assert!(!answer.golden().contains("evil"), "{name}");
        }
        let refused = stage.token(&stage.members.web, &super::members::encoded(&[("grant_type", attack)]));
        assert_refused(&refused, 400, "unsupported_grant_type");
    }
}

#[test]
fn markup_in_a_value_stays_text() {
    covers!("ATK-033");
    let stage = Stage::new();
    let script = r#""><script>alert('1')</script><img onerror=x>&quot;"#;
    let web = Ask::of(&stage.members.web).with("response_mode", "form_post").with("state", script);

    let answers = [
        stage.browser_of("alice").approve_all(&web),
        stage.browser_of("alice").authorize(&web.clone().with("scope", script)),
        stage.browser().authorize(&web.clone().with("prompt", "none")),
    ];
    for page in answers {
        assert_eq!(page.status, StatusCode::OK, "{}", page.golden());
        let form = Form::on(&page);
        assert_eq!((form.action.as_str(), form.value("state")), (CALLBACK, Some(script)));
        assert_eq!(page.text().matches("<script>").count(), 1, "{}", page.text());
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'sha256-") && policy.contains("default-src 'none'"), "{policy}");
    }
    for name in ["client_id", "redirect_uri"] {
        assert_error_page(&stage.browser_of("alice").authorize(&web.clone().with(name, script)));
    }
    let hint = stage.browser().authorize(&web.with("login_hint", script).with("ui_locales", script));
    assert_eq!(title(&hint), "LogIn");
    let stranger = Ask::of(&stage.members.stranger).with("scope", "unknown").with("state", script);
    for mode in ["query", "form_post"] {
        let page = stage.browser_of("alice").authorize(&stranger.clone().with("response_mode", mode));
        assert_error_page(&page);
        assert!(!page.text().contains("<script"), "{}", page.text());
    }
}

#[test]
fn no_token_travels_through_the_browser() {
    covers!("ATK-035", "ATK-039");
    let stage = Stage::new();
    let writes = stage.writes();
    let ask = Ask::of(&stage.members.web);

    for response_type in [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "token code",
        "code id_token",
        "code id_token token",
        "none",
        "Code",
        "code code",
        " code",
        "code ",
    ] {
        for mode in ["query", "form_post"] {
            let ask = ask.clone().with("response_type", response_type).with("response_mode", mode);
            assert_sent_error(&stage.browser_of("alice").authorize(&ask), "unsupported_response_type");
            assert_sent_error(&stage.browser().authorize(&ask.with("prompt", "none")), "unsupported_response_type");
        }
        // Whoever is not logged in is asked to, and is no wiser afterwards.
        let mut browser = stage.browser();
        let page = browser.authorize(&ask.clone().with("response_type", response_type));
        browser.log_in("alice");
        assert_sent_error(&browser.submit(&page, &[]), "unsupported_response_type");
    }
    for mode in ["fragment", "query.jwt", "web_message", "Query"] {
        assert_sent_error(
            &stage.browser_of("alice").authorize(&ask.clone().with("response_mode", mode)),
            "invalid_request",
        );
    }
    // The continuation keeps what was asked for, and nothing that is added to it counts.
    let mut browser = stage.browser_of("alice");
    let page = browser.authorize(&ask);
    assert_error_page(&browser.submit(&page, &[("decision", "yes"), ("response_type", "token")]));
    assert_eq!(stage.writes(), writes);
    let answer = browser.submit(&page, &[("decision", "approve"), ("response_type", "token")]);
    Tokens::in_answer(&stage.redeem(&stage.members.web, &code_in(&answer)));
}

#[test]
fn nobody_is_redirected_by_a_stranger() {
    covers!("ATK-038");
    let stage = Stage::new();
    let ask = Ask::of(&stage.members.stranger);

    for (name, value) in [
        ("scope", "unknown"),
        ("prompt", "none"),
        ("prompt", "none login"),
        ("response_type", "token"),
        ("resource", "https://unknown.example/"),
        ("code_challenge_method", "plain"),
        ("request", "e30.e30."),
    ] {
        for mut browser in [stage.browser_of("alice"), stage.browser()] {
            let page = browser.authorize(&ask.clone().with(name, value));
            if page.status == StatusCode::OK {
                assert_eq!(title(&page), "LogIn", "{name}={value}");
                continue;
            }
            assert_error_page(&page);
            assert!(page.text().contains("stranger.example"), "{name}={value}");
        }
    }
    let mut browser = stage.browser_of("alice");
    code_in(&browser.approve_all(&ask));
    let page = browser.authorize(&ask);
    assert_sent_error(&browser.deny(&page), "access_denied");
}

#[test]
fn every_answer_says_who_answers() {
    covers!("ATK-042");
    let stage = Stage::new();
    let ask = Ask::of(&stage.members.web);
    let document = stage.send(get("/.well-known/oauth-authorization-server")).json();

    for mode in ["query", "form_post"] {
        let ask = ask.clone().with("response_mode", mode);
        let mut browser = stage.browser_of("alice");
        let page = browser.authorize(&ask);
        let denied = browser.deny(&page);
        for answer in [
            denied,
            browser.approve_all(&ask),
            browser.authorize(&ask.clone().with("scope", "unknown")),
            stage.browser().authorize(&ask.clone().with("prompt", "none")),
        ] {
            assert_eq!(value_in(&answer, "iss").as_deref(), Some(ISSUER));
            assert_eq!(value_in(&answer, "state").as_deref(), Some("the-state"));
        }
    }
    assert_eq!(document["issuer"], ISSUER);
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
}

#[test]
fn no_page_and_no_redirect_is_kept_framed_or_told_on() {
    covers!("ATK-044", "ATK-046");
    let stage = Stage::new();
    let ask = Ask::of(&stage.members.web);
    let mut browser = stage.browser();
    let login = browser.authorize(&ask);
    browser.log_in("alice");
    let consent = browser.submit(&login, &[]);
    let approved = browser.approve(&consent);
    let form = browser.approve_all(&ask.clone().with("response_mode", "form_post"));
    let failed = browser.authorize(&ask.clone().with("redirect_uri", "https://evil.example/"));

    for answer in [login, consent, approved, form, failed] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert!(!answer.text().contains("href="), "{}", answer.text());
    }
}

#[test]
fn errors_say_nothing_in_the_attackers_words() {
    covers!("ATK-047");
    let stage = Stage::new();
    let attack = "<b>call</b> 555-1234 at https://evil.example/";
    let more = ["error", "error_description", "error_hint", "error_uri"];
    let ask = more.iter().fold(Ask::of(&stage.members.web), |ask, name| ask.and(name, attack));

    for name in
        ["scope", "response_type", "response_mode", "resource", "prompt", "max_age", "code_challenge", "request"]
    {
        let answer = stage.browser_of("alice").authorize(&ask.clone().with(name, attack));
        let location = answer.header("location").unwrap();
        assert!(!location.contains("555") && !location.contains("evil"), "{name}: {location}");
    }
    for name in ["client_id", "redirect_uri"] {
        let page = stage.browser_of("alice").authorize(&ask.clone().with(name, attack));
        assert_error_page(&page);
        assert!(!page.text().contains("555"), "{name}");
    }
    for name in ["grant_type", "code", "code_verifier", "redirect_uri", "scope", "resource", "client_id", "error"] {
        let form =
            super::members::encoded(&[("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", "y")]);
        let form = format!("{form}&{}", super::members::encoded(&[(name, attack)]));
        let answer = stage.token(&stage.members.web, &form);
        assert!(!answer.golden().contains("555"), "{name}");
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
    }
}

#[test]
fn parameters_that_nobody_knows_change_nothing() {
    covers!("ATK-048", "ATK-054");
    let stage = Stage::new();
    let added = [
        ("approved", "1"),
        ("user_id", "bob"),
        ("skip_consent", "true"),
        ("sub", "bob"),
        ("subject", "bob"),
        ("grant_id", "1"),
        ("post_login", "true"),
        ("decision", "approve"),
        ("handle", "x"),
        ("remember", "1"),
        ("code", "x"),
        ("iss", "https://evil.example"),
        ("session", "x"),
        ("claims", "{}"),
        ("binding", "x"),
    ];
    let ask = added.iter().fold(Ask::of(&stage.members.web), |ask, (name, value)| ask.and(name, value));

    let mut browser = stage.browser();
    let login = browser.authorize(&ask);
    assert_eq!(title(&login), "LogIn");
    browser.log_in("alice");
    let consent = browser.submit(&login, &[]);
    assert_eq!(title(&consent), "Consent");
    let approved = browser.submit(&consent, &[("decision", "approve"), ("sub", "bob"), ("user_id", "bob")]);
    let form = format!("{}&sub=bob&user_id=bob&approved=1&grant_id=2", super::members::redemption(&code_in(&approved)));
    let tokens = Tokens::in_answer(&stage.token(&stage.members.web, &form));
    assert_eq!(stage.introspect(&stage.members.api, &tokens.access).json()["sub"], "alice");
    let rest = "&sub=bob&grant_id=2&skip_consent=1";
    let form = format!("grant_type=refresh_token&refresh_token={}{rest}", tokens.refresh);
    let refreshed = Tokens::in_answer(&stage.token(&stage.members.web, &form));
    assert_eq!(stage.introspect(&stage.members.api, &refreshed.access).json()["sub"], "alice");
}

#[test]
fn forged_headers_change_nothing() {
    covers!("ATK-139", "ATK-137");
    let stage = Stage::new();
    let lies = |request| {
        [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-port", "81"),
            ("x-forwarded-prefix", "/evil"),
            ("x-original-url", "/evil"),
            ("x-rewrite-url", "/evil"),
            ("x-http-method-override", "DELETE"),
            ("forwarded", "for=10.0.0.1;host=evil.example;proto=http"),
        ]
        .into_iter()
        .fold(request, |request, (name, value)| with(request, name, value))
    };
    let mut browser = stage.browser_of("alice");
    let page = browser.authorize(&Ask::of(&stage.members.web));
    let form = format!("handle={}&decision=approve", Form::on(&page).value("handle").unwrap());

    let answer = browser.send(lies(post("/authorize/decide", "", &form)));
    let honest = browser.send(post("/authorize/decide", "", &form));
    assert_eq!(answer.golden(), honest.golden());
    let document = || get("/.well-known/oauth-authorization-server");
    assert_eq!(stage.send(lies(document())).golden(), stage.send(document()).golden());
    let mut login = stage.browser();
    let asked = login.send(lies(get(&format!("/authorize?{}", Ask::of(&stage.members.web).query()))));
    assert!(asked.header("set-cookie").unwrap().ends_with("Secure") && !asked.golden().contains("evil"));

    let certificate = "-----BEGIN%20CERTIFICATE-----";
    let names = ["x-client-cert", "x-ssl-client-cert", "x-forwarded-client-cert", "client-cert", "x-client-id"];
    let bare = || post("/token", "", "grant_type=client_credentials&client_id=machine");
    let request =
        names.iter().fold(lies(bare()), |request, name| with(with(request, name, certificate), name, "CN=machine"));
    assert_eq!(stage.send(request).golden(), stage.send(bare()).golden());
    assert_refused(&stage.send(bare()), 401, "invalid_client");
}
