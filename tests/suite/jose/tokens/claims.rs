//! What a token must say, and of which type each claim is.

use grantsmith::jose::{
    AudienceRule, CryptoBackend, InvalidClaims, InvalidJws, InvalidJwt, IssuerRule, JwtRefusal, Profile, SubjectRule,
    TypeRule, UnverifiedJwt,
};
use grantsmith::value::JwsAlgorithm;
use grantsmith::wire::InvalidJson;
use serde_json::json;

use super::{AUDIENCE, ES256, ISSUER, claims, parse, profile, refusal, token, verify, with, without};
use crate::jose::{ENOUGH, signed, signing_key};

#[test]
fn issuer_subject_and_audience_are_compared_byte_for_byte() {
    covers!("RFC7519-2-01", "RFC7519-4.1.3-01", "ATK-265", "RFC8725-3.9-01", "RFC8725-3.8-02", "RFC8725-3.8-01");
    for (changed, expected) in [
        (with(&json!({"iss": "https://ISSUER.example"})), JwtRefusal::Issuer),
        (with(&json!({"iss": "https://issuer.example/"})), JwtRefusal::Issuer),
        (without("iss"), JwtRefusal::Issuer),
        (without("sub"), JwtRefusal::Subject),
        (with(&json!({"aud": "https://audience.example/"})), JwtRefusal::Audience),
        (with(&json!({"aud": "HTTPS://audience.example"})), JwtRefusal::Audience),
        (with(&json!({"aud": "https://audience.exampl"})), JwtRefusal::Audience),
        (with(&json!({"aud": "https://audience.example.evil"})), JwtRefusal::Audience),
        (with(&json!({"aud": ["a", "b"]})), JwtRefusal::Audience),
        (without("aud"), JwtRefusal::Audience),
    ] {
        assert_eq!(refusal(&profile(), &token(&changed)), expected, "{changed}");
    }
    assert!(verify(&profile(), &token(&with(&json!({"aud": [AUDIENCE]})))).is_ok());
    assert!(verify(&profile(), &token(&with(&json!({"aud": ["other", AUDIENCE]})))).is_ok());

    let exact = |subject, audience| {
        let issuer = IssuerRule::Exactly(ISSUER);
        Profile::new(TypeRule::Exactly("at+jwt"), ES256, issuer, SubjectRule::Exactly(subject), audience)
    };
    let alone = AudienceRule::OnlyAsString(AUDIENCE);
    assert!(verify(&exact("alice", alone), &token(&claims())).is_ok());
    assert_eq!(refusal(&exact("Alice", alone), &token(&claims())), JwtRefusal::Subject);
    for audience in [json!([AUDIENCE]), json!([AUDIENCE, "other"]), json!("other")] {
        assert_eq!(refusal(&exact("alice", alone), &token(&with(&json!({ "aud": audience })))), JwtRefusal::Audience);
    }
    // An expectation that somebody forgot to set matches nothing.
    for rule in [AudienceRule::Contains(""), AudienceRule::OnlyAsString("")] {
        assert_eq!(refusal(&exact("alice", rule), &token(&claims())), JwtRefusal::Audience);
    }
}

#[test]
fn claims_of_the_wrong_type_are_malformed_and_never_absent() {
    covers!("ATK-263", "ATK-265", "RFC7519-4.1.4-01", "RFC7519-4.1.5-01", "RFC7519-4.1.6-01", "RFC7519-4-01");
    let parse = |claims: &str| {
        let token = signed(&signing_key(CryptoBackend::RustCrypto, JwsAlgorithm::Es256), r#"{"alg":"ES256"}"#, claims);
        UnverifiedJwt::parse(&token, ENOUGH).map(|_| ()).unwrap_err()
    };
    for name in ["exp", "nbf", "iat"] {
        for value in [
            "\"1800000000\"",
            "[1800000000]",
            "true",
            "null",
            "{}",
            "-1",
            "-0.5",
            "1e308",
            "18446744073709551615",
            "-9223372036854775808",
            "253402300800",
            "1e18",
            "9999999999999999999999",
        ] {
            assert_eq!(parse(&format!(r#"{{"{name}":{value}}}"#)), InvalidJwt::Claims(InvalidClaims::Date), "{value}");
        }
    }
    for name in ["iss", "sub", "jti"] {
        for value in ["1", "null", "[\"a\"]", "{}", "\"\"", "true"] {
            assert_eq!(parse(&format!(r#"{{"{name}":{value}}}"#)), InvalidJwt::Claims(InvalidClaims::Text), "{value}");
        }
    }
    for value in ["1", "null", "[]", "[1]", "[[\"a\"]]", "[\"a\",1]", "[\"\"]", "\"\"", "{}", "[null]"] {
        assert_eq!(parse(&format!(r#"{{"aud":{value}}}"#)), InvalidJwt::Claims(InvalidClaims::Audience), "{value}");
    }
    for (text, expected) in [
        (r#"{"exp":1,"exp":2}"#, InvalidJson::DuplicateMember),
        (r#"{"cnf":{"jkt":"a","jkt":"b"}}"#, InvalidJson::DuplicateMember),
        ("[]", InvalidJson::Malformed),
        ("", InvalidJson::Malformed),
        ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", InvalidJson::Malformed),
        (r#"{"sub":"a\u0000b"}"#, InvalidJson::NullCharacter),
    ] {
        assert_eq!(parse(text), InvalidJwt::Claims(InvalidClaims::Json(expected)), "{text}");
    }
}

#[test]
fn what_says_where_it_belongs_can_be_looked_at_before() {
    let token = token(&claims());
    let unverified = parse(&token);
    assert_eq!((unverified.claimed_issuer(), unverified.claimed_subject()), (Some(ISSUER), Some("alice")));
    let encrypted = UnverifiedJwt::parse("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c", ENOUGH).unwrap_err();
    assert_eq!(encrypted, InvalidJwt::Jws(InvalidJws::NotCompact));
}

#[test]
fn claims_that_the_profile_needs_must_be_there() {
    let profile = profile().requiring(&["client_id", "jti"]);
    assert_eq!(refusal(&profile, &token(&claims())), JwtRefusal::MissingClaim("client_id"));
    assert!(verify(&profile, &token(&with(&json!({"client_id": "a"})))).is_ok());
}
