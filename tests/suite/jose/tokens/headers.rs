//! Which types, algorithms and keys are taken, and what the signature covers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{
    AudienceRule, CryptoBackend, IssuerRule, JwkSet, JwtRefusal, KeySource, NoSuchKey, Profile, SubjectRule, TypeRule,
    VerificationKeys,
};
use grantsmith::value::JwsAlgorithm;
use serde_json::{Value, json};

use super::{AUDIENCE, ES256, ISSUER, claims, now, parse, profile, refusal, token, token_of, verify, with};
use crate::jose::{private_key, signed, signing_key};

#[test]
fn only_the_type_of_the_use_is_accepted() {
    covers!("RFC7515-4.1.9-01", "RFC8725-2.8-01", "RFC8725-3.11-01", "ATK-267");
    let verdict = |rule: TypeRule<'static>, typ: Value| {
        let mut header = json!({"alg": "ES256", "kid": "key"});
        if !typ.is_null() {
            header["typ"] = typ;
        }
        let profile = Profile::new(
            rule,
            ES256,
            IssuerRule::Exactly(ISSUER),
            SubjectRule::Present,
            AudienceRule::Contains(AUDIENCE),
        );
        verify(&profile, &token_of(CryptoBackend::AwsLcRs, &header, &claims())).map(|_| ())
    };
    for (typ, exactly, or_absent, or_generic) in [
        (json!("at+jwt"), true, true, true),
        (json!("AT+JWT"), true, true, true),
        (json!("application/at+jwt"), true, true, true),
        (json!("Application/At+jwt"), true, true, true),
        (Value::Null, false, true, true),
        (json!("JWT"), false, false, true),
        (json!("application/jwt"), false, false, true),
        (json!("dpop+jwt"), false, false, false),
        (json!(""), false, false, false),
        (json!("at+jwt "), false, false, false),
        (json!("application/application/at+jwt"), false, false, false),
        (json!("text/at+jwt"), false, false, false),
    ] {
        let expected = |accepted: bool| if accepted { Ok(()) } else { Err(JwtRefusal::Type) };
        assert_eq!(verdict(TypeRule::Exactly("at+jwt"), typ.clone()), expected(exactly), "{typ}");
        assert_eq!(verdict(TypeRule::OrAbsent("at+jwt"), typ.clone()), expected(or_absent), "{typ}");
        assert_eq!(verdict(TypeRule::OrGeneric("at+jwt"), typ.clone()), expected(or_generic), "{typ}");
    }
}

#[test]
fn every_kind_of_token_is_refused_by_the_profiles_of_all_others() {
    covers!("ATK-267", "RFC8725-3.12-01", "RFC8725-2.8-01");
    let kinds = [
        "at+jwt",
        "JWT",
        "logout+jwt",
        "client-authentication+jwt",
        "oauth-authz-req+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
    ];
    for made in kinds {
        let header = json!({"alg": "ES256", "kid": "key", "typ": made});
        let token = token_of(CryptoBackend::AwsLcRs, &header, &claims());
        for wanted in kinds {
            let profile = Profile::new(
                TypeRule::Exactly(wanted),
                ES256,
                IssuerRule::Exactly(ISSUER),
                SubjectRule::Present,
                AudienceRule::Contains(AUDIENCE),
            );
            assert_eq!(verify(&profile, &token).is_ok(), made == wanted, "{made} as {wanted}");
        }
    }
}

#[test]
fn only_listed_algorithms_are_accepted() {
    covers!("RFC8725-3.1-01", "RFC7515-5.2-03");
    let profile = |algorithms| {
        Profile::new(
            TypeRule::Exactly("at+jwt"),
            algorithms,
            IssuerRule::NotUsed,
            SubjectRule::NotUsed,
            AudienceRule::NotUsed,
        )
    };
    let token = token(&claims());
    assert_eq!(refusal(&profile(&[]), &token), JwtRefusal::AlgorithmNotAllowed);
    assert_eq!(refusal(&profile(&[JwsAlgorithm::Es384, JwsAlgorithm::EdDsa]), &token), JwtRefusal::AlgorithmNotAllowed);
    assert!(verify(&profile(&[JwsAlgorithm::Es384, JwsAlgorithm::Es256]), &token).is_ok());
}

#[test]
fn a_key_of_somebody_else_does_not_fit() {
    covers!("RFC8725-3.8-01");
    // Key B signs as key A, and sends itself along.
    let mut own = private_key(JwsAlgorithm::Ed25519).public().to_json();
    own["kid"] = json!("key");
    let header = json!({"alg": "EdDSA", "kid": "key", "typ": "at+jwt", "jwk": own, "jku": "https://evil.example"});
    let foreign = signing_key(CryptoBackend::AwsLcRs, JwsAlgorithm::EdDsa);
    let forged = signed(&foreign, &header.to_string(), &claims().to_string());
    let algorithms = &[JwsAlgorithm::Es256, JwsAlgorithm::EdDsa];
    let profile = Profile::new(
        TypeRule::Exactly("at+jwt"),
        algorithms,
        IssuerRule::Exactly(ISSUER),
        SubjectRule::Present,
        AudienceRule::Contains(AUDIENCE),
    );
    assert_eq!(refusal(&profile, &forged), JwtRefusal::Key(NoSuchKey::OtherAlgorithm));

    let other = JwkSet::new(vec![]).unwrap();
    let nobody = VerificationKeys::new(CryptoBackend::AwsLcRs, &other, algorithms);
    let verdict = profile.verify(parse(&token(&claims())), KeySource::Keys(&nobody), now());
    assert_eq!(verdict.unwrap_err(), JwtRefusal::Key(NoSuchKey::Unknown));
}

#[test]
fn the_signature_covers_header_and_claims() {
    covers!("RFC7515-5.2-02", "RFC8725-3.3-01");
    let genuine = token(&claims());
    let (header, rest) = genuine.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let payload = URL_SAFE_NO_PAD.encode(with(&json!({"sub": "mallory"})).to_string());
    assert_eq!(refusal(&profile(), &format!("{header}.{payload}.{signature}")), JwtRefusal::Signature);
    let respelled = URL_SAFE_NO_PAD.encode(format!(" {}", claims()));
    assert_eq!(refusal(&profile(), &format!("{header}.{respelled}.{signature}")), JwtRefusal::Signature);
}
