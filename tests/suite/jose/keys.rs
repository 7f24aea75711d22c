//! Which keys are taken, what is said about them, and for what they are ready.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{
    CryptoBackend, InvalidJwk, InvalidJwkSet, Jwk, JwkSet, Jws, NoSuchKey, PrivateJwk, PublicKey, SecretKey,
    SigningKey, UnusableKey, VerificationKey, VerificationKeys,
};
use grantsmith::value::JwsAlgorithm;
use grantsmith::wire::InvalidJson;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ENOUGH, Examples, jwk, private_json, private_key, signed, signing_key};
use crate::leaks::assert_prints_no_secret;
use crate::properties::runner;

/// A public P-256 key with these members changed or added.
fn ec(changes: Value) -> Result<Jwk, InvalidJwk> {
    changed(JwsAlgorithm::Es256, changes)
}

fn changed(algorithm: JwsAlgorithm, changes: Value) -> Result<Jwk, InvalidJwk> {
    let (Value::Object(mut key), Value::Object(changes)) = (private_key(algorithm).public().to_json(), changes) else {
        unreachable!("keys and changes are objects")
    };
    key.extend(changes);
    Jwk::parse(Value::Object(key).to_string().as_bytes())
}

fn without(algorithm: JwsAlgorithm, name: &str) -> InvalidJwk {
    let mut key = private_key(algorithm).public().to_json();
    key.as_object_mut().unwrap().remove(name).unwrap();
    Jwk::parse(key.to_string().as_bytes()).unwrap_err()
}

#[test]
fn thumbprints_are_the_published_ones() {
    covers!("RFC7638-3-01", "RFC7638-3.2-01", "RFC7638-3.3-01");
    for example in Examples::published().thumbprint {
        let thumbprint = URL_SAFE_NO_PAD.encode(jwk(&example.key).thumbprint().as_bytes());
        assert_eq!(thumbprint, example.thumbprint, "{}", example.source);
    }
}

#[test]
fn the_thumbprint_depends_on_the_key_alone() {
    covers!("RFC7638-3.2-01", "RFC7638-3.2.1-01");
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256] {
        let plain = private_key(algorithm).public().thumbprint();
        let described = changed(algorithm, json!({"kid": "other", "use": "sig", "alg": algorithm, "x5t": "a", "z": 1}));
        assert!(described.unwrap().thumbprint().matches(&plain));
        let signing = signing_key(CryptoBackend::AwsLcRs, algorithm);
        assert!(signing.public().thumbprint().matches(&plain));
    }
    assert!(
        !private_key(JwsAlgorithm::Es256)
            .public()
            .thumbprint()
            .matches(&private_key(JwsAlgorithm::Ed25519).public().thumbprint())
    );
}

#[test]
fn published_sets_are_read() {
    covers!("RFC7517-5-01");
    for example in Examples::published().set {
        let set = JwkSet::parse(example.json.as_bytes()).unwrap();
        assert_eq!((set.keys().len(), set.skipped()), (2, &[][..]), "{}", example.source);
        assert_eq!(set.to_json(), serde_json::from_str::<Value>(&example.json).unwrap());
    }
}

#[test]
fn a_set_with_private_or_symmetric_keys_is_refused_whole() {
    covers!("RFC7517-9.2-01", "ATK-279");
    for example in Examples::published().private_set {
        assert_eq!(
            JwkSet::parse(example.json.as_bytes()).unwrap_err(),
            InvalidJwkSet::PrivateKey,
            "{}",
            example.source
        );
    }
    let refusal = |key: Value| JwkSet::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap_err();
    assert_eq!(refusal(json!({"kty": "oct", "k": "AAAA"})), InvalidJwkSet::SymmetricKey);
    assert_eq!(refusal(json!({"kty": "oct"})), InvalidJwkSet::SymmetricKey);
    assert_eq!(refusal(json!({"kty": "unknown", "d": "AAAA"})), InvalidJwkSet::PrivateKey);
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(ec(json!({ name: "AAAA" })), Err(InvalidJwk::PrivateMember), "{name}");
        assert_eq!(changed(JwsAlgorithm::Rs256, json!({ name: null })), Err(InvalidJwk::PrivateMember), "{name}");
    }
}

