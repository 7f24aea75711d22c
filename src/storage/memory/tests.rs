use std::sync::Arc;

use super::*;
use crate::host::Expected;
use crate::record::{RecordKind, Session, UsedIdentifier};
use crate::value::{Lifetime, Realm};

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

fn used(identifier: &str, expires_at: Timestamp) -> Versioned<Record> {
    let record = Record::UsedIdentifier(Arc::new(UsedIdentifier::new(&realm(), "test", identifier, expires_at)));
    Versioned { version: Version::from_bytes([1; 16]), record }
}

fn session(id: &str, due_at: Option<Timestamp>) -> Versioned<Record> {
    let opened = Session::opened(&realm(), &id.parse().unwrap(), &"alice".parse().unwrap(), now());
    let session = match due_at {
        None => opened,
        Some(at) => opened.ended_at(at, at),
    };
    Versioned { version: Version::from_bytes([1; 16]), record: Record::Session(Arc::new(session)) }
}

fn save(storage: &MemoryStorage, next: Versioned<Record>) {
    assert_eq!(pollster::block_on(storage.save(next, Expected::Absent)).unwrap(), Saved::Applied);
}

fn purge(storage: &MemoryStorage, now: Timestamp, limit: u32) -> u64 {
    pollster::block_on(storage.purge_expired(now, limit)).unwrap()
}

fn list(storage: &MemoryStorage, filter: &Filter, after: Option<&Cursor>) -> Result<Listing, StorageError> {
    pollster::block_on(storage.list(filter, after, 1))
}

fn of_alice() -> Filter {
    Filter::Subject(*realm().fingerprint(), "alice".parse().unwrap())
}

#[test]
fn what_is_loaded_is_what_was_saved() {
    let storage = MemoryStorage::new();
    let saved = session("one", None);
    save(&storage, saved.clone());

    let loaded = pollster::block_on(storage.load(saved.record.key())).unwrap().unwrap();

    let (Record::Session(saved), Record::Session(loaded)) = (saved.record, loaded.record) else { panic!() };
    assert!(Arc::ptr_eq(&saved, &loaded));
}

#[test]
fn keys_with_the_same_hash_do_not_collide() {
    let hashing = RandomState::new();
    let mut table = Table::default();
    let slots = Slots::of(7);
    let records = ["one", "two", "three"].map(|name| used(name, now()));
    for next in &records {
        let key = next.record.key();
        let saved = table.save(slots, &key, next.clone(), Expected::Absent, &hashing);
        assert_eq!(saved.unwrap(), Saved::Applied);
    }

    let [first, second, third] = records.map(|next| next.record.key());
    assert_eq!(table.remove(slots, &first, Version::from_bytes([1; 16]), &hashing), Saved::Applied);

    assert!(table.load(slots, &first).is_none());
    assert_eq!(table.load(slots, &second).unwrap().record.key(), second);
    assert_eq!(table.load(slots, &third).unwrap().record.key(), third);
    assert_eq!(table.len(), 2);
}

#[test]
fn a_key_beyond_the_slots_of_its_hash_is_an_error() {
    let hashing = RandomState::new();
    let mut table = Table::default();
    let mut save = |number: u32| {
        let next = used(&number.to_string(), now());
        table.save(Slots::of(7), &next.record.key(), next, Expected::Absent, &hashing)
    };

    let saved: Vec<_> = (0..17).map(&mut save).collect();

    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 16);
    assert!(saved.last().unwrap().is_err());
}

#[test]
fn purging_takes_what_expired_and_no_more_than_asked() {
    let storage = MemoryStorage::new();
    for number in 0_u64..1000 {
        save(&storage, used(&number.to_string(), now().after(Lifetime::seconds(number))));
    }

    assert_eq!(purge(&storage, now().before(Lifetime::seconds(1)), 10), 0);
    assert_eq!(purge(&storage, now().after(Lifetime::seconds(99)), 30), 30);
    assert_eq!(purge(&storage, now().after(Lifetime::seconds(99)), 100), 70);
    assert_eq!(purge(&storage, now().after(Lifetime::seconds(99)), 100), 0);
    assert_eq!(storage.len(), 900);
}

