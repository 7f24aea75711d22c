//! Redis, one server or a cluster: for hosts that run it already and accept what its replication is.
//!
//! ```no_run
//! # async fn open() -> Result<(), grantsmith::host::StorageError> {
//! use grantsmith::policy::danger::AcceptLossOnFailover;
//! use grantsmith::storage::redis::RedisStorage;
//!
//! let storage = RedisStorage::open("redis://127.0.0.1:6379", AcceptLossOnFailover).await?;
//! # Ok(())
//! # }
//! ```
//!
//! For Redis 7 or newer, under the tokio runtime. TLS (`rediss://`) comes with the feature `tokio-rustls-comp` of the
//! `redis` crate, which the host turns on in its own manifest.
//!
//! # What is promised after a crash
//!
//! Whatever happens, a record is whole, and listed under its owners: one script writes both, and Redis writes what a
//! script did to its log as one. How many acknowledged writes are there depends on the server's configuration:
//!
//! | Server | After a crash | After a failover |
//! |---|---|---|
//! | `appendonly yes`, `appendfsync always` | every acknowledged write | |
//! | `appendonly yes`, `appendfsync everysec` | all but those of about the last second | |
//! | snapshots only | all but those since the last snapshot: not fit for grants | |
//! | with replicas, or a cluster | as above, if the same server comes back | all but those that the new primary had not got |
//! | with [`wait_for_replicas`](RedisSetup::wait_for_replicas) | as above | as above, but rarely any |
//!
//! A write that is lost is undone: a code that was redeemed can be redeemed again, a grant that was revoked is active
//! again, and whoever got the latest refresh token of a chain is found to hold one that is newer than the record, so the
//! grant ends. Redis replicates asynchronously, and its failover does not choose the replica that waited for a write.
//! So opening a store wants [`AcceptLossOnFailover`] by name, with one server too, because the store cannot see what
//! stands behind it. It is not for profiles of high security.
//!
//! # What must be configured
//!
//! - `maxmemory-policy noeviction`: a server that evicts drops grants and used identifiers without a word.
//!   [`open`](RedisSetup::open) refuses a server that has a memory limit and another policy. When memory is full, writes
//!   are `Unavailable`, and nothing is lost.
//! - `appendonly yes`, with the `appendfsync` of your choice from the table.
//! - Somebody must call [`purge_expired`](Storage::purge_expired), as with every store.
//!
//! # Round trips
//!
//! | Call | One server | Cluster |
//! |---|---|---|
//! | `load`, `save` | 1 | 1 |
//! | `save` that changes the record's owner | 2 | 2 |
//! | `remove` of a record that has an owner | 2 | 2 |
//! | `list`, each page | 3, or 1 if there is nothing | the same steps, of up to 256 commands, 32 at a time |
//! | `purge_expired`, each 1024 records | 4 | the same steps, 32 commands at a time |
//!
//! So client credentials and introspection take 1, redeeming, refreshing and revoking 2. The first call of a script after
//! a server has started takes one more, because the server must be sent its text.
//!
//! # Keys, shards and the cluster
//!
//! The key of a record decides its shard, one of 256, and a shard is a hash slot: `{prefix:07}:…`. A record, the entries
//! that list it under its client, its user and its session, and those for when it is due and expires, are keys of the
//! same slot, so one script writes them in one step, on a cluster too, and no crash comes between index and record. A
//! listing asks all 256 shards.
//!
//! While a cluster moves a slot (`CLUSTER SETSLOT … MIGRATING`), the records of that slot, 1 in 256, can be read but not
//! written: writes, and listings now and then, are `Unavailable` until it has moved. Scripts declare every key that they
//! touch, so half a slot is never taken for a whole one.
//!
//! # Expiry, and who prunes
//!
//! Redis expires a record one day after `expires_at`, by its own clock, and not sooner than a day after the last write.
//! This is a net for hosts whose sweeper does not run; up to then [`purge_expired`](Storage::purge_expired) removes the
//! record with all that lists it. An index by owner expires with the last record that it lists. Entries of records that
//! Redis expired are pruned by `list`, when it meets them, and by `purge_expired`, which counts them as purged. Both look
//! at record and entry in one step, so neither takes an entry that a save has just written.
//!
//! # Memory
//!
//! As Redis 7 counts it: an active grant of a user (a body of 1.4 KB) takes 3 KB with everything that lists it, a
//! machine's grant 1.3 KB, a used identifier 1 KB.
//!
//! # Backups
//!
//! A snapshot (`BGSAVE`) or a copy of the append-only files is consistent. Restoring one is a rollback to its time, with
//! the consequences above for everything that was written since: end the affected users' grants, or change the masking
//! key, if that matters. Records that Redis expired meanwhile are not missed: they had expired.

