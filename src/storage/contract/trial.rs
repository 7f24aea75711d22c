//! One clause on trial: a store of its own, and what the checks say often.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::race::Crew;
use crate::host::{Expected, Filter, Saved, Storage, StorageError};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::{InvalidRealm, Realm};

pub(super) struct Trial {
    storage: Arc<dyn Storage>,
    pub(super) crew: Crew,
    drawn: AtomicU64,
}

/// Whether a clause holds, or what the store did instead.
pub(super) type Outcome<T = ()> = Result<T, Broken>;

/// What the store did instead.
pub(super) struct Broken(String);

impl Trial {
    pub(super) fn new(storage: Arc<dyn Storage>, crew: Crew) -> Self {
        Self { storage, crew, drawn: AtomicU64::new(0) }
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// The record under a version of its own.
    ///
    /// Versions differ only in their last bytes and begin with zeros, so that cutting one short is noticed.
    pub(super) fn versioned(&self, record: Record) -> Versioned<Record> {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        Versioned { version: Version::from_bytes(u128::from(number).to_be_bytes()), record }
    }

    /// Saves a new record.
    pub(super) async fn create(&self, record: Record) -> Outcome<Versioned<Record>> {
        let saved = self.versioned(record);
        self.save(&saved, Expected::Absent, Saved::Applied, "the first save of a record").await?;
        Ok(saved)
    }

    /// Saves the next state of a record.
    pub(super) async fn update(&self, stored: &Versioned<Record>, record: Record) -> Outcome<Versioned<Record>> {
        let saved = self.versioned(record);
        let expected = Expected::Version(stored.version);
        self.save(&saved, expected, Saved::Applied, "a save that expected the stored version").await?;
        Ok(saved)
    }

    /// Saves, and says what was saved if the answer is another one.
    pub(super) async fn save(
        &self,
        next: &Versioned<Record>,
        expected: Expected,
        answer: Saved,
        what: &str,
    ) -> Outcome {
        let saved = self.storage.save(next.clone(), expected).await?;
        ensure(saved == answer, || format!("{what} was answered {saved:?}"))
    }

    /// Removes, and says what was removed if the answer is another one.
    pub(super) async fn remove(&self, key: Key, expected: Version, answer: Saved, what: &str) -> Outcome {
        let saved = self.storage.remove(key, expected).await?;
        ensure(saved == answer, || format!("{what} was answered {saved:?}"))
    }

    pub(super) async fn load(&self, key: Key) -> Outcome<Option<Versioned<Record>>> {
        Ok(self.storage.load(key).await?)
    }

    /// The store holds exactly this.
    pub(super) async fn holds(&self, saved: &Versioned<Record>, when: &str) -> Outcome {
        match self.load(saved.record.key()).await? {
            None => Err(Broken(format!("the record was absent {when}"))),
            Some(found) if found.version != saved.version => {
                Err(Broken(format!("the record had another version {when}")))
            }
            Some(found) => ensure(are_equal(&found.record, &saved.record), || {
                format!("a {} was not the one that was saved {when}", saved.record.key().kind().as_str())
            }),
        }
    }

    pub(super) async fn lacks(&self, key: Key, when: &str) -> Outcome {
        let found = self.load(key).await?;
        ensure(found.is_none(), || format!("a record was there {when}"))
    }

    /// Everything that a filter lists, in pages of that size.
    pub(super) async fn list(&self, filter: &Filter, limit: u32) -> Outcome<HashSet<Key>> {
        let mut keys = HashSet::new();
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let page = self.storage.list(filter, after.as_ref(), limit).await?;
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            ensure(page.keys.len() <= most, || format!("a page of {limit} had {} keys", page.keys.len()))?;
            keys.extend(page.keys);
            after = page.next;
            if after.is_none() {
                return Ok(keys);
            }
        }
        Err(Broken(format!("a listing of a few records had not ended after {MOST_PAGES} pages")))
    }
}

/// Says what happened if it should not have.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Broken(otherwise())) }
}

/// Whether both would be stored as the same bytes.
pub(super) fn are_equal(one: &Record, other: &Record) -> bool {
    matches!((one.encode(), other.encode()), (Ok(one), Ok(other)) if one == other)
}

impl Broken {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    pub(super) fn into_sentence(self) -> String {
        self.0
    }
}

impl From<StorageError> for Broken {
    fn from(error: StorageError) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self(format!("an ordinary call failed: {error}{cause}"))
    }
}

impl From<InvalidRealm> for Broken {
    fn from(error: InvalidRealm) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn realm() -> Outcome<Realm> {
    Ok("https://contract.example".parse()?)
}

/// Far more than one for each record of any check.
const MOST_PAGES: usize = 10_000;
