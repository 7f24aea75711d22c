//! Flawed handles to a sound store: caches, and locks that nobody else knows of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError};
use grantsmith::record::{Key, Record, Version, Versioned};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::Timestamp;

use super::gap;

type Found = Option<Versioned<Record>>;

/// What is wrong with a handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::storage) enum Trick {
    /// Remembers what it loaded, and forgets that only for its own writes.
    Caches,
    /// Remembers what it loaded even if a write was faster.
    CachesLate,
    /// Reads and then writes, under a lock of its own.
    LocksOnlyItself,
    /// Writes first, and takes back what was not expected.
    TakesBack,
}

/// A handle to a store that several may share.
pub(in crate::storage) struct Tricky {
    trick: Trick,
    inner: Arc<MemoryStorage>,
    cache: Mutex<HashMap<Key, Found>>,
    lock: tokio::sync::Mutex<()>,
}

impl Tricky {
    pub(in crate::storage) fn new(trick: Trick, inner: &Arc<MemoryStorage>) -> Arc<Self> {
        let inner = Arc::clone(inner);
        Arc::new(Self { trick, inner, cache: Mutex::default(), lock: tokio::sync::Mutex::default() })
    }

    fn is_caching(&self) -> bool {
        matches!(self.trick, Trick::Caches | Trick::CachesLate)
    }

    /// Brings the record to that state, whatever is stored.
    async fn force(&self, key: Key, state: Found) -> Result<(), StorageError> {
        loop {
            let stored = self.inner.load(key).await?.map(|stored| stored.version);
            let saved = match (stored, state.clone()) {
                (None, None) => Saved::Applied,
                (Some(version), None) => self.inner.remove(key, version).await?,
                (stored, Some(next)) => {
                    self.inner.save(next, stored.map_or(Expected::Absent, Expected::Version)).await?
                }
            };
            if saved == Saved::Applied {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Storage for Tricky {
    async fn load(&self, key: Key) -> Result<Found, StorageError> {
        if !self.is_caching() {
            return self.inner.load(key).await;
        }
        let cached = self.cache.lock().unwrap().get(&key).cloned();
        if let Some(found) = cached {
            return Ok(found);
        }
        let found = self.inner.load(key).await?;
        if self.trick == Trick::CachesLate {
            gap().await;
        }
        self.cache.lock().unwrap().insert(key, found.clone());
        Ok(found)
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let key = next.record.key();
        if self.is_caching() {
            let saved = self.inner.save(next, expected).await?;
            self.cache.lock().unwrap().remove(&key);
            return Ok(saved);
        }
        let _guard = self.lock.lock().await;
        let before = self.inner.load(key).await?;
        let version = before.as_ref().map(|before| before.version);
        if version == Some(next.version) {
            return Ok(Saved::Applied);
        }
        let is_expected = version.map_or(Expected::Absent, Expected::Version) == expected;
        if self.trick == Trick::TakesBack {
            self.force(key, Some(next)).await?;
            gap().await;
            if !is_expected {
                self.force(key, before).await?;
            }
        } else if is_expected {
            gap().await;
            self.force(key, Some(next)).await?;
        }
        Ok(if is_expected { Saved::Applied } else { Saved::Conflict })
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let _guard = self.lock.lock().await;
        let saved = self.inner.remove(key, expected).await?;
        self.cache.lock().unwrap().remove(&key);
        Ok(saved)
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.inner.list(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let _guard = self.lock.lock().await;
        let purged = self.inner.purge_expired(now, limit).await?;
        self.cache.lock().unwrap().clear();
        Ok(purged)
    }
}
