//! The default client registry: client records in the storage, with a bounded cache.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use crate::host::{ClientRegistry, Clock, Storage, StorageError, StorageErrorKind};
use crate::policy::Policy;
use crate::record::{Client, Key, Record};
use crate::value::{ClientId, Lifetime, Realm, Timestamp};

/// Looks clients up in the storage, and remembers each for as long as the policy says.
///
/// A client that another server disabled or changed is served as it was for at most that time; what its own server
/// changes is seen at once. Unknown names are not remembered, so strangers cannot fill the cache. A registry that serves
/// several realms remembers one client of each name.
pub struct StoredClients {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    lifetime: Lifetime,
    most: usize,
    shards: [RwLock<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    clients: HashMap<ClientId, Remembered>,
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
            most: policy.most_cached_clients.div_ceil(SHARDS),
            shards: std::array::from_fn(|_| RwLock::default()),
        }
    }

    /// Forgets a client, whose record was changed by somebody else than the server of this registry.
    pub fn forget(&self, id: &ClientId) {
        let mut shard = self.write(id);
        shard.clients.remove(id);
        shard.forgotten = shard.forgotten.wrapping_add(1);
    }

    fn read(&self, id: &ClientId) -> RwLockReadGuard<'_, Shard> {
        self.shard(id).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, id: &ClientId) -> RwLockWriteGuard<'_, Shard> {
        self.shard(id).write().unwrap_or_else(PoisonError::into_inner)
    }

    fn shard(&self, id: &ClientId) -> &RwLock<Shard> {
        let mixed = id.as_str().bytes().fold(0_u8, |mixed, byte| mixed.rotate_left(3) ^ byte);
        let [first, ..] = &self.shards;
        self.shards.get(usize::from(mixed) % SHARDS).unwrap_or(first)
    }

    fn remembered(&self, realm: &Realm, id: &ClientId, now: Timestamp) -> Option<Arc<Client>> {
        let shard = self.read(id);
        let remembered = shard.clients.get(id)?;
        let is_usable = !remembered.until.is_past(now) && remembered.client.realm == *realm;
        is_usable.then(|| Arc::clone(&remembered.client))
    }

    /// Remembers a client that was read when so many had been forgotten.
    fn remember(&self, client: &Arc<Client>, forgotten: u64, now: Timestamp) {
        if self.lifetime.is_zero() || self.most == 0 {
            return;
        }
        let mut shard = self.write(&client.id);
        if shard.forgotten != forgotten {
            return;
        }
        if shard.clients.len() >= self.most {
            shard.clients.retain(|_, remembered| !remembered.until.is_past(now));
        }
        if shard.clients.len() < self.most {
            let remembered = Remembered { client: Arc::clone(client), until: now.after(self.lifetime) };
            shard.clients.insert(client.id.clone(), remembered);
        }
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
        let forgotten = self.read(id).forgotten;
        match self.storage.load(key).await?.map(|stored| stored.record) {
            None => Ok(None),
            Some(Record::Client(client)) if client.is_deleted() => Ok(None),
            Some(Record::Client(client)) => {
                self.remember(&client, forgotten, now);
                Ok(Some(client))
            }
            Some(_) => Err(StorageError::new(StorageErrorKind::Corrupt)),
        }
    }
}

impl std::fmt::Debug for StoredClients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredClients(remembered for {})", self.lifetime)
    }
}

const SHARDS: usize = 16;
