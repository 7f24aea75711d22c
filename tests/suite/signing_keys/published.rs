//! What the server publishes of its keys, what it keeps, and what happens to a key in the wrong hands.

use super::*;

#[test]
fn only_public_halves_are_published_and_only_sealed_ones_stored() {
    for backend in CryptoBackend::COMPILED {
        let world = World::new();
        let process = world.process(*backend);
        let (token, key_id) = signed(&process, world.now());
        let set = process.published_keys().block_on().unwrap().unwrap();

        let published: serde_json::Value = serde_json::from_slice(&set.json).unwrap();
        let [key] = published["keys"].as_array().unwrap().as_slice() else { panic!("{published}") };
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!((key["kid"].as_str(), key["use"].as_str()), (Some(key_id.as_str()), Some("sig")));
        assert!(is_verified(&token, &fetched(&process), world.now()));
        let body = String::from_utf8(world.stored().unwrap().record.encode().unwrap()).unwrap();
        assert!(body.contains(&key_id) && !body.contains("\"d\""), "{body}");
    }
}

#[test]
fn a_server_that_signs_nothing_publishes_nothing() {
    let world = World::new();
    let server = world.builder(keyring()).build().unwrap();

    assert!(server.published_keys().block_on().unwrap().is_none());
    assert!(matches!(server.signer(None).block_on(), Err(Unavailable::NoSigningKey)));
    assert!(server.metadata().jwks_uri.is_none());
    assert!(world.stored().is_none());
}

#[test]
fn each_algorithm_has_a_key_and_the_first_signs_where_none_is_chosen() {
    let world = World::new();
    let algorithms = [JwsAlgorithm::Ed25519, JwsAlgorithm::Es256];
    let keys = SigningKeySource::stored(CryptoBackend::AwsLcRs, algorithms);
    let server = world.builder(keyring()).signing_keys(keys).build().unwrap();
    let signs = |algorithm| server.signer(algorithm).block_on().map(|signer| signer.algorithm());

    assert_eq!(signs(None).unwrap(), JwsAlgorithm::Ed25519);
    assert_eq!(signs(Some(JwsAlgorithm::Es256)).unwrap(), JwsAlgorithm::Es256);
    assert!(matches!(signs(Some(JwsAlgorithm::Rs256)), Err(Unavailable::NoSigningKey)));
    assert_eq!(fetched(&server).keys().len(), 2);
}

#[test]
fn a_key_in_the_wrong_hands_is_taken_away_everywhere() {
    let world = World::new();
    let processes = [(); 2].map(|()| world.process(CryptoBackend::AwsLcRs));
    let (stolen, key_id) = signed(&processes[0], world.now());
    assert!(is_verified(&stolen, &fetched(&processes[1]), world.now()));

    assert!(processes[0].remove_signing_key(&key_id).block_on().unwrap());

    assert!(!is_verified(&stolen, &fetched(&processes[0]), world.now()));
    world.clock.advance(Lifetime::minutes(1));
    for process in &processes {
        assert!(!is_verified(&stolen, &fetched(process), world.now()));
        let (token, next) = signed(process, world.now());
        assert_ne!(next, key_id);
        assert!(processes.iter().all(|process| is_verified(&token, &fetched(process), world.now())));
    }
    assert!(!processes[0].remove_signing_key(&key_id).block_on().unwrap());
    assert_eq!(world.told(), ["made", "made", "removed"]);
}

#[test]
fn a_sealed_key_opens_with_its_keyring_and_under_its_name_only() {
    let world = World::new();
    let (_, key_id) = signed(&world.process(CryptoBackend::AwsLcRs), world.now());
    let opens = |keyring: Arc<dyn Keyring>| {
        let keys = SigningKeySource::stored(CryptoBackend::RustCrypto, [JwsAlgorithm::Es256]);
        let server = world.builder(keyring).signing_keys(keys).build().unwrap();
        assert_eq!(names(&fetched(&server)), [key_id.as_str()], "what is published needs no keyring");
        server.signer(None).block_on().is_ok()
    };

    let turned = DerivedKeyring::new(2, [2; 32]).unwrap();
    assert!(opens(keyring()));
    assert!(opens(Arc::new(turned.clone().with_retired(1, [1; 32]).unwrap())));
    assert!(!opens(Arc::new(turned)));
    assert!(!opens(Arc::new(DerivedKeyring::new(1, [3; 32]).unwrap())));

    let Versioned { version, record } = world.stored().unwrap();
    let mut body: serde_json::Value = serde_json::from_slice(&record.encode().unwrap()).unwrap();
    let key = &mut body["record"]["keys"][0];
    key["public"] = key["public"].as_str().unwrap().replace(&key_id, "another").into();
    key["key_id"] = "another".into();
    let record = Record::decode(&serde_json::to_vec(&body).unwrap()).unwrap();
    let next = Versioned { version: Version::from_bytes([9; 16]), record };
    assert_eq!(world.storage.save(next, Expected::Version(version)).block_on().unwrap(), Saved::Applied);
    let moved = world.process(CryptoBackend::AwsLcRs);
    assert!(matches!(moved.signer(None).block_on(), Err(Unavailable::SigningKey(_))));
}

