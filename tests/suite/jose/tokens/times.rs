//! From when and until when a token is good.

use grantsmith::jose::{ExpiryRule, JwtRefusal, Skew};
use grantsmith::value::{Lifetime, Timestamp};
use serde_json::json;

use super::{NOW, claims, profile, refusal, token, verify, verify_at, with, without};

#[test]
fn times_hold_to_the_second_with_the_skew_and_no_more() {
    covers!("RFC7519-4.1.4-01", "RFC7519-4.1.5-01");
    for skew in [10, 30, 60] {
        let profile = profile().with_skew(Skew::seconds(skew).unwrap());
        let skew = i64::try_from(skew).unwrap();
        for (changes, expected) in [
            (json!({"exp": NOW - skew + 1}), None),
            (json!({"exp": NOW - skew}), Some(JwtRefusal::Expired)),
            (json!({"exp": 0}), Some(JwtRefusal::Expired)),
            (json!({"nbf": NOW + skew}), None),
            (json!({"nbf": NOW + skew + 1}), Some(JwtRefusal::NotYetValid)),
            (json!({"iat": NOW + skew}), None),
            (json!({"iat": NOW + skew + 1}), Some(JwtRefusal::NotYetValid)),
            (json!({"iat": 0}), None),
            // Fractions are cut so that they never help.
            (json!({"exp": f64::from(i32::try_from(NOW - skew).unwrap()) + 0.9}), Some(JwtRefusal::Expired)),
            (json!({"nbf": f64::from(i32::try_from(NOW + skew).unwrap()) + 0.1}), Some(JwtRefusal::NotYetValid)),
            (json!({"exp": f64::from(i32::try_from(NOW).unwrap()) + 60.5}), None),
        ] {
            assert_eq!(verify(&profile, &token(&with(&changes))).err(), expected, "{changes} {skew}");
        }
    }
    assert_eq!(refusal(&profile(), &token(&without("exp"))), JwtRefusal::MissingClaim("exp"));
    assert!(verify(&profile(), &token(&without("iat"))).is_ok());
    for seconds in [0, 9, 61, u64::MAX] {
        assert!(Skew::seconds(seconds).is_none(), "{seconds}");
    }
    assert_eq!(Skew::default(), Skew::seconds(30).unwrap());
    for at in [i64::MIN, i64::MAX] {
        let _ = verify_at(&profile(), &token(&claims()), Timestamp::from_seconds(at));
    }
}

#[test]
fn an_expiry_may_be_optional_or_ignored_where_the_profile_says_so() {
    let optional = profile().with_expiry(ExpiryRule::Optional);
    assert!(verify(&optional, &token(&without("exp"))).is_ok());
    assert_eq!(refusal(&optional, &token(&with(&json!({"exp": NOW - 60})))), JwtRefusal::Expired);
    let ignored = profile().with_expiry(ExpiryRule::Ignored);
    assert!(verify(&ignored, &token(&with(&json!({"exp": NOW - 60})))).is_ok());
    assert_eq!(refusal(&ignored, &token(&with(&json!({"nbf": NOW + 60})))), JwtRefusal::NotYetValid);
}

#[test]
fn a_token_that_lives_too_long_is_refused() {
    let profile = profile().with_most_lifetime(Lifetime::minutes(5));
    for (changes, is_good) in [
        (json!({"exp": NOW + 300}), true),
        (json!({"exp": NOW + 301}), false),
        (json!({"exp": NOW + 300, "nbf": NOW - 1}), false),
        (json!({"exp": NOW + 300, "nbf": NOW + 10}), true),
        (json!({"iat": NOW - 600, "exp": NOW + 60}), false),
        (json!({"iat": NOW - 250, "exp": NOW + 50}), true),
    ] {
        let expected = (!is_good).then_some(JwtRefusal::LivesTooLong);
        assert_eq!(verify(&profile, &token(&with(&changes))).err(), expected, "{changes}");
    }
    let without_start = |exp: i64| {
        let mut claims = without("iat");
        claims["exp"] = json!(exp);
        verify(&profile, &token(&claims)).err()
    };
    assert_eq!(without_start(NOW + 330), None);
    assert_eq!(without_start(NOW + 331), Some(JwtRefusal::LivesTooLong));
}

#[test]
fn an_old_token_is_refused_where_age_counts() {
    let profile = profile().with_expiry(ExpiryRule::Optional).with_most_age(Lifetime::minutes(1));
    let aged = |seconds: i64| {
        let mut claims = without("exp");
        claims["iat"] = json!(NOW - seconds);
        verify(&profile, &token(&claims)).err()
    };
    assert_eq!(aged(89), None);
    assert_eq!(aged(90), Some(JwtRefusal::TooOld));
    assert_eq!(refusal(&profile, &token(&without("iat"))), JwtRefusal::MissingClaim("iat"));
}