#[test]
fn whatever_the_clock_says_only_the_expired_are_purged() {
    let at = Timestamp::from_seconds;
    let times = [i64::MIN, -1, 0, i64::from(u32::MAX) - 1, i64::from(u32::MAX), i64::from(u32::MAX) + 1, i64::MAX - 1];
    for now in times {
        let storage = MemoryStorage::new();
        for time in times {
            save(&storage, used(&time.to_string(), at(time)));
        }
        save(&storage, used("never", Timestamp::MAX));

        let expired = times.iter().filter(|time| **time <= now).count();

        assert_eq!(purge(&storage, at(now), 100), u64::try_from(expired).unwrap(), "at {now}");
        assert_eq!(storage.len(), times.len() + 1 - expired, "at {now}");
        assert_eq!(purge(&storage, Timestamp::MAX, 100), u64::try_from(times.len() - expired).unwrap());
        assert_eq!(storage.len(), 1);
    }
}

#[test]
fn whatever_the_clock_says_only_what_is_due_is_listed() {
    let at = Timestamp::from_seconds;
    let times = [i64::MIN, -1, 0, i64::from(u32::MAX), i64::from(u32::MAX) + 1, i64::MAX];
    let storage = MemoryStorage::new();
    for time in times {
        save(&storage, session(&time.to_string(), Some(at(time))));
    }

    for now in times {
        let listing = pollster::block_on(storage.list(&Filter::Due(at(now)), None, 100)).unwrap();
        assert_eq!(listing.keys.len(), times.iter().filter(|time| **time <= now).count(), "at {now}");
    }
}

#[test]
fn a_cursor_of_another_listing_or_store_is_refused() {
    let (storage, other) = (MemoryStorage::new(), MemoryStorage::new());
    for storage in [&storage, &other] {
        for id in ["one", "two", "three"] {
            save(storage, session(id, None));
        }
    }
    let cursor = list(&storage, &of_alice(), None).unwrap().next.unwrap();

    assert!(list(&storage, &of_alice(), Some(&cursor)).is_ok());
    let of_bob = Filter::Subject(*realm().fingerprint(), "bob".parse().unwrap());
    assert!(list(&storage, &of_bob, Some(&cursor)).is_err());
    assert!(list(&other, &of_alice(), Some(&cursor)).is_err());
    for length in 0..cursor.as_bytes().len() {
        let cut = Cursor::new(&cursor.as_bytes()[..length]);
        assert!(list(&storage, &of_alice(), Some(&cut)).is_err(), "{length} bytes");
    }
    let longer = [cursor.as_bytes(), &[0]].concat();
    assert!(list(&storage, &of_alice(), Some(&Cursor::new(&longer))).is_err());
}

#[test]
fn a_panic_elsewhere_does_not_close_a_shard() {
    let storage = Arc::new(MemoryStorage::new());
    for shard in &*storage.shards {
        std::thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _table = shard.table();
                std::panic::panic_any("while holding the lock");
            });
            assert!(panicking.join().is_err());
        });
    }

    save(&storage, session("one", None));

    assert_eq!(list(&storage, &of_alice(), None).unwrap().keys.len(), 1);
}

#[test]
fn nothing_is_left_of_an_owner_without_records() {
    let storage = MemoryStorage::new();
    for number in 0..1000 {
        save(&storage, session(&number.to_string(), None));
        save(&storage, session(&format!("due {number}"), Some(now())));
    }
    for number in 0..1000 {
        let key = session(&format!("due {number}"), None).record.key();
        let _ = pollster::block_on(storage.remove(key, Version::from_bytes([1; 16]))).unwrap();
    }
    assert_eq!(purge(&storage, now(), 5000), 1000);

    assert!(storage.is_empty());
    assert!(storage.shards.iter().all(|shard| shard.table().has_no_index()));
}

#[test]
fn a_key_of_every_kind_is_absent_at_first() {
    let storage = MemoryStorage::new();
    for kind in RecordKind::ALL {
        let key = Key::from_parts([1; 16], kind, [1; 32]);
        assert!(pollster::block_on(storage.load(key)).unwrap().is_none());
    }
}