#[test]
fn a_key_that_is_not_understood_is_skipped() {
    covers!("RFC7517-5-02");
    let odd = [
        json!({"kty": "unknown"}),
        json!({}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"}),
        json!({"kty": "OKP", "crv": "X25519", "x": "AAAA"}),
        json!({"kty": "OKP", "crv": "Ed448", "x": "AAAA"}),
        json!({"kty": "RSA", "n": "AAAA"}),
    ];
    let mut keys = odd.to_vec();
    keys.push(private_key(JwsAlgorithm::Es256).public().to_json());

    let set = JwkSet::parse(json!({"keys": keys, "other": 1}).to_string().as_bytes()).unwrap();

    assert_eq!(set.keys(), [private_key(JwsAlgorithm::Es256).public().clone()]);
    let reasons = [
        InvalidJwk::UnsupportedType,
        InvalidJwk::MissingMember,
        InvalidJwk::UnsupportedCurve,
        InvalidJwk::UnsupportedCurve,
        InvalidJwk::UnsupportedCurve,
        InvalidJwk::MissingMember,
    ];
    assert_eq!(set.skipped(), reasons);
}

#[test]
fn a_set_is_an_object_with_distinct_keys() {
    covers!("RFC7517-5-01", "RFC7517-4.5-01", "RFC7517-4-01", "ATK-248", "ATK-262");
    let refusal = |text: &str| JwkSet::parse(text.as_bytes()).unwrap_err();
    for text in ["{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"Keys":[]}"#] {
        assert_eq!(refusal(text), InvalidJwkSet::NoKeys, "{text}");
    }
    assert_eq!(refusal("[]"), InvalidJwkSet::Json(InvalidJson::Malformed));
    assert_eq!(refusal(r#"{"keys":[1]}"#), InvalidJwkSet::NotAKey);
    assert_eq!(refusal(r#"{"keys":[],"keys":[]}"#), InvalidJwkSet::Json(InvalidJson::DuplicateMember));
    assert!(JwkSet::parse(br#"{"keys":[]}"#).unwrap().keys().is_empty());

    let (one, other) = (private_key(JwsAlgorithm::Es256), private_key(JwsAlgorithm::Ed25519));
    let twice = json!({"keys": [one.public().to_json(), other.public().to_json()]}).to_string();
    assert_eq!(refusal(&twice), InvalidJwkSet::DuplicateKeyId);
    let keys = vec![one.public().clone(), other.public().clone()];
    assert_eq!(JwkSet::new(keys).unwrap_err(), InvalidJwkSet::DuplicateKeyId);
    let keys = vec![one.public().clone(), other.public().clone().with_key_id("other").unwrap()];
    assert_eq!(JwkSet::new(keys).unwrap().keys().len(), 2);

    let many = json!({"keys": vec![json!({}); 65]}).to_string();
    assert_eq!(refusal(&many), InvalidJwkSet::TooManyKeys);
    assert_eq!(refusal(&format!(r#"{{"x":"{}"}}"#, "x".repeat(70_000))), InvalidJwkSet::TooLong);
}

#[test]
fn every_member_that_a_type_needs_must_be_there_in_full() {
    covers!("RFC7517-4.1-01", "RFC7518-6.2.1-01", "RFC7518-6.2.1.2-01", "RFC7518-6.3.1-01");
    for name in ["kty", "crv", "x", "y"] {
        assert_eq!(without(JwsAlgorithm::Es256, name), InvalidJwk::MissingMember, "{name}");
    }
    for name in ["kty", "crv", "x"] {
        assert_eq!(without(JwsAlgorithm::Ed25519, name), InvalidJwk::MissingMember, "{name}");
    }
    for name in ["kty", "n", "e"] {
        assert_eq!(without(JwsAlgorithm::Rs256, name), InvalidJwk::MissingMember, "{name}");
    }
    for name in ["kty", "crv", "x", "y", "kid", "use", "alg"] {
        assert_eq!(ec(json!({ name: 1 })), Err(InvalidJwk::MemberType), "{name}");
    }
    for length in [0, 31, 33, 48, 65] {
        let coordinate = URL_SAFE_NO_PAD.encode(vec![1; length]);
        assert_eq!(ec(json!({ "x": coordinate })), Err(InvalidJwk::CoordinateLength), "{length}");
        assert_eq!(ec(json!({ "y": coordinate })), Err(InvalidJwk::CoordinateLength), "{length}");
        assert_eq!(changed(JwsAlgorithm::Ed25519, json!({ "x": coordinate })), Err(InvalidJwk::CoordinateLength));
    }
    for text in ["AAA=", "AA+A", "AA A", "AAB"] {
        assert_eq!(ec(json!({ "x": text })), Err(InvalidJwk::Encoding), "{text}");
    }
    for text in ["ec", "Ec", "OKP2"] {
        assert_eq!(ec(json!({ "kty": text })), Err(InvalidJwk::UnsupportedType), "{text}");
    }
    assert_eq!(ec(json!({"crv": "p-256"})), Err(InvalidJwk::UnsupportedCurve));
    assert_eq!(ec(json!({"kid": "x".repeat(257)})), Err(InvalidJwk::KeyId));
    assert_eq!(ec(json!({"kid": ""})), Err(InvalidJwk::KeyId));
    assert_eq!(ec(json!({"x5c": "x".repeat(20_000)})), Err(InvalidJwk::TooLong));
    assert_eq!(Jwk::parse(br#"{"kty":"EC","kty":"EC"}"#), Err(InvalidJwk::Json(InvalidJson::DuplicateMember)));
}

#[test]
fn weak_keys_are_refused() {
    covers!("RFC7518-3.3-01", "RFC7518-6.3.1-01", "ATK-270", "RFC8725-3.5-01");
    for weak in Examples::own().weak_key {
        let refused = Jwk::parse(weak.key.as_bytes()).unwrap_err();
        assert_eq!(format!("{refused:?}"), weak.refused, "{}", weak.source);
    }
    // Points of small order, with either sign.
    for start in [0x00, 0x01, 0xec, 0xed, 0xee] {
        for sign in [0, 0x80] {
            let mut point = if start < 2 { [0; 32] } else { [0xff; 32] };
            (point[0], point[31]) = (start, (if start < 2 { 0 } else { 0x7f }) | sign);
            assert_eq!(PublicKey::ed25519(point), Err(InvalidJwk::WeakKey), "{start} {sign}");
        }
    }
    for backend in CryptoBackend::COMPILED {
        for length in [0, 8, 31] {
            assert_eq!(SecretKey::new(*backend, &vec![7; length]).unwrap_err(), UnusableKey::Weak, "{length}");
        }
        assert!(SecretKey::new(*backend, &[7; 32]).is_ok());
    }
}

#[test]
fn a_short_secret_is_no_key() {
    covers!("RFC7518-3.2-01");
    for backend in CryptoBackend::COMPILED {
        assert_eq!(SecretKey::new(*backend, b"hunter2").unwrap_err(), UnusableKey::Weak);
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    covers!("RFC8725-3.4-01");
    let key = private_key(JwsAlgorithm::Es256).public().to_json();
    let mut y = URL_SAFE_NO_PAD.decode(key["y"].as_str().unwrap()).unwrap();
    y[31] ^= 1;
    let off = ec(json!({ "y": URL_SAFE_NO_PAD.encode(y) })).unwrap();
    let zero = ec(json!({ "x": URL_SAFE_NO_PAD.encode([0; 32]), "y": URL_SAFE_NO_PAD.encode([0; 32]) })).unwrap();
    let beyond = ec(json!({ "x": URL_SAFE_NO_PAD.encode([0xff; 32]) })).unwrap();
    // Two is not a coordinate of any point of Ed25519.
    let mut two = [0; 32];
    two[0] = 2;
    let no_point = changed(JwsAlgorithm::Ed25519, json!({ "x": URL_SAFE_NO_PAD.encode(two) })).unwrap();
    for backend in CryptoBackend::COMPILED {
        for key in [&off, &zero, &beyond] {
            let refused = VerificationKey::new(*backend, key, JwsAlgorithm::Es256).unwrap_err();
            assert_eq!(refused, UnusableKey::Invalid, "{backend:?}");
        }
    }
    let text = signed(&signing_key(CryptoBackend::AwsLcRs, JwsAlgorithm::Ed25519), r#"{"alg":"Ed25519"}"#, "{}");
    for backend in CryptoBackend::COMPILED {
        match VerificationKey::new(*backend, &no_point, JwsAlgorithm::Ed25519) {
            Ok(key) => assert!(!Jws::parse(&text, ENOUGH).unwrap().is_signed_by(&key), "{backend:?}"),
            Err(refused) => assert_eq!(refused, UnusableKey::Invalid, "{backend:?}"),
        }
    }
}

#[test]
fn what_the_owner_says_about_a_key_is_respected() {
    covers!("RFC7517-4.3-01", "RFC7517-4.3-02", "RFC8725-3.1-03", "RFC8725BIS-3.1-01");
    for (changes, may) in [
        (json!({}), true),
        (json!({"use": "sig"}), true),
        (json!({"use": "enc"}), false),
        (json!({"use": "other"}), false),
        (json!({"alg": "ES256"}), true),
        (json!({"alg": "ES384"}), false),
        (json!({"alg": "HS256"}), false),
        (json!({"alg": "ECDH-ES"}), false),
        (json!({"key_ops": ["verify"]}), true),
        (json!({"key_ops": ["verify", "other"]}), true),
        (json!({"key_ops": ["sign"]}), false),
        (json!({"key_ops": ["deriveKey"]}), false),
        (json!({"use": "sig", "key_ops": ["verify"], "alg": "ES256"}), true),
    ] {
        let key = ec(changes.clone()).unwrap();
        assert_eq!(key.may_verify(JwsAlgorithm::Es256), may, "{changes}");
        for backend in CryptoBackend::COMPILED {
            assert_eq!(VerificationKey::new(*backend, &key, JwsAlgorithm::Es256).is_ok(), may, "{changes}");
        }
    }
    for changes in [
        json!({"key_ops": ["verify", "verify"]}),
        json!({"use": "sig", "key_ops": ["deriveKey"]}),
        json!({"use": "enc", "key_ops": ["verify"]}),
    ] {
        assert_eq!(ec(changes.clone()), Err(InvalidJwk::InconsistentUse), "{changes}");
    }
    for operations in [json!([]), json!("verify"), json!([1]), json!(null)] {
        assert_eq!(ec(json!({ "key_ops": operations })), Err(InvalidJwk::MemberType));
    }
}

#[test]
fn a_key_is_ready_for_what_its_type_can_do_and_nothing_else() {
    covers!("ATK-257", "RFC8725-3.1-03");
    for backend in CryptoBackend::COMPILED {
        for of in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256] {
            let private = private_key(of);
            for algorithm in JwsAlgorithm::ALL {
                let fits = private.public().material().can_do(*algorithm);
                let expected = if !fits {
                    Some(UnusableKey::NotForThisAlgorithm)
                } else if backend.verifies().contains(algorithm) {
                    None
                } else {
                    Some(UnusableKey::UnsupportedAlgorithm)
                };
                let ready = VerificationKey::new(*backend, private.public(), *algorithm);
                assert_eq!(ready.err(), expected, "{of} {algorithm} {backend:?}");

                let expected = expected.or(if backend.signs().contains(algorithm) {
                    None
                } else {
                    Some(UnusableKey::UnsupportedAlgorithm)
                });
                assert_eq!(SigningKey::new(*backend, &private, *algorithm).err(), expected, "{of} {algorithm}");
            }
        }
    }
}

#[test]
fn a_backend_says_what_it_lacks_when_a_key_is_made_ready() {
    let key = private_key(JwsAlgorithm::Rs256);
    let refused = SigningKey::new(CryptoBackend::RustCrypto, &key, JwsAlgorithm::Rs256).unwrap_err();
    assert_eq!(refused, UnusableKey::UnsupportedAlgorithm);
    assert_eq!(refused.to_string(), "the backend does not have the algorithm");
}

#[test]
fn a_key_to_sign_with_has_a_name_and_two_halves_that_fit() {
    covers!("RFC7515-6-01");
    for (backend, algorithm) in super::signers() {
        let mut key = private_json(algorithm);
        key.as_object_mut().unwrap().remove("kid");
        let nameless = PrivateJwk::parse(key.to_string().as_bytes()).unwrap();
        assert_eq!(SigningKey::new(backend, &nameless, algorithm).unwrap_err(), UnusableKey::WithoutKeyId);

        let mut key = private_json(algorithm);
        let mut d = URL_SAFE_NO_PAD.decode(key["d"].as_str().unwrap()).unwrap();
        d[5] ^= 1;
        key["d"] = json!(URL_SAFE_NO_PAD.encode(d));
        let mixed = PrivateJwk::parse(key.to_string().as_bytes()).unwrap();
        assert_eq!(SigningKey::new(backend, &mixed, algorithm).unwrap_err(), UnusableKey::Invalid, "{backend:?}");
    }
    for d in [[0; 32], [0xff; 32]] {
        let mut key = private_json(JwsAlgorithm::Es256);
        key["d"] = json!(URL_SAFE_NO_PAD.encode(d));
        let key = PrivateJwk::parse(key.to_string().as_bytes()).unwrap();
        for backend in CryptoBackend::COMPILED {
            assert_eq!(SigningKey::new(*backend, &key, JwsAlgorithm::Es256).unwrap_err(), UnusableKey::Invalid);
        }
    }
}

#[test]
fn private_keys_are_read_in_full_or_not_at_all() {
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256] {
        let complete = private_json(algorithm);
        for name in ["d", "p", "q", "dp", "dq", "qi"].iter().filter(|name| complete.get(**name).is_some()) {
            let mut key = complete.clone();
            key.as_object_mut().unwrap().remove(*name);
            let refused = PrivateJwk::parse(key.to_string().as_bytes()).unwrap_err();
            assert_eq!(refused, InvalidJwk::MissingMember, "{algorithm} {name}");
        }
        let exposed = private_key(algorithm).expose_json();
        assert_eq!(serde_json::from_str::<Value>(&exposed).unwrap(), complete);
    }
    let mut key = private_json(JwsAlgorithm::Rs256);
    key["oth"] = json!([]);
    assert_eq!(PrivateJwk::parse(key.to_string().as_bytes()).unwrap_err(), InvalidJwk::UnsupportedType);
    let mut key = private_json(JwsAlgorithm::Es256);
    key["d"] = json!(URL_SAFE_NO_PAD.encode([1; 31]));
    assert_eq!(PrivateJwk::parse(key.to_string().as_bytes()).unwrap_err(), InvalidJwk::CoordinateLength);
}

#[test]
fn what_is_published_is_the_public_half_for_one_algorithm() {
    covers!("RFC7517-9.2-01", "RFC7638-7-01");
    for (backend, algorithm) in super::signers() {
        let published = signing_key(backend, algorithm).public().to_json();
        assert_eq!(
            (&published["alg"], &published["use"], &published["kid"]),
            (&json!(algorithm), &json!("sig"), &json!("key"))
        );
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "key_ops"] {
            assert!(published.get(name).is_none(), "{name}");
        }
        assert!(VerificationKey::new(backend, &jwk(&published.to_string()), algorithm).is_ok());
    }
}

#[test]
fn private_keys_and_secrets_are_not_printed() {
    covers!("ATK-296");
    for (backend, algorithm) in super::signers() {
        let key = private_json(algorithm);
        let secrets: Vec<Vec<u8>> = ["d", "p", "q", "dp", "dq", "qi"]
            .iter()
            .filter_map(|name| key.get(*name))
            .map(|number| URL_SAFE_NO_PAD.decode(number.as_str().unwrap()).unwrap())
            .collect();
        let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();
        assert_prints_no_secret(&private_key(algorithm), &secrets);
        assert_prints_no_secret(&signing_key(backend, algorithm), &secrets);
        let secret = b"a-secret-of-a-client-that-is-long-enough";
        assert_prints_no_secret(&SecretKey::new(backend, secret).unwrap(), &[secret]);
    }
}

/// The keys of two owners: one by three keys with names, the other by one without.
fn keys(backend: CryptoBackend) -> VerificationKeys {
    let named =
        |algorithm: JwsAlgorithm, name: &str| private_key(algorithm).public().clone().with_key_id(name).unwrap();
    let set = JwkSet::new(vec![named(JwsAlgorithm::Es256, "a"), named(JwsAlgorithm::Ed25519, "b")]).unwrap();
    VerificationKeys::new(backend, &set, backend.verifies())
}

#[test]
fn a_key_is_found_by_its_name_and_must_be_for_the_algorithm() {
    covers!("RFC8725-3.10-01", "RFC8725BIS-3.10-01", "RFC7515-4.1.4-01", "RFC7515-4.1.2-01");
    for backend in CryptoBackend::COMPILED {
        let keys = keys(*backend);
        let found = |header: &str| {
            let text = signed(&signing_key(*backend, JwsAlgorithm::Es256), header, "{}");
            let jws = Jws::parse(&text, ENOUGH).unwrap();
            keys.named_by(jws.header()).map(|key| key.key_id().unwrap().to_owned())
        };
        assert_eq!(found(r#"{"alg":"ES256","kid":"a"}"#), Ok("a".into()));
        assert_eq!(found(r#"{"alg":"ES256"}"#), Ok("a".into()));
        assert_eq!(found(r#"{"alg":"EdDSA"}"#), Ok("b".into()));
        assert_eq!(found(r#"{"alg":"ES256","kid":"b"}"#), Err(NoSuchKey::OtherAlgorithm));
        assert_eq!(found(r#"{"alg":"RS256","kid":"a"}"#), Err(NoSuchKey::OtherAlgorithm));
        assert_eq!(found(r#"{"alg":"RS256"}"#), Err(NoSuchKey::Unknown));
        assert_eq!(found(r#"{"alg":"HS256"}"#), Err(NoSuchKey::Unknown));
        for name in ["A", "", " a", "../../a", "a' or '1'='1", "https://evil.example/a", "*", "a)(|(x=*"] {
            assert_eq!(found(&format!(r#"{{"alg":"ES256","kid":"{name}"}}"#)), Err(NoSuchKey::Unknown), "{name}");
        }
        // Keys in the header are not looked at.
        let own = private_key(JwsAlgorithm::Es256).public().to_json();
        let header = json!({"alg": "ES256", "kid": "x", "jwk": own, "jku": "https://evil.example", "x5c": ["AAAA"]});
        assert_eq!(found(&header.to_string()), Err(NoSuchKey::Unknown));
    }
}

#[test]
fn without_a_name_several_fitting_keys_are_none() {
    let two = |name: &str| private_key(JwsAlgorithm::Es256).public().clone().with_key_id(name).unwrap();
    let set = JwkSet::new(vec![two("a"), two("b")]).unwrap();
    for backend in CryptoBackend::COMPILED {
        let keys = VerificationKeys::new(*backend, &set, &[JwsAlgorithm::Es256]);
        let text = signed(&signing_key(*backend, JwsAlgorithm::Es256), r#"{"alg":"ES256"}"#, "{}");
        let jws = Jws::parse(&text, ENOUGH).unwrap();
        assert_eq!(keys.named_by(jws.header()).unwrap_err(), NoSuchKey::Ambiguous);
    }
}

#[test]
fn a_key_without_algorithm_is_pinned_to_the_first_that_fits() {
    covers!("RFC8725-3.1-03");
    let set = JwkSet::new(vec![private_key(JwsAlgorithm::Rs256).public().clone()]).unwrap();
    let pinned = |algorithms: &[JwsAlgorithm]| {
        let keys = VerificationKeys::new(CryptoBackend::AwsLcRs, &set, algorithms);
        keys.as_slice().iter().map(VerificationKey::algorithm).collect::<Vec<_>>()
    };
    assert_eq!(pinned(&[JwsAlgorithm::Es256, JwsAlgorithm::Ps256, JwsAlgorithm::Rs256]), [JwsAlgorithm::Ps256]);
    assert_eq!(pinned(&[JwsAlgorithm::Rs256, JwsAlgorithm::Ps256]), [JwsAlgorithm::Rs256]);
    assert_eq!(pinned(&[JwsAlgorithm::Es256, JwsAlgorithm::Hs256]), []);
    assert_eq!(pinned(&[]), []);
}

#[test]
fn what_is_printed_of_a_key_is_read_back() {
    let described = (
        prop::option::of("\\PC{1,20}"),
        prop::option::of(prop::sample::select(vec!["sig", "enc", "x"])),
        prop::option::of(prop::sample::select(vec!["ES256", "EdDSA", "RS256", "RSA-OAEP", "x"])),
        prop::sample::select(vec![JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256]),
    );
    runner(200)
        .run(&described, |(key_id, key_use, algorithm, of)| {
            let mut members = private_key(of).public().to_json();
            members["kid"] = json!(key_id.unwrap_or("key".into()));
            for (name, value) in [("use", key_use), ("alg", algorithm)] {
                if let Some(value) = value {
                    members[name] = json!(value);
                }
            }
            let key = Jwk::parse(members.to_string().as_bytes()).unwrap();
            prop_assert_eq!(&key.to_json(), &members);
            prop_assert_eq!(Jwk::parse(key.to_json().to_string().as_bytes()), Ok(key));
            Ok(())
        })
        .unwrap();
}
