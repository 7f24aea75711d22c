//! The keys that the server signs with: made, shared with the other processes of the realm, published and changed.
//!
//! One record holds them all, each private key sealed by the keyring. A process reads it now and then, and whoever finds
//! that the next key is due makes it; the conditional write lets one of several succeed. When each key signs stands in
//! the record, long before: half of that time a process may go without reading, the other half verifiers may keep what
//! it publishes. So no token is signed with a key that somebody cannot know yet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{AuthorizationServer, Unavailable};
use crate::host::{Event, Expected, KeyManager, Purpose, Saved, Signer, SigningKeyChange};
use crate::jose::{CryptoBackend, Jwk, JwkSet, PrivateJwk, SigningKey, UnusableKey};
use crate::policy::KeyRotation;
use crate::record::{Record, SealedKey, SigningKeys, StoredSigningKey, Version};
use crate::value::{JwsAlgorithm, Lifetime, Timestamp};

/// Where a server has its signing keys from.
///
/// ```
/// use std::sync::Arc;
///
/// use grantsmith::host::DerivedKeyring;
/// use grantsmith::jose::CryptoBackend;
/// use grantsmith::server::{AuthorizationServer, SigningKeySource};
/// use grantsmith::storage::memory::MemoryStorage;
/// use grantsmith::value::JwsAlgorithm;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = [1; 32];
/// let keyring = Arc::new(DerivedKeyring::new(1, secret)?);
/// let server = AuthorizationServer::builder("https://login.example", Arc::new(MemoryStorage::new()), keyring)
///     .signing_keys(SigningKeySource::stored(CryptoBackend::RustCrypto, [JwsAlgorithm::Es256]))
///     .build()?;
///
/// # pollster::block_on(async {
/// let signer = server.signer(None).await?;
/// let signature = signer.sign(b"what is to be signed").await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// assert_eq!(server.metadata().jwks_uri.as_deref(), Some("https://login.example/jwks"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct SigningKeySource {
    pub(super) algorithms: Vec<JwsAlgorithm>,
    pub(super) keeper: Keeper,
}

#[derive(Clone)]
pub(super) enum Keeper {
    Storage(CryptoBackend),
    Host(Arc<dyn KeyManager>),
}

impl SigningKeySource {
    /// Keys that the server makes and changes as [`KeyRotation`] says, and keeps in the storage, sealed by the keyring:
    /// one for each algorithm, of `ES256`, `Ed25519` and `EdDSA`. The first signs where the host does not choose.
    pub fn stored(backend: CryptoBackend, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        Self { algorithms: algorithms.into_iter().collect(), keeper: Keeper::Storage(backend) }
    }

    /// Keys that the host keeps, one for each algorithm.
    pub fn kept_by_host(manager: Arc<dyn KeyManager>, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        Self { algorithms: algorithms.into_iter().collect(), keeper: Keeper::Host(manager) }
    }

    /// What of it cannot work.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.algorithms.is_empty() {
            return Some("needs an algorithm");
        }
        let twice = |(at, algorithm)| self.algorithms.iter().take(at).any(|earlier| earlier == algorithm);
        if self.algorithms.iter().enumerate().any(twice) {
            return Some("must not name an algorithm twice");
        }
        self.algorithms.iter().find_map(|algorithm| match &self.keeper {
            Keeper::Storage(backend) => {
                (!can_make(*backend, *algorithm)).then_some("cannot make keys of the algorithm")
            }
            Keeper::Host(manager) => fault_of_host(&**manager, *algorithm),
        })
    }
}

impl std::fmt::Debug for SigningKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeySource").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

fn can_make(backend: CryptoBackend, algorithm: JwsAlgorithm) -> bool {
    matches!(algorithm, JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519 | JwsAlgorithm::Es256)
        && backend.signs().contains(&algorithm)
}

fn fault_of_host(manager: &dyn KeyManager, algorithm: JwsAlgorithm) -> Option<&'static str> {
    let Some(signer) = manager.signer(algorithm) else { return Some("has no key of the algorithm") };
    let public = signer.public();
    if signer.algorithm() != algorithm || !public.may_verify(algorithm) {
        return Some("has a key of another type");
    }
    let Some(key_id) = public.key_id() else { return Some("has a key without kid") };
    let published = manager.published();
    let is_published = published.iter().any(|key| key.key_id() == Some(key_id) && key.material() == public.material());
    if !is_published {
        return Some("does not publish a key that signs");
    }
    JwkSet::new(published).err().map(|_| "publishes two keys with one kid, or too many")
}

