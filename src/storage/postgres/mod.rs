//! PostgreSQL: for several servers over one database.
//!
//! ```no_run
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use grantsmith::storage::postgres::PostgresStorage;
//!
//! let storage = Arc::new(PostgresStorage::open("postgres://app:secret@db.internal/tokens").await?);
//! # Ok(())
//! # }
//! ```
//!
//! Each method is one statement and one round trip, of its own transaction. Needs `tokio`.
//!
//! # What holds after a crash
//!
//! A write that was acknowledged is on disk: `fsync` and `synchronous_commit` are `on` unless somebody turned them
//! off. With `synchronous_commit = off`, a crash of the database undoes the last acknowledged writes, up to three times
//! `wal_writer_delay` (0.6 s by default): a code that was redeemed can be redeemed again, what was revoked lives again.
//! So does a failover to a standby that was not synchronous, for as long as the standby lagged. Keep it `on`, and name
//! a synchronous standby if you fail over by yourself.
//!
//! A call that is dropped half-way, or whose connection is cut, has done all or nothing. A write whose answer was lost
//! is [`OutcomeUnknown`]; the server then looks at what is stored.
//!
//! Connect to the primary. A standby that replays may answer with what was true before, and a load must see every
//! save that was acknowledged. With several hosts in the URL, say `target_session_attrs=read-write`.
//!
//! # The pool
//!
//! [`open`](PostgresStorage::open) keeps up to 16 connections, opened as they are needed. A request holds one for a
//! single statement, which takes a fraction of a millisecond on a good network, so 16 serve thousands of requests a
//! second; more than two or three for each core of the database slow it down. Waiting for a connection ends after five
//! seconds, opening one too, and [a statement](PostgresStorage::with_statement_limit) after ten. For other limits, or
//! to share a pool with the rest of your application, [bring your own](PostgresStorage::from_pool).
//!
//! # PgBouncer
//!
//! Works in transaction mode: statements are unnamed, and nothing is left behind in a session, neither settings nor
//! locks. The schema is created over the same connections.
//!
//! # The schema
//!
//! [`SCHEMA`](PostgresStorage::SCHEMA) is two tables, `grantsmith_records` and `grantsmith_schema`, where the
//! connection's `search_path` leads: `postgres://…/app?options=-csearch_path%3Dtokens`, or, behind PgBouncer too,
//! `ALTER ROLE app SET search_path = tokens`. [`open`](PostgresStorage::open) creates what is missing; several servers
//! may start at once. A role that may not create tables is enough once they exist. The database's encoding must be
//! UTF-8.
//!
//! The body of a record is `json`, which keeps it byte for byte and can be queried: `body -> 'record' -> 'phase'`.
//! (`jsonb` would refuse a NUL character in a client's display name.) The table grows until
//! [`purge_expired`](Storage::purge_expired) runs; run it on a schedule. Grants are rewritten often, so leave
//! autovacuum on.
//!
//! # Backup
//!
//! Anything that PostgreSQL offers: `pg_dump`, base backups, point-in-time recovery. Restoring takes the tokens back
//! to that time. Grants approved since are gone, and their users log in again. A refresh token used since is one
//! generation ahead of what is stored: its grant ends with the reason *rollback*. But what was *revoked or redeemed*
//! since would live again, so after a restore end what was ended since then, from your audit events, or end every
//! grant that is older than the restore.
//!
//! # Databases that speak its protocol
//!
//! No advisory locks, `LISTEN`, sequences or PL/pgSQL are used, serialization failures (`40001`, `40P01`) are tried
//! again, and no key is sequential, so that CockroachDB and YugabyteDB can stand in. **The tests have run on
//! PostgreSQL only**, also with every transaction serializable; run [`contract::check`](crate::storage::contract) over
//! such a database before you rely on it. There, `json` may be another type, and connections must read from leaders,
//! not from followers.
//!
//! [`OutcomeUnknown`]: crate::host::StorageErrorKind::OutcomeUnknown

mod failure;
mod open;
mod page;
mod row;
mod schema;
mod statement;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use tokio::time::{sleep, timeout};
use tokio_postgres::Row;

