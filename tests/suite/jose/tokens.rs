//! Which tokens fulfil a profile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{
    AudienceRule, CryptoBackend, ExpiryRule, InvalidClaims, InvalidJwk, InvalidJws, InvalidJwt, IssuerRule, JwkSet,
    JwtRefusal, JwtRule, KeySource, NoSuchKey, Profile, SecretKey, SingleUse, Skew, SubjectRule, TypeRule, UnusableKey,
    UnverifiedJwt, VerificationKeys, VerifiedJwt,
};
use grantsmith::value::{JwsAlgorithm, Lifetime, Timestamp};
use grantsmith::wire::InvalidJson;
use serde_json::{Value, json};

use super::signatures::hmac_sha256;
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

#[test]
fn claims_that_the_profile_needs_must_be_there() {
    let profile = profile().requiring(&["client_id", "jti"]);
    assert_eq!(refusal(&profile, &token(&claims())), JwtRefusal::MissingClaim("client_id"));
    assert!(verify(&profile, &token(&with(&json!({"client_id": "a"})))).is_ok());
}

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
        assert_eq!(unusable(super::private_json(JwsAlgorithm::Es256)), refused(InvalidJwk::PrivateMember));
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
