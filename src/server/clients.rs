//! The default client registry: client records in the storage, with a bounded cache.

mod folding;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use self::folding::Folding;
use crate::host::{ClientRegistry, Clock, Storage, StorageError, StorageErrorKind};
use crate::policy::Policy;
use crate::record::{Client, Key, Record};
use crate::value::{ClientId, Lifetime, Realm, Timestamp};

/// Looks clients up in the storage, and remembers each for as long as the policy says.
///
/// A client that another server disabled or changed is served as it was for at most that time; what its own server
/// changes is seen at once. Unknown names are not remembered, so strangers cannot fill the cache. A registry that serves
/// several realms remembers one client of each name. Threads remember for themselves, up to sixteen of them.
pub struct StoredClients {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    lifetime: Lifetime,
    most: usize,
    stripes: Box<[Stripe; STRIPES]>,
}

/// What a thread remembers, on cache lines of its own.
#[repr(align(128))]
#[derive(Default)]
struct Stripe(RwLock<Clients>);

#[derive(Default)]
struct Clients {
    by_id: HashMap<ClientId, Remembered, Folding>,
    /// How often a client was forgotten. What was read before is not remembered after.
    forgotten: u64,
}

struct Remembered {
    client: Arc<Client>,
    until: Timestamp,
}

impl StoredClients {
    /// A registry over `storage`, with the cache bounds of `policy`.
    #[must_use]
    pub fn new(storage: &Arc<dyn Storage>, clock: &Arc<dyn Clock>, policy: &Policy) -> Self {
        Self {
            storage: Arc::clone(storage),
            clock: Arc::clone(clock),
            lifetime: policy.client_cache_lifetime,
            most: policy.most_cached_clients.div_ceil(STRIPES),
            stripes: Box::new(std::array::from_fn(|_| Stripe::default())),
        }
    }

    /// Forgets a client, whose record was changed by somebody else than the server of this registry.
    pub fn forget(&self, id: &ClientId) {
        for stripe in &*self.stripes {
            let mut clients = stripe.write();
            clients.by_id.remove(id);
            clients.forgotten = clients.forgotten.wrapping_add(1);
        }
    }

    /// The stripe of this thread.
    fn stripe(&self) -> &Stripe {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
        }
        let [first, ..] = &*self.stripes;
        self.stripes.get(NUMBER.with(|number| *number)).unwrap_or(first)
    }

    fn remembered(&self, realm: &Realm, id: &ClientId, now: Timestamp) -> Option<Arc<Client>> {
        let clients = self.stripe().read();
        let remembered = clients.by_id.get(id)?;
        let is_usable = !remembered.until.is_past(now) && remembered.client.realm.fingerprint() == realm.fingerprint();
        is_usable.then(|| Arc::clone(&remembered.client))
    }

    /// Remembers a client that was read when so many had been forgotten.
    fn remember(&self, stripe: &Stripe, client: &Arc<Client>, forgotten: u64, now: Timestamp) {
        if self.lifetime.is_zero() || self.most == 0 {
            return;
        }
        let mut clients = stripe.write();
        if clients.forgotten != forgotten {
            return;
        }
        if clients.by_id.len() >= self.most {
            clients.by_id.retain(|_, remembered| !remembered.until.is_past(now));
        }
        if clients.by_id.len() < self.most {
            let remembered = Remembered { client: Arc::clone(client), until: now.after(self.lifetime) };
            clients.by_id.insert(client.id.clone(), remembered);
        }
    }
}

impl Stripe {
    fn read(&self) -> RwLockReadGuard<'_, Clients> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Clients> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The registry of a server. The default is known by its type, so that remembered clients cost no allocation.
pub(super) enum Registry {
    Host(Arc<dyn ClientRegistry>),
    Stored(Box<StoredClients>),
}

impl Registry {
    /// The default registry, whose clients this server may change.
    pub(super) fn stored(&self) -> Option<&StoredClients> {
        match self {
            Self::Host(_) => None,
            Self::Stored(registry) => Some(registry),
        }
    }

    pub(super) async fn find(
        &self,
        realm: &Realm,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<Client>>, StorageError> {
        match self {
            Self::Host(registry) => registry.find(realm, id).await,
            Self::Stored(registry) => match registry.remembered(realm, id, now) {
                Some(client) => Ok(Some(client)),
                // Rare, so it takes no room in the future of every request.
                None => Box::pin(registry.load(realm, id, now)).await,
            },
        }
    }
}

#[async_trait]
impl ClientRegistry for StoredClients {
    async fn find(&self, realm: &Realm, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError> {
        let now = self.clock.now();
        match self.remembered(realm, id, now) {
            Some(client) => Ok(Some(client)),
            None => self.load(realm, id, now).await,
        }
    }
}

impl StoredClients {
    async fn load(&self, realm: &Realm, id: &ClientId, now: Timestamp) -> Result<Option<Arc<Client>>, StorageError> {
        let key: Key = Client::key_of(realm, id);
        let stripe = self.stripe();
        let forgotten = stripe.read().forgotten;
        match self.storage.load(key).await?.map(|stored| stored.record) {
            None => Ok(None),
            Some(Record::Client(client)) if client.is_deleted() => Ok(None),
            Some(Record::Client(client)) => {
                let client = unshared(client);
                self.remember(stripe, &client, forgotten, now);
                Ok(Some(client))
            }
            Some(_) => Err(StorageError::new(StorageErrorKind::Corrupt)),
        }
    }
}

/// A copy in memory of its own. Counting who shares what, threads would get in each other's way at every request.
fn unshared(client: Arc<Client>) -> Arc<Client> {
    let copy = Record::Client(Arc::clone(&client)).encode().and_then(|body| Record::decode(&body));
    match copy {
        Ok(Record::Client(copy)) => copy,
        _ => client,
    }
}

impl std::fmt::Debug for StoredClients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredClients(remembered for {})", self.lifetime)
    }
}

const STRIPES: usize = 16;
