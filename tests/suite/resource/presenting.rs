//! How a token is shown, and how it is not.

use http::Request;

use super::{call, guard, send};
use crate::token_world::{TokenWorld, access};

#[test]
fn the_scheme_may_be_written_in_any_case() {
    covers!("RFC6750-2.1-01");
    let world = TokenWorld::new();
    let token = world.tokens(&world.web);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let seen = call(&guard(&world, "read"), "/", &[&format!("{scheme} {}", access(&token))]);
        assert_eq!((seen.status, seen.challenge), (200, None));
        assert!(seen.body.starts_with("alice "), "{}", seen.body);
    }
}

#[test]
fn what_is_not_one_token_after_a_space_is_refused() {
    covers!("RFC6750-2.1-02");
    let world = TokenWorld::new();
    let token = world.tokens(&world.web);
    let token = access(&token);
    let guard = guard(&world, "read");
    // `1*SP` allows more than one space.
    assert_eq!(call(&guard, "/", &[&format!("Bearer   {token}")]).status, 200);
    for header in [
        format!("Bearer {token},"),
        format!("Bearer {token} {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token}, Bearer {token}"),
        "Bearer".to_owned(),
        format!("Bearer {}", "a".repeat(100_000)),
    ] {
        assert!(call(&guard, "/", &[&header]).is_invalid_token(), "{header}");
    }
    let seen = call(&guard, "/", &[&format!("Bearer{token}")]);
    assert_eq!((seen.status, seen.error()), (401, None));
}

#[test]
fn a_token_presented_twice_is_refused() {
    covers!("RFC6750-2-01");
    let world = TokenWorld::new();
    let token = world.tokens(&world.web);
    let guard = guard(&world, "read");
    let header = format!("Bearer {}", access(&token));
    let in_query = format!("/?access_token={}", access(&token));
    let presented: [(&str, &[&str]); 4] = [
        ("/", &[&header, &header]),
        ("/", &[&header, "Basic YTpi"]),
        (&in_query, &[&header]),
        ("/?a=b&access_token=other", &[&header]),
    ];
    for (uri, headers) in presented {
        let seen = call(&guard, uri, headers);
        assert_eq!((seen.status, seen.error()), (400, Some("invalid_request")), "{uri} {headers:?}");
    }
}

#[test]
fn a_token_in_the_query_is_none() {
    covers!("OAUTH21-5.1-01");
    let world = TokenWorld::new();
    let token = world.tokens(&world.web);
    let seen = call(&guard(&world, "read"), &format!("/?access_token={}", access(&token)), &[]);
    assert_eq!((seen.status, seen.error()), (401, None));
}

#[test]
fn a_token_in_the_body_is_none() {
    covers!("RFC6750-2.2-02");
    let world = TokenWorld::new();
    let token = world.tokens(&world.web);
    let form: &'static str = format!("access_token={}", access(&token)).leak();
    let json: &'static str = format!("{{\"access_token\":\"{}\"}}", access(&token)).leak();
    let part: &'static str =
        format!("--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{}\r\n--b--", access(&token))
            .leak();
    for (method, content_type, body) in [
        ("POST", "application/x-www-form-urlencoded", form),
        ("GET", "application/x-www-form-urlencoded", form),
        ("POST", "multipart/form-data; boundary=b", part),
        ("POST", "application/json", json),
    ] {
        let request = Request::builder().method(method).header("content-type", content_type);
        let seen = send(&guard(&world, "read"), request.body(body).unwrap());
        assert_eq!((seen.status, seen.error()), (401, None), "{method} {content_type}");
    }
}
