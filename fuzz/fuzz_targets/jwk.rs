//! Keys and sets of keys: what is read prints as it is read, shows nothing private, and can be made ready or not.

#![no_main]

use grantsmith::jose::{CryptoBackend, Jwk, JwkSet, PrivateJwk, SigningKey, VerificationKeys};
use grantsmith::value::JwsAlgorithm;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(key) = Jwk::parse(text) {
        let printed = key.to_json();
        assert_eq!(Jwk::parse(printed.to_string().as_bytes()).as_ref(), Ok(&key));
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(printed.get(private).is_none());
        }
        assert!(
            JwsAlgorithm::ALL.iter().all(|algorithm| !key.may_verify(*algorithm) || key.material().can_do(*algorithm))
        );
        assert!(PrivateJwk::parse(text).is_err(), "a public key has no private half");
    }
    if let Ok(set) = JwkSet::parse(text) {
        let again = JwkSet::parse(set.to_json().to_string().as_bytes()).expect("what was read can be read again");
        assert_eq!((again.keys(), again.skipped().len()), (set.keys(), 0));
        let ready = VerificationKeys::new(BACKEND, &set, JwsAlgorithm::ALL);
        assert!(ready.as_slice().len() <= set.keys().len());
    }
    if let Ok(key) = PrivateJwk::parse(text) {
        let exposed = key.expose_json();
        assert_eq!(PrivateJwk::parse(exposed.as_bytes()).expect("a private key").public(), key.public());
        for algorithm in JwsAlgorithm::ALL {
            if let Ok(signing) = SigningKey::new(BACKEND, &key, *algorithm) {
                assert!(signing.sign(b"message").is_ok());
            }
        }
    }
});

const BACKEND: CryptoBackend = CryptoBackend::RustCrypto;
