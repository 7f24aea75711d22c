//! Which signed texts are taken, and which signatures fit.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{CryptoBackend, InvalidJws, Jws, SecretKey, UnusableKey, VerificationKey};
use grantsmith::value::JwsAlgorithm;
use grantsmith::wire::InvalidJson;
use proptest::prelude::*;

use super::{ENOUGH, Example, Examples, jwk, private_key, signed, signers, signing_key, verification_key};
use crate::properties::runner;

/// The key of an example, or why the backend cannot use it.
fn key_of(example: &Example, backend: CryptoBackend) -> Result<VerificationKey, UnusableKey> {
    if let Some(secret) = &example.secret {
        let secret = URL_SAFE_NO_PAD.decode(secret).unwrap();
        return SecretKey::new(backend, &secret).map(|key| key.as_verification_key().clone());
    }
    VerificationKey::new(backend, &jwk(example.key.as_ref().unwrap()), example.algorithm)
}

/// Runs the examples with each backend, and says how many each could judge.
fn judge(examples: &[Example], expected: bool) -> Vec<usize> {
    let judge_with = |backend: &CryptoBackend| {
        let mut judged = 0;
        for example in examples {
            let name = format!("{}, {}, {backend:?}", example.source, example.algorithm);
            match key_of(example, *backend) {
                Ok(key) => {
                    let fits = Jws::parse(&example.jws, ENOUGH).is_ok_and(|jws| jws.is_signed_by(&key));
                    assert_eq!(fits, expected, "{name}");
                    judged += 1;
                }
                Err(error) => {
                    assert_eq!(error, UnusableKey::UnsupportedAlgorithm, "{name}");
                    assert!(!backend.verifies().contains(&example.algorithm), "{name}");
                }
            }
        }
        judged
    };
    CryptoBackend::COMPILED.iter().map(judge_with).collect()
}

#[test]
fn published_signatures_fit() {
    covers!("RFC7519-8-01", "RFC7519-8-02", "RFC7515-5.2-02");
    assert_eq!(judge(&Examples::published().signature, true), [9, 4]);
}

#[test]
fn signatures_of_another_program_fit_whichever_s_they_have() {
    covers!("RFC7519-8-02");
    assert_eq!(judge(&Examples::own().signature, true), [12, 4]);
}

#[test]
fn forgeries_of_the_right_form_do_not_fit() {
    covers!("RFC7518-3.4-01", "RFC7515-10.6-01", "RFC8725-3.3-01");
    assert_eq!(judge(&Examples::own().forgery, false), [34, 21]);
}

