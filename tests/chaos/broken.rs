//! Stores that are broken on purpose, around one that is not: what the chaos test must be able to notice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError};
use grantsmith::record::{Key, Record, Version, Versioned};
use grantsmith::value::Timestamp;
use tokio::time::{Instant, sleep};

use crate::ledger::Rule;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    /// It acknowledges a save and writes it a moment later, if the process still lives.
    EarlyAck,
    /// It acknowledges a save in fifty without writing it.
    Forgetful,
    /// It answers a load from what it read or wrote lately, whatever other processes have written since.
    Stale,
    /// It saves whatever is stored, as if nothing had been expected.
    Unconditional,
}

impl Flaw {
    pub(crate) const ALL: [Self; 4] = [Self::EarlyAck, Self::Forgetful, Self::Stale, Self::Unconditional];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EarlyAck => "early-ack",
            Self::Forgetful => "forgetful",
            Self::Stale => "stale",
            Self::Unconditional => "unconditional",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| flaw.name() == name)
    }

    /// The rule that a client sees broken at the least.
    pub(crate) fn breaks(self) -> Rule {
        match self {
            Self::EarlyAck | Self::Forgetful => Rule::WhatWasGrantedExists,
            Self::Stale => Rule::WhatEndedIsOver,
            Self::Unconditional => Rule::OneCodeOneGrant,
        }
    }
}

/// A store with a flaw.
pub(crate) struct Broken {
    inner: Arc<dyn Storage>,
    flaw: Flaw,
    saves: AtomicU32,
    /// What is answered instead of what is stored, and until when.
    believed: Arc<Mutex<HashMap<Key, Belief>>>,
}

#[derive(Clone)]
struct Belief {
    stored: Option<Versioned<Record>>,
    until: Instant,
}

impl Broken {
    pub(crate) fn new(inner: Arc<dyn Storage>, flaw: Flaw) -> Self {
        Self { inner, flaw, saves: AtomicU32::new(0), believed: Arc::default() }
    }

    fn believed(&self, key: Key) -> Option<Belief> {
        let believed = self.believed.lock().unwrap();
        believed.get(&key).filter(|belief| belief.until > Instant::now()).cloned()
    }

    fn believe(&self, key: Key, stored: Option<Versioned<Record>>, length: Duration) {
        let belief = Belief { stored, until: Instant::now() + length };
        self.believed.lock().unwrap().insert(key, belief);
    }

    async fn save_early(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let key = next.record.key();
        let stored = self.load(key).await?.map(|stored| stored.version);
        if stored != version_of(expected) {
            return Ok(Saved::Conflict);
        }
        self.believe(key, Some(next.clone()), DELAY * 2);
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            sleep(DELAY).await;
            inner.save(next, expected).await
        });
        Ok(Saved::Applied)
    }

    async fn save_over(&self, next: Versioned<Record>) -> Result<Saved, StorageError> {
        loop {
            let stored = self.inner.load(next.record.key()).await?.map(|stored| stored.version);
            let expected = stored.map_or(Expected::Absent, Expected::Version);
            if self.inner.save(next.clone(), expected).await? == Saved::Applied {
                return Ok(Saved::Applied);
            }
        }
    }
}

#[async_trait]
impl Storage for Broken {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        if let Some(belief) = self.believed(key) {
            return Ok(belief.stored);
        }
        let stored = self.inner.load(key).await?;
        if self.flaw == Flaw::Stale {
            self.believe(key, stored.clone(), MEMORY);
        }
        Ok(stored)
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let key = next.record.key();
        match self.flaw {
            Flaw::EarlyAck => self.save_early(next, expected).await,
            Flaw::Forgetful if self.saves.fetch_add(1, Ordering::SeqCst) % 50 == 49 => Ok(Saved::Applied),
            Flaw::Forgetful => self.inner.save(next, expected).await,
            Flaw::Stale => {
                let saved = self.inner.save(next.clone(), expected).await?;
                match saved {
                    Saved::Applied => self.believe(key, Some(next), MEMORY),
                    Saved::Conflict => drop(self.believed.lock().unwrap().remove(&key)),
                }
                Ok(saved)
            }
            Flaw::Unconditional => self.save_over(next).await,
        }
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

fn version_of(expected: Expected) -> Option<Version> {
    match expected {
        Expected::Absent => None,
        Expected::Version(version) => Some(version),
    }
}

/// Between an early acknowledgement and its write.
const DELAY: Duration = Duration::from_millis(30);
/// How long a stale store believes what it has read.
const MEMORY: Duration = Duration::from_secs(2);
