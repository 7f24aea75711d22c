//! PostgreSQL: a server of our own on a Unix socket, alone and behind PgBouncer.

mod bouncer;
mod contract;
mod flows;
mod outages;
mod schema;
mod signing_keys;
mod tls;

pub(super) use bouncer::Bouncer;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use grantsmith::host::{Expected, Saved, Storage as _};
use grantsmith::record::{Record, Session, Version, Versioned};
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::value::{Realm, Timestamp};
use tokio::runtime::Runtime;

use super::servers::postgres::Cluster;

/// The server that these tests share, for one test at a time: its connections are few. `None` if it is left out.
pub(super) fn shared() -> Option<(&'static Cluster, MutexGuard<'static, ()>)> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Some((CLUSTER.get_or_init(|| Cluster::start_with("fsync = off")).as_ref()?, turn))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A storage in a database of its own.
pub(super) async fn fresh(cluster: &Cluster) -> Arc<PostgresStorage> {
    let database = cluster.create_database().await;
    Arc::new(PostgresStorage::open(&cluster.url(&database)).await.unwrap())
}

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

fn session(name: &str, subject: &str, expires_at: Timestamp) -> Record {
    let (id, subject) = (name.parse().unwrap(), subject.parse().unwrap());
    Record::Session(Arc::new(Session::opened(&realm(), &id, &subject, expires_at)))
}

fn versioned(number: u8, record: Record) -> Versioned<Record> {
    Versioned { version: Version::from_bytes([number; 16]), record }
}

async fn saved(storage: &PostgresStorage, number: u8, record: Record) -> Versioned<Record> {
    let next = versioned(number, record);
    assert_eq!(storage.save(next.clone(), Expected::Absent).await.unwrap(), Saved::Applied);
    next
}
