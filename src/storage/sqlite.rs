//! One SQLite database: the embedded default, for one machine.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use grantsmith::storage::sqlite::SqliteStorage;
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("grants.db");
//!
//! let storage = Arc::new(SqliteStorage::open(&path)?);
//! # Ok(())
//! # }
//! ```
//!
//! The file and its schema are made where there are none. Give it a file of its own: the version of the schema is a
//! number in the file's header. Several processes on one machine may share the file and may start at once; a network
//! file system will not do, because SQLite's log needs shared memory.
//!
//! Calls wait without blocking, under any async runtime or none: one thread writes, others read.
//!
//! # What it promises
//!
//! An answered write is on the disk (WAL, `synchronous=FULL`). Writes that arrive while the disk is busy share the next
//! commit, each with its own condition and its own answer, so many at once cost little more than one. A read sees every
//! write that was answered before it.
//!
//! After a crash of the process, of the machine, or of the power supply, every answered write is there, and every other
//! one is there as a whole or not at all. Nothing has to be repaired: the next process that opens the file goes on
//! from the log beside it. So keep `grants.db-wal` with `grants.db`, always. A database in memory promises nothing of
//! this; it lasts as long as its storage.
//!
//! A future that is dropped leaves all or nothing: its write is carried out if a thread has been asked for it. Dropping
//! the storage finishes the writes that were accepted and joins the threads. That blocks for as long as they take, at
//! most about [`busy_timeout`](SqliteOptions::busy_timeout) for what waits.
//!
//! # Errors
//!
//! [`Unavailable`](StorageErrorKind::Unavailable) if nothing was written: others wrote for too long, the disk is full,
//! the file cannot be read. [`OutcomeUnknown`](StorageErrorKind::OutcomeUnknown) if the disk failed in the commit
//! itself. [`Corrupt`](StorageErrorKind::Corrupt) if SQLite finds the file damaged, or a body is not a record.
//!
//! # Looking into it
//!
//! ```sql
//! SELECT kind, issuer, client, subject, datetime(expires_at, 'unixepoch'), body
//! FROM grantsmith_records WHERE subject = 'alice';
//! ```
//!
//! Ids and versions are blobs; `hex()` shows them. Bodies hold digests, never codes, tokens or secrets; they do say who
//! uses what, so the file is as private as the users table. Reading is harmless. Change records through
//! [`AuthorizationServer`](crate::server::AuthorizationServer) only: a record that is changed beneath it keeps its
//! version, and then the next write goes on from what it was before.
//!
//! # Tuning
//!
//! [`SqliteOptions`] has few knobs, because few help. What limits writing is how often the disk can sync: a faster disk
//! helps, and so do more requests at once. Purge regularly and in batches of a hundred or so: requests wait for one
//! batch at most, and the space is used again.
//!
//! # Backup, and what going back to one does
//!
//! `VACUUM INTO 'backup.db'` and the `.backup` command of the `sqlite3` shell copy the database while it is in use.
//! Copying the file does not: what is in the log would be missing, or torn. To restore, stop every process, put the copy
//! in place, and remove the old file's `-wal` and `-shm`.
//!
//! A backup is the past, and clients hold what was issued since:
//!
//! - A grant that began later is unknown, so its users are asked again.
//! - A refresh token that was rotated later is *newer* than the record. Presented, it ends the grant, with the reason
//!   [`RolledBack`](crate::record::EndReason::RolledBack): nobody is accused of theft, and the user is asked again.
//! - A code or a refresh token that was used later looks unused. Codes expire within a minute. A spent refresh token
//!   works again for whoever kept it, until its successor shows up and ends the grant.
//! - What was revoked, disabled or withdrawn later is alive again. This is the dangerous part: repeat it, or replace
//!   the [keyring](crate::guide::keyring), after which nothing issued before is accepted.

mod error;
mod queue;
mod reply;
mod schema;
mod statements;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;

pub use self::error::OpenError;
use self::queue::Queue;
use self::reply::Reply;
use self::statements::Change;
use self::worker::{Job, Worker};
use crate::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Timestamp;

/// A [`Storage`] in one SQLite database. Share it in an `Arc`; opening it once for each process is enough.
pub struct SqliteStorage {
    writes: Arc<Queue<Job>>,
    /// Of a database in memory, the same queue: it has only the one connection.
    reads: Arc<Queue<Job>>,
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

/// How a [`SqliteStorage`] works. Start from the default and change what you must. Zero counts as one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// How long a write waits while other processes write, before it is answered
    /// [`Unavailable`](StorageErrorKind::Unavailable). Default: five seconds.
    pub busy_timeout: Duration,
    /// How many writes share a transaction at most. Default: 256. Larger ones make the first of them wait longer and
    /// save little more.
    pub largest_batch: usize,
    /// How many calls wait in the storage; those that come then wait outside. Default: 1024.
    pub queue_capacity: usize,
    /// How many threads read. Default: as many as the machine runs at once, from two to eight.
    pub readers: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(2, usize::from);
        Self {
            busy_timeout: Duration::from_secs(5),
            largest_batch: 256,
            queue_capacity: 1024,
            readers: processors.clamp(2, 8),
        }
    }
}

