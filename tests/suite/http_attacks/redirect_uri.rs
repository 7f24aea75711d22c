//! Attacks on where the answer goes.

use grantsmith::server::{InvalidRegistration, Registration, RegistrationError};
use grantsmith::value::RedirectUri;

use super::browser::Ask;
use super::expect::{assert_error_page, assert_refused, code_in, value_in};
use super::members::{CALLBACK, LOOPBACK, Member, Tokens, encoded, redemption};
use super::stage::Stage;

super::attacks!["redirect_uri.rs":
    an_unregistered_uri_is_an_error_page,
    a_client_that_is_not_one_leads_nowhere,
    a_look_alike_of_the_host_is_another_host,
    paths_are_compared_and_not_walked,
    a_user_before_the_host_is_another_uri,
    case_is_compared,
    a_fragment_is_never_accepted,
    the_port_of_a_loopback_uri_is_free_and_nothing_else_is,
    a_loopback_host_is_not_swapped_in,
    two_uris_are_none_and_so_are_two_clients,
    uris_that_run_script_are_refused,
    a_planted_response_cannot_be_registered,
    the_uri_is_proven_before_anything_else_is_said,
];

/// Every one of these URIs gets the same page, whoever is logged in, and nothing is written; the client's own URI works.
#[track_caller]
fn assert_each_is_refused(stage: &Stage, client: &Member, refused: &[&str]) {
    let writes = stage.writes();
    let ask = Ask::of(client);
    let mut pages: Vec<_> = Vec::new();
    for uri in refused {
        for mut browser in [stage.browser(), stage.browser_of("alice")] {
            for ask in [ask.clone(), ask.clone().with("response_mode", "form_post").with("prompt", "none")] {
                let page = browser.authorize(&ask.with("redirect_uri", uri));
                assert_error_page(&page);
                pages.push(page.golden());
            }
        }
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{refused:?}");
    assert_eq!(stage.writes(), writes);
    stage.approved_tokens(client);
}

#[test]
fn an_unregistered_uri_is_an_error_page() {
    covers!("ATK-001");
    let stage = Stage::new();

    let refused =
        ["https://evil.example/cb", "https://stranger.example/cb", "https://app.example/", "//app.example/cb"];
    assert_each_is_refused(&stage, &stage.members.web, &refused);
    assert_each_is_refused(&stage, &stage.members.app, &refused);
}

#[test]
fn a_client_that_is_not_one_leads_nowhere() {
    covers!("ATK-003");
    let stage = Stage::new();
    let writes = stage.writes();
    let evil = Ask::of(&stage.members.web).with("redirect_uri", "https://evil.example/");
    let rest = evil.clone().without("client_id").query();

    let long = "w".repeat(100_000);
    let mut pages = Vec::new();
    for client in ["client_id=unknown", "client_id=", "", "client_id=web&client_id=web", "client_id=web%00"] {
        pages.push(stage.browser_of("alice").get(&format!("/authorize?{client}&{rest}")));
    }
    for client in ["client_id=%ff%fe", "client_id=web%", "client_id=w\u{e9}b", &format!("client_id={long}")] {
        pages.push(stage.browser_of("alice").post("/authorize", &format!("{client}&{rest}")));
    }

    for page in &pages {
        assert_error_page(page);
        assert_eq!(page.golden(), pages[0].golden());
    }
    assert_eq!(stage.writes(), writes);
}

#[test]
fn a_look_alike_of_the_host_is_another_host() {
    covers!("ATK-004");
    let stage = Stage::new();

    assert_each_is_refused(
        &stage,
        &stage.members.web,
        &[
            "https://app.example.evil.tld/cb",
            "https://evilapp.example/cb",
            "https://appXexample/cb",
            "https://app.example./cb",
            "https://sub.app.example/cb",
            "https://*.example/cb",
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "https://app.example:/cb",
            "https://\u{430}pp.example/cb",
            "https://app%2eexample/cb",
        ],
    );
}

#[test]
fn paths_are_compared_and_not_walked() {
    covers!("ATK-006", "ATK-009");
    let stage = Stage::new();

    let tricks = [
        "/../x",
        "/..%2Fx",
        "/%2e%2e/x",
        "/%2e%2e",
        "/%252e%252e%252fx",
        "/..;/x",
        "/;/../../x",
        "/..%5cx",
        "/..\\x",
        "/../cb",
        "/.",
        "/./",
        "/",
        "//",
        ";",
        ";v=1",
        ";/",
        "/%0A%0D/../",
        "%0a",
        "%00",
        " ",
        "%20",
        "%09",
        "\u{0}",
        "?",
        "?a=b",
        "&a=b",
        "\\",
        "%2f",
        "//evil.example",
        "/x",
        "x",
    ];
    let tricks: Vec<_> = tricks.iter().map(|trick| format!("{CALLBACK}{trick}")).collect();
    let more = [
        "https://app.example/x/../cb",
        "https://app.example//cb",
        "https://app.example/./cb",
        "https://app.example/%63b",
        " https://app.example/cb",
        "\thttps://app.example/cb",
        "https:/app.example/cb",
        "https:app.example/cb",
        "https:\\\\app.example\\cb",
        "https://app.example\n/cb",
        "ht\ntps://app.example/cb",
    ];
    let refused: Vec<_> = tricks.iter().map(String::as_str).chain(more).collect();
    assert_each_is_refused(&stage, &stage.members.web, &refused);
}

#[test]
fn a_user_before_the_host_is_another_uri() {
    covers!("ATK-007");
    let stage = Stage::new();

    let refused = [
        "https://app.example@evil.tld/cb",
        "http://localhost:80@evil.tld/cb",
        "https://a@b@app.example/cb",
        "https://app.example%40evil.tld/cb",
        "https://user@app.example/cb",
        "https://@app.example/cb",
        "http://127.0.0.1:80@evil.tld/cb",
        "http://127.0.0.1@evil.tld/cb",
        "http://user:1@127.0.0.1/cb",
    ];
    assert_each_is_refused(&stage, &stage.members.web, &refused);
    assert_each_is_refused(&stage, &stage.members.app, &refused);
    for uri in refused {
        assert!(!is_registrable(&stage, uri), "{uri}");
    }
}

#[test]
fn case_is_compared() {
    covers!("ATK-010");
    let stage = Stage::new();

    let refused =
        ["HTTPS://app.example/cb", "https://APP.example/cb", "https://app.example/CB", "Https://App.Example/Cb"];
    assert_each_is_refused(&stage, &stage.members.web, &refused);
    assert_each_is_refused(&stage, &stage.members.app, &["COM.example.app:/cb", "HTTP://127.0.0.1/cb"]);
}

#[test]
fn a_fragment_is_never_accepted() {
    covers!("ATK-011");
    let stage = Stage::new();

    let refused = ["https://app.example/cb#x", "https://app.example/cb#", "https://app.example/cb%23"];
    assert_each_is_refused(&stage, &stage.members.web, &refused);
    assert!(!is_registrable(&stage, refused[0]) && !is_registrable(&stage, refused[1]));
}

#[test]
fn the_port_of_a_loopback_uri_is_free_and_nothing_else_is() {
    covers!("ATK-014");
    let stage = Stage::new();
    let app = &stage.members.app;

    for used in ["http://127.0.0.1:49152/cb", "http://[::1]:1/cb", "http://127.0.0.1:65535/cb", LOOPBACK] {
        let answer = stage.browser_of("alice").approve_all(&Ask::of(app).with("redirect_uri", used));
        assert!(answer.header("location").unwrap().starts_with(&format!("{used}?")));
        let form = |uri: &str| {
            let redemption = redemption(&code_in(&answer));
            format!("{redemption}&{}", encoded(&[("redirect_uri", uri)]))
        };
        assert_refused(&stage.token(app, &form("http://127.0.0.1:2/cb")), 400, "invalid_grant");
        Tokens::in_answer(&stage.token(app, &form(used)));
    }

    assert_each_is_refused(
        &stage,
        app,
        &[
            "https://127.0.0.1/cb",
            "http://127.0.0.1/other",
            "http://127.0.0.1/cb?a=1",
            "http://127.0.0.2/cb",
            "http://127.1/cb",
            "http://0x7f.0.0.1/cb",
            "http://2130706433/cb",
            "http://[::1%25eth0]/cb",
            "http://[0:0:0:0:0:0:0:1]/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "http://localhost/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:80:80/cb",
            "http://127.0.0.1.evil.example/cb",
            "com.example.app:/other",
            "com.example.app://cb",
        ],
    );
}

#[test]
fn a_loopback_host_is_not_swapped_in() {
    covers!("ATK-016");
    let stage = Stage::new();

    let swapped = ["http://127.0.0.1/cb", "http://localhost/cb", "http://[::1]/cb", "http://127.0.0.1:8080/cb"];
    assert_each_is_refused(&stage, &stage.members.web, &swapped);
    assert_each_is_refused(&stage, &stage.members.page, &swapped);
    assert_each_is_refused(&stage, &stage.members.app, &["http://localhost/cb", "http://localhost:8080/cb"]);
}

#[test]
fn two_uris_are_none_and_so_are_two_clients() {
    covers!("ATK-022");
    let stage = Stage::new();
    let ask = Ask::of(&stage.members.web);
    let (good, bad) = (CALLBACK, "https://evil.example/cb");

    for [first, second] in [[good, bad], [bad, good], [good, good]] {
        let ask = ask.clone().with("redirect_uri", first).and("redirect_uri", second);
        assert_error_page(&stage.browser_of("alice").authorize(&ask));
    }
    for [first, second] in [["web", "stranger"], ["stranger", "web"], ["web", "web"]] {
        let ask = ask.clone().with("client_id", first).and("client_id", second);
        assert_error_page(&stage.browser_of("alice").authorize(&ask));
    }
    let respelled = format!("{}&redirect%5Furi=https%3A%2F%2Fevil.example%2F", ask.query());
    assert_error_page(&stage.browser_of("alice").get(&format!("/authorize?{respelled}")));
}

#[test]
fn uris_that_run_script_are_refused() {
    covers!("ATK-027");
    let stage = Stage::new();

    let refused = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "javascript://app.example/cb%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "blob:https://app.example/x",
        "file:///etc/passwd",
        "about:blank",
        "view-source:https://app.example/cb",
        "ftp://app.example/cb",
    ];
    assert_each_is_refused(&stage, &stage.members.web, &refused);
    assert_each_is_refused(&stage, &stage.members.app, &refused);
    for uri in refused {
        assert!(!is_registrable(&stage, uri), "{uri}");
    }
}

