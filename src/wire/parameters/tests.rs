//! Reading forms: nothing lossy, nothing guessed, everything bounded.

use std::borrow::Cow;

use super::{MalformedParameters, Parameters};

fn parsed(input: &str) -> Parameters<'_> {
    Parameters::parse(input.as_bytes()).unwrap()
}

fn refusal(input: &[u8]) -> MalformedParameters {
    Parameters::parse(input).expect_err("parameters that cannot be read")
}

fn value(input: &str, name: &str) -> Option<String> {
    parsed(input).get(name).unwrap().map(Cow::into_owned)
}

#[test]
fn a_value_is_read_as_it_was_encoded() {
    covers!("RFC6749-B-01", "RFC6749-B-02");
    for (input, expected) in [
        ("a=b", "b"),
        ("a=b+c", "b c"),
        ("a=b%20c", "b c"),
        ("a=%2B", "+"),
        ("a=b%3Dc=d", "b=c=d"),
        ("a=%26", "&"),
        ("a=%C2%A3%E2%82%AC", "\u{a3}\u{20ac}"),
        ("a=%c2%a3%e2%82%ac", "\u{a3}\u{20ac}"),
        ("a=\u{a3}\u{20ac}", "\u{a3}\u{20ac}"),
        ("a=%F0%9F%A6%80", "\u{1f980}"),
        ("a=%00", "\0"),
        ("a==", "="),
        ("a=%25zz", "%zz"),
        ("&&a=b&&", "b"),
    ] {
        assert_eq!(value(input, "a").as_deref(), Some(expected), "{input}");
    }
}

#[test]
fn a_value_without_escapes_is_borrowed() {
    let parameters = parsed("scope=read&state=a+b");

    assert!(matches!(parameters.get("scope"), Ok(Some(Cow::Borrowed("read")))));
    assert!(matches!(parameters.get("state"), Ok(Some(Cow::Owned(_)))));
}

