//! `storage::redis` against Redis: one server, a server with a replica, and a cluster of three.

mod cluster;
mod contract;
mod expiry;
mod failure;
mod flow;
mod proxy;
mod replicas;
mod round_trips;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use grantsmith::host::{Expected, Filter, Saved, Storage};
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::record::{Key, Record, Session, Version, Versioned};
use grantsmith::storage::redis::RedisStorage;
use grantsmith::value::{Realm, Timestamp};
use tokio::runtime::Runtime;

use super::servers::redis::Server;

/// A runtime whose threads drive connections while a test blocks.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn open(server: &Server) -> Arc<RedisStorage> {
    let setup = RedisStorage::single(&server.url()).time_limit(PATIENCE);
    Arc::new(setup.open(AcceptLossOnFailover).await.unwrap())
}

/// A time limit that a busy machine keeps.
const PATIENCE: Duration = Duration::from_secs(20);

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

/// The first second of 2100: no clock of a server has reached it.
const NOW: i64 = 4_102_444_800;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + seconds)
}

fn session(id: &str, subject: &str, expires_at: Timestamp) -> Record {
    let (id, subject) = (id.parse().unwrap(), subject.parse().unwrap());
    Record::Session(Arc::new(Session::opened(&realm(), &id, &subject, expires_at)))
}

fn key_of(id: &str) -> Key {
    Session::key_of(&realm(), &id.parse().unwrap())
}

/// The record under a version that no other has.
fn versioned(record: Record) -> Versioned<Record> {
    static DRAWN: AtomicU32 = AtomicU32::new(1);
    let number = DRAWN.fetch_add(1, Ordering::SeqCst);
    Versioned { version: Version::from_bytes(u128::from(number).to_be_bytes()), record }
}

async fn create(storage: &dyn Storage, record: Record) -> Versioned<Record> {
    let next = versioned(record);
    assert_eq!(storage.save(next.clone(), Expected::Absent).await.unwrap(), Saved::Applied);
    next
}

async fn version_of(storage: &dyn Storage, key: Key) -> Option<Version> {
    storage.load(key).await.unwrap().map(|found| found.version)
}

/// Everything that is listed under a user.
async fn listed(storage: &dyn Storage, subject: &str) -> Vec<Key> {
    let filter = Filter::Subject(*realm().fingerprint(), subject.parse().unwrap());
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = storage.list(&filter, after.as_ref(), 100).await.unwrap();
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}
