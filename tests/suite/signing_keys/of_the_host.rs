//! Keys that the host keeps, in a service of its own.

use async_trait::async_trait;
use grantsmith::host::KeyManager;
use grantsmith::jose::{Jwk, PrivateJwk, SigningFailed, SigningKey, ecdsa_signature_from_der};

use super::*;

/// A service that signs far away, and answers with DER.
struct Remote {
    key: SigningKey,
    public: Jwk,
}

#[async_trait]
impl Signer for Remote {
    fn algorithm(&self) -> JwsAlgorithm {
        JwsAlgorithm::Es256
    }

    fn public(&self) -> &Jwk {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let raw = self.key.sign(message)?;
        let (r, s) = raw.split_at(32);
        Ok(ecdsa_signature_from_der(&der(r, s), JwsAlgorithm::Es256).unwrap())
    }
}

fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let digits: Vec<u8> = number.iter().copied().skip_while(|digit| *digit == 0).collect();
        let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
        let number = [sign, &digits].concat();
        [&[2, u8::try_from(number.len()).unwrap()], number.as_slice()].concat()
    };
    let content = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
}

#[derive(Default)]
struct Manager {
    signing: Mutex<Option<Arc<dyn Signer>>>,
    published: Mutex<Vec<Jwk>>,
}

impl KeyManager for Manager {
    fn signer(&self, algorithm: JwsAlgorithm) -> Option<Arc<dyn Signer>> {
        self.signing.lock().unwrap().clone().filter(|signer| signer.algorithm() == algorithm)
    }

    fn published(&self) -> Vec<Jwk> {
        self.published.lock().unwrap().clone()
    }
}

impl Manager {
    fn sign_with(&self, signer: &Arc<dyn Signer>) {
        self.published.lock().unwrap().push(signer.public().clone());
        *self.signing.lock().unwrap() = Some(Arc::clone(signer));
    }
}

fn private(seed: u8) -> PrivateJwk {
    PrivateJwk::from_seed(CryptoBackend::AwsLcRs, JwsAlgorithm::Es256, &[seed; 32]).unwrap()
}

/// A remote key that shows that public half.
fn remote(seed: u8, public: &Jwk) -> Arc<dyn Signer> {
    let key = SigningKey::new(CryptoBackend::AwsLcRs, &private(seed), JwsAlgorithm::Es256).unwrap();
    Arc::new(Remote { key, public: public.clone() })
}

fn source(manager: &Arc<Manager>) -> SigningKeySource {
    SigningKeySource::kept_by_host(Arc::clone(manager) as Arc<dyn KeyManager>, [JwsAlgorithm::Es256])
}

#[test]
fn the_host_changes_its_keys_while_the_server_runs_and_nothing_is_stored() {
    let (world, manager) = (World::new(), Arc::new(Manager::default()));
    manager.sign_with(&remote(1, private(1).public()));
    let server = world.builder(keyring()).signing_keys(source(&manager)).build().unwrap();
    let (first, of_first) = signed(&server, world.now());

    manager.sign_with(&remote(2, private(2).public()));

    let (second, of_second) = signed(&server, world.now());
    assert_ne!(of_first, of_second);
    for token in [first, second] {
        assert!(is_verified(&token, &fetched(&server), world.now()));
    }
    assert!(!server.remove_signing_key(&of_first).block_on().unwrap());
    assert_eq!(world.storage.counts().total(), 0);
}

#[test]
fn a_key_that_cannot_work_is_an_error_when_the_server_is_built() {
    let fault = |prepare: &dyn Fn(&Manager)| {
        let (world, manager) = (World::new(), Arc::new(Manager::default()));
        prepare(&manager);
        world.builder(keyring()).signing_keys(source(&manager)).build().unwrap_err().to_string()
    };
    let fault_of = |public: &Jwk| fault(&|manager| manager.sign_with(&remote(1, public)));

    assert_eq!(fault(&|_| {}), "signing_keys: has no key of the algorithm");
    let nameless = Jwk::new(private(1).public().material().clone());
    assert_eq!(fault_of(&nameless), "signing_keys: has a key without kid");
    let ed25519 = PrivateJwk::from_seed(CryptoBackend::AwsLcRs, JwsAlgorithm::Ed25519, &[1; 32]).unwrap();
    assert_eq!(fault_of(ed25519.public()), "signing_keys: has a key of another type");
    let unpublished = |manager: &Manager| {
        manager.sign_with(&remote(1, private(1).public()));
        manager.published.lock().unwrap().clear();
    };
    assert_eq!(fault(&unpublished), "signing_keys: does not publish a key that signs");
    let twice = |manager: &Manager| {
        manager.sign_with(&remote(1, private(1).public()));
        manager.sign_with(&remote(1, private(1).public()));
    };
    assert_eq!(fault(&twice), "signing_keys: publishes two keys with one kid, or too many");
}

#[test]
fn a_seed_is_the_same_key_in_both_backends() {
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::EdDsa] {
        let keys = CryptoBackend::COMPILED.iter().map(|backend| {
            let key = PrivateJwk::from_seed(*backend, algorithm, &[7; 32]).unwrap();
            assert!(SigningKey::new(*backend, &key, algorithm).is_ok(), "{algorithm:?}");
            key.public().to_json()
        });
        let keys: Vec<_> = keys.collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    }
    for backend in CryptoBackend::COMPILED {
        let refused = |algorithm, seed| PrivateJwk::from_seed(*backend, algorithm, &seed).unwrap_err().to_string();
        assert_eq!(refused(JwsAlgorithm::Es256, [0; 32]), "not a key");
        assert_eq!(refused(JwsAlgorithm::Es256, [0xff; 32]), "not a key");
        assert_eq!(refused(JwsAlgorithm::Rs256, [7; 32]), "the backend does not have the algorithm");
    }
}
