//! What a server remembers of tokens that are good only once.

use grantsmith::jose::{
    AudienceRule, ExpiryRule, IssuerRule, JwtRefusal, NoSuchKey, Profile, SingleUse, SubjectRule, TypeRule,
};
use grantsmith::value::Lifetime;
use serde_json::{Value, json};

use super::{AUDIENCE, ES256, NOW, claims, profile, refusal, token, verify, verify_at, with, without};

#[test]
fn a_token_for_a_single_use_says_what_to_remember_and_for_how_long() {
    let profile = profile().single_use(SingleUse::OfIssuer);
    let mark = |changes: Value| *verify(&profile, &token(&with(&changes))).unwrap().used().unwrap().identifier();
    let first = mark(json!({}));
    assert!(first.matches(&mark(json!({"sub": "bob"}))), "the same identifier of the same issuer");
    assert!(!first.matches(&mark(json!({"jti": "2"}))));
    let until = verify(&profile, &token(&claims())).unwrap().used().unwrap().keep_until();
    assert_eq!(until.as_seconds(), NOW + 60 + 30);
    assert_eq!(verify_at(&profile, &token(&claims()), until).unwrap_err(), JwtRefusal::Expired);
    assert!(verify_at(&profile, &token(&claims()), until.before(Lifetime::seconds(1))).is_ok());
    assert_eq!(refusal(&profile, &token(&without("jti"))), JwtRefusal::MissingClaim("jti"));

    let endless = profile.clone().with_expiry(ExpiryRule::Ignored);
    assert_eq!(refusal(&endless, &token(&claims())), JwtRefusal::MissingClaim("exp"));
    let of_key = profile.single_use(SingleUse::OfKey);
    assert_eq!(refusal(&of_key, &token(&claims())), JwtRefusal::Key(NoSuchKey::Unknown));
}

#[test]
fn identifiers_of_two_issuers_are_never_the_same() {
    let mark = |issuer: &'static str, token_id: &str| {
        let profile = Profile::new(
            TypeRule::Exactly("at+jwt"),
            ES256,
            IssuerRule::Exactly(issuer),
            SubjectRule::Present,
            AudienceRule::Contains(AUDIENCE),
        );
        let token = token(&with(&json!({"iss": issuer, "jti": token_id})));
        *verify(&profile.single_use(SingleUse::OfIssuer), &token).unwrap().used().unwrap().identifier()
    };
    assert!(!mark("ab", "c").matches(&mark("a", "bc")));
}
