//! Signed tokens: every test runs with every backend that is compiled in.

mod issuing;
mod keys;
mod signatures;
mod tokens;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::jose::{CryptoBackend, Jwk, PrivateJwk, SigningKey, VerificationKey};
use grantsmith::value::JwsAlgorithm;
use serde::Deserialize;
use serde_json::{Value, json};

/// More than any token of these tests has.
const ENOUGH: usize = 8192;

/// One example: published, made by another program, or forged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    source: String,
    algorithm: JwsAlgorithm,
    key: Option<String>,
    private_key: Option<String>,
    secret: Option<String>,
    jws: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThumbprintExample {
    source: String,
    key: String,
    thumbprint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetExample {
    source: String,
    json: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeakKey {
    source: String,
    key: String,
    refused: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Examples {
    signature: Vec<Example>,
    forgery: Vec<Example>,
    thumbprint: Vec<ThumbprintExample>,
    set: Vec<SetExample>,
    private_set: Vec<SetExample>,
    weak_key: Vec<WeakKey>,
}

impl Examples {
    fn of(name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/jose").join(format!("{name}.toml"));
        toml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    }

    fn published() -> Self {
        Self::of("published")
    }

    fn own() -> Self {
        Self::of("own")
    }
}

/// The JSON of a private key for the algorithm, named `key`.
fn private_json(algorithm: JwsAlgorithm) -> Value {
    let source = match algorithm {
        JwsAlgorithm::Es256 => "RFC 7515 A.3",
        JwsAlgorithm::Ed25519 | JwsAlgorithm::EdDsa => "RFC 8037 A.4",
        _ => "RFC 7515 A.2",
    };
    let examples = Examples::published().signature;
    let example = examples.iter().find(|example| example.source == source).unwrap();
    let mut key: Value = serde_json::from_str(example.private_key.as_ref().unwrap()).unwrap();
    key["kid"] = json!("key");
    key
}

fn private_key(algorithm: JwsAlgorithm) -> PrivateJwk {
    PrivateJwk::parse(private_json(algorithm).to_string().as_bytes()).unwrap()
}

fn signing_key(backend: CryptoBackend, algorithm: JwsAlgorithm) -> SigningKey {
    SigningKey::new(backend, &private_key(algorithm), algorithm).unwrap()
}

fn verification_key(backend: CryptoBackend, algorithm: JwsAlgorithm) -> VerificationKey {
    VerificationKey::new(backend, private_key(algorithm).public(), algorithm).unwrap()
}

/// Signs whatever header and payload.
fn signed(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Every backend with every algorithm that it signs with.
fn signers() -> Vec<(CryptoBackend, JwsAlgorithm)> {
    let all = CryptoBackend::COMPILED.iter();
    all.flat_map(|backend| backend.signs().iter().map(|algorithm| (*backend, *algorithm))).collect()
}

fn jwk(text: &str) -> Jwk {
    Jwk::parse(text.as_bytes()).unwrap()
}

#[test]
fn both_backends_are_tested() {
    assert_eq!(CryptoBackend::COMPILED, [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto]);
}
