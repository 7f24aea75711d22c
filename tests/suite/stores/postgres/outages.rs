//! What a storage says while its database is away, and what is true afterwards.

use std::error::Error as _;

use deadpool_postgres::{Manager, Pool};
use grantsmith::host::{Expected, Saved, Storage as _, StorageError, StorageErrorKind};
use grantsmith::storage::postgres::{OpenError, PostgresStorage};
use grantsmith::value::Timestamp;
use tokio_postgres::NoTls;

use super::{fresh, runtime, saved, session, shared, versioned};
use crate::stores::servers::postgres::proxy::{Cut, Proxy};
use crate::stores::servers::postgres::{Cluster, Stop};

#[test]
fn a_server_that_was_stopped_or_killed_is_unavailable_until_it_is_back() {
    let Some(cluster) = Cluster::start() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let storage = fresh(&cluster).await;
        let mut stored = saved(&storage, 1, session("session", "alice", Timestamp::MAX)).await;
        let key = stored.record.key();
        for (number, how) in [(2, Stop::Fast), (3, Stop::Kill)] {
            cluster.stop(how);
            assert_eq!(unavailable_at_last(&storage, key).await, StorageErrorKind::Unavailable, "{how:?}");
            let next = versioned(number, stored.record.clone());
            let lost = storage.save(next.clone(), Expected::Version(stored.version)).await.unwrap_err();
            assert_eq!(lost.kind(), StorageErrorKind::Unavailable, "{how:?}");
            assert!(lost.source().is_some());

            cluster.resume();

            assert_eq!(storage.load(key).await.unwrap().unwrap().version, stored.version, "{how:?}");
            let answer = storage.save(next.clone(), Expected::Version(stored.version)).await.unwrap();
            assert_eq!(answer, Saved::Applied, "{how:?}");
            stored = next;
        }
    });
}

#[test]
fn nothing_opens_where_no_server_is() {
    let runtime = runtime();

    runtime.block_on(async {
        let empty = tempfile::tempdir().unwrap();
        let url = format!("host={} user=nobody", empty.path().display());
        assert!(matches!(PostgresStorage::open(&url).await, Err(OpenError::Storage(_))));
        for url in ["", "mysql://root@localhost", "postgres://[", "host=a port=no"] {
            assert!(PostgresStorage::open(url).await.is_err(), "{url}");
        }
        let tls = PostgresStorage::open("postgres://db.example/?sslmode=require").await;
        assert!(matches!(tls, Err(OpenError::TlsRequired)));
        let error = PostgresStorage::open("postgres://me:zQ7mark@db.example:zQ7mark/x").await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("zQ7mark"), "an error repeats the password");
    });
}

#[test]
fn a_write_whose_connection_is_cut_is_of_unknown_outcome_and_whole() {
    covers!("ATK-288");
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let proxy = Proxy::before(cluster.directory());
        let storage = PostgresStorage::open(&proxy.url(&cluster.create_database().await)).await.unwrap();
        for (cut, is_applied) in [(Cut::Requests, false), (Cut::Answers, true)] {
            let name = format!("{cut:?}");
            let first = versioned(1, session(&name, "alice", Timestamp::MAX));
            let key = first.record.key();

            proxy.cut(cut);
            let lost = storage.save(first.clone(), Expected::Absent).await;
            proxy.cut(Cut::Never);
            assert_unknown(lost);
            assert_eq!(storage.load(key).await.unwrap().is_some(), is_applied, "{cut:?}");
            assert_eq!(storage.save(first.clone(), Expected::Absent).await.unwrap(), Saved::Applied, "{cut:?}");

            let second = versioned(2, first.record.clone());
            proxy.cut(cut);
            let lost = storage.save(second.clone(), Expected::Version(first.version)).await;
            proxy.cut(Cut::Never);
            assert_unknown(lost);
            let found = storage.load(key).await.unwrap().unwrap().version;
            assert_eq!(found == second.version, is_applied, "{cut:?}");
            let repeated = storage.save(second.clone(), Expected::Version(first.version)).await.unwrap();
            assert_eq!(repeated, Saved::Applied, "{cut:?}");

            proxy.cut(cut);
            let lost = storage.remove(key, second.version).await;
            proxy.cut(Cut::Never);
            assert_unknown(lost);
            assert_eq!(storage.load(key).await.unwrap().is_none(), is_applied, "{cut:?}");
            assert_eq!(storage.remove(key, second.version).await.unwrap(), Saved::Applied, "{cut:?}");
        }
    });
}

