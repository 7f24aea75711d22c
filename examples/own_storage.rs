//! A storage of one's own: a plain map, and a file from which it can be read again. Checked by the contract.
//!
//! ```text
//! cargo run --example own_storage --features testing
//! ```
//!
//! Not for production: the file only grows, and every write waits for the disk under one lock.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::ops::Bound;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use grantsmith::record::{Key, Record, UsedIdentifier, Version, Versioned};
use grantsmith::storage::contract;
use grantsmith::value::Timestamp;

/// Every change is a line: `+ version record`, or `- version` where a record was removed.
struct FileStorage(Mutex<Content>);

struct Content {
    file: File,
    records: BTreeMap<Key, Versioned<Record>>,
}

impl FileStorage {
    fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // A crash may have cut the last line short. Nobody was told that it was written.
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        file.set_len(u64::try_from(text.len())?)?;
        file.seek(io::SeekFrom::End(0))?;
        let mut records = BTreeMap::new();
        for line in text.lines() {
            let (sign, line) = line.split_once(' ').ok_or("a line without sign")?;
            let (version, body) = line.split_once(' ').unwrap_or((line, ""));
            let version = Version::from_bytes(u128::from_str_radix(version, 16)?.to_be_bytes());
            if sign == "+" {
                let record = Record::decode(body.as_bytes())?;
                records.insert(record.key(), Versioned { version, record });
            } else {
                records.retain(|_, stored: &mut Versioned<Record>| stored.version != version);
            }
        }
        Ok(Self(Mutex::new(Content { file, records })))
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn append(&mut self, sign: char, version: Version, body: &[u8]) -> Result<(), StorageError> {
        let mut line = format!("{sign} {:032x} ", u128::from_be_bytes(*version.as_bytes())).into_bytes();
        line.extend(body);
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(|error| StorageError::new(StorageErrorKind::OutcomeUnknown).because(error))
    }

    fn remove(&mut self, key: Key, version: Version) -> Result<(), StorageError> {
        self.append('-', version, b"")?;
        self.records.remove(&key);
        Ok(())
    }
}

#[async_trait]
impl Storage for FileStorage {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        Ok(self.content().records.get(&key).cloned())
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let content = &mut *self.content();
        let stored = content.records.get(&next.record.key()).map(|stored| stored.version);
        if stored == Some(next.version) {
            return Ok(Saved::Applied);
        }
        if stored.map_or(Expected::Absent, Expected::Version) != expected {
            return Ok(Saved::Conflict);
        }
        content.append('+', next.version, &next.record.encode()?)?;
        content.records.insert(next.record.key(), next);
        Ok(Saved::Applied)
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let content = &mut *self.content();
        match content.records.get(&key).map(|stored| stored.version) {
            Some(version) if version != expected => return Ok(Saved::Conflict),
            Some(version) => content.remove(key, version)?,
            None => {}
        }
        Ok(Saved::Applied)
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        let start = after.map(Key::try_from).transpose()?.map_or(Bound::Unbounded, Bound::Excluded);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let content = self.content();
        let listed =
            content.records.range((start, Bound::Unbounded)).filter(|(_, stored)| filter.includes(&stored.record));
        let keys: Vec<Key> = listed.map(|(key, _)| *key).take(limit).collect();
        let next = keys.last().filter(|_| keys.len() == limit).map(|last| Cursor::from(*last));
        Ok(Listing { keys, next })
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let content = &mut *self.content();
        let has_expired = |stored: &Versioned<Record>| stored.record.expires_at().is_past(now);
        let expired = content.records.iter().filter(|(_, stored)| has_expired(stored));
        let expired: Vec<_> = expired.zip(0..limit).map(|((key, stored), _)| (*key, stored.version)).collect();
        let mut purged = 0;
        for (key, version) in expired {
            content.remove(key, version)?;
            purged += 1;
        }
        Ok(purged)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let count = AtomicU32::new(0);
    let make = async || {
        let path = folder.path().join(format!("clause {}", count.fetch_add(1, Ordering::Relaxed)));
        Arc::new(FileStorage::open(&path).unwrap_or_else(|error| {
            eprintln!("{}: {error}", path.display());
            process::exit(1)
        }))
    };
    println!("every clause of the contract, each on a file of its own:");
    let report = pollster::block_on(contract::check(make));
    println!("{report}");

    let path = folder.path().join("kept");
    let record = UsedIdentifier::new(&"https://as.example".parse()?, "example", "42", Timestamp::MAX);
    let saved = Versioned { version: Version::from_bytes([1; 16]), record: Record::UsedIdentifier(Arc::new(record)) };
    let answer = pollster::block_on(FileStorage::open(&path)?.save(saved.clone(), Expected::Absent))?;
    println!("a save was answered {answer:?}; now the file is opened again");
    let found = pollster::block_on(FileStorage::open(&path)?.load(saved.record.key()))?;
    println!("found: {found:?}");
    if report.is_clean() && found.is_some() { Ok(()) } else { Err("the storage does not keep its contract".into()) }
}
