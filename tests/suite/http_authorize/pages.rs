//! What the pages of the host and of the library are sent with, and the binding cookie.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::http::{Pages, Paths};
use grantsmith::server::{Interaction, UserSession};
use http::request::Parts;
use http::{Response, StatusCode};

use super::{Office, PlainPages, STRANGER, is_error_page, query};
use crate::http_exchange::{ISSUER, get, send};

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
fn without_tls_the_cookie_has_no_prefix() {
    let office = Office::with_pages("http://127.0.0.1:8000", Arc::new(PlainPages));

    let cookie = office.consent(&query(&[])).answer.header("set-cookie").unwrap().to_owned();

    assert!(cookie.starts_with("grantsmith=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}