mod connection;
mod failure;
#[cfg(feature = "redis-cluster")]
mod lane;
mod layout;
mod listing;
mod purging;
mod script;
mod setup;

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, RedisResult, Value, cmd};
pub use setup::RedisSetup;

use self::connection::Connection;
use self::layout::{Layout, Place};
use self::script::{Answer, Call, REMOVE, SAVE};
use crate::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::{AcceptLossOnFailover, Lifetime, Timestamp};

/// A [`Storage`] on Redis. See the [module](self) for what it promises.
///
/// It belongs to the tokio runtime in which it was opened. A future of it that is dropped leaves all or nothing.
pub struct RedisStorage {
    connections: Box<[Connection]>,
    next_connection: AtomicUsize,
    layout: Layout,
    time_limit: Duration,
    replicas: Option<Replicas>,
    /// For each shard, how many writes there may be that replicas lack, since a read last made sure.
    doubts: Box<[AtomicU32; 256]>,
}

/// How many replicas must have a write, and how long to wait for them.
#[derive(Clone, Copy, Debug)]
struct Replicas {
    count: u16,
    timeout: Duration,
}

impl RedisStorage {
    /// Connects to one server, with the default options.
    ///
    /// # Errors
    ///
    /// As for [`RedisSetup::open`].
    pub async fn open(url: &str, accepted: AcceptLossOnFailover) -> Result<Self, StorageError> {
        Self::single(url).open(accepted).await
    }

    /// One server: `redis://user:password@host:port/database`, `redis+unix:///path`, or `rediss://…` for TLS.
    pub fn single(url: &str) -> RedisSetup {
        RedisSetup::single(url)
    }

    /// A cluster, of which some nodes are named here and the others are found.
    #[cfg(feature = "redis-cluster")]
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> RedisSetup {
        RedisSetup::cluster(urls)
    }

    fn new(connections: Vec<Connection>, layout: Layout, time_limit: Duration, replicas: Option<Replicas>) -> Self {
        Self {
            connections: connections.into(),
            next_connection: AtomicUsize::new(0),
            layout,
            time_limit,
            replicas,
            doubts: Box::new(std::array::from_fn(|_| AtomicU32::new(0))),
        }
    }

