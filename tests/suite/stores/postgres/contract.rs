//! The contract: directly, behind PgBouncer, and where every transaction is serializable.

use std::sync::Arc;

use deadpool_postgres::{Manager, Pool};
use grantsmith::host::{Cursor, Expected, Filter, Saved, Storage as _, StorageErrorKind};
use grantsmith::storage::contract::Suite;
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::value::Timestamp;
use tokio_postgres::NoTls;

use super::bouncer::Bouncer;
use super::{fresh, realm, runtime, saved, session, shared, versioned};
use crate::counts::assert_kept;

#[test]
fn the_contract_is_kept() {
    covers!("ATK-285", "ATK-288", "ATK-301");
    let Some((cluster, _turn)) = shared() else { return };

    keeps_the_contract("postgres", async || cluster.url(&cluster.create_database().await));
}

#[test]
fn the_contract_is_kept_behind_pgbouncer_in_transaction_mode() {
    let Some((cluster, _turn)) = shared() else { return };
    let Some(bouncer) = Bouncer::before(cluster) else { return };

    keeps_the_contract("postgres behind pgbouncer", async || bouncer.url(&cluster.create_database().await));
}

#[test]
fn the_contract_is_kept_where_every_transaction_is_serializable() {
    let Some((cluster, _turn)) = shared() else { return };
    let refused = || cluster.log().matches("could not serialize access").count();
    let refused_before = refused();

    keeps_the_contract("postgres, serializable", async || {
        let url = cluster.url(&cluster.create_database().await);
        format!("{url} options='-c default_transaction_isolation=serializable'")
    });

    assert!(refused() > refused_before, "nothing was tried again, so this shows no more than the plain run");
}

/// Two pools, as of two processes, and a task for each racing call. `make` gives the URL of an empty database.
fn keeps_the_contract(store: &str, make: impl AsyncFn() -> String) {
    let make = async || {
        let url = make().await;
        (pool_of_few(&url).await, pool_of_few(&url).await)
    };

    let report = runtime().block_on(Suite::new(make).spawning(tokio::spawn).check());

    assert_kept(store, &report);
}

/// A storage that leaves connections to the next one, while the server is still closing them.
async fn pool_of_few(url: &str) -> Arc<PostgresStorage> {
    let manager = Manager::new(url.parse().unwrap(), NoTls);
    let storage = PostgresStorage::from_pool(Pool::builder(manager).max_size(8).build().unwrap());
    storage.migrate().await.unwrap();
    Arc::new(storage)
}

#[test]
fn of_writers_in_two_pools_one_is_applied() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let url = cluster.url(&cluster.create_database().await);
        let pools = [PostgresStorage::open(&url).await.unwrap(), PostgresStorage::open(&url).await.unwrap()];
        for round in 0..20 {
            let first = saved(&pools[0], 0, session(&format!("session {round}"), "alice", Timestamp::MAX)).await;
            let writers = (1..=16).map(|number| {
                let storage = pools[usize::from(number % 2)].clone();
                let next = versioned(number, first.record.clone());
                tokio::spawn(async move { storage.save(next, Expected::Version(first.version)).await.unwrap() })
            });
            let mut applied = 0;
            for writer in writers.collect::<Vec<_>>() {
                applied += u32::from(writer.await.unwrap() == Saved::Applied);
            }
            assert_eq!(applied, 1, "in round {round}");
        }
    });
}

#[test]
fn a_record_that_two_callers_remove_is_removed_for_both() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let storage = fresh(cluster).await;
        for round in 0..50 {
            let stored = saved(&storage, 1, session(&format!("session {round}"), "alice", Timestamp::MAX)).await;
            let removers = [storage.clone(), storage.clone()].map(|storage| {
                let key = stored.record.key();
                tokio::spawn(async move { storage.remove(key, stored.version).await.unwrap() })
            });
            for remover in removers {
                assert_eq!(remover.await.unwrap(), Saved::Applied, "in round {round}");
            }
        }
    });
}

#[test]
fn a_cursor_of_another_realm_is_refused() {
    covers!("ATK-301");
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let storage = fresh(cluster).await;
        let key = saved(&storage, 1, session("session", "alice", Timestamp::MAX)).await.record.key();
        let (here, elsewhere) = (*realm().fingerprint(), [0; 16]);
        let of_alice = |realm| Filter::Subject(realm, "alice".parse().unwrap());
        let cursor = Cursor::from(key);

        assert!(storage.list(&of_alice(here), Some(&cursor), 10).await.unwrap().keys.is_empty());
        for filter in [of_alice(elsewhere), Filter::Clients(here)] {
            let answer = storage.list(&filter, Some(&cursor), 10).await;
            assert_eq!(answer.unwrap_err().kind(), StorageErrorKind::Unavailable);
        }
    });
}

#[test]
fn times_at_the_ends_are_kept_and_what_never_expires_stays() {
    covers!("ATK-295");
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let storage = fresh(cluster).await;
        let ends = [i64::MIN, 0, 4_294_967_295, i64::MAX - 1, i64::MAX].map(Timestamp::from_seconds);
        for (number, end) in (1..).zip(ends) {
            let next = saved(&storage, number, session(&format!("session {number}"), "alice", end)).await;
            let found = storage.load(next.record.key()).await.unwrap().unwrap();
            assert_eq!(found.record.expires_at(), end);
        }

        assert_eq!(storage.purge_expired(Timestamp::from_seconds(i64::MIN), 10).await.unwrap(), 1);
        assert_eq!(storage.purge_expired(Timestamp::MAX, 2).await.unwrap(), 2);
        assert_eq!(storage.purge_expired(Timestamp::MAX, u32::MAX).await.unwrap(), 1);
        assert_eq!(storage.purge_expired(Timestamp::MAX, u32::MAX).await.unwrap(), 0);
    });
}