impl SqliteStorage {
    /// Opens the database at that path, and makes it if it is missing. `:memory:` stands for a new one in memory.
    ///
    /// It blocks until the schema is up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the file cannot be used, is not a database, or has a schema that this version does not know.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, &SqliteOptions::default())
    }

    /// A new database in memory, which is gone when the storage is dropped.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if SQLite cannot make it.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::open(":memory:")
    }

    /// Opens the database at that path with options of your own.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let patience = options.busy_timeout;
        let connection = schema::open_writer(path, patience)?;
        let writes = Arc::new(Queue::new(options.queue_capacity));
        let is_shared = !schema::is_in_memory(path);
        let reads = if is_shared { Arc::new(Queue::new(options.queue_capacity)) } else { Arc::clone(&writes) };
        let worker = Worker { connection, queue: Arc::clone(&writes), batch: options.largest_batch, patience };
        // From here on, dropping it closes what has been started.
        let mut storage = Self { writes, reads, readers: Vec::new(), writer: None };
        storage.writer = Some(worker.start("sqlite writer")?);
        for _ in 0..if is_shared { options.readers.max(1) } else { 0 } {
            let connection = schema::open_reader(path, patience)?;
            let worker = Worker { connection, queue: Arc::clone(&storage.reads), batch: 1, patience };
            storage.readers.push(worker.start("sqlite reader")?);
        }
        Ok(storage)
    }

    async fn change(&self, change: Change) -> Result<Saved, StorageError> {
        let asked = ask(&self.writes, |reply| Job::Change(change, reply)).await?;
        asked.unwrap_or_else(|| Err(ended(StorageErrorKind::OutcomeUnknown)))
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        let asked = ask(&self.reads, |reply| Job::Load(key, reply)).await?;
        let stored = asked.unwrap_or_else(|| Err(ended(StorageErrorKind::Unavailable)))?;
        // Decoded here and not on the thread, of which there are few.
        stored
            .map(|stored| Ok(Versioned { version: stored.version, record: Record::decode(&stored.body)? }))
            .transpose()
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let (key, body) = (next.record.key(), next.record.encode()?);
        self.change(Change::Save { key, next, body, expected }).await
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.change(Change::Remove { key, expected }).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        let after = after.map(Key::try_from).transpose()?;
        let (filter, limit) = (filter.clone(), limit.max(1));
        let asked = ask(&self.reads, |reply| Job::List { filter, after, limit, reply }).await?;
        let keys = asked.unwrap_or_else(|| Err(ended(StorageErrorKind::Unavailable)))?;
        let is_full = u32::try_from(keys.len()).is_ok_and(|count| count == limit);
        let next = keys.last().filter(|_| is_full).map(|last| Cursor::from(*last));
        Ok(Listing { keys, next })
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let asked = ask(&self.writes, |reply| Job::Purge { now, limit, reply }).await?;
        asked.unwrap_or_else(|| Err(ended(StorageErrorKind::OutcomeUnknown)))
    }
}

/// Asks a thread, and waits for what it says. `None`: it ended instead.
async fn ask<T>(queue: &Queue<Job>, job: impl FnOnce(Reply<T>) -> Job) -> Result<Option<T>, StorageError> {
    let (reply, answer) = reply::pair();
    queue.push(job(reply)).await.map_err(|_| ended(StorageErrorKind::Unavailable))?;
    Ok(answer.await)
}

fn ended(kind: StorageErrorKind) -> StorageError {
    StorageError::new(kind).because("a thread of the storage has ended")
}

impl Drop for SqliteStorage {
    /// Readers first: the last connection to be closed moves the log into the database.
    fn drop(&mut self) {
        self.reads.close();
        self.readers.drain(..).for_each(join);
        self.writes.close();
        self.writer.take().into_iter().for_each(join);
    }
}

/// Waits for a thread, unless it is this one: an answer may wake a task on it that held the storage last.
fn join(thread: JoinHandle<()>) {
    if thread.thread().id() != thread::current().id() {
        // It does not panic, and if it did, everybody who waited for it was told.
        let _ = thread.join();
    }
}

impl fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStorage").field("readers", &self.readers.len()).finish_non_exhaustive()
    }
}
