//! The service over a store, with its clock in the test's hand: requests go in, and each answer is witnessed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::host::{
    AccountDirectory, AccountStanding, Cursor, DerivedKeyring, Expected, Filter, Listing, Saved, Storage, StorageError,
};
use grantsmith::http::OAuthService;
use grantsmith::record::{Key, Record, Version, Versioned};
use grantsmith::server::{AuthorizationServer, Builder};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::{FixedClock, SeededEntropy};
use grantsmith::value::{Lifetime, Realm, Subject, Timestamp};
use http::Request;
use http_body_util::Full;
use tokio::runtime::Handle;

use super::members::Members;
use super::session::Portal;
use super::witness::Witness;
use crate::http_exchange::{Answered, ISSUER, send};

/// The first second of 2100: no clock of a server has reached it, so none drops a record.
const NOW: i64 = 4_102_444_800;

/// A service in a realm of its own.
pub(super) struct Stage {
    pub(super) members: Members,
    /// What an operator does, which nobody can do over HTTP.
    pub(super) server: AuthorizationServer,
    pub(super) service: OAuthService,
    pub(super) portal: Arc<Portal>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) witness: Arc<Witness>,
    clock: FixedClock,
    storage: Arc<Counting>,
    realm: String,
    runtime: Option<Handle>,
}

impl Stage {
    /// A stage over the store of this [`Place`].
    pub(super) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(super) fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let place = Place::here();
        let realm = format!("realm {}", place.next.fetch_add(1, Ordering::SeqCst));
        let clock = FixedClock::at(NOW);
        let accounts = Arc::new(Accounts::default());
        let storage = Arc::new(Counting { inner: place.storage, writes: AtomicUsize::new(0) });
        let _entered = place.runtime.as_ref().map(Handle::enter);
        let builder = builder(&storage, &realm, 1).clock(Arc::new(clock.clone()));
        let server = configure(builder.accounts(Arc::<Accounts>::clone(&accounts))).build().unwrap();
        let portal = Arc::new(Portal::new(clock.clone()));
        let witness = Arc::new(Witness::default());
        Self {
            members: Members::register(&server, &witness),
            service: OAuthService::new(server.clone(), Arc::<Portal>::clone(&portal)).unwrap(),
            server,
            portal,
            accounts,
            witness,
            clock,
            storage,
            realm,
            runtime: place.runtime.clone(),
        }
    }

    /// Another process of the same server, which shares the store and nothing else.
    pub(super) fn another_process(&self) -> Self {
        static SEED: AtomicU64 = AtomicU64::new(2);
        let _entered = self.enter();
        let seed = SEED.fetch_add(1, Ordering::SeqCst);
        let builder = builder(&self.storage, &self.realm, seed).clock(Arc::new(self.clock.clone()));
        let server = builder.accounts(Arc::<Accounts>::clone(&self.accounts)).build().unwrap();
        Self {
            members: self.members.clone(),
            service: OAuthService::new(server.clone(), Arc::<Portal>::clone(&self.portal)).unwrap(),
            server,
            portal: Arc::clone(&self.portal),
            accounts: Arc::clone(&self.accounts),
            witness: Arc::clone(&self.witness),
            clock: self.clock.clone(),
            storage: Arc::clone(&self.storage),
            realm: self.realm.clone(),
            runtime: self.runtime.clone(),
        }
    }

    /// Sends a request. The answer has been looked at.
    pub(super) fn send(&self, request: Request<Full<Bytes>>) -> Answered {
        let _entered = self.enter();
        let asked = Witness::note(&request);
        let answer = send(&self.service, request);
        self.witness.look_at(&asked, &answer);
        answer
    }

    /// What an operator does with the server.
    pub(super) fn operate<'a, F: Future>(&'a self, act: impl FnOnce(&'a AuthorizationServer) -> F) -> F::Output {
        let _entered = self.enter();
        pollster::block_on(act(&self.server))
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Lifetime::seconds(seconds));
    }

    /// How often something was written so far.
    pub(super) fn writes(&self) -> usize {
        self.storage.writes.load(Ordering::SeqCst)
    }

    fn enter(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.runtime.as_ref().map(Handle::enter)
    }
}

fn builder(storage: &Arc<Counting>, realm: &str, seed: u64) -> Builder {
    let keyring = DerivedKeyring::new(1, [7; 32]).unwrap();
    AuthorizationServer::builder(ISSUER, Arc::<Counting>::clone(storage), Arc::new(keyring))
        .realm(realm)
        .entropy(Arc::new(SeededEntropy::new(seed)))
}

/// Where stages are set up: memory, unless a run over another store says something else.
#[derive(Clone)]
pub(super) struct Place {
    storage: Arc<dyn Storage>,
    runtime: Option<Handle>,
    next: Arc<AtomicU64>,
}

thread_local! {
    static HERE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

impl Place {
    pub(super) fn over(storage: Arc<dyn Storage>, runtime: Option<Handle>) -> Self {
        Self { storage, runtime, next: Arc::new(AtomicU64::new(0)) }
    }

    /// Stages of this thread are set up here, while the value lives.
    pub(super) fn enter(self) -> Entered {
        HERE.set(Some(self));
        Entered
    }

    fn here() -> Self {
        HERE.with_borrow(Clone::clone).unwrap_or_else(|| Self::over(Arc::new(MemoryStorage::new()), None))
    }
}

pub(super) struct Entered;

impl Drop for Entered {
    fn drop(&mut self) {
        HERE.set(None);
    }
}

/// Who is locked out.
#[derive(Default)]
pub(super) struct Accounts(Mutex<BTreeSet<String>>);

impl Accounts {
    pub(super) fn lock(&self, subject: &str) {
        self.0.lock().unwrap().insert(subject.to_owned());
    }

    pub(super) fn unlock(&self, subject: &str) {
        self.0.lock().unwrap().remove(subject);
    }
}

#[async_trait]
impl AccountDirectory for Accounts {
    async fn standing(&self, _: &Realm, subject: &Subject) -> Result<AccountStanding, StorageError> {
        let is_locked = self.0.lock().unwrap().contains(subject.as_str());
        Ok(if is_locked { AccountStanding::Inactive } else { AccountStanding::Active })
    }
}

/// A storage, and how often it was written.
struct Counting {
    inner: Arc<dyn Storage>,
    writes: AtomicUsize,
}

#[async_trait]
impl Storage for Counting {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        self.inner.load(key).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.save(next, expected).await
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.remove(key, expected).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.inner.list(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.inner.purge_expired(now, limit).await
    }
}
