//! One clause on trial: a store of its own, and what the checks say often.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::crew::{Call, Crew};
use super::faulty::Faulty;
use super::suite::{Handles, Workload};
use crate::host::{Expected, Filter, Saved, Storage, StorageError};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::{InvalidRealm, Realm};

/// A store of its own, through handles that count. Clones share it, so that racing calls can be tasks.
#[derive(Clone)]
pub(super) struct Trial(Arc<Inner>);

struct Inner {
    first: Arc<Faulty>,
    others: Vec<Arc<Faulty>>,
    crew: Crew,
    workload: Workload,
    drawn: AtomicU64,
}

/// Whether a clause holds, or what the store did instead.
pub(super) type Outcome<T = ()> = Result<T, Broken>;

/// What the store did instead.
pub(super) struct Broken(String);

impl Trial {
    pub(super) fn new(handles: Handles, crew: Crew, workload: Workload) -> Self {
        let counted = |handle| Arc::new(Faulty::new(handle));
        let (first, others) = (counted(handles.first), handles.others.into_iter().map(counted).collect());
        Self(Arc::new(Inner { first, others, crew, workload, drawn: AtomicU64::new(0) }))
    }

    /// The first handle, for what happens one call after the other.
    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.0.first
    }

    /// The handle of a racer of that number: all handles in turn.
    pub(super) fn handle(&self, racer: usize) -> Arc<dyn Storage> {
        let handle = racer.checked_rem(self.handles()).and_then(|number| self.0.others.get(number.checked_sub(1)?));
        Arc::<Faulty>::clone(handle.unwrap_or(&self.0.first))
    }

    pub(super) fn handles(&self) -> usize {
        1 + self.0.others.len()
    }

    /// How many calls the store was asked for.
    pub(super) fn operations(&self) -> u64 {
        [&self.0.first].into_iter().chain(&self.0.others).map(|handle| handle.counts().total()).sum()
    }

    pub(super) fn workload(&self) -> Workload {
        self.0.workload
    }

    /// Runs all calls at once; the answers are in the order of the calls.
    pub(super) async fn race<T: Send + 'static>(&self, calls: Vec<Call<T>>) -> Outcome<Vec<T>> {
        self.0.crew.run(calls).await
    }

    /// Saves all of them at once, through all handles.
    pub(super) async fn race_saves(&self, writes: &[Versioned<Record>], expected: Expected) -> Outcome<Vec<Saved>> {
        let calls = writes.iter().enumerate().map(|(number, next)| self.save_call(number, next.clone(), expected));
        self.race(calls.collect()).await
    }

    pub(super) fn save_call(&self, racer: usize, next: Versioned<Record>, expected: Expected) -> Call<Saved> {
        let storage = self.handle(racer);
        Box::pin(async move { Ok(storage.save(next, expected).await?) })
    }

    /// The record under a version of its own.
    ///
    /// Versions differ only in their last bytes and begin with zeros, so that cutting one short is noticed.
    pub(super) fn versioned(&self, record: Record) -> Versioned<Record> {
        let number = self.0.drawn.fetch_add(1, Ordering::Relaxed);
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
        let saved = self.storage().save(next.clone(), expected).await?;
        ensure(saved == answer, || format!("{what} was answered {saved:?}"))
    }

    /// Removes, and says what was removed if the answer is another one.
    pub(super) async fn remove(&self, key: Key, expected: Version, answer: Saved, what: &str) -> Outcome {
        let saved = self.storage().remove(key, expected).await?;
        ensure(saved == answer, || format!("{what} was answered {saved:?}"))
    }

    pub(super) async fn load(&self, key: Key) -> Outcome<Option<Versioned<Record>>> {
        Ok(self.storage().load(key).await?)
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
        listed(self.storage(), filter, limit).await
    }
}

/// Everything that a filter lists through that handle, in pages of that size.
pub(super) async fn listed(storage: &dyn Storage, filter: &Filter, limit: u32) -> Outcome<HashSet<Key>> {
    let mut keys = HashSet::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let page = storage.list(filter, after.as_ref(), limit).await?;
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
