//! What purging costs for each record that it removes, as the table grows from ten thousand records to a million.
//!
//! ```text
//! cargo bench --bench purge                # ten thousand, a hundred thousand, a million
//! cargo bench --bench purge -- --check     # fails if a record of the largest table costs more than twice as much
//! cargo bench --bench purge -- --test      # a thousand and ten thousand, to see that it runs
//! ```
//!
//! A tenth of the records has expired, scattered over the table. It is removed in batches of a hundred, as the sweeper
//! does; on SQLite each batch is a transaction that is on the disk before the next one begins. The ratio is to the
//! smallest table.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a bench measures time, and stops where it cannot go on"
)]

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use grantsmith::host::{Expected, Storage};
use grantsmith::record::{Record, Session, Version, Versioned};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use grantsmith::value::{Lifetime, Realm, Timestamp};
use pollster::block_on;

const NOW: Timestamp = Timestamp::from_seconds(2_000_000_000);
const BATCH: u32 = 100;
/// So that many removals are timed at least, on several tables if one has fewer.
const MEASURED: u64 = 30_000;
/// What a record may cost in the largest table, in hundredths of the smallest. Pages and cache lines that are shared in a
/// small table are not in a large one; a search through the table would show as a ratio of a hundred.
const MOST: u128 = 200;

fn main() -> ExitCode {
    let has = |name: &str| env::args().any(|argument| argument == name);
    let is_test = has("--test");
    let sizes: &[u64] = if is_test { &[1_000, 10_000] } else { &[10_000, 100_000, 1_000_000] };
    println!("store,rows,ns per purged record,ratio");
    let memory = measure("memory", sizes, || (Arc::new(MemoryStorage::new()), ()));
    let sqlite = measure("sqlite", sizes, || {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = SqliteStorage::open(folder.path().join("purge.db")).expect("a database");
        (Arc::new(storage), folder)
    });
    if has("--check") && memory.max(sqlite) > MOST { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The ratio of the largest table, in hundredths. `make` gives an empty store, and what has to live as long.
fn measure<S: Storage + 'static, T>(name: &str, sizes: &[u64], make: impl Fn() -> (Arc<S>, T)) -> u128 {
    let (mut first, mut last) = (None, 0);
    for rows in sizes {
        // The least of some tables, because whatever else the machine does only adds.
        let (mut purged, mut cost) = (0, u128::MAX);
        while purged < MEASURED.min(*rows) {
            let (storage, _place) = make();
            fill(&storage, *rows);
            let (removed, time) = purge(&*storage);
            assert_eq!(removed, rows / 10, "what has expired is removed, and nothing else");
            purged += removed;
            cost = cost.min(time.as_nanos() / u128::from(removed));
        }
        let ratio = cost * 100 / *first.get_or_insert(cost.max(1));
        println!("{name},{rows},{cost},{}.{:02}", ratio / 100, ratio % 100);
        last = ratio;
    }
    last
}

/// Every tenth has expired. Many save at once, because SQLite writes many as fast as one.
fn fill<S: Storage>(storage: &Arc<S>, rows: u64) {
    const WRITERS: u64 = 64;
    let realm: &Realm = &"https://as.example".parse().expect("a realm");
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for number in (writer..rows).step_by(64) {
                    let is_expired = number % 10 == 0;
                    let expires_at = if is_expired { NOW } else { NOW.after(Lifetime::days(1)) };
                    save(&**storage, realm, number, expires_at);
                }
            });
        }
    });
}

fn save(storage: &dyn Storage, realm: &Realm, number: u64, expires_at: Timestamp) {
    let name = number.to_string();
    let (id, subject) = (name.parse().expect("an id"), name.parse().expect("a subject"));
    let record = Record::Session(Arc::new(Session::opened(realm, &id, &subject, expires_at)));
    let version = Version::from_bytes(u128::from(number).to_be_bytes());
    let _ = block_on(storage.save(Versioned { version, record }, Expected::Absent)).expect("a save");
}

fn purge(storage: &dyn Storage) -> (u64, Duration) {
    let start = Instant::now();
    let mut removed = 0;
    loop {
        let batch = block_on(storage.purge_expired(NOW, BATCH)).expect("a purge");
        removed += batch;
        if batch == 0 {
            return (removed, start.elapsed());
        }
    }
}