#[test]
fn a_load_whose_connection_is_cut_is_unavailable() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let proxy = Proxy::before(cluster.directory());
        let storage = PostgresStorage::open(&proxy.url(&cluster.create_database().await)).await.unwrap();
        let key = saved(&storage, 1, session("session", "alice", Timestamp::MAX)).await.record.key();
        for cut in [Cut::Requests, Cut::Answers] {
            proxy.cut(cut);
            let lost = storage.load(key).await.unwrap_err();
            proxy.cut(Cut::Never);

            assert_eq!(lost.kind(), StorageErrorKind::Unavailable);
            assert!(storage.load(key).await.unwrap().is_some());
        }
        assert!(proxy.cut_connections() >= 2);
    });
}

#[test]
fn a_backend_that_is_told_to_end_leaves_the_outcome_open() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let (storage, locker, stored) = locked(cluster).await;
        let next = versioned(2, stored.record.clone());
        let waiting = tokio::spawn({
            let (storage, next) = (storage.clone(), next.clone());
            async move { storage.save(next, Expected::Version(stored.version)).await }
        });
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        while locker.query_one(end, &[]).await.unwrap().get::<_, i64>(0) == 0 {}

        assert_unknown(waiting.await.unwrap());
        locker.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(storage.save(next, Expected::Version(stored.version)).await.unwrap(), Saved::Applied);
    });
}

#[test]
fn a_statement_that_takes_too_long_is_given_up_with_its_connection() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let (storage, locker, stored) = locked(cluster).await;
        let storage = storage.with_statement_limit(std::time::Duration::from_millis(50));
        let next = versioned(2, stored.record.clone());

        assert_unknown(storage.save(next.clone(), Expected::Version(stored.version)).await);

        assert_eq!(storage.pool().status().size, 0, "the connection that waits is still in the pool");
        locker.batch_execute("ROLLBACK").await.unwrap();
        let storage = storage.with_statement_limit(std::time::Duration::from_secs(10));
        assert_eq!(storage.save(next, Expected::Version(stored.version)).await.unwrap(), Saved::Applied);
    });
}

#[test]
fn calls_that_are_dropped_leave_a_connection_that_works() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        let config = cluster.url(&database).parse().unwrap();
        let pool = Pool::builder(Manager::new(config, NoTls)).max_size(1).build().unwrap();
        let storage = PostgresStorage::from_pool(pool);
        storage.migrate().await.unwrap();
        for number in 0..50 {
            let dropped = versioned(number, session(&format!("session {number}"), "alice", Timestamp::MAX));
            let mut call = Box::pin(storage.save(dropped.clone(), Expected::Absent));
            std::future::poll_fn(|context| {
                let _ = call.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
            drop(call);

            let repeated = storage.save(dropped, Expected::Absent).await.unwrap();

            assert_eq!(repeated, Saved::Applied);
        }
        assert_eq!(storage.pool().status().size, 1);
        assert_eq!(storage.purge_expired(Timestamp::from_seconds(0), 10).await.unwrap(), 0);
    });
}

/// A storage with one record, whose row somebody else has locked.
async fn locked(
    cluster: &Cluster,
) -> (PostgresStorage, tokio_postgres::Client, grantsmith::record::Versioned<grantsmith::record::Record>) {
    let database = cluster.create_database().await;
    let storage = PostgresStorage::open(&cluster.url(&database)).await.unwrap();
    let stored = saved(&storage, 1, session("session", "alice", Timestamp::MAX)).await;
    let locker = cluster.client(&database).await;
    locker.batch_execute("BEGIN; SELECT 1 FROM grantsmith_records FOR UPDATE").await.unwrap();
    (storage, locker, stored)
}

/// Fails until the storage has noticed that its connections are gone.
async fn unavailable_at_last(storage: &PostgresStorage, key: grantsmith::record::Key) -> StorageErrorKind {
    let mut kind = None;
    while storage.pool().status().size > 0 || kind.is_none() {
        kind = storage.load(key).await.err().map(|error| error.kind());
    }
    kind.unwrap()
}

#[track_caller]
fn assert_unknown(answer: Result<Saved, StorageError>) {
    assert_eq!(answer.unwrap_err().kind(), StorageErrorKind::OutcomeUnknown);
}