use self::failure::Failure;
pub use self::open::OpenError;
use self::row::Value;
use self::statement::Statement;
use crate::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Timestamp;

/// A [`Storage`] in PostgreSQL. Cloning shares the pool.
#[derive(Clone)]
pub struct PostgresStorage {
    pool: Pool,
    statement_limit: Duration,
}

impl PostgresStorage {
    /// The schema, for whoever creates it with tools of their own. May run again.
    pub const SCHEMA: &'static str = schema::FIRST;

    /// Every statement that is sent, and what for, for whoever wants to explain them or to grant rights for them.
    pub const STATEMENTS: [(&'static str, &'static str); 11] = statement::ALL;

    /// The storage in a pool of your own, which [`migrate`](Self::migrate) has not touched yet.
    ///
    /// Give the pool a runtime and timeouts: a pool without waits for ever.
    #[must_use]
    pub fn from_pool(pool: Pool) -> Self {
        Self { pool, statement_limit: STATEMENT_LIMIT }
    }

    /// How long a statement may take. Default: ten seconds. Its connection is then closed.
    #[must_use]
    pub fn with_statement_limit(self, limit: Duration) -> Self {
        Self { statement_limit: limit, ..self }
    }

    /// The pool, for its figures and for closing it.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// One round trip, tried again as long as the database could not put it in order with others.
    async fn run(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Failure> {
        for pause in PAUSES {
            match self.run_once(statement, values).await {
                Err(failure) if failure.is_serialization() => sleep(Duration::from_millis(pause)).await,
                settled => return settled,
            }
        }
        self.run_once(statement, values).await
    }

    async fn run_once(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Failure> {
        let client = self.pool.get().await.map_err(Failure::NotConnected)?;
        let parameters: Vec<_> = values.iter().map(Value::typed).collect();
        let answer = client.query_typed(statement.sql, &parameters);
        let failure = match timeout(self.statement_limit, answer).await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => Failure::of(error, statement.is_write),
            Err(_) => Failure::late(statement.is_write),
        };
        if failure.is_of_the_connection() {
            // Whoever took it next would fail, or wait behind the same statement.
            drop(Object::take(client));
        }
        Err(failure)
    }
}

#[async_trait]
impl Storage for PostgresStorage {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        let found = self.run(&statement::LOAD, &row::of_key(&key)).await?;
        found.first().map(|found| row::record(found, &key)).transpose()
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let key = next.record.key();
        let body = next.record.encode()?;
        let mut values = row::of_record(&key, &next, &body)?;
        let statement = match &expected {
            Expected::Absent => &statement::INSERT,
            Expected::Version(version) => {
                values.push(Value::Bytes(version.as_bytes()));
                &statement::UPDATE
            }
        };
        let applied = self.run(statement, &values).await?;
        Ok(if applied.is_empty() { Saved::Conflict } else { Saved::Applied })
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let mut values = row::of_key(&key);
        values.push(Value::Bytes(expected.as_bytes()));
        let in_the_way = self.run(&statement::REMOVE, &values).await?;
        Ok(if in_the_way.is_empty() { Saved::Applied } else { Saved::Conflict })
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let after = page::after(filter, after)?;
        let (statement, values) = page::of(filter, after.as_ref(), limit);
        let found = self.run(statement, &values).await?;
        let keys = found.iter().map(row::key).collect::<Result<Vec<_>, _>>()?;
        let is_full = usize::try_from(limit).is_ok_and(|limit| keys.len() >= limit);
        let next = keys.last().filter(|_| is_full).map(|last| Cursor::from(*last));
        Ok(Listing { keys, next })
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let values = [Value::Number(now.as_seconds()), Value::Number(i64::from(limit))];
        row::count(&self.run(&statement::PURGE, &values).await?)
    }
}

impl fmt::Debug for PostgresStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStorage").finish_non_exhaustive()
    }
}

const STATEMENT_LIMIT: Duration = Duration::from_secs(10);

/// Pages may be shorter than asked for, so that no answer fills the memory.
const LONGEST_PAGE: u32 = 10_000;

/// Milliseconds. Of two writes that cannot be put in order one succeeds, so few tries are ever needed.
const PAUSES: [u64; 10] = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256];
