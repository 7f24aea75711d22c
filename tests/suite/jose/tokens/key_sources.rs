//! Keys from the token itself, and secrets that both sides know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{
    AudienceRule, CryptoBackend, ExpiryRule, InvalidJwk, IssuerRule, JwtRefusal, KeySource, NoSuchKey, Profile,
    SecretKey, SingleUse, SubjectRule, TypeRule, UnusableKey, VerifiedJwt,
};
use grantsmith::value::{JwsAlgorithm, Lifetime};
use serde_json::{Value, json};

use super::{AUDIENCE, ES256, ISSUER, NOW, claims, keys, now, parse, token_of};
use crate::jose::signatures::hmac_sha256;
use crate::jose::{private_json, private_key};

/// A proof of possession: the key is in the token.
fn proof(backend: CryptoBackend, jwk: &Value, header: &Value, claims: &Value) -> Result<VerifiedJwt, JwtRefusal> {
    let mut full = json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk});
    full.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
    let algorithms = &[JwsAlgorithm::Es256, JwsAlgorithm::EdDsa, JwsAlgorithm::Ps256];
    let profile = Profile::new(
        TypeRule::Exactly("dpop+jwt"),
        algorithms,
        IssuerRule::NotUsed,
        SubjectRule::NotUsed,
        AudienceRule::NotUsed,
    );
    let profile = profile.with_expiry(ExpiryRule::Optional).with_most_age(Lifetime::minutes(1));
    let token = token_of(backend, &full, claims);
    let token = parse(&token);
    profile.requiring(&["htm", "htu"]).single_use(SingleUse::OfKey).verify(token, KeySource::Embedded(backend), now())
}

#[test]
fn an_embedded_key_proves_itself_and_nothing_else() {
    covers!("ATK-279");
    let claims = json!({"jti": "1", "htm": "POST", "htu": "https://as.example/token", "iat": NOW});
    let public = private_key(JwsAlgorithm::Es256).public().to_json();
    for backend in CryptoBackend::COMPILED {
        let verified = proof(*backend, &public, &json!({}), &claims).unwrap();
        assert!(verified.thumbprint().unwrap().matches(&private_key(JwsAlgorithm::Es256).public().thumbprint()));
        assert_eq!(verified.used().unwrap().keep_until().as_seconds(), NOW + 90);

        let unusable = |jwk: Value| proof(*backend, &jwk, &json!({}), &claims).unwrap_err();
        let refused = |error: InvalidJwk| JwtRefusal::EmbeddedKey(UnusableKey::Jwk(error));
        assert_eq!(unusable(Value::Null), refused(InvalidJwk::MissingMember));
        assert_eq!(unusable(json!({"kty": "oct", "k": "AAAA"})), refused(InvalidJwk::Symmetric));
        assert_eq!(unusable(private_json(JwsAlgorithm::Es256)), refused(InvalidJwk::PrivateMember));
        let other = private_key(JwsAlgorithm::Ed25519).public().to_json();
        assert_eq!(unusable(other), JwtRefusal::EmbeddedKey(UnusableKey::NotForThisAlgorithm));
        let mut encrypting = public.clone();
        encrypting["use"] = json!("enc");
        assert_eq!(unusable(encrypting), JwtRefusal::EmbeddedKey(UnusableKey::NotForThisAlgorithm));
        let foreign = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
        assert_eq!(unusable(foreign), JwtRefusal::Signature);
        let refusal = proof(*backend, &public, &json!({"typ": "at+jwt"}), &claims).unwrap_err();
        assert_eq!(refusal, JwtRefusal::Type);
        let refusal = proof(*backend, &public, &json!({"alg": "HS256"}), &claims).unwrap_err();
        assert_eq!(refusal, JwtRefusal::AlgorithmNotAllowed);
    }
}

#[test]
fn a_secret_verifies_hs256_and_public_keys_never_do() {
    covers!("ATK-257", "RFC7519-8-01");
    let secret = b"a-secret-of-a-client-that-is-long-enough";
    let input = |alg: &str| {
        let header = json!({"alg": alg}).to_string();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims().to_string()))
    };
    let hs256 = input("HS256");
    let token = format!("{hs256}.{}", URL_SAFE_NO_PAD.encode(hmac_sha256(secret, hs256.as_bytes())));
    let both = &[JwsAlgorithm::Hs256, JwsAlgorithm::Es256];
    let profile = |algorithms| {
        Profile::new(
            TypeRule::OrGeneric("client-authentication+jwt"),
            algorithms,
            IssuerRule::Exactly(ISSUER),
            SubjectRule::Exactly("alice"),
            AudienceRule::OnlyAsString(AUDIENCE),
        )
    };
    for backend in CryptoBackend::COMPILED {
        let key = SecretKey::new(*backend, secret).unwrap();
        let keys = keys(*backend);
        assert!(profile(both).verify(parse(&token), KeySource::Secret(&key), now()).is_ok());
        let refusal = profile(ES256).verify(parse(&token), KeySource::Secret(&key), now()).unwrap_err();
        assert_eq!(refusal, JwtRefusal::AlgorithmNotAllowed);
        let refusal = profile(both).verify(parse(&token), KeySource::Keys(&keys), now()).unwrap_err();
        assert_eq!(refusal, JwtRefusal::Key(NoSuchKey::Unknown));
        let es256 = token_of(*backend, &json!({"alg": "ES256"}), &claims());
        let refusal = profile(both).verify(parse(&es256), KeySource::Secret(&key), now()).unwrap_err();
        assert_eq!(refusal, JwtRefusal::Key(NoSuchKey::OtherAlgorithm));
        let other = SecretKey::new(*backend, b"another-secret-of-a-client-also-long-enough").unwrap();
        let refusal = profile(both).verify(parse(&token), KeySource::Secret(&other), now()).unwrap_err();
        assert_eq!(refusal, JwtRefusal::Signature);
    }
}
