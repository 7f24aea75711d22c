//! The authorization endpoint over HTTP: pages, redirects and the binding cookie.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::http::{OAuthService, Pages, Paths};
use grantsmith::policy::Policy;
use grantsmith::record::{Authentication, Trust};
use grantsmith::server::{AuthorizationServer, Interaction, Need, Registration, UserSession};
use grantsmith::value::{ResourceSet, Timestamp};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use proptest::prelude::*;
use url::form_urlencoded::{Serializer, parse};

use crate::http_exchange::{Answered, ISSUER, basic, builder, get, post, request, send, with};

const CLIENT: &str = "https://client.example/callback";
const STRANGER: &str = "https://stranger.example/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Pages that say what the library told them, and a session cookie that names the user.
struct PlainPages;

#[async_trait]
impl Pages for PlainPages {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        let cookies = request.headers.get("cookie")?.to_str().ok()?;
        let subject = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))?;
        let authentication = Authentication::at(Timestamp::from_seconds(1_799_999_000));
        Some(UserSession { subject: subject.parse().ok()?, authentication })
    }

    async fn ask(&self, _: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
        let Interaction { need, handle, .. } = interaction;
        let path = if *need == Need::Consent { &paths.decide } else { &paths.resume };
        Response::new(format!("{need:?} {path} {handle}").into())
    }
}

/// A server with pages, a client that is known and one that registered itself.
struct Office {
    server: AuthorizationServer,
    service: OAuthService,
    basic: String,
}

impl Office {
    fn new() -> Self {
        Self::with_pages(ISSUER, Arc::new(PlainPages))
    }

    fn with_pages(issuer: &str, pages: Arc<dyn Pages>) -> Self {
        let mut policy = Policy::default();
        policy.danger.allows_insecure_loopback_issuer = issuer.starts_with("http:");
        let server = builder(issuer).policy(policy).build().unwrap();
        let known = Registration::confidential(vec![CLIENT.parse().unwrap()]);
        let mut stranger = Registration::confidential(vec![STRANGER.parse().unwrap()]);
        stranger.trust = Trust::Unverified;
        let [known, _] = [("client", known), ("stranger", stranger)].map(|(id, registration)| {
            let registration = registration.with_scope("read write".parse().unwrap());
            pollster::block_on(server.register(registration.with_id(id.parse().unwrap()))).unwrap()
        });
        let basic = basic("client", known.secret.unwrap().expose());
        Self { service: OAuthService::new(server.clone(), pages).unwrap(), server, basic }
    }

    /// A page of this need, for a browser with these cookies.
    fn ask(&self, query: &str, cookies: &str) -> Asked {
        let answer = send(&self.service, with(get(&format!("/authorize?{query}")), "cookie", cookies));
        Asked::of(answer, cookies)
    }

    fn consent(&self, query: &str) -> Asked {
        let asked = self.ask(query, "session=alice");
        assert_eq!((asked.need.as_str(), asked.path.as_str()), ("Consent", "/authorize/decide"));
        asked
    }

    fn decide(&self, asked: &Asked, decision: &str) -> Answered {
        self.decide_as(&asked.cookies, asked, decision)
    }

    fn decide_as(&self, cookies: &str, asked: &Asked, decision: &str) -> Answered {
        let form = format!("handle={}&{decision}", asked.handle);
        send(&self.service, with(post(&asked.path, "", &form), "cookie", cookies))
    }
}

/// What a page asks, and the cookies that the browser has then.
struct Asked {
    answer: Answered,
    need: String,
    path: String,
    handle: String,
    cookies: String,
}

impl Asked {
    fn of(answer: Answered, cookies: &str) -> Self {
        let mut words = answer.text().split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let (need, path, handle) = (word(), word(), word());
        let set = answer.header("set-cookie").and_then(|set| set.split(';').next());
        let cookies = set.map_or_else(|| cookies.to_owned(), |set| format!("{cookies}; {set}"));
        Self { answer, need, path, handle, cookies }
    }
}

/// A request that is in order, with more parameters or others.
fn query(more: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", CLIENT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "xyz"),
    ];
    let kept = usual.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    Serializer::new(String::new()).extend_pairs(kept.chain(more)).finish()
}

