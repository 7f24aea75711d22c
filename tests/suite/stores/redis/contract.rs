//! The storage contract, and races between two handles.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use grantsmith::host::{Expected, Saved, Storage as _};
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::contract::Suite;
use grantsmith::storage::redis::{RedisSetup, RedisStorage};

use super::{PATIENCE, at, create, key_of, listed, open, runtime, session, version_of, versioned};
use crate::counts::assert_kept;
use crate::stores::servers::redis::{Cluster, Server};

#[test]
fn one_server_keeps_the_contract() {
    covers!("ATK-285", "ATK-288", "ATK-301");
    let Some(server) = Server::start() else { return };

    keeps_the_contract("redis", &|| RedisStorage::single(&server.url()));
}

#[test]
fn a_cluster_keeps_the_contract() {
    let Some(cluster) = Cluster::start() else { return };
    let urls = cluster.urls();

    keeps_the_contract("redis cluster", &|| RedisStorage::cluster(urls.iter().map(String::as_str)));

    let sizes = cluster.nodes.each_ref().map(|node| node.ask::<u64>(&["DBSIZE"]));
    assert!(sizes.iter().all(|size| *size > 0), "every node has a part: {sizes:?}");
}

/// Two handles, as of two processes, and a task for each racing call.
fn keeps_the_contract(store: &str, setup: &dyn Fn() -> RedisSetup) {
    let clauses = AtomicU32::new(0);
    let make = async || {
        let prefix = format!("clause-{}", clauses.fetch_add(1, Ordering::SeqCst));
        let open = async || setup().prefix(&prefix).time_limit(PATIENCE).open(AcceptLossOnFailover).await.unwrap();
        (Arc::new(open().await), Arc::new(open().await))
    };

    let report = runtime().block_on(Suite::new(make).spawning(tokio::spawn).check());

    assert_kept(store, &report);
}

#[test]
fn of_two_processes_that_expect_the_same_one_is_applied() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let (one, other) = (open(&server).await, open(&server).await);
        for round in 0..200 {
            let id = format!("session {round}");
            let (a, b) = (versioned(session(&id, "a", at(0))), versioned(session(&id, "b", at(0))));
            let saves = (one.save(a.clone(), Expected::Absent), other.save(b.clone(), Expected::Absent));

            let (first, second) = tokio::join!(saves.0, saves.1);

            let winner = match (first.unwrap(), second.unwrap()) {
                (Saved::Applied, Saved::Conflict) => a,
                (Saved::Conflict, Saved::Applied) => b,
                both => panic!("{both:?}"),
            };
            assert_eq!(version_of(&*one, key_of(&id)).await, Some(winner.version));
        }
        assert_eq!(listed(&*other, "a").await.len() + listed(&*other, "b").await.len(), 200);
    });
}

#[test]
fn stores_with_different_prefixes_do_not_meet() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let one = open(&server).await;
        let setup = RedisStorage::single(&server.url()).prefix("another");
        let other = setup.open(AcceptLossOnFailover).await.unwrap();
        create(&*one, session("session", "alice", at(0))).await;

        assert_eq!(version_of(&other, key_of("session")).await, None);
        assert_eq!(listed(&other, "alice").await, []);
        assert_eq!(other.purge_expired(at(1), 10).await.unwrap(), 0);
    });
}
