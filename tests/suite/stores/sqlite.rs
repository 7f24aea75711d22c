//! The SQLite store: on a file, in memory, shared by several, and after whatever happened to the file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use grantsmith::host::{Expected, Filter, Saved, Storage, StorageErrorKind};
use grantsmith::record::{Record, Session, Version, Versioned};
use grantsmith::storage::contract::{self, Suite};
use grantsmith::storage::sqlite::{OpenError, SqliteOptions, SqliteStorage};
use grantsmith::value::{Realm, Timestamp};
use pollster::FutureExt as _;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::counts::assert_kept;
use crate::token_world::{TokenWorld, access, code_of, refresh_of};

/// A folder with databases in it.
struct Folder {
    folder: TempDir,
    count: AtomicU32,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), count: AtomicU32::new(0) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("grants.db")
    }

    fn open(&self) -> Arc<SqliteStorage> {
        Arc::new(SqliteStorage::open(self.path()).unwrap())
    }

    fn next_path(&self) -> PathBuf {
        self.folder.path().join(format!("{}.db", self.count.fetch_add(1, Ordering::Relaxed)))
    }

    /// The database as another program sees it.
    fn connection(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

fn session(name: &str) -> Record {
    let realm: Realm = "https://as.example".parse().unwrap();
    let session = Session::opened(
        &realm,
        &name.parse().unwrap(),
        &"alice".parse().unwrap(),
        Timestamp::from_seconds(4_000_000_000),
    );
    Record::Session(Arc::new(session))
}

fn versioned(number: u64, record: Record) -> Versioned<Record> {
    Versioned { version: Version::from_bytes(u128::from(number).to_be_bytes()), record }
}

fn save(storage: &SqliteStorage, number: u64, name: &str) -> Saved {
    storage.save(versioned(number, session(name)), Expected::Absent).block_on().unwrap()
}

fn version_of(storage: &SqliteStorage, name: &str) -> Option<Version> {
    storage.load(session(name).key()).block_on().unwrap().map(|found| found.version)
}

fn sessions_of_alice(storage: &SqliteStorage) -> usize {
    let filter = Filter::Subject(*session("any").realm().fingerprint(), "alice".parse().unwrap());
    storage.list(&filter, None, u32::MAX).block_on().unwrap().keys.len()
}

mod keeps_the_contract {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_a_file_that_two_have_open_with_a_task_for_each_call() {
        let folder = Folder::new();
        let make = async || {
            let path = folder.next_path();
            (Arc::new(SqliteStorage::open(&path).unwrap()), Arc::new(SqliteStorage::open(&path).unwrap()))
        };

        let report = Suite::new(make).spawning(tokio::spawn).check().await;

        assert_kept("sqlite", &report);
    }

    #[test]
    fn on_a_file_with_a_thread_for_each_call() {
        let folder = Folder::new();

        let report = contract::check_threads(|| Arc::new(SqliteStorage::open(folder.next_path()).unwrap()));

        assert_kept("sqlite, in threads", &report);
    }

    #[test]
    fn in_memory() {
        let make = || Arc::new(SqliteStorage::in_memory().unwrap());

        let report = contract::check(async || make()).block_on();
        let in_threads = contract::check_threads(make);

        assert!(report.is_clean() && in_threads.is_clean(), "{report}\n{in_threads}");
    }

    #[test]
    fn with_every_option_at_its_least() {
        let folder = Folder::new();
        let mut options = SqliteOptions::default();
        (options.largest_batch, options.queue_capacity, options.readers) = (0, 0, 0);
        let make = || Arc::new(SqliteStorage::open_with(folder.next_path(), &options).unwrap());

        let report = contract::check_threads(make);

        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn two_that_share_a_file_agree_on_one_winner() {
    covers!("ATK-288");
    let folder = Folder::new();
    let storages = [folder.open(), folder.open()];

    for round in 0..50 {
        let name = format!("round {round}");
        let race = |(number, storage): (u64, &Arc<SqliteStorage>)| save(storage, number, &name);
        let answers: Vec<Saved> = thread::scope(|scope| {
            let racing: Vec<_> = (1..).zip(&storages).map(|it| scope.spawn(move || race(it))).collect();
            racing.into_iter().map(|racer| racer.join().unwrap()).collect()
        });

        assert_eq!(answers.iter().filter(|saved| **saved == Saved::Applied).count(), 1, "{answers:?}");
        assert_eq!(version_of(&storages[0], &name), version_of(&storages[1], &name));
    }
}

#[test]
fn what_one_was_told_the_other_sees_at_once() {
    let folder = Folder::new();
    let (one, other) = (folder.open(), folder.open());

    for number in 1..100 {
        let name = number.to_string();
        assert_eq!(save(&one, number, &name), Saved::Applied);
        assert!(version_of(&other, &name).is_some(), "{number}");
        assert!(version_of(&one, &name).is_some(), "{number}");
    }
}

#[test]
fn a_database_that_is_opened_again_has_everything() {
    let folder = Folder::new();
    let storage = folder.open();
    assert_eq!(save(&storage, 1, "kept"), Saved::Applied);
    drop(storage);

    let storage = folder.open();

    assert_eq!(version_of(&storage, "kept"), Some(versioned(1, session("kept")).version));
    assert_eq!(sessions_of_alice(&storage), 1);
    assert_eq!(save(&storage, 2, "kept"), Saved::Conflict);
}

#[test]
fn what_was_accepted_before_the_end_is_finished() {
    let folder = Folder::new();
    let storage = folder.open();
    for number in 0..100 {
        let next = versioned(number, session(&number.to_string()));
        let mut call = storage.save(next, Expected::Absent);
        // Polled once, so that a thread was asked; then the client hangs up.
        let _ = call.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    }
    drop(storage);

    assert_eq!(sessions_of_alice(&folder.open()), 100);
}

#[test]
fn many_that_open_a_new_file_at_once_make_one_schema() {
    let folder = Folder::new();
    let path = folder.path();
    let openers: Vec<_> = (0_u64..8)
        .map(|number| {
            let path = path.clone();
            thread::spawn(move || save(&SqliteStorage::open(path).unwrap(), number, &number.to_string()))
        })
        .collect();

    assert!(openers.into_iter().all(|opener| opener.join().unwrap() == Saved::Applied));

    assert_eq!(sessions_of_alice(&folder.open()), 8);
    let version: i64 = folder.connection().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = Folder::new();
    drop(folder.open());
    folder.connection().pragma_update(None, "user_version", 2).unwrap();

    let refused = SqliteStorage::open(folder.path());

    assert!(matches!(refused, Err(OpenError::NewerSchema(2))), "{refused:?}");
    let version: i64 = folder.connection().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
}

#[test]
fn the_database_of_another_application_is_refused() {
    let folder = Folder::new();
    folder.connection().execute_batch("CREATE TABLE theirs (id); PRAGMA user_version = 1").unwrap();

    let refused = SqliteStorage::open(folder.path());

    assert!(matches!(refused, Err(OpenError::Foreign)), "{refused:?}");
}

#[test]
fn a_path_that_leads_nowhere_is_a_typed_error() {
    let folder = Folder::new();
    let paths = [folder.folder.path().join("missing/grants.db"), folder.folder.path().to_path_buf()];
    for path in paths {
        let refused = SqliteStorage::open(&path);
        assert!(matches!(refused, Err(OpenError::Unavailable(_))), "{refused:?}");
    }
    fs::write(folder.path(), "not a database, but long enough to be asked ".repeat(100)).unwrap();
    let refused = SqliteStorage::open(folder.path());
    assert!(matches!(refused, Err(OpenError::Corrupt(_))), "{refused:?}");
}

#[test]
fn a_log_that_a_crash_left_behind_is_read() {
    let (crashed, folder) = (Folder::new(), Folder::new());
    let storage = crashed.open();
    for number in 0..20 {
        assert_eq!(save(&storage, number, &number.to_string()), Saved::Applied);
    }
    // As the disk would be found now, with the process gone: nothing has been moved out of the log.
    copy_with_suffix(&crashed.path(), &folder.path(), "");
    copy_with_suffix(&crashed.path(), &folder.path(), "-wal");
    assert!(fs::metadata(with_suffix(&folder.path(), "-wal")).unwrap().len() > 0);

    assert_eq!(sessions_of_alice(&folder.open()), 20);
}

#[test]
fn a_log_whose_end_is_torn_loses_only_what_nobody_was_told() {
    let (crashed, folder) = (Folder::new(), Folder::new());
    let storage = crashed.open();
    for number in 0..20 {
        assert_eq!(save(&storage, number, &number.to_string()), Saved::Applied);
    }
    copy_with_suffix(&crashed.path(), &folder.path(), "");
    copy_with_suffix(&crashed.path(), &folder.path(), "-wal");
    let log = with_suffix(&folder.path(), "-wal");
    let written = fs::read(&log).unwrap();
    fs::write(&log, [&written[..], &[7; 3000]].concat()).unwrap();

    let storage = folder.open();

    assert_eq!(sessions_of_alice(&storage), 20);
    assert_eq!(save(&storage, 100, "next"), Saved::Applied);
}

#[test]
fn an_answer_comes_only_when_the_write_is_in_the_log() {
    let folder = Folder::new();
    let storage = folder.open();
    let (count, copy) = (64, Folder::new());
    thread::scope(|scope| {
        for number in 0..count {
            let storage = &storage;
            scope.spawn(move || assert_eq!(save(storage, number, &number.to_string()), Saved::Applied));
        }
    });

    copy_with_suffix(&folder.path(), &copy.path(), "");
    copy_with_suffix(&folder.path(), &copy.path(), "-wal");

    assert_eq!(sessions_of_alice(&copy.open()), usize::try_from(count).unwrap());
}

#[test]
fn each_of_many_in_one_transaction_has_its_own_outcome() {
    let folder = Folder::new();
    let storage = folder.open();
    // Whoever holds the lock of the file makes all others wait, and so arrive together.
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answers: Vec<Saved> = thread::scope(|scope| {
        let racing: Vec<_> = (0..30)
            .map(|number| {
                let storage = &storage;
                scope.spawn(move || save(storage, number, &format!("one of three {}", number % 3)))
            })
            .collect();
        other.execute_batch("COMMIT").unwrap();
        racing.into_iter().map(|racer| racer.join().unwrap()).collect()
    });

    assert_eq!(answers.iter().filter(|saved| **saved == Saved::Applied).count(), 3);
    assert_eq!(sessions_of_alice(&storage), 3);
}

#[test]
fn a_file_that_others_keep_busy_is_unavailable_and_nothing_is_written() {
    let folder = Folder::new();
    let mut options = SqliteOptions::default();
    options.busy_timeout = Duration::from_millis(20);
    let storage = SqliteStorage::open_with(folder.path(), &options).unwrap();
    assert_eq!(save(&storage, 1, "before"), Saved::Applied);
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let next = versioned(2, session("during"));
    let refused = storage.save(next.clone(), Expected::Absent).block_on().unwrap_err();
    let read = version_of(&storage, "before");
    other.execute_batch("ROLLBACK").unwrap();

    assert_eq!(refused.kind(), StorageErrorKind::Unavailable);
    assert!(read.is_some(), "reading does not wait for writers");
    assert!(version_of(&storage, "during").is_none());
    assert_eq!(storage.save(next, Expected::Absent).block_on().unwrap(), Saved::Applied);
}

#[test]
fn a_write_that_takes_its_transaction_along_is_unavailable_and_nothing_else_is_lost() {
    let folder = Folder::new();
    let storage = folder.open();
    assert_eq!(save(&storage, 1, "before"), Saved::Applied);
    drop(storage);
    // As a full disk does: the error undoes the whole transaction.
    folder
        .connection()
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON grantsmith_records WHEN NEW.session = 'during'
             BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
        )
        .unwrap();
    let storage = folder.open();

    let refused = storage.save(versioned(2, session("during")), Expected::Absent).block_on().unwrap_err();

    assert_eq!(refused.kind(), StorageErrorKind::Unavailable);
    assert_eq!(sessions_of_alice(&storage), 1);
    assert_eq!(save(&storage, 3, "after"), Saved::Applied);
}

#[test]
fn a_body_that_is_no_record_is_corrupt_and_a_newer_one_is_said_to_be() {
    let folder = Folder::new();
    let storage = folder.open();
    assert_eq!(save(&storage, 1, "alice"), Saved::Applied);
    let load = || storage.load(session("alice").key()).block_on();
    for (column, kind) in [
        ("body = '{}'", StorageErrorKind::Corrupt),
        ("body = 7", StorageErrorKind::Corrupt),
        (r#"body = '{"format":99,"kind":"session"}'"#, StorageErrorKind::NewerFormat),
        ("version = x'00'", StorageErrorKind::Corrupt),
    ] {
        folder.connection().execute(&format!("UPDATE grantsmith_records SET {column}"), []).unwrap();
        assert_eq!(load().unwrap_err().kind(), kind, "{column}");
    }
}

#[test]
fn an_operator_can_read_the_table() {
    let folder = Folder::new();
    let storage = folder.open();
    assert_eq!(save(&storage, 1, "the session"), Saved::Applied);

    let row = folder.connection().query_row(
        "SELECT kind, issuer, subject, session, datetime(expires_at, 'unixepoch'), json_extract(body, '$.kind'),
            length(realm), length(id), hex(version), client IS NULL AND due_at IS NULL
         FROM grantsmith_records WHERE subject = 'alice'",
        [],
        |row| {
            let texts: Vec<String> = (0..6).map(|column| row.get(column).unwrap()).collect();
            Ok((texts, row.get::<_, i64>(6)?, row.get::<_, i64>(7)?, row.get::<_, String>(8)?, row.get::<_, bool>(9)?))
        },
    );

    let (texts, realm, id, version, has_no_client) = row.unwrap();
    assert_eq!(texts, ["session", "https://as.example", "alice", "the session", "2096-10-02 07:06:40", "session"]);
    assert_eq!((realm, id, version.as_str(), has_no_client), (16, 32, "00000000000000000000000000000001", true));
}

#[test]
fn a_whole_flow_goes_over_a_file_and_over_a_restart() {
    let folder = Folder::new();
    let world = TokenWorld::build(folder.open(), |builder| builder);
    let first = world.tokens(&world.web);
    let app = world.tokens(&world.app);
    assert!(world.is_active(access(&first)) && world.is_active(access(&app)));
    let rotated = world.refresh(&world.app, refresh_of(&app)).unwrap();
    let machine = world.token(&world.machine, "grant_type=client_credentials&scope=read").unwrap();
    world.revoke(&world.machine, access(&machine)).unwrap();

    let mut world = world;
    world.storage = folder.open();
    world.server = world.restarted();

    assert!(world.is_active(access(&first)) && world.is_active(access(&rotated)));
    assert!(!world.is_active(access(&machine)));
    let again = world.refresh(&world.app, refresh_of(&rotated)).unwrap();
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&app))), "invalid_grant");
    assert!(!world.is_active(access(&again)), "a replay ends the grant, across the restart");
    assert_eq!(world.ended(), 1);
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn copy_with_suffix(from: &Path, to: &Path, suffix: &str) {
    fs::copy(with_suffix(from, suffix), with_suffix(to, suffix)).unwrap();
}