fn location_of(answer: &Answered) -> Vec<(String, String)> {
    let location = answer.header("location").unwrap_or_else(|| panic!("{}", answer.golden()));
    let (_, query) = location.split_once('?').unwrap();
    parse(query.as_bytes()).into_owned().collect()
}

fn value_in(answer: &Answered, name: &str) -> Option<String> {
    location_of(answer).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

fn is_error_page(answer: &Answered) -> bool {
    answer.status == StatusCode::BAD_REQUEST
        && answer.header("content-type") == Some("text/html; charset=utf-8")
        && answer.header("location").is_none()
}

#[test]
fn a_user_logs_in_agrees_and_the_client_gets_its_token() {
    covers!("RFC6749-3.1-05", "RFC9207-2.3-02");
    let office = Office::new();

    let login = office.ask(&query(&[("scope", "read")]), "");
    assert_eq!((login.need.as_str(), login.path.as_str()), ("LogIn", "/authorize/resume"));
    let resumed = with(get(&format!("{}?handle={}", login.path, login.handle)), "cookie", "session=alice");
    let consent = Asked::of(send(&office.service, with(resumed, "cookie", &login.cookies)), &login.cookies);
    assert_eq!(consent.need, "Consent");
    let cookies = format!("session=alice{}", consent.cookies);
    let approved = office.decide_as(&cookies, &consent, "decision=approve");

    let code = value_in(&approved, "code").unwrap();
    approved.assert_golden(&format!(
        "303
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        location: https://client.example/callback?code={code}&state=xyz&iss=https%3A%2F%2Fas.example
        pragma: no-cache
        referrer-policy: no-referrer
        x-content-type-options: nosniff
        x-frame-options: DENY"
    ));
    let form = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
    let tokens = send(&office.service, post("/token", &office.basic, &form));
    assert_eq!((tokens.status, &tokens.json()["scope"]), (StatusCode::OK, &"read".into()));
    let document = send(&office.service, get("/.well-known/oauth-authorization-server")).json();
    assert_eq!(document["issuer"].as_str(), value_in(&approved, "iss").as_deref());
}

#[test]
fn every_redirect_of_the_user_flow_is_a_303() {
    covers!("RFC9700-4.12-01");
    let office = Office::new();
    let decided = |decision| office.decide(&office.consent(&query(&[])), decision);

    let redirects = [
        decided("decision=approve"),
        decided("decision=deny"),
        office.ask(&query(&[("scope", "unknown")]), "session=alice").answer,
        office.ask(&query(&[("prompt", "none")]), "").answer,
    ];

    for answer in redirects {
        assert!(answer.header("location").is_some());
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[test]
fn a_posted_request_and_a_posted_return_work_too() {
    covers!("RFC6749-3.1-05");
    let office = Office::new();

    let login = Asked::of(send(&office.service, post("/authorize", "", &query(&[]))), "session=alice");
    let back = post(&login.path, "", &format!("handle={}", login.handle));
    let consent = Asked::of(send(&office.service, with(back, "cookie", &login.cookies)), &login.cookies);

    assert_eq!((login.need.as_str(), consent.need.as_str()), ("LogIn", "Consent"));
}

#[test]
fn the_page_of_the_host_gets_the_headers_that_it_lacks() {
    covers!("RFC9700-4.16-01", "ATK-044", "ATK-046", "RFC6750-5.2-03");
    let asked = Office::new().consent(&query(&[]));

    let cookie = asked.answer.header("set-cookie").unwrap().to_owned();
    let value =
        cookie.strip_prefix("__Host-grantsmith=").unwrap().strip_suffix("; Path=/; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(value.map(str::len), Some(43));
    asked.answer.assert_golden(&format!(
        "200
        cache-control: no-store
        content-security-policy: frame-ancestors 'none'
        pragma: no-cache
        referrer-policy: no-referrer
        set-cookie: {cookie}
        x-content-type-options: nosniff
        x-frame-options: DENY

        Consent /authorize/decide {}",
        asked.handle
    ));
}

/// A page with a policy of its own.
struct StrictPages;

#[async_trait]
impl Pages for StrictPages {
    async fn session(&self, _: &Parts) -> Option<UserSession> {
        None
    }

    async fn ask(&self, _: &Parts, _: &Interaction, _: &Paths) -> Response<Bytes> {
        let response = Response::builder()
            .header("content-security-policy", "default-src 'self'; Frame-Ancestors https://portal.example")
            .header("x-frame-options", "SAMEORIGIN")
            .header("referrer-policy", "same-origin")
            .header("cache-control", "public")
            .header("set-cookie", "session=new");
        response.body(Bytes::new()).unwrap()
    }
}

#[test]
fn the_policy_of_the_host_stands_but_nothing_is_cached() {
    let office = Office::with_pages(ISSUER, Arc::new(StrictPages));

    let page = send(&office.service, get(&format!("/authorize?{}", query(&[]))));

    assert_eq!(
        page.header("content-security-policy"),
        Some("default-src 'self'; Frame-Ancestors https://portal.example")
    );
    assert_eq!(page.header("x-frame-options"), Some("SAMEORIGIN"));
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.headers.get_all("set-cookie").iter().count(), 2);
}

#[test]
fn the_error_page_is_exactly_this() {
    covers!("RFC9700-4.16-01", "ATK-033", "ATK-044", "ATK-046");
    let office = Office::new();

    let page =
        send(&office.service, get(&format!("/authorize?{}", query(&[("client_id", "<script>alert(1)</script>")]))));

    page.assert_golden(concat!(
        "400
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        content-type: text/html; charset=utf-8
        pragma: no-cache
        referrer-policy: no-referrer
        x-content-type-options: nosniff
        x-frame-options: DENY

        <!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width\"><title>This did not work</title></head>",
        "<body><main><h1>This did not work</h1><p>The application that sent you here made a request that cannot be ",
        "answered. You can close this page.</p></main></body></html>",
    ));
}

#[test]
fn the_form_post_page_submits_itself_and_has_a_button() {
    covers!("FORMPOST-2-03", "FORMPOST-2-04", "ATK-033", "ATK-044", "ATK-046", "RFC9700-4.16-01");
    let office = Office::new();
    let state = r#""><script>alert(1)</script>&'"#;
    let asked = office.consent(&query(&[("response_mode", "form_post"), ("state", state)]));

    let page = office.decide(&asked, "decision=approve");

    assert_eq!(page.status, StatusCode::OK);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("content-type", "text/html; charset=utf-8"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    let html = page.text();
    assert!(html.contains("document.forms[0].submit()") && html.contains("<button>"), "{html}");
    assert!(html.contains(r#"<form method="post" action="https://client.example/callback">"#), "{html}");
    assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;\""), "{html}");
    assert_eq!(html.matches("<script>").count(), 1, "{html}");
}

#[test]
fn a_no_goes_to_the_client() {
    let office = Office::new();

    let denied = office.decide(&office.consent(&query(&[])), "decision=deny");

    assert_eq!(denied.status, StatusCode::SEE_OTHER);
    assert_eq!(value_in(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(value_in(&denied, "state").as_deref(), Some("xyz"));
}

#[test]
fn less_than_was_asked_may_be_approved_and_nothing_may_not() {
    let office = Office::new();
    let scope_of = |decision: &str| {
        let approved = office.decide(&office.consent(&query(&[("scope", "read write")])), decision);
        let code = value_in(&approved, "code").unwrap();
        let form = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
        send(&office.service, post("/token", &office.basic, &form)).json()["scope"].clone()
    };

    assert_eq!(scope_of("decision=approve"), "read write");
    assert_eq!(scope_of("decision=approve&scope=&scope=write"), "write");
    let nothing = office.decide(&office.consent(&query(&[("scope", "read")])), "decision=approve&scope=");
    assert!(is_error_page(&nothing), "{}", nothing.golden());
}

#[test]
fn a_decision_that_is_not_clear_decides_nothing() {
    let office = Office::new();
    let asked = office.consent(&query(&[]));

    for decision in ["", "decision=", "decision=yes", "decision=approve&decision=deny", "decision=approve&scope=%22"] {
        assert!(is_error_page(&office.decide(&asked, decision)), "{decision}");
    }
    assert!(value_in(&office.decide(&asked, "decision=approve"), "code").is_some());
}

#[test]
fn another_browser_cannot_decide() {
    let office = Office::new();
    let asked = office.consent(&query(&[]));
    let other = office.consent(&query(&[])).cookies;

    for cookies in ["session=alice", &other] {
        assert_eq!(office.decide_as(cookies, &asked, "decision=approve").status, StatusCode::FORBIDDEN);
    }
}

#[test]
fn a_handle_longer_than_a_form_may_be_comes_back_whole() {
    let office = Office::new();
    let scope: Vec<_> = (10..26).map(|at| format!("{at}{}", "s".repeat(250))).collect();
    let scope = scope.join(" ");
    let resources: Vec<_> = (10..26).map(|at| format!("https://api.example/{at}/{}", "r".repeat(450))).collect();
    let parsed = resources.iter().map(|resource| resource.parse().unwrap()).collect();
    let mut registration = Registration::confidential(vec![CLIENT.parse().unwrap()])
        .with_id("greedy".parse().unwrap())
        .with_scope(scope.parse().unwrap())
        .with_resources(ResourceSet::new(parsed).unwrap());
    registration.allows_multiple_audiences = true;
    pollster::block_on(office.server.register(registration)).unwrap();
    let state = "s".repeat(2000);
    let mut more = vec![("client_id", "greedy"), ("state", &state), ("scope", &scope)];
    more.extend(resources.iter().map(|resource| ("resource", resource.as_str())));

    let login = office.ask(&query(&more), "");
    let back = with(get(&format!("{}?handle={}", login.path, login.handle)), "cookie", "session=alice");
    let consent = Asked::of(send(&office.service, with(back, "cookie", &login.cookies)), &login.cookies);
    let cookies = format!("session=alice{}", consent.cookies);
    let approved = office.decide_as(&cookies, &consent, "decision=approve");

    assert!(consent.handle.len() > 16 * 1024, "{}", consent.handle.len());
    assert!(value_in(&approved, "code").is_some());
    assert_eq!(value_in(&approved, "state"), Some(state));
}

#[test]
fn parameters_in_the_query_and_the_body_are_refused() {
    covers!("ATK-024");
    let office = Office::new();
    let good = query(&[]);
    let bad = query(&[("redirect_uri", "https://evil.example/")]);

    for (in_query, in_body) in [(good.as_str(), bad.as_str()), (&bad, &good), (&good, ""), ("state=abc", &good)] {
        let answer = send(&office.service, post(&format!("/authorize?{in_query}"), "", in_body));
        assert!(is_error_page(&answer), "{in_query} {in_body}");
    }
    let asked = office.consent(&good);
    let split = post(&format!("{}?decision=approve", asked.path), "", &format!("handle={}", asked.handle));
    assert!(is_error_page(&send(&office.service, with(split, "cookie", &asked.cookies))));
}

#[test]
fn a_posted_body_must_be_a_form_of_some_length() {
    let office = Office::new();

    let mut json = post("/authorize", "", "{}");
    json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let long = post("/authorize", "", &format!("{}&pad={}", query(&[]), "a".repeat(16 * 1024)));

    assert!(is_error_page(&send(&office.service, json)));
    assert!(is_error_page(&send(&office.service, long)));
}

#[test]
fn other_methods_are_refused_and_no_origin_is_allowed() {
    covers!("RFC9700-2.6-05", "ATK-103");
    let office = Office::new();
    let service = office.service.allow_origins(["https://app.example"]).unwrap();

    for (target, allow) in
        [("/authorize", "GET, POST"), ("/authorize/resume", "GET, POST"), ("/authorize/decide", "POST")]
    {
        for method in [Method::OPTIONS, Method::HEAD, Method::PUT, Method::DELETE] {
            let answer = send(&service, with(request(method, target), "origin", "https://app.example"));
            assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some(allow)));
            assert!(!answer.golden().contains("access-control-"), "{target}");
        }
    }
    assert_eq!(send(&service, get("/authorize/decide")).status, StatusCode::METHOD_NOT_ALLOWED);
    for target in [format!("/authorize?{}", query(&[])), "/authorize".to_owned(), "/authorize/resume".to_owned()] {
        let answer = send(&service, with(get(&target), "origin", "https://app.example"));
        assert!(!answer.golden().contains("access-control-"), "{target}");
    }
}

#[test]
fn without_tls_the_cookie_has_no_prefix() {
    let office = Office::with_pages("http://127.0.0.1:8000", Arc::new(PlainPages));

    let cookie = office.consent(&query(&[])).answer.header("set-cookie").unwrap().to_owned();

    assert!(cookie.starts_with("grantsmith=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[test]
fn no_header_of_the_request_changes_where_anything_leads() {
    covers!("ATK-139");
    let office = Office::new();
    let asked = office.consent(&query(&[]));
    let form = format!("handle={}&decision=approve", asked.handle);
    let decide = || with(post(&asked.path, "", &form), "cookie", &asked.cookies);

    let lied = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")]
        .into_iter()
        .fold(decide(), |request, (name, value)| with(request, name, value));

    assert_eq!(send(&office.service, lied).golden(), send(&office.service, decide()).golden());
}

#[test]
fn a_stranger_s_client_gets_a_link_and_no_redirect() {
    covers!("ATK-033");
    let office = Office::new();
    let asked = |mode| {
        query(&[
            ("client_id", "stranger"),
            ("redirect_uri", STRANGER),
            ("scope", "everything"),
            ("response_mode", mode),
            ("state", "\"><b>&'"),
        ])
    };

    let link = send(&office.service, get(&format!("/authorize?{}", asked("query"))));
    let form = send(&office.service, get(&format!("/authorize?{}", asked("form_post"))));

    assert!(is_error_page(&link) && is_error_page(&form));
    let onward = "<p><a rel=\"noreferrer\" href=\"https://stranger.example/callback?error=invalid_scope&amp;\
                  state=%22%3E%3Cb%3E%26%27&amp;iss=https%3A%2F%2Fas.example\">Go on to stranger.example</a></p>";
    assert!(link.text().contains(onward), "{}", link.text());
    assert!(form.text().contains("value=\"&quot;&gt;&lt;b&gt;&amp;&#39;\""), "{}", form.text());
    assert!(!form.text().contains("<script"), "{}", form.text());
}

#[test]
fn line_breaks_never_reach_a_header() {
    covers!("ATK-032");
    let office = Office::new();
    let attack = "x\r\nSet-Cookie: x=1";

    for name in ["state", "scope", "client_id", "redirect_uri", "response_mode", "prompt", "login_hint"] {
        let answer = send(
            &office.service,
            with(get(&format!("/authorize?{}", query(&[(name, attack)]))), "cookie", "session=alice"),
        );
        assert!(answer.headers.get_all("location").iter().count() <= 1, "{name}");
        let mut values = answer.headers.values();
        assert!(values.all(|value| value.as_bytes().iter().all(|byte| *byte >= 0x20 && *byte != 0x7f)), "{name}");
        assert!(!answer.golden().contains("x=1"), "{name}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\n"),
        Just("\0"),
        Just("\u{7f}"),
        Just("<script>"),
        Just("\">"),
        Just("'"),
        Just("&"),
        Just("%0d%0a"),
        Just("javascript:"),
        Just("//"),
        Just("\\"),
        Just("\u{202e}"),
        Just(CLIENT),
        Just(" "),
        Just("é"),
    ];
    prop_oneof![prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()), any::<String>()]
}

#[test]
fn nothing_hostile_reaches_a_header_or_a_page_raw() {
    covers!("RFC6749-10.14-01", "OAUTH21-7.12-01");
    let names = vec![
        "state",
        "redirect_uri",
        "client_id",
        "scope",
        "response_type",
        "response_mode",
        "code_challenge",
        "prompt",
        "resource",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
        "request",
        "nonce",
    ];
    let office = Office::new();
    proptest!(|(
        name in prop::sample::select(names),
        value in hostile(),
        mode in prop::sample::select(vec!["query", "form_post"]),
        cookies in prop::sample::select(vec!["", "session=alice"]),
    )| {
        let usual = [("response_mode", mode), ("prompt", "none")];
        let mut more: Vec<_> = usual.into_iter().filter(|(other, _)| *other != name).collect();
        more.push((name, &value));

        let answer = send(&office.service, with(get(&format!("/authorize?{}", query(&more))), "cookie", cookies));

        for (header, value) in &answer.headers {
            let bytes = value.as_bytes();
            prop_assert!(bytes.iter().all(|byte| (0x20..0x7f).contains(byte)), "{}: {:?}", header, bytes);
        }
        if let Some(location) = answer.header("location") {
            prop_assert!(location.starts_with("https://client.example/callback?"), "{}", location);
        }
        let html = answer.text();
        let scripts = html.matches("<script>document.forms[0].submit()</script>").count();
        prop_assert_eq!(html.matches("<script").count(), scripts);
        prop_assert!(!html.contains(['\r', '\0']));
    });
}
