//! Which tokens fulfil a profile.

mod claims;
mod headers;
mod key_sources;
mod single_use;
mod times;

use grantsmith::jose::{
    AudienceRule, CryptoBackend, InvalidJwk, IssuerRule, JwkSet, JwtRefusal, JwtRule, KeySource, NoSuchKey, Profile,
    SubjectRule, TypeRule, UnusableKey, UnverifiedJwt, VerificationKeys, VerifiedJwt,
};
use grantsmith::value::{JwsAlgorithm, Timestamp};
use serde_json::{Value, json};

use super::{ENOUGH, private_key, signed, signing_key};
use crate::leaks::assert_hides;

const NOW: i64 = 1_800_000_000;
pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const AUDIENCE: &str = "https://audience.example";
pub(super) const ES256: &[JwsAlgorithm] = &[JwsAlgorithm::Es256];

pub(super) fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

/// What an ordinary token says.
fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 60, "jti": "1"})
}

fn with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

pub(super) fn parse(token: &str) -> UnverifiedJwt<'_> {
    UnverifiedJwt::parse(token, ENOUGH).unwrap()
}

/// Signs claims under an ordinary header.
fn token(claims: &Value) -> String {
    token_of(CryptoBackend::AwsLcRs, &json!({"alg": "ES256", "kid": "key", "typ": "at+jwt"}), claims)
}

fn token_of(backend: CryptoBackend, header: &Value, claims: &Value) -> String {
    signed(&signing_key(backend, JwsAlgorithm::Es256), &header.to_string(), &claims.to_string())
}

pub(super) fn keys(backend: CryptoBackend) -> VerificationKeys {
    let set = JwkSet::new(vec![private_key(JwsAlgorithm::Es256).public().clone()]).unwrap();
    VerificationKeys::new(backend, &set, ES256)
}

pub(super) fn profile() -> Profile<'static> {
    Profile::new(
        TypeRule::Exactly("at+jwt"),
        ES256,
        IssuerRule::Exactly(ISSUER),
        SubjectRule::Present,
        AudienceRule::Contains(AUDIENCE),
    )
}

pub(super) fn verify(profile: &Profile<'_>, token: &str) -> Result<VerifiedJwt, JwtRefusal> {
    verify_at(profile, token, now())
}

fn verify_at(profile: &Profile<'_>, token: &str, now: Timestamp) -> Result<VerifiedJwt, JwtRefusal> {
    let verdicts = CryptoBackend::COMPILED
        .iter()
        .map(|backend| profile.verify(parse(token), KeySource::Keys(&keys(*backend)), now));
    let verdicts: Vec<_> = verdicts.collect();
    assert!(verdicts.windows(2).all(|pair| pair[0].as_ref().err() == pair[1].as_ref().err()), "the backends differ");
    verdicts.into_iter().next().unwrap()
}

#[track_caller]
fn refusal(profile: &Profile<'_>, token: &str) -> JwtRefusal {
    verify(profile, token).unwrap_err()
}

#[test]
fn a_token_that_says_what_it_must_is_accepted() {
    covers!("RFC7519-4-02", "RFC7519-7.2-01");
    let verified = verify(&profile(), &token(&with(&json!({"scope": "read", "other": [1]})))).unwrap();

    assert_eq!(verified.claims().subject(), Some("alice"));
    assert_eq!(verified.claims().text("scope"), Some("read"));
    assert_eq!(verified.header().key_id(), Some("key"));
    assert!(verified.used().is_none() && verified.thumbprint().is_none());
}

#[test]
fn a_refusal_names_its_class_of_rules_and_nothing_of_the_token() {
    covers!("ATK-296");
    let refusals = [
        JwtRefusal::AlgorithmNotAllowed,
        JwtRefusal::Audience,
        JwtRefusal::EmbeddedKey(UnusableKey::Jwk(InvalidJwk::Symmetric)),
        JwtRefusal::Expired,
        JwtRefusal::Issuer,
        JwtRefusal::Key(NoSuchKey::Unknown),
        JwtRefusal::MissingClaim("jti"),
        JwtRefusal::Signature,
        JwtRefusal::Subject,
        JwtRefusal::Type,
    ];
    let classes: Vec<&str> = refusals.iter().map(|refusal| refusal.rule().as_str()).collect();
    let expected = ["algorithm", "audience", "key", "time", "issuer", "key", "claims", "signature", "subject", "type"];
    assert_eq!(classes, expected);
    let unsigned = token_of(CryptoBackend::AwsLcRs, &json!({"alg": "none"}), &claims());
    let never_ending = token(&with(&json!({"exp": "never"})));
    for unreadable in ["two.parts", &unsigned, &never_ending] {
        let invalid = UnverifiedJwt::parse(unreadable, ENOUGH).unwrap_err();
        assert_eq!((invalid.rule(), invalid.rule().to_string().as_str()), (JwtRule::Shape, "shape"), "{unreadable}");
    }

    let text = token(&with(&json!({"sub": "zQ7mark-of-a-user"})));
    let unverified = parse(&text);
    let verified = verify(&profile(), &text).unwrap();
    for printed in [format!("{unverified:?}"), format!("{verified:?}")] {
        assert_hides(&printed, &[b"zQ7mark-of-a-user", text.as_bytes(), text.rsplit_once('.').unwrap().1.as_bytes()]);
    }
}
