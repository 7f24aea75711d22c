//! A storage that plays back what a request has been told so far, and notes what it asks next.
//!
//! A request is a future, which can be neither copied nor compared. But it is deterministic: what it does next follows
//! from what it sent, when it began, the random bytes it drew and what the storage told it. So a request in flight *is*
//! that list, and it moves on by being performed again from its beginning.

use std::collections::VecDeque;
use std::future::pending;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use grantsmith::host::{
    Cursor, Entropy, EntropyError, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind,
};
use grantsmith::record::{Key, Record, RecordKind, Version, Versioned};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::SeededEntropy;
use grantsmith::value::Timestamp;

/// What the storage told a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Loaded(Versioned<Record>),
    LoadFailed,
    Saved(Saved),
    SaveFailed,
}

/// What a request asks of the storage.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Load,
    Save(Versioned<Record>, Version),
}

/// Speaks for the storage of grants. Other records, such as clients, are simply there.
pub(crate) struct Prompter {
    others: MemoryStorage,
    scene: Mutex<Option<Scene>>,
}

struct Scene {
    replies: VecDeque<Reply>,
    asked: Option<Call>,
    seed: u64,
    random: SeededEntropy,
}

impl Prompter {
    pub(crate) fn new() -> Self {
        Self { others: MemoryStorage::new(), scene: Mutex::new(None) }
    }

    /// From now on grants are what `replies` say. Requests with the same `seed` draw the same bytes.
    pub(crate) fn begin(&self, seed: u64, replies: VecDeque<Reply>) {
        *self.scene() = Some(Scene { replies, asked: None, seed, random: SeededEntropy::new(seed) });
    }

    /// What was asked when the replies had run out.
    pub(crate) fn end(&self) -> Option<Call> {
        self.scene().take().and_then(|scene| scene.asked)
    }

    fn scene(&self) -> MutexGuard<'_, Option<Scene>> {
        self.scene.lock().unwrap()
    }

    /// The next reply to a request that is performed. `None`: the request waits here.
    async fn reply(&self, call: Call) -> Option<Reply> {
        let next = self.scene().as_mut().map(|scene| scene.next(call));
        match next {
            None => None,
            Some(None) => pending().await,
            Some(reply) => reply,
        }
    }
}

impl Scene {
    fn next(&mut self, call: Call) -> Option<Reply> {
        let reply = self.replies.pop_front();
        match &reply {
            Some(Reply::Loaded(stored)) => self.draw_for(stored.version),
            Some(_) => {}
            None => self.asked = Some(call),
        }
        reply
    }

    /// What is drawn depends on the record that was judged, not on how often others were faster before.
    fn draw_for(&mut self, version: Version) {
        let mut hasher = DefaultHasher::new();
        (self.seed, version).hash(&mut hasher);
        self.random = SeededEntropy::new(hasher.finish());
    }
}

fn failure() -> StorageError {
    StorageError::new(StorageErrorKind::OutcomeUnknown)
}

#[async_trait]
impl Storage for Prompter {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        if key.kind() != RecordKind::Grant {
            return self.others.load(key).await;
        }
        match self.reply(Call::Load).await {
            None => self.others.load(key).await,
            Some(Reply::Loaded(stored)) => Ok(Some(stored)),
            Some(_) => Err(failure()),
        }
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let Expected::Version(version) = expected else { return self.others.save(next, expected).await };
        match self.reply(Call::Save(next.clone(), version)).await {
            None => self.others.save(next, expected).await,
            Some(Reply::Saved(saved)) => Ok(saved),
            Some(_) => Err(failure()),
        }
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.others.remove(key, expected).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.others.list(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.others.purge_expired(now, limit).await
    }
}

/// The random bytes of the request that is performed.
pub(crate) struct Chance(pub(crate) Arc<Prompter>, pub(crate) SeededEntropy);

impl Entropy for Chance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match self.0.scene().as_ref() {
            Some(scene) => scene.random.fill(bytes),
            None => self.1.fill(bytes),
        }
    }
}