/// The keys of a server, as it knows them.
pub(super) struct KeyRing {
    source: SigningKeySource,
    rotation: KeyRotation,
    known: RwLock<Option<Arc<Known>>>,
    /// Whether somebody is reading, so that nobody else has to.
    is_reading: AtomicBool,
}

/// What the record said when it was read.
struct Known {
    read_at: Timestamp,
    keys: Arc<SigningKeys>,
    /// By name. `None` for a key that this process cannot open.
    ready: HashMap<Box<str>, Option<Arc<dyn Signer>>>,
    document: Arc<[u8]>,
}

/// The set of public keys, for whoever verifies.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublishedKeys {
    /// The JSON of the set ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
    pub json: Arc<[u8]>,
    /// How long it may be kept.
    pub fresh_for: Lifetime,
}

impl KeyRing {
    pub(super) fn new(source: SigningKeySource, rotation: KeyRotation, longest_token: Lifetime) -> Self {
        let rotation = KeyRotation { keep: rotation.keep.max(longest_token), ..rotation };
        Self { source, rotation, known: RwLock::new(None), is_reading: AtomicBool::new(false) }
    }

    fn known(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, known: &Arc<Known>) {
        let mut current = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|current| current.read_at <= known.read_at) {
            *current = Some(Arc::clone(known));
        }
    }

    /// How old knowledge may be before somebody reads again.
    fn reread_after(&self) -> Lifetime {
        Lifetime::seconds(self.rotation.publish_ahead.as_seconds() / 20).min(Lifetime::minutes(1))
    }

    /// How old knowledge may be at all. Then a key could sign that it does not have.
    fn usable_for(&self) -> Lifetime {
        Lifetime::seconds(self.rotation.publish_ahead.as_seconds() / 2)
    }
}

impl AuthorizationServer {
    /// The public keys that verify what the server signs. `None` if it signs nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the keys could not be read for half of the time that they are published ahead.
    pub async fn published_keys(&self) -> Result<Option<PublishedKeys>, Unavailable> {
        let Some(ring) = &self.0.signing_keys else { return Ok(None) };
        let json = match &ring.source.keeper {
            Keeper::Storage(backend) => Arc::clone(&self.known_keys(ring, *backend).await?.document),
            Keeper::Host(manager) => document(manager.published())?,
        };
        Ok(Some(PublishedKeys { json, fresh_for: ring.rotation.published_for() }))
    }

    /// Who signs with that algorithm now; without one, with the first of the server's.
    ///
    /// # Errors
    ///
    /// [`Unavailable::NoSigningKey`] if the server has no keys of that algorithm; otherwise as
    /// [`published_keys`](Self::published_keys).
    pub async fn signer(&self, algorithm: Option<JwsAlgorithm>) -> Result<Arc<dyn Signer>, Unavailable> {
        let ring = self.0.signing_keys.as_ref().ok_or(Unavailable::NoSigningKey)?;
        let mut algorithms = ring.source.algorithms.iter().copied();
        let chosen = algorithms.find(|known| algorithm.is_none_or(|wanted| wanted == *known));
        let algorithm = chosen.ok_or(Unavailable::NoSigningKey)?;
        match &ring.source.keeper {
            Keeper::Host(manager) => manager.signer(algorithm).ok_or(Unavailable::NoSigningKey),
            Keeper::Storage(backend) => {
                let known = self.known_keys(ring, *backend).await?;
                let key = known.keys.signing(algorithm, self.now()).ok_or(Unavailable::NoSigningKey)?;
                let ready = known.ready.get(key.key_id()).cloned().flatten();
                ready.ok_or(Unavailable::SigningKey("it cannot be opened with this keyring"))
            }
        }
    }

