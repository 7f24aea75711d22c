//! Real grants: what a server saves when machines ask for tokens.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::host::{Cursor, DerivedKeyring, Expected, Filter, Listing, Saved, Storage, StorageError};
use grantsmith::record::{Key, Record, RecordKind, Session, Version, Versioned};
use grantsmith::server::{AuthorizationServer, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Realm, Resource, ResourceSet, Timestamp};
use grantsmith::wire::FormRequest;

/// A record in two states, and its body as the raw driver writes it.
pub(crate) struct Item {
    pub(crate) key: Key,
    pub(crate) first: Versioned<Record>,
    pub(crate) second: Versioned<Record>,
    pub(crate) body: Vec<u8>,
}

/// So many grants.
pub(crate) async fn grants(count: usize) -> Vec<Item> {
    let storage = Arc::new(Keeping { inner: MemoryStorage::new(), kept: Mutex::default() });
    let keyring = DerivedKeyring::new(1, [7; 32]).unwrap();
    let builder = AuthorizationServer::builder("https://as.example", storage.clone(), Arc::new(keyring));
    let server = builder.build().unwrap();
    let resource: Resource = "https://api.example".parse().unwrap();
    let registration =
        Registration::machine().with_scope("read".parse().unwrap()).with_resources(ResourceSet::from(resource));
    let machine = server.register(registration).await.unwrap();
    let secret = machine.secret.as_ref().unwrap().expose();
    let credentials = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", machine.client.id())));
    for _ in 0..count {
        let request = FormRequest::new(b"grant_type=client_credentials");
        server.token(&request.with_authorization(credentials.as_bytes())).await.unwrap();
    }
    let kept = std::mem::take(&mut *storage.kept.lock().unwrap());
    kept.into_iter().map(item).collect()
}

fn item(first: Versioned<Record>) -> Item {
    let next = u128::from_be_bytes(*first.version.as_bytes()).wrapping_add(1);
    let second = Versioned { version: Version::from_bytes(next.to_be_bytes()), record: first.record.clone() };
    Item { key: first.record.key(), body: first.record.encode().unwrap(), first, second }
}

/// A record of another kind, to fill a table with.
pub(crate) fn filler(number: u64) -> Versioned<Record> {
    let realm: Realm = "https://as.example".parse().unwrap();
    let name = number.to_string();
    let session = Session::opened(&realm, &name.parse().unwrap(), &name.parse().unwrap(), FAR);
    let version = Version::from_bytes(u128::from(number).to_be_bytes());
    Versioned { version, record: Record::Session(Arc::new(session)) }
}

/// 2096.
const FAR: Timestamp = Timestamp::from_seconds(4_000_000_000);

/// A storage that remembers the grants that it was given.
struct Keeping {
    inner: MemoryStorage,
    kept: Mutex<Vec<Versioned<Record>>>,
}

#[async_trait]
impl Storage for Keeping {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        self.inner.load(key).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        if next.record.key().kind() == RecordKind::Grant {
            self.kept.lock().unwrap().push(next.clone());
        }
        self.inner.save(next, expected).await
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.inner.remove(key, expected).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.inner.list(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.inner.purge_expired(now, limit).await
    }
}