#[test]
fn a_planted_response_cannot_be_registered() {
    covers!("ATK-030");
    let stage = Stage::new();

    for planted in ["code=x", "state=y", "iss=z", "error=e", "a=1&code=x", "access_token=t", "%63ode=x"] {
        assert!(!is_registrable(&stage, &format!("{CALLBACK}?{planted}")), "{planted}");
    }
    let desk = &stage.members.desk;
    let answer = stage.browser_of("alice").approve_all(&Ask::of(desk));
    assert!(answer.header("location").unwrap().starts_with("https://desk.example/cb?tenant=1&code="));
    Tokens::in_answer(&stage.redeem(desk, &code_in(&answer)));
}

#[test]
fn the_uri_is_proven_before_anything_else_is_said() {
    covers!("ATK-036");
    let stage = Stage::new();
    let writes = stage.writes();
    let evil = Ask::of(&stage.members.web).with("redirect_uri", "https://evil.example/cb");

    for (name, value) in [
        ("response_type", "bogus"),
        ("response_type", ""),
        ("response_mode", "bogus"),
        ("scope", "unknown"),
        ("scope", "\""),
        ("resource", "https://unknown.example/"),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("prompt", "none"),
        ("prompt", "none login"),
        ("max_age", "x"),
        ("request", "e30.e30."),
        ("request_uri", "https://evil.example/"),
    ] {
        for client in ["web", "nobody"] {
            let ask = evil.clone().with("client_id", client).with(name, value);
            assert_error_page(&stage.browser().authorize(&ask));
            assert_error_page(&stage.browser_of("alice").authorize(&ask));
        }
    }
    assert_eq!(stage.writes(), writes);
    let answer = stage.browser_of("alice").authorize(&Ask::of(&stage.members.web).with("response_type", "bogus"));
    assert_eq!(value_in(&answer, "error").as_deref(), Some("unsupported_response_type"));
}

/// Whether an operator could register a client with that redirection URI.
fn is_registrable(stage: &Stage, uri: &str) -> bool {
    let Ok(uri) = uri.parse::<RedirectUri>() else { return false };
    for registration in
        [Registration::public(vec![uri.clone()]).native(), Registration::confidential(vec![uri.clone()])]
    {
        match stage.operate(|server| server.register(registration)) {
            Ok(_) => return true,
            Err(RegistrationError::Invalid(InvalidRegistration::RedirectUriOfNativeClient(_))) => {}
            Err(error) => panic!("{error}"),
        }
    }
    false
}
