//! The conditional write, and telling a lost acknowledgement from a lost race.

use super::{AuthorizationServer, Unavailable};
use crate::host::{Event, Expected, Saved, StorageError};
use crate::record::{Key, Record, Version, Versioned};

impl AuthorizationServer {
    /// Saves `record` under `version` if `expected` still holds.
    ///
    /// After an error the record is loaded: its own version there proves that the write was applied, the expected one
    /// that it was not, and then it is tried once more. What cannot be attributed is an error, never a conflict, so
    /// nobody is accused for an acknowledgement that was lost.
    pub(super) async fn commit(
        &self,
        record: Record,
        version: Version,
        expected: Expected,
    ) -> Result<Saved, Unavailable> {
        let next = Versioned { version, record };
        let first = self.0.storage.save(next.clone(), expected).await;
        match first {
            Ok(saved) => Ok(saved),
            // Rare, so it takes no room in the future of every request.
            Err(error) => Box::pin(self.attribute(next, expected, error)).await,
        }
    }

    async fn attribute(
        &self,
        next: Versioned<Record>,
        expected: Expected,
        error: StorageError,
    ) -> Result<Saved, Unavailable> {
        self.tell(&Event::StorageFailed { reason: &error.to_string() });
        let (key, version) = (next.record.key(), next.version);
        let stored = self.0.storage.load(key).await.map_err(|_| Unavailable::Storage(error))?.map(|it| it.version);
        if stored == Some(version) {
            return Ok(Saved::Applied);
        }
        let is_untouched = match expected {
            Expected::Absent => stored.is_none(),
            Expected::Version(expected) => stored == Some(expected),
        };
        if !is_untouched {
            return Err(Unavailable::OutcomeUnknown);
        }
        // The first write may still be on its way: with the same version, the two are one.
        self.0.storage.save(next, expected).await.map_err(|error| self.storage_failed(error))
    }

    /// Loads a record.
    pub(super) async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, Unavailable> {
        self.0.storage.load(key).await.map_err(|error| self.storage_failed(error))
    }

    /// Tells of a storage that fails.
    pub(super) fn storage_failed(&self, error: StorageError) -> Unavailable {
        self.tell(&Event::StorageFailed { reason: &error.to_string() });
        Unavailable::Storage(error)
    }
}