#[test]
fn what_is_signed_can_be_verified_by_every_backend() {
    covers!("RFC7519-8-02");
    for (backend, algorithm) in signers() {
        let key = signing_key(backend, algorithm);
        let text = signed(&key, &format!(r#"{{"alg":"{algorithm}"}}"#), "payload");
        for other in CryptoBackend::COMPILED.iter().filter(|other| other.verifies().contains(&algorithm)) {
            let jws = Jws::parse(&text, ENOUGH).unwrap();
            assert!(jws.is_signed_by(&verification_key(*other, algorithm)), "{algorithm} {backend:?} {other:?}");
            assert_eq!(jws.payload(), b"payload");
        }
    }
}

#[test]
fn deterministic_signatures_are_the_published_ones() {
    for source in ["RFC 7515 A.2", "RFC 8037 A.4"] {
        let examples = Examples::published().signature;
        let example = examples.iter().find(|example| example.source == source).unwrap();
        let (input, expected) = example.jws.rsplit_once('.').unwrap();
        for (backend, algorithm) in signers() {
            if algorithm == example.algorithm {
                let signature = signing_key(backend, algorithm).sign(input.as_bytes()).unwrap();
                assert_eq!(URL_SAFE_NO_PAD.encode(signature), expected, "{source} {backend:?}");
            }
        }
    }
}

#[test]
fn es256_in_rust_needs_no_randomness() {
    covers!("RFC8725-3.2-04");
    let key = signing_key(CryptoBackend::RustCrypto, JwsAlgorithm::Es256);
    assert_eq!(key.sign(b"message").unwrap(), key.sign(b"message").unwrap());
}

/// The text of an ES256 example with another header.
fn with_header(header: &str) -> String {
    format!("{}.e30.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode([1; 64]))
}

#[track_caller]
fn refusal(text: &str) -> InvalidJws {
    Jws::parse(text, ENOUGH).unwrap_err()
}

#[test]
fn an_algorithm_that_is_not_known_exactly_is_refused() {
    covers!("ATK-256", "RFC7515-4.1.1-01", "RFC7518-3.6-01", "RFC8725-3.2-02");
    for algorithm in ["none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "HS384", "RS1", "ES256K", "dir"] {
        assert_eq!(refusal(&with_header(&format!(r#"{{"alg":"{algorithm}"}}"#))), InvalidJws::UnknownAlgorithm);
    }
    assert_eq!(refusal(&with_header("{}")), InvalidJws::UnknownAlgorithm);
    assert_eq!(refusal(&with_header(r#"{"Alg":"ES256"}"#)), InvalidJws::UnknownAlgorithm);
    for algorithm in ["null", r#"["ES256"]"#, "256", r#"{"a":"ES256"}"#] {
        assert_eq!(refusal(&with_header(&format!(r#"{{"alg":{algorithm}}}"#))), InvalidJws::MemberType);
    }
    assert_eq!(refusal("eyJhbGciOiJub25lIn0.e30."), InvalidJws::NotSigned);
    assert_eq!(refusal("eyJhbGciOiJFUzI1NiJ9.e30."), InvalidJws::NotSigned);
    assert!(Jws::parse(&with_header(r#"{"\u0061lg":"ES256"}"#), ENOUGH).is_ok());
}

#[test]
fn any_critical_header_is_refused() {
    covers!("ATK-268", "RFC7515-4.1.11-01");
    for critical in [r#"["b64"]"#, r#"["x"]"#, "[]", r#"["alg"]"#, r#"["exp","exp"]"#, "null", "\"x\""] {
        let header = format!(r#"{{"alg":"ES256","x":1,"b64":true,"crit":{critical}}}"#);
        assert_eq!(refusal(&with_header(&header)), InvalidJws::CriticalHeader, "{critical}");
    }
}

#[test]
fn members_of_the_wrong_type_and_members_twice_are_refused() {
    covers!("RFC7515-4-01", "RFC7515-4.1.4-01");
    for header in [r#"{"alg":"ES256","kid":1}"#, r#"{"alg":"ES256","kid":null}"#, r#"{"alg":"ES256","typ":["JWT"]}"#] {
        assert_eq!(refusal(&with_header(header)), InvalidJws::MemberType, "{header}");
    }
    for header in [r#"{"alg":"none","alg":"ES256"}"#, r#"{"alg":"ES256","jwk":{"x":1,"x":2}}"#] {
        assert_eq!(refusal(&with_header(header)), InvalidJws::Json(InvalidJson::DuplicateMember), "{header}");
    }
}

#[test]
fn only_three_parts_in_canonical_base64url_are_taken() {
    covers!("RFC7515-5.2-01", "ATK-260", "RFC8725BIS-3.14-01", "RFC8725BIS-3.3-01", "ATK-271");
    let example = &Examples::published().signature[2].jws;
    let (header, rest) = example.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    assert!(Jws::parse(example, ENOUGH).is_ok());

    for text in ["", ".", header, &format!("{header}.{payload}")] {
        assert_eq!(refusal(text), InvalidJws::NotCompact, "{text}");
    }
    for text in [format!("{example}.x"), format!("{example}.a.b"), format!(".{example}"), "a.b.c.d.e".into()] {
        assert_eq!(refusal(&text), InvalidJws::NotCompact, "{text}");
    }
    assert_eq!(refusal(&".".repeat(8000)), InvalidJws::NotCompact);
    assert_eq!(refusal(".."), InvalidJws::NotSigned);
    assert_eq!(refusal(&format!("{header}.{payload}.")), InvalidJws::NotSigned);
    assert_eq!(refusal(&format!(".{payload}.{signature}")), InvalidJws::Json(InvalidJson::Malformed));
    for part in ["=", "==", " ", "\n", "\t", "\0", "+", "/", "é"] {
        for text in [
            format!("{header}{part}.{payload}.{signature}"),
            format!("{part}{header}.{payload}.{signature}"),
            format!("{header}.{payload}{part}.{signature}"),
            format!("{header}.{payload}.{signature}{part}"),
        ] {
            let refused = refusal(&text);
            let is_right = matches!(refused, InvalidJws::Encoding | InvalidJws::Json(InvalidJson::Malformed));
            assert!(is_right, "{part:?}: {refused}");
        }
    }
    // The last of 86 digits stands for two bits, so others of them mean the same bytes to lax decoders.
    let last = signature.chars().last().unwrap();
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars().filter(|it| *it != last) {
        let text = format!("{header}.{payload}.{}{other}", &signature[..signature.len() - 1]);
        let key = key_of(&Examples::published().signature[2], CryptoBackend::AwsLcRs).unwrap();
        assert!(!Jws::parse(&text, ENOUGH).is_ok_and(|jws| jws.is_signed_by(&key)), "{other}");
    }
    let json = format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#);
    assert_eq!(refusal(&json), InvalidJws::NotCompact);
}

#[test]
fn size_is_bounded_before_anything_is_read() {
    covers!("ATK-262");
    let example = &Examples::published().signature[2].jws;
    assert!(Jws::parse(example, example.len()).is_ok());
    assert_eq!(Jws::parse(example, example.len() - 1).unwrap_err(), InvalidJws::TooLong);
    assert_eq!(refusal(&"a.".repeat(5_000_000)), InvalidJws::TooLong);

    let header = format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(4000));
    assert_eq!(Jws::parse(&with_header(&header), 100_000).unwrap_err(), InvalidJws::TooLong);
    let header = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(17), "]".repeat(17));
    assert_eq!(refusal(&with_header(&header)), InvalidJws::Json(InvalidJson::TooDeep));
}

#[test]
fn the_key_decides_the_algorithm_and_the_header_must_agree() {
    covers!("ATK-257", "RFC8725-3.1-02", "RFC8725-3.1-03", "RFC8725BIS-3.1-01");
    for (backend, algorithm) in signers() {
        let key = signing_key(backend, algorithm);
        for named in JwsAlgorithm::ALL.iter().filter(|named| !named.means_the_same_as(algorithm)) {
            let text = signed(&key, &format!(r#"{{"alg":"{named}"}}"#), "{}");
            let jws = Jws::parse(&text, ENOUGH).unwrap();
            assert!(!jws.is_signed_by(&verification_key(backend, algorithm)), "{algorithm} as {named}");
        }
    }
    let text = signed(&signing_key(CryptoBackend::AwsLcRs, JwsAlgorithm::Rs256), r#"{"alg":"RS256"}"#, "{}");
    let other = verification_key(CryptoBackend::AwsLcRs, JwsAlgorithm::Ps256);
    assert!(!Jws::parse(&text, ENOUGH).unwrap().is_signed_by(&other));
}

#[test]
fn both_names_of_ed25519_are_the_same_key() {
    for backend in CryptoBackend::COMPILED {
        for (signed_as, verified_as) in
            [(JwsAlgorithm::EdDsa, JwsAlgorithm::Ed25519), (JwsAlgorithm::Ed25519, JwsAlgorithm::EdDsa)]
        {
            let text = signed(&signing_key(*backend, signed_as), &format!(r#"{{"alg":"{signed_as}"}}"#), "{}");
            assert!(Jws::parse(&text, ENOUGH).unwrap().is_signed_by(&verification_key(*backend, verified_as)));
        }
    }
}

#[test]
fn a_public_key_is_no_secret_key() {
    covers!("ATK-257");
    // HMAC with what an attacker knows of an RSA key: as text, as numbers.
    let rsa = private_key(JwsAlgorithm::Rs256);
    let json = rsa.public().to_json();
    let modulus = URL_SAFE_NO_PAD.decode(json["n"].as_str().unwrap()).unwrap();
    for guess in [json.to_string().into_bytes(), json["n"].as_str().unwrap().into(), modulus] {
        let input = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"key"}"#));
        let text = format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac_sha256(&guess, input.as_bytes())));
        let jws = Jws::parse(&text, ENOUGH).unwrap();
        for backend in CryptoBackend::COMPILED {
            let forger = SecretKey::new(*backend, &guess).unwrap();
            assert!(jws.is_signed_by(forger.as_verification_key()), "the forgery is made right");
            for algorithm in backend.verifies() {
                assert!(
                    VerificationKey::new(*backend, rsa.public(), *algorithm).is_err()
                        || !jws.is_signed_by(&VerificationKey::new(*backend, rsa.public(), *algorithm).unwrap())
                );
            }
            let as_secret = VerificationKey::new(*backend, rsa.public(), JwsAlgorithm::Hs256);
            assert_eq!(as_secret.unwrap_err(), UnusableKey::NotForThisAlgorithm);
        }
    }
}

/// RFC 2104, written out for keys of any length.
pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    use grantsmith::value::Digest;
    let key = if key.len() > 64 { Digest::of(&[key]).as_bytes().to_vec() } else { key.to_vec() };
    let padded = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect() };
    let inner = Digest::of(&[&padded(0x36), message]);
    Digest::of(&[&padded(0x5c), inner.as_bytes()]).as_bytes().to_vec()
}

#[test]
fn a_secret_fits_only_its_own_mac() {
    covers!("RFC7515-10.9-01");
    for backend in CryptoBackend::COMPILED {
        for length in [32, 63, 64, 65, 200] {
            let secret = vec![7; length];
            let input = "eyJhbGciOiJIUzI1NiJ9.e30";
            let mac = hmac_sha256(&secret, input.as_bytes());
            let fits = |mac: &[u8]| {
                let text = format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac));
                let key = SecretKey::new(*backend, &secret).unwrap();
                Jws::parse(&text, ENOUGH).unwrap().is_signed_by(key.as_verification_key())
            };
            assert!(fits(&mac), "{length}");
            assert!(!fits(&mac[..31]) && !fits(&mac[..16]) && !fits(&[&mac[..], &[0]].concat()) && !fits(&[0; 32]));
        }
    }
}

#[test]
fn any_flipped_bit_breaks_the_signature() {
    covers!("RFC7515-5.2-02", "RFC8725-3.3-01");
    for (backend, algorithm) in signers() {
        let text = signed(&signing_key(backend, algorithm), &format!(r#"{{"alg":"{algorithm}"}}"#), r#"{"a":"b"}"#);
        let key = verification_key(backend, algorithm);
        let fits = |text: &str| Jws::parse(text, ENOUGH).is_ok_and(|jws| jws.is_signed_by(&key));
        assert!(fits(&text));
        let flips = (0..text.len(), 0..7_u32);
        runner(300)
            .run(&flips, |(at, bit)| {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                prop_assert!(!fits(&changed), "{at} {bit}");
                Ok(())
            })
            .unwrap();
        runner(100)
            .run(&(1..text.len()), |cut| {
                prop_assert!(!fits(&text[..text.len() - cut]) && !fits(&text[cut..]));
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn no_text_makes_the_parser_panic() {
    covers!("ATK-298");
    let parts = ["[A-Za-z0-9_.=-]{0,60}", "\\PC{0,40}", "(eyJ[A-Za-z0-9_-]{0,40}\\.){2}[A-Za-z0-9_-]{0,40}"];
    for pattern in parts {
        runner(500)
            .run(&proptest::string::string_regex(pattern).unwrap(), |text| {
                let _ = Jws::parse(&text, ENOUGH);
                Ok(())
            })
            .unwrap();
    }
}
