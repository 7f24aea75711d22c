//! SQLite, by `rusqlite` in threads.

use std::any::Any;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use async_trait::async_trait;
use grantsmith::storage::sqlite::{SqliteOptions, SqliteStorage};
use grantsmith::value::Timestamp;
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use crate::Pair;
use crate::records::Item;
use crate::subject::Subject;

pub(crate) fn start() -> (Box<dyn Any>, Pair) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStorage::open(folder.path().join("store.db")).unwrap());
    let path = folder.path().join("raw.db");
    // Its schema.
    drop(SqliteStorage::open(&path).unwrap());
    let readers = (0..SqliteOptions::default().readers).map(|_| Thread::start(&path)).collect();
    let raw = Raw { writer: Thread::start(&path), readers, next: AtomicUsize::new(0) };
    (Box::new(folder), Pair { name: "sqlite", store, raw: Arc::new(raw), round_trips: None })
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").unwrap();
    connection
}

/// A connection, in a thread of its own.
struct Thread(Sender<Job>);

/// A statement, and who waits for it.
type Job = (Statement, Row, oneshot::Sender<usize>);

#[derive(Clone, Copy)]
enum Statement {
    Insert,
    Load,
    Remove,
    Update,
}

impl Thread {
    fn start(path: &Path) -> Self {
        let (jobs, asked) = mpsc::channel();
        let connection = open(path);
        thread::spawn(move || work(&connection, &asked));
        Self(jobs)
    }

    async fn perform(&self, statement: Statement, item: &Item) {
        let (tell, done) = oneshot::channel();
        self.0.send((statement, Row::of(item), tell)).unwrap();
        assert_eq!(done.await.unwrap(), 1);
    }
}

fn work(connection: &Connection, jobs: &Receiver<Job>) {
    let prepare = |statement| connection.prepare(statement).unwrap();
    let (mut insert, mut load) = (prepare(INSERT), prepare(LOAD));
    let (mut remove, mut update) = (prepare(REMOVE), prepare(UPDATE));
    while let Ok((statement, row, tell)) = jobs.recv() {
        let Row { realm, kind, id, issuer, owners: [client, subject, session], times, versions, body } = &row;
        let ([expires_at, due_at], [first, second]) = (times, versions);
        let body = std::str::from_utf8(body).unwrap();
        let rows = match statement {
            Statement::Insert => insert
                .execute(params![realm, kind, id, first, issuer, client, subject, session, expires_at, due_at, body]),
            Statement::Load => {
                let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, String>(1)?));
                load.query_row(params![realm, kind, id], read).map(|_| 1)
            }
            Statement::Remove => remove.execute(params![realm, kind, id, second]),
            Statement::Update => update
                .execute(params![realm, kind, id, first, second, client, subject, session, expires_at, due_at, body]),
        };
        tell.send(rows.unwrap()).unwrap();
    }
}

struct Raw {
    writer: Thread,
    readers: Vec<Thread>,
    next: AtomicUsize,
}

#[async_trait]
impl Subject for Raw {
    async fn create(&self, item: &Item) {
        self.writer.perform(Statement::Insert, item).await;
    }

    async fn load(&self, item: &Item) {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        self.readers.get(number).unwrap().perform(Statement::Load, item).await;
    }

    async fn update(&self, item: &Item) {
        self.writer.perform(Statement::Update, item).await;
    }

    async fn remove(&self, item: &Item) {
        self.writer.perform(Statement::Remove, item).await;
    }
}

/// What has to be known of a record in another thread.
struct Row {
    realm: [u8; 16],
    kind: &'static str,
    id: [u8; 32],
    issuer: String,
    owners: [Option<String>; 3],
    times: [Option<i64>; 2],
    versions: [[u8; 16]; 2],
    body: Vec<u8>,
}

impl Row {
    fn of(item: &Item) -> Self {
        let record = &item.first.record;
        let text = |owner: Option<&str>| owner.map(ToOwned::to_owned);
        Self {
            realm: *item.key.realm(),
            kind: item.key.kind().as_str(),
            id: *item.key.id(),
            issuer: record.realm().name().to_owned(),
            owners: [
                text(record.client().map(AsRef::as_ref)),
                text(record.subject().map(AsRef::as_ref)),
                text(record.session().map(AsRef::as_ref)),
            ],
            times: [Some(record.expires_at().as_seconds()), record.due_at().map(Timestamp::as_seconds)],
            versions: [&item.first, &item.second].map(|state| *state.version.as_bytes()),
            body: item.body.clone(),
        }
    }
}

const LOAD: &str = "SELECT version, body FROM grantsmith_records WHERE realm = ?1 AND kind = ?2 AND id = ?3";
const INSERT: &str = "
    INSERT INTO grantsmith_records
        (realm, kind, id, version, issuer, client, subject, session, expires_at, due_at, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT DO NOTHING";
const UPDATE: &str = "
    UPDATE grantsmith_records
    SET version = ?5, expires_at = ?9, due_at = ?10, body = ?11
    WHERE realm = ?1 AND kind = ?2 AND id = ?3 AND version = ?4
        AND client IS ?6 AND subject IS ?7 AND session IS ?8";
const REMOVE: &str = "
    DELETE FROM grantsmith_records WHERE realm = ?1 AND kind = ?2 AND id = ?3 AND version = ?4";
