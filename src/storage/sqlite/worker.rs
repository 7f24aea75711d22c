//! The threads that talk to SQLite.

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::error::{OpenError, failed, failed_commit, is_busy};
use super::queue::Queue;
use super::reply::Reply;
use super::statements::{Change, Statements, Stored};
use crate::host::{Filter, Saved, StorageError};
use crate::record::Key;
use crate::value::Timestamp;

/// What a task asks of a thread.
#[derive(Debug)]
pub(super) enum Job {
    Change(Change, Reply<Result<Saved, StorageError>>),
    List { filter: Filter, after: Option<Key>, limit: u32, reply: Reply<Result<Vec<Key>, StorageError>> },
    Load(Key, Reply<Result<Option<Stored>, StorageError>>),
    Purge { now: Timestamp, limit: u32, reply: Reply<Result<u64, StorageError>> },
}

/// What a thread works with.
pub(super) struct Worker {
    pub(super) connection: Connection,
    pub(super) queue: Arc<Queue<Job>>,
    /// How many jobs it takes at once.
    pub(super) batch: usize,
    /// How long it waits while other processes write.
    pub(super) patience: Duration,
}

impl Worker {
    /// Starts the thread, and returns when its statements are prepared.
    pub(super) fn start(self, name: &str) -> Result<JoinHandle<()>, OpenError> {
        let (started, is_ready) = mpsc::sync_channel(1);
        let body = move || {
            let _abandonment = Abandonment(Arc::clone(&self.queue));
            match Statements::prepare(&self.connection) {
                Ok(statements) => {
                    // Whoever started it waits for exactly this.
                    let _ = started.send(Ok(()));
                    drop(started);
                    Thread { worker: &self, statements }.run();
                }
                Err(error) => drop(started.send(Err(error))),
            }
        };
        let unavailable = |error| OpenError::Unavailable(error);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
        let thread = thread.map_err(|error| unavailable(error.into()))?;
        is_ready.recv().map_err(|error| unavailable(error.into()))??;
        Ok(thread)
    }
}

/// However the thread ends, nobody waits for it afterwards.
struct Abandonment(Arc<Queue<Job>>);

impl Drop for Abandonment {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

struct Thread<'a> {
    worker: &'a Worker,
    statements: Statements<'a>,
}

impl Thread<'_> {
    /// Works until the queue is closed and empty.
    fn run(&mut self) {
        while let Some(jobs) = self.worker.queue.take(self.worker.batch) {
            let mut changes = Vec::new();
            let mut others = Vec::new();
            for job in jobs {
                match job {
                    Job::Change(change, reply) => changes.push((change, reply)),
                    other => others.push(other),
                }
            }
            if !changes.is_empty() {
                self.commit_together(changes);
            }
            for job in others {
                self.answer(job);
            }
        }
    }

    /// Group commit: one transaction for all that wait, so that they share the wait for the disk. Each has its own
    /// condition and its own outcome, and nobody is answered before the commit.
    fn commit_together(&mut self, changes: Vec<(Change, Reply<Result<Saved, StorageError>>)>) {
        if let Err(error) = self.begin() {
            return changes.into_iter().for_each(|(_, reply)| reply.give(Err(failed(&error))));
        }
        let mut outcomes = Vec::with_capacity(changes.len());
        for (change, _) in &changes {
            let outcome = self.statements.apply(change);
            // A statement that fails undoes itself; after some errors SQLite undoes the transaction with it.
            if let Err(error) = &outcome
                && self.worker.connection.is_autocommit()
            {
                return changes.into_iter().for_each(|(_, reply)| reply.give(Err(failed(error))));
            }
            outcomes.push(outcome.map_err(|error| failed(&error)));
        }
        match self.commit() {
            Ok(()) => changes.into_iter().zip(outcomes).for_each(|((_, reply), outcome)| reply.give(outcome)),
            Err(error) => changes.into_iter().for_each(|(_, reply)| reply.give(Err(failed_commit(&error)))),
        }
    }

    /// Alone in its transaction, so that requests wait for one batch of it at most.
    fn purge(&mut self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.begin().map_err(|error| failed(&error))?;
        match self.statements.purge(now, limit.min(LARGEST_PURGE)) {
            Ok(purged) => {
                self.commit().map_err(|error| failed_commit(&error))?;
                Ok(u64::try_from(purged).unwrap_or(u64::MAX))
            }
            Err(error) => {
                self.roll_back();
                Err(failed(&error))
            }
        }
    }

    fn answer(&mut self, job: Job) {
        match job {
            Job::Change(change, reply) => self.commit_together(vec![(change, reply)]),
            Job::List { filter, after, limit, reply } if reply.is_awaited() => {
                reply.give(self.statements.list(&filter, after.as_ref(), limit));
            }
            Job::Load(key, reply) if reply.is_awaited() => {
                reply.give(self.statements.load(&key).map_err(|error| failed(&error)));
            }
            // Whoever asked has left.
            Job::List { .. } | Job::Load(..) => {}
            Job::Purge { now, limit, reply } => reply.give(self.purge(now, limit)),
        }
    }

    /// Waits for other processes in short naps. SQLite's own naps grow longer and longer, and whoever takes them never
    /// gets its turn beside a process that writes all the time.
    fn begin(&mut self) -> rusqlite::Result<()> {
        self.roll_back();
        let mut left = self.worker.patience;
        loop {
            match self.statements.begin() {
                Err(error) if is_busy(&error) && left >= NAP => {
                    thread::sleep(NAP);
                    left -= NAP;
                }
                begun => return begun.map(drop),
            }
        }
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        let committed = self.statements.commit();
        if committed.is_err() {
            self.roll_back();
        }
        committed.map(drop)
    }

    /// Leaves no transaction open. Where even that fails, the next write tries it again.
    fn roll_back(&mut self) {
        if !self.worker.connection.is_autocommit() {
            let _ = self.statements.roll_back();
        }
    }
}

const NAP: Duration = Duration::from_millis(1);
/// However much a purge may take, requests should not wait longer than for so many removals.
const LARGEST_PURGE: u32 = 1000;