    /// Takes away a key that is in the wrong hands: nothing that it signed can be verified any more, and another signs
    /// from now on. Other processes notice within a minute; who keeps the published set, when he fetches it again. Says
    /// whether there was such a key; those that the host keeps are the host's to take away.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: if the outcome is not known, call it again.
    pub async fn remove_signing_key(&self, key_id: &str) -> Result<bool, Unavailable> {
        let Some(ring) = &self.0.signing_keys else { return Ok(false) };
        let Keeper::Storage(backend) = ring.source.keeper else { return Ok(false) };
        for _ in 0..MOST_ATTEMPTS {
            let now = self.now();
            let (stored, expected) = self.stored_keys().await?;
            let Some(without) = stored.without(key_id) else { return Ok(false) };
            let next = self.completed_keys(ring, backend, &without, now)?;
            if let Some(known) = self.save_keys(&stored, next, expected, now).await? {
                ring.learn(&Arc::new(self.ready_keys(ring, backend, known, now)?));
                return Ok(true);
            }
        }
        Err(Unavailable::Contended)
    }

    /// The keys as this process knows them, read again if that is long ago.
    async fn known_keys(&self, ring: &KeyRing, backend: CryptoBackend) -> Result<Arc<Known>, Unavailable> {
        let now = self.now();
        let known = ring.known();
        let age = |known: &Known| now.since(known.read_at);
        let Some(known) = known.filter(|known| age(known) < ring.usable_for()) else {
            return self.read_keys(ring, backend, now).await;
        };
        if age(&known) < ring.reread_after() || ring.is_reading.swap(true, Ordering::AcqRel) {
            return Ok(known);
        }
        let _reading = Reading(&ring.is_reading);
        // While it is known well enough who signs, a storage that fails stops nobody.
        Ok(self.read_keys(ring, backend, now).await.unwrap_or(known))
    }

    /// Reads the record, and makes the keys that are due.
    async fn read_keys(
        &self,
        ring: &KeyRing,
        backend: CryptoBackend,
        now: Timestamp,
    ) -> Result<Arc<Known>, Unavailable> {
        for _ in 0..MOST_ATTEMPTS {
            let (stored, expected) = self.stored_keys().await?;
            let next = self.completed_keys(ring, backend, &stored, now)?;
            let saved = if next.keys() == stored.keys() {
                Some(stored)
            } else {
                self.save_keys(&stored, next, expected, now).await?
            };
            if let Some(keys) = saved {
                let known = Arc::new(self.ready_keys(ring, backend, keys, now)?);
                ring.learn(&known);
                return Ok(known);
            }
        }
        Err(Unavailable::Contended)
    }

    async fn stored_keys(&self) -> Result<(Arc<SigningKeys>, Expected), Unavailable> {
        match self.load(SigningKeys::key_of(&self.0.realm)).await? {
            Some(found) => match found.record {
                Record::SigningKeys(keys) => Ok((keys, Expected::Version(found.version))),
                _ => Err(Unavailable::SigningKey("the record of the keys is another")),
            },
            None => Ok((Arc::new(SigningKeys::none(&self.0.realm)), Expected::Absent)),
        }
    }

    /// The keys with those that are due, and without those that are gone.
    fn completed_keys(
        &self,
        ring: &KeyRing,
        backend: CryptoBackend,
        stored: &SigningKeys,
        now: Timestamp,
    ) -> Result<SigningKeys, Unavailable> {
        let mut next = stored.without_gone(now);
        for algorithm in &ring.source.algorithms {
            if let Some(signs_from) = next.lacks(*algorithm, now, &ring.rotation) {
                next = next.with(self.make_key(backend, *algorithm, signs_from)?, &ring.rotation);
            }
        }
        Ok(next)
    }

    /// Saves the next state. `None` if somebody else was faster.
    async fn save_keys(
        &self,
        stored: &SigningKeys,
        next: SigningKeys,
        expected: Expected,
        now: Timestamp,
    ) -> Result<Option<Arc<SigningKeys>>, Unavailable> {
        let next = Arc::new(next);
        let version = Version::from_bytes(self.random()?);
        match self.commit(Record::SigningKeys(Arc::clone(&next)), version, expected).await? {
            Saved::Conflict => Ok(None),
            Saved::Applied => {
                let had = |keys: &SigningKeys, key_id| keys.keys().iter().any(|key| key.key_id() == key_id);
                for key in next.keys().iter().filter(|key| !had(stored, key.key_id())) {
                    self.tell(&Event::SigningKeyChanged { key_id: key.key_id(), change: SigningKeyChange::Made });
                }
                for key in stored.published(now).filter(|key| !had(&next, key.key_id())) {
                    self.tell(&Event::SigningKeyChanged { key_id: key.key_id(), change: SigningKeyChange::Removed });
                }
                Ok(Some(next))
            }
        }
    }