#[test]
fn what_is_not_utf8_is_refused_raw_and_escaped() {
    covers!("RFC6749-B-02", "ATK-025");
    let sequences: [&[u8]; 7] =
        [b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"];
    for bytes in sequences {
        let escaped = bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        assert_eq!(refusal(&[b"a=", bytes].concat()), MalformedParameters::NotUtf8, "raw {escaped}");
        assert_eq!(refusal(format!("a={escaped}").as_bytes()), MalformedParameters::NotUtf8, "{escaped}");
        assert_eq!(refusal(format!("{escaped}=a").as_bytes()), MalformedParameters::NotUtf8, "{escaped}");
        assert_eq!(refusal(format!("unknown={escaped}&a=b").as_bytes()), MalformedParameters::NotUtf8, "{escaped}");
    }
}

#[test]
fn a_bad_escape_is_refused_wherever_it_stands() {
    covers!("ATK-025");
    for escape in ["%", "%z", "%zz", "%4", "%4z", "%z4", "%u0041", "%%34%31", "% 41", "%+1", "%-1", "%0x41"] {
        for input in [format!("a={escape}"), format!("{escape}=a"), format!("unknown={escape}&a=b")] {
            assert_eq!(refusal(input.as_bytes()), MalformedParameters::BadEscape, "{input}");
        }
    }
}

#[test]
fn nothing_but_an_ampersand_separates() {
    covers!("ATK-025");
    assert_eq!(value("a=b;c=d", "a").as_deref(), Some("b;c=d"));
    assert_eq!(value("a=b;c=d", "c"), None);
    assert_eq!(value("a=b%26c=d", "c"), None);
    assert_eq!(value("a=b\nc=d", "c"), None);
    assert_eq!(value("a=b,c=d", "c"), None);
}

#[test]
fn a_name_with_brackets_is_another_name() {
    covers!("ATK-025");
    let parameters = parsed("redirect_uri[]=a&redirect_uri[0]=b&redirect_uri%5B%5D=c&scope[a]=d&redirect_uri.x=e");

    assert!(!parameters.has("redirect_uri"));
    assert!(!parameters.has("scope"));
    assert_eq!(parameters.get_all("redirect_uri[]").unwrap(), ["a", "c"]);
}

#[test]
fn names_are_case_sensitive_and_not_trimmed() {
    let parameters = parsed("Scope=a&+scope=b&scope+=c&SCOPE=d");

    assert!(!parameters.has("scope"));
    assert_eq!(parameters.get(" scope").unwrap().as_deref(), Some("b"));
}

#[test]
fn an_encoded_name_is_the_name() {
    assert_eq!(value("%73cope=read", "scope").as_deref(), Some("read"));
    assert_eq!(parsed("scope=a&%73cope=b").get("scope"), Err(MalformedParameters::Repeated));
    assert_eq!(parsed("s%63ope=a&%73cope=b").get("scope"), Err(MalformedParameters::Repeated));
}

#[test]
fn a_parameter_that_occurs_twice_is_refused_when_it_is_asked_for() {
    for input in ["a=1&a=2", "a=1&a=1", "a=1&b=2&a=1", "a=&a=1", "a=1&a=", "a&a", "a=&a="] {
        assert_eq!(parsed(input).get("a"), Err(MalformedParameters::Repeated), "{input}");
    }
    assert_eq!(parsed("a=1&a=2&b=3").get("b").unwrap().as_deref(), Some("3"));
}

#[test]
fn a_parameter_that_may_be_repeated_gives_every_value_but_empty_ones() {
    let parameters = parsed("resource=a&x=y&resource=&resource=b%20c&resource");

    assert_eq!(parameters.get_all("resource").unwrap(), ["a", "b c"]);
    assert_eq!(parameters.get_all("none").unwrap(), [""; 0]);
}

#[test]
fn an_empty_value_counts_as_absent_but_occurs() {
    for input in ["a=", "a", "a=&b=c", "b=c&a"] {
        let parameters = parsed(input);
        assert_eq!(parameters.get("a"), Ok(None), "{input}");
        assert!(parameters.has("a"), "{input}");
    }
    assert!(!parsed("b=a").has("a"));
    assert!(!parsed("").has(""));
    assert!(parsed("=a").has(""));
}

#[test]
fn sixteen_kibibytes_are_the_most() {
    covers!("ATK-026");
    let longest = format!("a={}", "x".repeat(16 * 1024 - 2));

    assert_eq!(value(&longest, "a").unwrap().len(), 16 * 1024 - 2);
    assert_eq!(refusal(format!("{longest}x").as_bytes()), MalformedParameters::TooLong);
    assert_eq!(refusal(&vec![0xff; 10_000_000]), MalformedParameters::TooLong);
}

#[test]
fn sixty_four_pairs_are_the_most() {
    covers!("ATK-026", "ATK-300");
    let pairs = |count: usize| (0..count).map(|at| format!("n{at}={at}")).collect::<Vec<_>>().join("&");
    let most = pairs(64);
    let parameters = parsed(&most);

    for at in 0..64 {
        assert_eq!(parameters.get(&format!("n{at}")).unwrap().as_deref(), Some(at.to_string().as_str()));
    }
    assert_eq!(refusal(pairs(65).as_bytes()), MalformedParameters::TooMany);
    assert_eq!(refusal("a=b&".repeat(3000).as_bytes()), MalformedParameters::TooMany);
    assert_eq!(refusal("a=b&".repeat(5000).as_bytes()), MalformedParameters::TooLong);
    assert!(Parameters::parse("&".repeat(16 * 1024).as_bytes()).is_ok());
}

#[test]
fn names_that_would_collide_in_a_weak_hash_are_read_in_order() {
    covers!("ATK-300");
    // Every name has the same bytes, and so the same sum, product and XOR of them.
    let name = |at: usize| (0..6).map(|bit| if at >> bit & 1 == 0 { "Aa" } else { "BB" }).collect::<String>();
    let input = (0..64).map(|at| format!("{}={at}", name(at))).collect::<Vec<_>>().join("&");
    let parameters = parsed(&input);

    for at in 0..64 {
        assert_eq!(parameters.get(&name(at)).unwrap().as_deref(), Some(at.to_string().as_str()));
    }
}

#[test]
fn every_parameter_name_of_this_crate_is_of_the_registrys_grammar() {
    covers!("RFC6749-8.2-01");
    let requests_and_answers = [
        include_str!("../client_authentication.rs"),
        include_str!("../introspection_response.rs"),
        include_str!("../revocation_request.rs"),
        include_str!("../token_request.rs"),
        include_str!("../token_response.rs"),
    ];
    let redirect = include_str!("../authorization_response.rs").split("match mode").next().unwrap();
    let calls = [".get(\"", ".get_all(\"", ".has(\"", ".text(\"", ".texts(\"", ".number(\"", ".truth(\""];
    let mut names: Vec<&str> = named_after("(\"", redirect).collect();
    for source in requests_and_answers {
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        names.extend(calls.iter().flat_map(|call| named_after(call, code)));
    }

    for expected in ["client_id", "code_verifier", "state", "iss", "token", "scope", "active", "refresh_token"] {
        assert!(names.contains(&expected), "{expected}");
    }
    for name in names {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(allowed), "{name}");
    }
}

fn named_after<'a>(call: &'a str, source: &'a str) -> impl Iterator<Item = &'a str> {
    source.split(call).skip(1).filter_map(|rest| rest.split_once('"')).map(|(name, _)| name)
}