#[test]
fn a_keyring_without_keys_to_seal_makes_none() {
    struct WithoutSealing(DerivedKeyring);
    impl Keyring for WithoutSealing {
        fn current(&self) -> u8 {
            self.0.current()
        }

        fn key(&self, purpose: Purpose, number: u8) -> Option<SymmetricKey> {
            if purpose == Purpose::Sealing { None } else { self.0.key(purpose, number) }
        }
    }
    let world = World::new();
    let keys = SigningKeySource::stored(CryptoBackend::AwsLcRs, [JwsAlgorithm::Es256]);
    let keyring = Arc::new(WithoutSealing(DerivedKeyring::new(1, [1; 32]).unwrap()));
    let server = world.builder(keyring).signing_keys(keys).build().unwrap();

    assert!(matches!(server.signer(None).block_on(), Err(Unavailable::Keyring)));
    assert!(world.stored().is_none());
}

#[test]
fn random_bytes_that_are_none_make_no_key() {
    struct Stuck;
    impl Entropy for Stuck {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(0);
            Ok(())
        }
    }
    let world = World::new();
    let keys = SigningKeySource::stored(CryptoBackend::AwsLcRs, [JwsAlgorithm::Es256]);
    let server = world.builder(keyring()).entropy(Arc::new(Stuck)).signing_keys(keys).build().unwrap();

    assert!(matches!(server.signer(None).block_on(), Err(Unavailable::SigningKey(_))));
    assert!(world.stored().is_none());
}

#[test]
fn a_lost_acknowledgement_makes_no_second_key() {
    let world = World::new();
    world.storage.inject(1, Fault::ErrorAfter);
    let process = world.process(CryptoBackend::AwsLcRs);

    let (_, key_id) = signed(&process, world.now());

    assert_eq!(names(&fetched(&world.process(CryptoBackend::AwsLcRs))), [key_id]);
    assert_eq!(world.told(), ["made"]);
}

#[test]
fn a_key_that_is_in_use_costs_no_call_of_the_storage_for_a_minute() {
    let world = World::new();
    let process = world.process(CryptoBackend::AwsLcRs);
    let _ = signed(&process, world.now());
    let before = world.storage.counts().total();
    for _ in 0..59 {
        world.clock.advance(Lifetime::seconds(1));
        let _ = (signed(&process, world.now()), fetched(&process));
    }
    assert_eq!(world.storage.counts().total(), before);

    world.clock.advance(Lifetime::seconds(1));
    let _ = (signed(&process, world.now()), fetched(&process));
    assert_eq!(world.storage.counts().total(), before + 1);
}

#[test]
fn what_cannot_work_is_not_built() {
    let world = World::new();
    let fault = |keys: SigningKeySource| world.builder(keyring()).signing_keys(keys).build().unwrap_err().to_string();
    let stored = |algorithms: &[JwsAlgorithm]| SigningKeySource::stored(CryptoBackend::AwsLcRs, algorithms.to_vec());

    assert_eq!(fault(stored(&[])), "signing_keys: needs an algorithm");
    assert_eq!(
        fault(stored(&[JwsAlgorithm::Es256, JwsAlgorithm::Es256])),
        "signing_keys: must not name an algorithm twice"
    );
    for algorithm in [JwsAlgorithm::Rs256, JwsAlgorithm::Es384, JwsAlgorithm::Hs256] {
        assert_eq!(fault(stored(&[algorithm])), "signing_keys: cannot make keys of the algorithm");
    }
}

#[test]
fn a_schedule_that_leaves_no_time_is_refused() {
    let rotation = |change: fn(&mut KeyRotation)| {
        let mut policy = Policy::default();
        change(&mut policy.key_rotation);
        policy.check().map_err(|error| error.to_string())
    };

    assert_eq!(rotation(|_| {}), Ok(()));
    assert!(rotation(|it| it.publish_ahead = Lifetime::minutes(9)).unwrap_err().contains("key_rotation.publish_ahead"));
    assert!(rotation(|it| it.every = Lifetime::minutes(59)).unwrap_err().contains("key_rotation.every"));
    assert!(rotation(|it| it.every = Lifetime::minutes(600)).unwrap_err().contains("key_rotation.every"));
    assert!(rotation(|it| it.keep = Lifetime::days(367)).unwrap_err().contains("key_rotation.keep"));
}
