//! A sound store with an index of its own beside it, which is kept badly.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError};
use grantsmith::record::{Key, Record, Version, Versioned};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::Timestamp;

use super::gap;

/// When the index is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::storage) enum Order {
    /// After the record, so that somebody may see the record first.
    RecordFirst,
    /// Entries of the owner before are removed after the record was written, when they may be needed again.
    CleansLate,
}

pub(in crate::storage) struct Indexed {
    order: Order,
    inner: MemoryStorage,
    index: Mutex<BTreeSet<(Owner, Key)>>,
}

/// A filter as text.
type Owner = String;

impl Indexed {
    pub(in crate::storage) fn new(order: Order) -> Self {
        Self { order, inner: MemoryStorage::new(), index: Mutex::default() }
    }

    fn insert(&self, key: Key, owners: &[Owner]) {
        self.index.lock().unwrap().extend(owners.iter().map(|owner| (owner.clone(), key)));
    }
}

fn owners(record: &Record) -> Vec<Owner> {
    let realm = *record.realm().fingerprint();
    let client = record.client().map(|client| Filter::Client(realm, client.clone()));
    let session = record.session().map(|session| Filter::Session(realm, session.clone()));
    let subject = record.subject().map(|subject| Filter::Subject(realm, subject.clone()));
    [client, session, subject].iter().flatten().map(|filter| format!("{filter:?}")).collect()
}

#[async_trait]
impl Storage for Indexed {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        self.inner.load(key).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let (key, version, owned) = (next.record.key(), next.version, owners(&next.record));
        let before = self.inner.load(key).await?;
        if before.as_ref().is_some_and(|before| before.version == version) {
            return Ok(Saved::Applied);
        }
        if self.order == Order::RecordFirst {
            let saved = self.inner.save(next, expected).await?;
            gap().await;
            self.insert(key, &owned);
            return Ok(saved);
        }
        self.insert(key, &owned);
        let saved = self.inner.save(next, expected).await?;
        if let (Some(before), Saved::Applied) = (before, saved) {
            gap().await;
            let old = owners(&before.record);
            let index = &mut *self.index.lock().unwrap();
            for owner in old.into_iter().filter(|owner| !owned.contains(owner)) {
                index.remove(&(owner, key));
            }
        }
        Ok(saved)
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.inner.remove(key, expected).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        if matches!(filter, Filter::Clients(_) | Filter::Due(_)) {
            return self.inner.list(filter, after, limit).await;
        }
        let (owner, after) = (format!("{filter:?}"), after.map(Key::try_from).transpose()?);
        let limit = usize::try_from(limit).unwrap();
        let index = self.index.lock().unwrap();
        let matching = index.iter().filter(|(other, key)| *other == owner && after.is_none_or(|after| *key > after));
        let keys: Vec<Key> = matching.map(|(_, key)| *key).take(limit).collect();
        let next = keys.last().filter(|_| keys.len() == limit).map(|last| Cursor::from(*last));
        Ok(Listing { keys, next })
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.inner.purge_expired(now, limit).await
    }
}
