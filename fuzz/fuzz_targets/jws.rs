//! Signed tokens: what is read is written in one way only, and what is verified was really signed.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{
    AudienceRule, Claims, CryptoBackend, ExpiryRule, IssuerRule, Jws, KeySource, Profile, SecretKey, SingleUse,
    SubjectRule, TypeRule, UnverifiedJwt,
};
use grantsmith::value::{JwsAlgorithm, Lifetime, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(jws) = Jws::parse(text, MOST_BYTES) else { return };
    assert_eq!(text.split('.').nth(1), Some(URL_SAFE_NO_PAD.encode(jws.payload()).as_str()));
    assert!(!text.contains('='));
    assert!(!jws.is_signed_by(SECRET.as_verification_key()), "nobody knows the secret");
    let read = Claims::parse(jws.payload());
    assert_eq!(read.is_ok(), UnverifiedJwt::parse(text, MOST_BYTES).is_ok());
    for (keys, single_use) in
        [(KeySource::Secret(&SECRET), SingleUse::OfIssuer), (KeySource::Embedded(BACKEND), SingleUse::OfKey)]
    {
        let Ok(token) = UnverifiedJwt::parse(text, MOST_BYTES) else { return };
        let issuer = token.claimed_issuer().map(str::to_owned);
        let profile = Profile::new(
            TypeRule::OrGeneric("at+jwt"),
            JwsAlgorithm::ALL,
            issuer.as_deref().map_or(IssuerRule::NotUsed, IssuerRule::Exactly),
            SubjectRule::NotUsed,
            AudienceRule::NotUsed,
        );
        let profile = profile.with_expiry(ExpiryRule::Optional).with_most_lifetime(Lifetime::minutes(5));
        let profile = profile.with_most_age(Lifetime::minutes(5)).single_use(single_use);
        let verdict = profile.verify(token, keys, Timestamp::from_seconds(grantsmith_fuzz::NOW));
        assert!(matches!(keys, KeySource::Embedded(_)) || verdict.is_err(), "nobody knows the secret");
    }
});

static SECRET: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::new(BACKEND, &[7; 32]).expect("a secret of 32 bytes"));

const BACKEND: CryptoBackend = CryptoBackend::RustCrypto;
const MOST_BYTES: usize = 8192;
