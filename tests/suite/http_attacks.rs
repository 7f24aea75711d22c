//! Known attacks over HTTP, against the service over every store.
//!
//! Each attack is a test over memory. The same functions then run once more over SQLite, PostgreSQL, Redis and a Redis
//! Cluster, each attack in a realm of its own, and a failure names the store and the attack. What an attacker can see
//! is all that is looked at, and [`witness`] looks at every answer.

mod authorize;
mod browser;
mod clients;
mod codes;
mod consent;
mod end_to_end;
mod expect;
mod golden;
mod introspection;
mod machines;
mod members;
mod redirect_uri;
mod refresh;
mod session;
mod stage;
mod terms;
mod token;
mod witness;

use std::panic;
use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::storage::redis::RedisStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use tokio::runtime::Runtime;

use self::stage::Place;
use crate::stores::servers::{postgres, redis};

/// An attack: its name, and the test that makes it.
type Attack = (&'static str, fn());

/// The attacks of a module, and its source: none of its tests may be left out.
type Attacks = (&'static [Attack], &'static str);

/// Names the attacks of a module, for the runs over the other stores.
macro_rules! attacks {
    ($source:literal: $($name:ident),+ $(,)?) => {
        pub(super) const ATTACKS: super::Attacks = (&[$((stringify!($name), $name)),+], include_str!($source));
    };
}
use attacks;

const ALL: [Attacks; 11] = [
    redirect_uri::ATTACKS,
    authorize::ATTACKS,
    consent::ATTACKS,
    terms::ATTACKS,
    codes::ATTACKS,
    token::ATTACKS,
    clients::ATTACKS,
    refresh::ATTACKS,
    machines::ATTACKS,
    introspection::ATTACKS,
    end_to_end::ATTACKS,
];

#[test]
fn no_attack_is_left_out_of_the_runs_over_the_stores() {
    for (attacks, source) in ALL {
        assert_eq!(source.matches("#[test]").count(), attacks.len(), "{attacks:?}");
    }
}

#[test]
fn every_attack_fails_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(folder.path().join("grants.db")).unwrap();

    run("SQLite", Arc::new(storage), None);
}

#[test]
fn every_attack_fails_over_postgres() {
    let Some(cluster) = postgres::Cluster::start_with("fsync = off") else { return };
    let runtime = runtime();
    let storage = runtime.block_on(async {
        let database = cluster.create_database().await;
        PostgresStorage::open(&cluster.url(&database)).await.unwrap()
    });

    run("PostgreSQL", Arc::new(storage), Some(&runtime));
}

#[test]
fn every_attack_fails_over_redis() {
    let Some(server) = redis::Server::start() else { return };
    let runtime = runtime();
    let storage = runtime.block_on(RedisStorage::single(&server.url()).open(AcceptLossOnFailover)).unwrap();

    run("Redis", Arc::new(storage), Some(&runtime));
}

#[test]
fn every_attack_fails_over_a_redis_cluster() {
    let Some(cluster) = redis::Cluster::start() else { return };
    let runtime = runtime();
    let [first, ..] = cluster.urls();
    let storage = runtime.block_on(RedisStorage::cluster([first.as_str()]).open(AcceptLossOnFailover)).unwrap();

    run("Redis Cluster", Arc::new(storage), Some(&runtime));
}

/// Makes every attack over a store.
fn run(store: &'static str, storage: Arc<dyn Storage>, runtime: Option<&Runtime>) {
    let _inside = runtime.map(Runtime::enter);
    let _at = Place::over(storage, runtime.map(|runtime| runtime.handle().clone())).enter();
    let attacks = ALL.iter().flat_map(|(attacks, _)| *attacks);
    let failed: Vec<_> = attacks.filter(|(_, attack)| panic::catch_unwind(attack).is_err()).collect();
    let failed: Vec<_> = failed.iter().map(|(name, _)| *name).collect();
    assert!(failed.is_empty(), "over {store}: {}", failed.join(", "));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