    fn connection(&self) -> Result<&Connection, StorageError> {
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed) % self.connections.len().max(1);
        self.connections.get(number).ok_or_else(|| StorageError::new(StorageErrorKind::Unavailable))
    }

    fn doubts(&self, shard: u8) -> &AtomicU32 {
        let [first, ..] = &*self.doubts;
        self.doubts.get(usize::from(shard)).unwrap_or(first)
    }

    /// The answers to reads that are sent together.
    async fn asked(&self, commands: &[Cmd]) -> Result<Vec<Value>, StorageError> {
        let connection = self.connection()?;
        let answers = tokio::time::timeout(self.time_limit, connection.read_all(commands)).await;
        answers.map_err(|_| late_read())?.map_err(failure::of_read)
    }

    /// Runs a script that writes, and waits for replicas if that is asked for.
    async fn write(&self, call: Call<'_>, shard: u8) -> Result<bool, StorageError> {
        let Some(replicas) = self.replicas else { return self.tidy(call).await };
        let connection = self.connection()?;
        let mut doubt = Doubt { noted_in: Some(self.doubts(shard)) };
        let written = evaluate(connection, call, Some(replicas));
        let limit = self.time_limit.saturating_add(replicas.timeout);
        let written = tokio::time::timeout(limit, pin!(written)).await.unwrap_or_else(|_| Err(late_write()));
        let is_known = match &written {
            Ok((applied, is_replicated)) => !*applied || *is_replicated,
            Err(error) => error.kind() == StorageErrorKind::Unavailable,
        };
        if is_known {
            doubt.noted_in = None;
        }
        match written? {
            (true, false) => Err(StorageError::new(StorageErrorKind::OutcomeUnknown)
                .because("fewer replicas than required acknowledged the write in time")),
            (applied, _) => Ok(applied),
        }
    }

    /// Runs a script without regard to replicas.
    async fn tidy(&self, call: Call<'_>) -> Result<bool, StorageError> {
        let connection = self.connection()?;
        let written = evaluate(connection, call, None);
        let written = tokio::time::timeout(self.time_limit, pin!(written)).await;
        Ok(written.unwrap_or_else(|_| Err(late_write()))?.0)
    }

    /// Reads a record. Where replicas may lack a write of this store, it first makes sure that they have it.
    async fn read(&self, place: &Place) -> Result<Value, StorageError> {
        let mut command = cmd("HMGET");
        command.arg(place.record()).arg(&["version", "body"]);
        let doubts = self.doubts(place.shard);
        let (Some(replicas), seen @ 1..) = (self.replicas, doubts.load(Ordering::SeqCst)) else {
            let connection = self.connection()?;
            let answer = tokio::time::timeout(self.time_limit, pin!(connection.read(&command))).await;
            return answer.map_err(|_| late_read())?.map_err(failure::of_read);
        };
        let barrier = cmd("SET").arg(self.layout.barrier(place.shard)).arg("").arg("PX").arg(60_000).take();
        let connection = self.connection()?;
        let answers = connection.write_all([command, barrier, replicas.command()]);
        let limit = self.time_limit.saturating_add(replicas.timeout);
        let answers = tokio::time::timeout(limit, pin!(answers)).await.map_err(|_| late_read())?;
        let [answer, written, waited] = answers.map_err(failure::of_read)?;
        written.map_err(failure::of_read)?;
        if !replicas.are_met(&waited) {
            return Err(StorageError::new(StorageErrorKind::Unavailable).because("replicas may lack what is stored"));
        }
        // If another doubt has come up meanwhile, it stays.
        let _ = doubts.compare_exchange(seen, 0, Ordering::SeqCst, Ordering::SeqCst);
        answer.map_err(failure::of_read)
    }

    /// The keys that every script about a record declares.
    fn keys(&self, place: &Place, owners: &[String]) -> Vec<Vec<u8>> {
        let own = [place.record(), self.layout.expiry(place.shard), self.layout.due(place.shard)];
        own.iter().chain(owners).map(|key| key.as_bytes().to_vec()).collect()
    }
}

#[async_trait]
impl Storage for RedisStorage {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        let Value::Array(fields) = self.read(&self.layout.place(&key)).await? else {
            return Err(failure::strange("a record is not a hash"));
        };
        let mut fields = fields.into_iter().map(script::bytes);
        match (fields.next().flatten(), fields.next().flatten()) {
            (Some(version), Some(body)) => {
                let version = version.try_into().map_err(|_| failure::strange("a version is not 16 bytes"))?;
                Ok(Some(Versioned { version: Version::from_bytes(version), record: Record::decode(&body)? }))
            }
            (None, None) => Ok(None),
            _ => Err(failure::strange("a record lacks its version or its body")),
        }
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let record = &next.record;
        let place = self.layout.place(&record.key());
        let body = record.encode()?;
        let owners = place.owners(record);
        let columns = Columns::of(record);
        let expected = match &expected {
            Expected::Absent => &[],
            Expected::Version(version) => version.as_bytes().as_slice(),
        };
        let (native, margin) = (native_expiry(record.expires_at()), (MARGIN.as_seconds() * 1000).to_string());
        let next_owners = owners.len().to_string();
        let mut arguments: Vec<&[u8]> = vec![
            place.realm.as_bytes(),
            place.name.as_bytes(),
            place.entry.as_bytes(),
            expected,
            next.version.as_bytes(),
            &body,
            columns.expires_at.as_bytes(),
            columns.due_at.as_bytes(),
            native.as_bytes(),
            margin.as_bytes(),
            next_owners.as_bytes(),
        ];
        arguments.extend(columns.present().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
        let call = Call { code: &SAVE, keys: self.keys(&place, &owners), arguments };
        Ok(saved(self.write(call, place.shard).await?))
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let place = self.layout.place(&key);
        let arguments =
            vec![place.realm.as_bytes(), place.name.as_bytes(), place.entry.as_bytes(), expected.as_bytes().as_slice()];
        let call = Call { code: &REMOVE, keys: self.keys(&place, &[]), arguments };
        Ok(saved(self.write(call, place.shard).await?))
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.page(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.purge(now, limit).await
    }
}

impl fmt::Debug for RedisStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStorage").finish_non_exhaustive()
    }
}

/// The fields of a record that scripts and operators read.
struct Columns<'a> {
    issuer: &'a str,
    client: &'a str,
    subject: &'a str,
    session: &'a str,
    expires_at: String,
    due_at: String,
}

