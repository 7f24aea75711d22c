//! The index of a shard: which records an owner has, and which have work left to be finished.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Bound;

use super::table::Coarse;
use crate::host::Filter;
use crate::record::Record;
use crate::value::RealmFingerprint;

/// Entries in order, so that a page can begin behind any of them, whether or not it is still there.
#[derive(Debug, Default)]
pub(super) struct Index {
    owned: BTreeSet<Entry>,
    due: BTreeSet<Entry>,
}

/// A record in a group.
///
/// Within a group the newest comes last: where one client is given a million tokens, entries are added and removed
/// next to those of a moment ago, which the processor has at hand.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Entry {
    group: u32,
    place: Place,
}

/// Where a record is in the shard's table, and how many came before it. The number may come again, the slot decides.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) sequence: u32,
    pub(super) slot: u32,
}

/// The groups that a filter asks for.
///
/// A group is what one owner has, by the owner's hash, or what is due at one time, by that time. Owners may share a
/// hash and the time is coarse, so whoever lists looks at the records too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    from: u32,
    to: u32,
}

impl Index {
    pub(super) fn insert(&mut self, place: Place, record: &Record, hashing: &RandomState) {
        self.owned.extend(owners_of(record, hashing).map(|group| Entry { group, place }));
        self.due.extend(record.due_at().map(|at| Entry { group: Coarse::of(at).0, place }));
    }

    pub(super) fn remove(&mut self, place: Place, record: &Record, hashing: &RandomState) {
        for group in owners_of(record, hashing) {
            self.owned.remove(&Entry { group, place });
        }
        if let Some(at) = record.due_at() {
            self.due.remove(&Entry { group: Coarse::of(at).0, place });
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.owned.is_empty() && self.due.is_empty()
    }

    pub(super) fn entries(&self, filter: &Filter, span: Span, after: Option<Entry>) -> impl Iterator<Item = &Entry> {
        let index = if matches!(filter, Filter::Due(_)) { &self.due } else { &self.owned };
        let start = match after {
            None => Bound::Included(Entry { group: span.from, place: Place { sequence: 0, slot: 0 } }),
            Some(entry) => Bound::Excluded(entry),
        };
        let end = Entry { group: span.to, place: Place { sequence: u32::MAX, slot: u32::MAX } };
        index.range((start, Bound::Included(end)))
    }
}

impl Entry {
    pub(super) fn slot(&self) -> u32 {
        self.place.slot
    }

    pub(super) fn to_bytes(self) -> impl Iterator<Item = u8> {
        let Place { sequence, slot } = self.place;
        self.group.to_be_bytes().into_iter().chain(sequence.to_be_bytes()).chain(slot.to_be_bytes())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (group, bytes) = bytes.split_first_chunk()?;
        let (sequence, slot) = bytes.split_first_chunk()?;
        let place = Place { sequence: u32::from_be_bytes(*sequence), slot: u32::from_be_bytes(slot.try_into().ok()?) };
        Some(Self { group: u32::from_be_bytes(*group), place })
    }
}

impl Span {
    pub(super) fn of(filter: &Filter, hashing: &RandomState) -> Self {
        let (from, to) = match filter {
            Filter::Clients(realm) => Self::of_owner(realm, Owner::Realm, hashing),
            Filter::Client(realm, client) => Self::of_owner(realm, Owner::Client(client.as_str()), hashing),
            Filter::Due(at) => (0, Coarse::of(*at).0),
            Filter::Session(realm, session) => Self::of_owner(realm, Owner::Session(session.as_str()), hashing),
            Filter::Subject(realm, subject) => Self::of_owner(realm, Owner::Subject(subject.as_str()), hashing),
        };
        Self { from, to }
    }

    fn of_owner(realm: &RealmFingerprint, owner: Owner<'_>, hashing: &RandomState) -> (u32, u32) {
        let group = owner.group(realm, hashing);
        (group, group)
    }

    pub(super) fn contains(self, entry: Entry) -> bool {
        (self.from..=self.to).contains(&entry.group)
    }
}

/// Whether both are found in the same groups.
pub(super) fn are_together(one: &Record, other: &Record) -> bool {
    one.client() == other.client()
        && one.subject() == other.subject()
        && one.session() == other.session()
        && one.due_at() == other.due_at()
}

fn owners_of(record: &Record, hashing: &RandomState) -> impl Iterator<Item = u32> {
    let owners = [
        matches!(record, Record::Client(_)).then_some(Owner::Realm),
        record.client().map(|client| Owner::Client(client.as_str())),
        record.session().map(|session| Owner::Session(session.as_str())),
        record.subject().map(|subject| Owner::Subject(subject.as_str())),
    ];
    owners.into_iter().flatten().map(|owner| owner.group(record.realm().fingerprint(), hashing))
}

enum Owner<'a> {
    Client(&'a str),
    Realm,
    Session(&'a str),
    Subject(&'a str),
}

impl Owner<'_> {
    fn group(self, realm: &RealmFingerprint, hashing: &RandomState) -> u32 {
        let (kind, name) = match self {
            Self::Client(name) => (0, name),
            Self::Realm => (1, ""),
            Self::Session(name) => (2, name),
            Self::Subject(name) => (3, name),
        };
        let half = |[a, b, c, d, ..]: [u8; 8]| u32::from_be_bytes([a, b, c, d]);
        let realm = half(realm.first_chunk().copied().unwrap_or_default());
        // Only names are chosen by strangers; the realm and the kind are few.
        half(hashing.hash_one(name).to_be_bytes()) ^ realm ^ kind
    }
}
