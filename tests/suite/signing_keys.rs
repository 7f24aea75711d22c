//! The keys that a server signs with: no token that it signed is ever unverifiable, whoever signed it.

mod of_the_host;
mod published;

use std::sync::{Arc, Mutex};

use grantsmith::host::{
    DerivedKeyring, Entropy, EntropyError, Event, EventSink, Expected, Keyring, Purpose, Saved, Signer, Storage,
};
use grantsmith::jose::{
    AudienceRule, CryptoBackend, IssuerRule, IssuingProfile, JwkSet, JwtContent, KeySource, Profile, SubjectRule,
    TypeRule, UnverifiedJwt, VerificationKeys,
};
use grantsmith::policy::{KeyRotation, Policy};
use grantsmith::record::{Record, SigningKeys, Version, Versioned};
use grantsmith::server::{AuthorizationServer, Builder, SigningKeySource, Unavailable};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::FixedClock;
use grantsmith::value::{JwsAlgorithm, Lifetime, Realm, SymmetricKey, Timestamp};
use pollster::FutureExt as _;

pub(crate) const ISSUER: &str = "https://as.example";
const API: &str = "https://api.example";
pub(crate) const TOKEN_LIFETIME: Lifetime = Lifetime::minutes(10);
const ROTATION: KeyRotation =
    KeyRotation { every: Lifetime::minutes(1447), publish_ahead: Lifetime::minutes(60), keep: Lifetime::minutes(30) };

/// Several processes over one storage.
struct World {
    clock: FixedClock,
    storage: Arc<Faulty>,
    told: Arc<Told>,
}

/// What was told of keys.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl EventSink for Told {
    fn record(&self, _: &Realm, event: &Event<'_>) {
        if let Event::SigningKeyChanged { change, .. } = event {
            self.0.lock().unwrap().push(change.name().to_owned());
        }
    }
}

impl World {
    fn new() -> Self {
        let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
        Self { clock: FixedClock::at(1_800_000_000), storage, told: Arc::default() }
    }

    fn builder(&self, keyring: Arc<dyn Keyring>) -> Builder {
        let mut policy = Policy::default();
        policy.access_token_lifetime = TOKEN_LIFETIME;
        policy.key_rotation = ROTATION;
        let storage = Arc::clone(&self.storage) as Arc<dyn Storage>;
        AuthorizationServer::builder(ISSUER, storage, keyring)
            .clock(Arc::new(self.clock.clone()))
            .events(Arc::clone(&self.told) as Arc<dyn EventSink>)
            .policy(policy)
    }

    fn process(&self, backend: CryptoBackend) -> AuthorizationServer {
        let keys = SigningKeySource::stored(backend, [JwsAlgorithm::Es256]);
        self.builder(keyring()).signing_keys(keys).build().unwrap()
    }

    fn now(&self) -> Timestamp {
        grantsmith::host::Clock::now(&self.clock)
    }

    fn told(&self) -> Vec<String> {
        self.told.0.lock().unwrap().clone()
    }

    fn stored(&self) -> Option<Versioned<Record>> {
        self.storage.load(SigningKeys::key_of(&ISSUER.parse().unwrap())).block_on().unwrap()
    }
}

fn keyring() -> Arc<dyn Keyring> {
    Arc::new(DerivedKeyring::new(1, [1; 32]).unwrap())
}

/// A token as the server signs it now, and the name of the key.
pub(crate) async fn sign(server: &AuthorizationServer, now: Timestamp) -> (String, String) {
    let signer = server.signer(None).await.unwrap();
    let profile = IssuingProfile::new("at+jwt", ISSUER, TOKEN_LIFETIME);
    let content = JwtContent::for_audience(API).with_subject("alice");
    let key_id = signer.public().key_id().unwrap().to_owned();
    let unsigned = profile.prepare(content, signer.algorithm(), &key_id, now).unwrap();
    let signature = signer.sign(unsigned.signing_input()).await.unwrap();
    (unsigned.signed(&signature).expose().to_owned(), key_id)
}

fn signed(server: &AuthorizationServer, now: Timestamp) -> (String, String) {
    sign(server, now).block_on()
}

