//! The table of a shard: its records, their index, and the earliest time at which one may have expired.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::RandomState;
use std::ops::RangeInclusive;

use super::index::{self, Index, Place, Span};
use crate::host::{Expected, Filter, Saved, StorageError, StorageErrorKind};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Timestamp;

/// What one lock guards. A record and its index change under it together, so no listing misses a record.
///
/// The records are in a tree and not in a hash map, because a tree never moves all of them at once, and a record takes
/// the same memory in it however many there are.
#[derive(Debug, Default)]
pub(super) struct Table {
    records: BTreeMap<u32, Stored>,
    index: Index,
    /// How many records were added, ever.
    sequence: u32,
    /// Nothing here has expired before.
    expires_from: Coarse,
    pass: Pass,
}

/// How far a purge has come in going through the table.
#[derive(Debug, Default)]
struct Pass {
    next: u32,
    /// Nothing that it left behind, or that was saved since it began, has expired before.
    expires_from: Coarse,
}

/// The slots in which a record may be. A hash has sixteen of them, so that keys with the same hash do not collide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots(u32);

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

    /// Asks the record for its key, which costs nothing for a grant and a digest for what is known by names.
    fn find(&self, slots: Slots, key: &Key) -> Option<(u32, &Stored)> {
        let mut stored = self.records.range(slots.range());
        stored.find(|(_, stored)| stored.versioned.record.key() == *key).map(|(slot, stored)| (*slot, stored))
    }

    pub(super) fn save(
        &mut self,
        slots: Slots,
        key: &Key,
        next: Versioned<Record>,
        expected: Expected,
        hashing: &RandomState,
    ) -> Result<Saved, StorageError> {
        let mut stored = self.records.range_mut(slots.range());
        let found = stored.find(|(_, stored)| stored.versioned.record.key() == *key);
        let Some((slot, stored)) = found else {
            return match expected {
                Expected::Absent => self.add(slots, next, hashing).map(|()| Saved::Applied),
                Expected::Version(_) => Ok(Saved::Conflict),
            };
        };
        if stored.versioned.version == next.version {
            return Ok(Saved::Applied);
        }
        if expected != Expected::Version(stored.versioned.version) {
            return Ok(Saved::Conflict);
        }
        let previous = &stored.versioned.record;
        if !index::are_together(previous, &next.record) {
            let place = Place { sequence: stored.sequence, slot: *slot };
            self.index.remove(place, previous, hashing);
            self.index.insert(place, &next.record, hashing);
        }
        let expires_from = Coarse::of(next.record.expires_at());
        stored.expires_from = expires_from;
        stored.versioned = next;
        self.expect_expiry(expires_from);
        Ok(Saved::Applied)
    }

    fn add(&mut self, slots: Slots, next: Versioned<Record>, hashing: &RandomState) -> Result<(), StorageError> {
        for slot in slots.range() {
            if let Entry::Vacant(vacant) = self.records.entry(slot) {
                let sequence = self.sequence;
                let expires_from = Coarse::of(next.record.expires_at());
                self.sequence = sequence.wrapping_add(1);
                self.index.insert(Place { sequence, slot }, &next.record, hashing);
                vacant.insert(Stored { versioned: next, expires_from, sequence });
                self.expect_expiry(expires_from);
                return Ok(());
            }
        }
        Err(StorageError::new(StorageErrorKind::Unavailable).because("too many keys have the same hash"))
    }

    pub(super) fn remove(&mut self, slots: Slots, key: &Key, expected: Version, hashing: &RandomState) -> Saved {
        let Some((slot, stored)) = self.find(slots, key) else { return Saved::Applied };
        if stored.versioned.version != expected {
            return Saved::Conflict;
        }
        self.take(slot, hashing);
        Saved::Applied
    }

    /// Adds to `keys` until there are `limit` of them, and says which entry was the last. `None` at the shard's end.
    pub(super) fn list(
        &self,
        filter: &Filter,
        span: Span,
        after: Option<index::Entry>,
        limit: usize,
        keys: &mut Vec<Key>,
    ) -> Option<index::Entry> {
        for entry in self.index.entries(filter, span, after) {
            let stored = self.records.get(&entry.slot()).filter(|stored| filter.includes(&stored.versioned.record));
            keys.extend(stored.map(|stored| stored.versioned.record.key()));
            if keys.len() >= limit {
                return Some(*entry);
            }
        }
        None
    }

    /// Removes up to `limit` expired records, and says how many, and whether that was all.
    ///
    /// It goes on where the last call stopped, so that a shard with many is gone through once and not once for each batch.
    pub(super) fn purge(&mut self, now: Timestamp, limit: usize, hashing: &RandomState) -> (usize, bool) {
        if self.expires_from > Coarse::of(now) {
            return (0, true);
        }
        let mut expired = Vec::new();
        let mut rest = self.records.range(self.pass.next..);
        let stopped_at = loop {
            match rest.next() {
                None => break None,
                Some((_, stored)) if !stored.has_expired(now) => self.pass.note(stored.expires_from),
                Some((slot, _)) if expired.len() == limit => break Some(*slot),
                Some((slot, _)) => expired.push(*slot),
            }
        };
        for slot in &expired {
            self.take(*slot, hashing);
        }
        if let Some(next) = stopped_at {
            self.pass.next = next;
        } else {
            self.expires_from = std::mem::take(&mut self.pass).expires_from;
        }
        (expired.len(), stopped_at.is_none())
    }

    fn take(&mut self, slot: u32, hashing: &RandomState) {
        if let Some(stored) = self.records.remove(&slot) {
            self.index.remove(Place { sequence: stored.sequence, slot }, &stored.versioned.record, hashing);
        }
    }

    /// A record may expire at that time.
    fn expect_expiry(&mut self, at: Coarse) {
        self.expires_from = self.expires_from.min(at);
        self.pass.note(at);
    }
}

impl Pass {
    fn note(&mut self, expires_from: Coarse) {
        self.expires_from = self.expires_from.min(expires_from);
    }
}

impl Slots {
    /// The first byte of a hash chooses the shard, so the last ones tell the records of a shard apart.
    pub(super) fn of(hash: u64) -> Self {
        let [.., a, b, c, d] = hash.to_be_bytes();
        Self(u32::from_be_bytes([a, b, c, d]) & !SLOTS)
    }

    fn range(self) -> RangeInclusive<u32> {
        self.0..=self.0 | SLOTS
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

/// The bits that tell apart the slots of one hash.
const SLOTS: u32 = 0xf;
