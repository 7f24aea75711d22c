//! Everything in memory: for tests and examples, and the reference that other stores are read against.
//!
//! Records are spread over 256 shards. Each has one small lock, held for a few steps in its trees and never over an
//! await, so requests for different records hardly meet. Nothing is copied: what is loaded is what was saved.

mod index;
mod placing;
mod table;

use std::fmt;
use std::hash::RandomState;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::index::{Entry, Span};
use self::placing::Placing;
use self::table::{Slots, Table};
use crate::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Timestamp;

/// A [`Storage`] that lasts as long as the process.
///
/// An operation costs the logarithm of what its shard holds. Nothing is ever rebuilt, so the worst operation costs
/// little more than the average one, and a record takes the same memory however many there are.
///
/// [`purge_expired`](Storage::purge_expired) looks at the shards in turn. It skips those in which nothing can have
/// expired, and walks through the others; either it finds something there, or it learns until when to skip the shard.
/// Fewer than `limit` removals mean that nothing else has expired.
pub struct MemoryStorage {
    hashing: RandomState,
    placing: Placing,
    shards: Box<[Shard; 256]>,
    next_purged: AtomicU8,
}

/// One lock on a cache line of its own: neighbours do not slow each other down.
#[repr(align(64))]
#[derive(Default)]
struct Shard(Mutex<Table>);

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        let hashing = RandomState::new();
        Self {
            placing: Placing::drawn_from(&hashing),
            hashing,
            shards: Box::new(std::array::from_fn(|_| Shard::default())),
            next_purged: AtomicU8::new(0),
        }
    }

    /// How many records are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.table().len()).sum()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table that holds the key's record, and the slots of it where that may be.
    fn find(&self, key: &Key) -> (MutexGuard<'_, Table>, Slots) {
        let hash = self.placing.hash(key);
        let [number, ..] = hash.to_be_bytes();
        (self.shard(number).table(), Slots::of(hash))
    }

    fn shard(&self, number: u8) -> &Shard {
        let [first, ..] = &*self.shards;
        self.shards.get(usize::from(number)).unwrap_or(first)
    }
}

impl Shard {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it holds the lock, so a poisoned table is as whole as any other.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        let (table, slots) = self.find(&key);
        Ok(table.load(slots, &key))
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let key = next.record.key();
        let (mut table, slots) = self.find(&key);
        table.save(slots, &key, next, expected, &self.hashing)
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let (mut table, slots) = self.find(&key);
        Ok(table.remove(slots, &key, expected, &self.hashing))
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        let span = Span::of(filter, &self.hashing);
        let (first, mut after) = match after {
            None => (0, None),
            Some(cursor) => {
                let position = read_cursor(cursor).filter(|(_, entry)| span.contains(*entry));
                let (number, entry) = position.ok_or_else(|| {
                    StorageError::new(StorageErrorKind::Unavailable).because("the cursor is not of this listing")
                })?;
                (number, Some(entry))
            }
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        let mut keys = Vec::new();
        for number in first..=u8::MAX {
            let reached = self.shard(number).table().list(filter, span, after.take(), limit, &mut keys);
            if let Some(entry) = reached {
                return Ok(Listing { keys, next: Some(write_cursor(number, entry)) });
            }
        }
        Ok(Listing { keys, next: None })
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut purged = 0;
        // The first shard comes again at the end, because the last purge may have stopped in the middle of it.
        for _ in 0..=self.shards.len() {
            let number = self.next_purged.load(Ordering::Relaxed);
            let (removed, is_done) = self.shard(number).table().purge(now, limit - purged, &self.hashing);
            purged += removed;
            if !is_done {
                break;
            }
            // Whoever purges too may have gone on already.
            let next = number.wrapping_add(1);
            let _ = self.next_purged.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed);
        }
        Ok(u64::try_from(purged).unwrap_or(u64::MAX))
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").finish_non_exhaustive()
    }
}

/// A cursor is the number of a shard and the last entry on the page.
fn write_cursor(number: u8, entry: Entry) -> Cursor {
    let bytes: Vec<u8> = [number].into_iter().chain(entry.to_bytes()).collect();
    Cursor::new(&bytes)
}

fn read_cursor(cursor: &Cursor) -> Option<(u8, Entry)> {
    let (number, entry) = cursor.as_bytes().split_first()?;
    Some((*number, Entry::from_bytes(entry)?))
}

#[cfg(test)]
mod tests;