/// The set that a verifier fetches.
pub(crate) async fn fetch(server: &AuthorizationServer) -> JwkSet {
    JwkSet::parse(&server.published_keys().await.unwrap().unwrap().json).unwrap()
}

fn fetched(server: &AuthorizationServer) -> JwkSet {
    fetch(server).block_on()
}

fn names(set: &JwkSet) -> Vec<String> {
    set.keys().iter().map(|key| key.key_id().unwrap().to_owned()).collect()
}

pub(crate) fn is_verified(token: &str, set: &JwkSet, now: Timestamp) -> bool {
    let algorithms = [JwsAlgorithm::Es256];
    let keys = VerificationKeys::new(CryptoBackend::AwsLcRs, set, &algorithms);
    let profile = Profile::new(
        TypeRule::Exactly("at+jwt"),
        &algorithms,
        IssuerRule::Exactly(ISSUER),
        SubjectRule::Present,
        AudienceRule::Contains(API),
    );
    profile.verify(UnverifiedJwt::parse(token, 8192).unwrap(), KeySource::Keys(&keys), now).is_ok()
}

#[test]
fn whatever_a_process_signs_can_be_verified_with_what_another_published_before() {
    let world = World::new();
    let processes = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto].map(|backend| world.process(backend));
    // A verifier keeps a set for as long as it may, and a process reads only when it is asked: each at another pace.
    let fresh_for = processes[0].published_keys().block_on().unwrap().unwrap().fresh_for;
    assert_eq!(fresh_for, Lifetime::minutes(30));
    let first = (world.now(), fetched(&processes[0]));
    world.clock.advance(Lifetime::minutes(13));
    let mut sets = [first, (world.now(), fetched(&processes[1]))];
    let (mut tokens, mut signers) = (Vec::<(Timestamp, String)>::new(), Vec::new());
    for step in 0..2_000_u64 {
        world.clock.advance(Lifetime::minutes(3));
        let now = world.now();
        if step % 3 == 0 {
            let (token, key_id) = signed(&processes[usize::from(step % 2 == 0)], now);
            tokens.push((now, token));
            if signers.last() != Some(&key_id) && !signers.contains(&key_id) {
                signers.push(key_id);
            }
        }
        for (number, (fetched_at, set)) in sets.iter_mut().enumerate() {
            if now.since(*fetched_at) >= fresh_for {
                (*fetched_at, *set) = (now, fetched(&processes[(number + usize::from(step % 5 == 0)) % 2]));
            }
        }

        tokens.retain(|(signed_at, _)| now.since(*signed_at) < TOKEN_LIFETIME);
        for (signed_at, token) in &tokens {
            for (fetched_at, set) in &sets {
                assert!(is_verified(token, set, now), "signed at {signed_at:?}, set of {fetched_at:?}, now {now:?}");
            }
        }
    }
    // 100 hours: a key a day, and every private key was opened by both backends.
    assert_eq!(signers.len(), 5);
    assert!(names(&sets[0].1).len() <= 2, "keys that are gone are not published");
}

#[test]
fn processes_that_start_at_once_agree_on_one_key() {
    let world = World::new();
    let processes = [(); 4].map(|()| world.process(CryptoBackend::RustCrypto));

    let sets = processes.each_ref().map(|process| names(&fetched(process)));

    assert_eq!(sets[0].len(), 1);
    assert!(sets.iter().all(|set| *set == sets[0]));
    assert_eq!(world.told(), ["made"]);
}

#[test]
fn a_storage_that_fails_stops_nobody_for_half_the_time_that_keys_are_published_ahead() {
    let world = World::new();
    let process = world.process(CryptoBackend::RustCrypto);
    let (_, before) = signed(&process, world.now());
    let next = world.storage.counts().total();
    (next..next + 100).for_each(|call| world.storage.inject(call, Fault::Error));
    world.clock.advance(Lifetime::minutes(29));

    let (_, during) = signed(&process, world.now());
    assert_eq!(during, before);

    world.clock.advance(Lifetime::minutes(1));
    assert!(matches!(process.signer(None).block_on(), Err(Unavailable::Storage(_))));
    assert!(matches!(process.published_keys().block_on(), Err(Unavailable::Storage(_))));
    world.storage.heal();
    assert_eq!(signed(&process, world.now()).1, before);
}