impl<'a> Columns<'a> {
    fn of(record: &'a Record) -> Self {
        let expires_at = Some(record.expires_at()).filter(|at| *at != Timestamp::MAX);
        Self {
            issuer: record.realm().name(),
            client: record.client().map(AsRef::as_ref).unwrap_or_default(),
            subject: record.subject().map(AsRef::as_ref).unwrap_or_default(),
            session: record.session().map(AsRef::as_ref).unwrap_or_default(),
            expires_at: expires_at.map(layout::second).unwrap_or_default(),
            due_at: record.due_at().map(layout::second).unwrap_or_default(),
        }
    }

    /// Those that the record has. No name is empty.
    fn present(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let columns = [
            ("issuer", self.issuer),
            ("client", self.client),
            ("subject", self.subject),
            ("session", self.session),
            ("expires_at", &self.expires_at),
            ("due_at", &self.due_at),
        ];
        columns.into_iter().filter(|(_, value)| !value.is_empty())
    }
}

/// A write whose answer is not known. Dropped so, by an error or with the caller's future, it makes reads careful.
struct Doubt<'a> {
    noted_in: Option<&'a AtomicU32>,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(doubts) = self.noted_in {
            doubts.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Replicas {
    /// Waits for what was written on the same connection before.
    fn command(self) -> Cmd {
        // Zero would be without end.
        let milliseconds = self.timeout.as_millis().clamp(1, u128::from(u32::MAX));
        cmd("WAIT").arg(self.count).arg(milliseconds.to_string()).take()
    }

    /// Whether enough of them answered.
    fn are_met(self, waited: &RedisResult<Value>) -> bool {
        matches!(waited, Ok(Value::Int(count)) if *count >= i64::from(self.count))
    }
}

/// Calls a script until it has been given all that it needs. Says whether it applied, and whether replicas have it.
async fn evaluate(
    connection: &Connection,
    mut call: Call<'_>,
    replicas: Option<Replicas>,
) -> Result<(bool, bool), StorageError> {
    let (mut is_whole, mut waits) = (false, 0);
    for _ in 0..MOST_CALLS {
        let command = if is_whole { call.whole() } else { call.short() };
        match send(connection, command, replicas).await {
            Ok((value, is_replicated)) => match Answer::read(value) {
                Some(Answer::Done(applied)) => return Ok((applied, is_replicated)),
                Some(Answer::Missing(keys)) => call.keys.extend(keys),
                None => return Err(failure::strange("the answer of a script is not one")),
            },
            Err(error) if error.code() == Some("NOSCRIPT") && !is_whole => is_whole = true,
            Err(error) if failure::is_passing(&error) && waits < MOST_WAITS => {
                waits += 1;
                tokio::time::sleep(WAIT).await;
            }
            Err(error) => return Err(failure::of_write(error)),
        }
    }
    Err(StorageError::new(StorageErrorKind::Unavailable).because("the record's owners change all the time"))
}

async fn send(connection: &Connection, command: Cmd, replicas: Option<Replicas>) -> RedisResult<(Value, bool)> {
    let Some(replicas) = replicas else { return Ok((connection.write(&command).await?, true)) };
    let [answer, waited] = connection.write_all([command, replicas.command()]).await?;
    Ok((answer?, replicas.are_met(&waited)))
}

fn saved(applied: bool) -> Saved {
    if applied { Saved::Applied } else { Saved::Conflict }
}

fn late_read() -> StorageError {
    StorageError::new(StorageErrorKind::Unavailable).because("the time limit is over")
}

fn late_write() -> StorageError {
    StorageError::new(StorageErrorKind::OutcomeUnknown).because("the time limit is over")
}

/// The millisecond at which Redis may expire a record; empty if it never does.
fn native_expiry(expires_at: Timestamp) -> String {
    let at = expires_at.after(MARGIN).as_seconds();
    if at > LAST_NATIVE { String::new() } else { (at.max(0) * 1000).to_string() }
}

/// How much later than the library Redis expires a record: their clocks may differ.
const MARGIN: Lifetime = Lifetime::days(1);
/// The end of the year 9999. What expires later is left to `purge_expired`.
const LAST_NATIVE: i64 = 253_402_300_799;
/// How often a script is called for one write: its text may be missing, then keys, then owners may have changed.
const MOST_CALLS: u32 = 16;
/// How often, and how long, a write waits for a cluster that rearranges itself.
const MOST_WAITS: u32 = 8;
const WAIT: Duration = Duration::from_millis(50);