    /// A new key, sealed.
    fn make_key(
        &self,
        backend: CryptoBackend,
        algorithm: JwsAlgorithm,
        signs_from: Timestamp,
    ) -> Result<StoredSigningKey, Unavailable> {
        let key = self.draw_key(backend, algorithm)?;
        let public = key.public();
        let key_id = public.key_id().unwrap_or_default();
        let number = self.0.keyring.current();
        let sealing = self.0.keyring.key(Purpose::Sealing, number).ok_or(Unavailable::Keyring)?;
        let sealed =
            backend.seal(&sealing, self.random()?, &self.sealing_context(key_id), key.expose_json().as_bytes());
        let sealed = sealed.ok_or(Unavailable::SigningKey("the backend cannot seal it"))?;
        let sealed = SealedKey::new(URL_SAFE_NO_PAD.encode([&[number], &sealed[..]].concat()));
        Ok(StoredSigningKey::new(key_id, algorithm, public.to_json().to_string(), sealed, signs_from))
    }

    fn draw_key(&self, backend: CryptoBackend, algorithm: JwsAlgorithm) -> Result<PrivateJwk, Unavailable> {
        for _ in 0..MOST_DRAWS {
            let seed = Zeroizing::new(self.random::<32>()?);
            match PrivateJwk::from_seed(backend, algorithm, &seed) {
                Ok(key) => return Ok(key),
                Err(UnusableKey::Invalid) => {}
                Err(_) => break,
            }
        }
        Err(Unavailable::SigningKey("the backend cannot make it"))
    }

    /// What a sealed key is bound to, so that it cannot be put in the place of another.
    fn sealing_context(&self, key_id: &str) -> Vec<u8> {
        [self.0.realm.fingerprint(), key_id.as_bytes()].concat()
    }

    /// The keys, ready for use. Those that were ready stay so.
    fn ready_keys(
        &self,
        ring: &KeyRing,
        backend: CryptoBackend,
        keys: Arc<SigningKeys>,
        now: Timestamp,
    ) -> Result<Known, Unavailable> {
        let earlier = ring.known();
        let was_ready = |key_id| earlier.as_ref().and_then(|earlier| earlier.ready.get(key_id).cloned().flatten());
        let ready = keys.keys().iter().map(|key| {
            let signer = was_ready(key.key_id()).or_else(|| self.open_key(backend, key));
            (key.key_id().into(), signer)
        });
        let ready = ready.collect();
        let public = |key: &StoredSigningKey| Jwk::parse(key.public().as_bytes());
        let published: Result<Vec<Jwk>, _> = keys.published(now).map(public).collect();
        let published = published.map_err(|_| Unavailable::SigningKey("its public half is not a key"))?;
        Ok(Known { read_at: now, document: document(published)?, ready, keys })
    }

    fn open_key(&self, backend: CryptoBackend, key: &StoredSigningKey) -> Option<Arc<dyn Signer>> {
        let sealed = URL_SAFE_NO_PAD.decode(key.sealed().as_str()).ok()?;
        let (number, sealed) = sealed.split_first()?;
        let sealing = self.0.keyring.key(Purpose::Sealing, *number)?;
        let text = backend.open(&sealing, &self.sealing_context(key.key_id()), sealed)?;
        let private = PrivateJwk::parse(&text).ok()?;
        let signer = SigningKey::new(backend, &private, key.algorithm()).ok()?;
        Some(Arc::new(signer))
    }
}

fn document(keys: Vec<Jwk>) -> Result<Arc<[u8]>, Unavailable> {
    let set = JwkSet::new(keys).map_err(|_| Unavailable::SigningKey("two have one kid, or there are too many"))?;
    Ok(set.to_json().to_string().into_bytes().into())
}

/// Lets the next one read, however this one ends.
struct Reading<'a>(&'a AtomicBool);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// As often as another process may be faster.
const MOST_ATTEMPTS: usize = 64;
/// One seed in 2^32 is no key.
const MOST_DRAWS: usize = 4;
