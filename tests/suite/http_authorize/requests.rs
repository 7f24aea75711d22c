//! Methods, bodies and headers that are no authorization request.

use http::{Method, StatusCode};

use super::{Office, is_error_page, query};
use crate::http_exchange::{get, post, request, send, with};

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
