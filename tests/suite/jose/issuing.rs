//! What the issuer writes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{
    AudienceRule, CryptoBackend, IssueError, IssuerRule, IssuingProfile, JwkSet, JwtContent, KeySource, Profile,
    SubjectRule, TypeRule, VerificationKeys,
};
use grantsmith::value::{JwsAlgorithm, Lifetime};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::tokens::{AUDIENCE, ES256, ISSUER, keys, now, parse, profile, verify};
use super::{signers, signing_key};
use crate::leaks::assert_hides;
use crate::properties::runner;

fn issuing() -> IssuingProfile<'static> {
    IssuingProfile::new("at+jwt", ISSUER, Lifetime::minutes(5)).reserving(&["client_id", "cnf", "scope"])
}

#[test]
fn what_is_issued_fulfils_the_profile_and_is_plain() {
    covers!("RFC7515-4.1.9-02", "RFC7515-6-01", "RFC7515-4.1.11-02", "RFC7519-5.2-01", "RFC7519-8-02");
    for (backend, algorithm) in signers() {
        let key = signing_key(backend, algorithm);
        let content = JwtContent::for_audience(AUDIENCE).with_subject("alice").with_token_id("1");
        let content = content.with_claim("client_id", json!("c"));
        let token = issuing().issue(content, &key, now()).unwrap();

        let set = JwkSet::new(vec![key.public().clone()]).unwrap();
        let keys = VerificationKeys::new(backend, &set, &[algorithm]);
        let algorithms = &[algorithm];
        let profile = Profile::new(
            TypeRule::Exactly("at+jwt"),
            algorithms,
            IssuerRule::Exactly(ISSUER),
            SubjectRule::Exactly("alice"),
            AudienceRule::OnlyAsString(AUDIENCE),
        );
        let unverified = parse(token.expose());
        let verified = profile.verify(unverified, KeySource::Keys(&keys), now()).unwrap();
        assert_eq!(verified.claims().expires_at(), Some(now().after(Lifetime::minutes(5))));

        let header = URL_SAFE_NO_PAD.decode(token.expose().split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header, json!({"alg": algorithm, "kid": "key", "typ": "at+jwt"}));
        assert_hides(&format!("{token:?}"), &[token.expose().as_bytes()]);
    }
}

#[test]
fn a_signature_may_come_from_far_away() {
    let content = || JwtContent::for_audience(AUDIENCE).and_audience("b").and_audience("c").with_subject("alice");
    let key = signing_key(CryptoBackend::RustCrypto, JwsAlgorithm::Es256);
    let unsigned = issuing().prepare(content(), JwsAlgorithm::Es256, "key", now()).unwrap();
    let signature = key.sign(unsigned.signing_input()).unwrap();
    let token = unsigned.signed(&signature);

    let verified = verify(&profile(), token.expose()).unwrap();
    assert_eq!(verified.claims().get("aud"), Some(&json!([AUDIENCE, "b", "c"])));
    assert_eq!(token.expose(), issuing().issue(content(), &key, now()).unwrap().expose());
}

#[test]
fn a_host_cannot_override_what_is_reserved() {
    covers!("ATK-244");
    let key = signing_key(CryptoBackend::RustCrypto, JwsAlgorithm::Es256);
    let issue = |name: &str| {
        let extra = Map::from_iter([(name.to_owned(), json!("x"))]);
        let content = JwtContent::for_audience(AUDIENCE).with_claim("acr", json!("1")).with_extra(extra);
        issuing().issue(content, &key, now()).map(|token| token.expose().to_owned())
    };
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "cnf", "scope", "acr"] {
        assert_eq!(issue(name), Err(IssueError::ReservedClaim), "{name}");
    }
    assert!(issue("department").is_ok());
}

#[test]
fn what_is_issued_is_read_back_whatever_it_says() {
    covers!("RFC8725-3.7-01");
    let key = signing_key(CryptoBackend::RustCrypto, JwsAlgorithm::Es256);
    runner(200)
        .run(&("[^\0]{1,40}", "[^\0]{1,40}", "[^\0]{0,40}"), |(subject, audience, other)| {
            let content = JwtContent::for_audience(&audience).with_subject(&subject).with_claim("x", json!(other));
            let token = issuing().issue(content, &key, now()).unwrap();
            let profile = Profile::new(
                TypeRule::Exactly("at+jwt"),
                ES256,
                IssuerRule::Exactly(ISSUER),
                SubjectRule::Exactly(&subject),
                AudienceRule::OnlyAsString(&audience),
            );
            let keys = keys(CryptoBackend::AwsLcRs);
            let unverified = parse(token.expose());
            let verified = profile.verify(unverified, KeySource::Keys(&keys), now()).unwrap();
            prop_assert_eq!(verified.claims().text("x"), Some(other.as_str()));
            Ok(())
        })
        .unwrap();
}
