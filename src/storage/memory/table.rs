//! The table of a shard: its records, their index, and the earliest time at which one may have expired.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher, RandomState};

use super::index::{self, Entry, Index, Place, Span};
use crate::host::{Expected, Filter, Saved, StorageError, StorageErrorKind};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Timestamp;

/// What one lock guards. A record and its index change under it together, so no listing misses a record.
#[derive(Debug, Default)]
pub(super) struct Table {
    records: HashMap<u64, Stored, BuildHasherDefault<SlotHasher>>,
    index: Index,
    /// How many records are not in the first slot of their hash.
    displaced: usize,
    /// How many records were added, ever.
    sequence: u32,
    /// Nothing here has expired before.
    expires_from: Coarse,
}

/// The slots in which a record may be. A hash has 256 of them, so that two keys with the same hash do not collide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots(u64);

/// A record in its slot. It knows its key, so the key is not stored once more.
#[derive(Debug)]
struct Stored {
    versioned: Versioned<Record>,
    expires_from: Coarse,
    sequence: u32,
}

/// A time in the four bytes from 1970 to 2106; outside, the nearer end. Never later than the same time in full but for
/// times before 1970.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Coarse(pub(super) u32);

impl Table {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    #[cfg(test)]
    pub(super) fn has_no_index(&self) -> bool {
        self.index.is_empty()
    }

    pub(super) fn load(&self, slots: Slots, key: &Key) -> Option<Versioned<Record>> {
        self.find(slots, key).map(|(_, stored)| stored.versioned.clone())
    }

    fn find(&self, slots: Slots, key: &Key) -> Option<(u64, &Stored)> {
        let used = if self.displaced == 0 { 1 } else { SLOTS };
        slots.iter().take(used).find_map(|slot| {
            let stored = self.records.get(&slot)?;
            (stored.versioned.record.key() == *key).then_some((slot, stored))
        })
    }

    pub(super) fn save(
        &mut self,
        slots: Slots,
        key: &Key,
        next: Versioned<Record>,
        expected: Expected,
        hashing: &RandomState,
    ) -> Result<Saved, StorageError> {
        let found = self.find(slots, key).map(|(slot, stored)| (slot, stored.versioned.version));
        match (found, expected) {
            (Some((_, version)), _) if version == next.version => {}
            (Some((slot, version)), Expected::Version(expected)) if version == expected => {
                self.replace(slot, next, hashing);
            }
            (None, Expected::Absent) => self.add(slots, next, hashing)?,
            (Some(_), _) | (None, Expected::Version(_)) => return Ok(Saved::Conflict),
        }
        Ok(Saved::Applied)
    }

    fn add(&mut self, slots: Slots, next: Versioned<Record>, hashing: &RandomState) -> Result<(), StorageError> {
        let slot = slots.iter().find(|slot| !self.records.contains_key(slot)).ok_or_else(|| {
            StorageError::new(StorageErrorKind::Unavailable).because("too many keys have the same hash")
        })?;
        let sequence = self.sequence;
        let expires_from = Coarse::of(next.record.expires_at());
        self.sequence = sequence.wrapping_add(1);
        self.displaced += usize::from(Slots::is_displaced(slot));
        self.expires_from = self.expires_from.min(expires_from);
        self.index.insert(Place { sequence, slot }, &next.record, hashing);
        self.records.insert(slot, Stored { versioned: next, expires_from, sequence });
        Ok(())
    }

    fn replace(&mut self, slot: u64, next: Versioned<Record>, hashing: &RandomState) {
        let Some(stored) = self.records.get_mut(&slot) else { return };
        let previous = &stored.versioned.record;
        if !index::are_together(previous, &next.record) {
            let place = Place { sequence: stored.sequence, slot };
            self.index.remove(place, previous, hashing);
            self.index.insert(place, &next.record, hashing);
        }
        stored.expires_from = Coarse::of(next.record.expires_at());
        stored.versioned = next;
        self.expires_from = self.expires_from.min(stored.expires_from);
    }

    pub(super) fn remove(&mut self, slots: Slots, key: &Key, expected: Version, hashing: &RandomState) -> Saved {
        let Some((slot, stored)) = self.find(slots, key) else { return Saved::Applied };
        if stored.versioned.version != expected {
            return Saved::Conflict;
        }
        if let Some(stored) = self.records.remove(&slot) {
            self.index.remove(Place { sequence: stored.sequence, slot }, &stored.versioned.record, hashing);
            self.displaced -= usize::from(Slots::is_displaced(slot));
        }
        Saved::Applied
    }

    /// Adds to `keys` until there are `limit` of them, and says which entry was the last. `None` at the shard's end.
    pub(super) fn list(
        &self,
        filter: &Filter,
        span: Span,
        after: Option<Entry>,
        limit: usize,
        keys: &mut Vec<Key>,
    ) -> Option<Entry> {
        for entry in self.index.entries(filter, span, after) {
            let stored = self.records.get(&entry.slot()).filter(|stored| filter.includes(&stored.versioned.record));
            keys.extend(stored.map(|stored| stored.versioned.record.key()));
            if keys.len() >= limit {
                return Some(*entry);
            }
        }
        None
    }

    /// Removes up to `limit` expired records, and says how many.
    pub(super) fn purge(&mut self, now: Timestamp, limit: usize, hashing: &RandomState) -> usize {
        if self.expires_from > Coarse::of(now) {
            return 0;
        }
        let mut purged = 0;
        let mut expires_from = Coarse::default();
        self.records.retain(|slot, stored| {
            let is_kept = purged == limit || !stored.has_expired(now);
            if is_kept {
                expires_from = expires_from.min(stored.expires_from);
            } else {
                purged += 1;
                let place = Place { sequence: stored.sequence, slot: *slot };
                self.index.remove(place, &stored.versioned.record, hashing);
                self.displaced -= usize::from(Slots::is_displaced(*slot));
            }
            is_kept
        });
        self.expires_from = expires_from;
        if self.records.len() < self.records.capacity() / 4 {
            self.records.shrink_to(self.records.len() * 2);
        }
        purged
    }
}

impl Slots {
    /// The first byte of a hash chooses the shard, so the others are enough here.
    pub(super) fn of(hash: u64) -> Self {
        Self(hash << u8::BITS)
    }

    fn iter(self) -> impl Iterator<Item = u64> {
        (0..=u8::MAX).map(move |ordinal| self.0 | u64::from(ordinal))
    }

    fn is_displaced(slot: u64) -> bool {
        slot.trailing_zeros() < u8::BITS
    }
}

impl Stored {
    fn has_expired(&self, now: Timestamp) -> bool {
        if self.expires_from > Coarse::of(now) {
            // Most have not; they are told apart without reaching into the record.
            return false;
        }
        let expires_at = self.versioned.record.expires_at();
        expires_at != Timestamp::MAX && expires_at.is_past(now)
    }
}

impl Coarse {
    pub(super) fn of(at: Timestamp) -> Self {
        Self(u32::try_from(at.as_seconds().max(0)).unwrap_or(u32::MAX))
    }
}

impl Default for Coarse {
    /// Never, as far as it can tell.
    fn default() -> Self {
        Self(u32::MAX)
    }
}

/// A slot is a hash already. The map looks at the first and the last bits, so the best ones are turned there.
#[derive(Default)]
struct SlotHasher(u64);

impl Hasher for SlotHasher {
    fn write_u64(&mut self, slot: u64) {
        self.0 = slot.rotate_left(u32::BITS);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(u8::BITS) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const SLOTS: usize = 256;
