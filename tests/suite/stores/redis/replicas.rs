//! Waiting for replicas, and a server that is one.

use std::time::Duration;

use grantsmith::host::{Expected, Saved, Storage as _, StorageErrorKind};
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::redis::RedisStorage;

use super::{PATIENCE, at, create, key_of, listed, open, runtime, session, version_of, versioned};
use crate::stores::servers::redis::Server;

#[test]
fn a_write_that_no_replica_acknowledged_is_unknown_and_is_not_read_before_one_has_it() {
    let Some(primary) = Server::start() else { return };
    let replica = Server::replica_of(&primary);
    runtime().block_on(async {
        let setup = RedisStorage::single(&primary.url()).connections(3.try_into().unwrap()).time_limit(PATIENCE);
        let setup = setup.wait_for_replicas(1.try_into().unwrap(), Duration::from_secs(2));
        let storage = setup.open(AcceptLossOnFailover).await.unwrap();
        let before = create(&storage, session("session", "alice", at(0))).await;
        assert!(replica.keys("*:record:*").len() == 1, "an acknowledged write is on the replica");
        replica.pause();
        let next = versioned(session("session", "alice", at(1)));

        let saved = storage.save(next.clone(), Expected::Version(before.version)).await;
        let loaded = storage.load(key_of("session")).await;

        assert_eq!(saved.unwrap_err().kind(), StorageErrorKind::OutcomeUnknown);
        assert_eq!(loaded.unwrap_err().kind(), StorageErrorKind::Unavailable);
        replica.resume();
        let mut found = storage.load(key_of("session")).await;
        for _ in 0..100 {
            if found.is_ok() {
                break;
            }
            found = storage.load(key_of("session")).await;
        }
        assert_eq!(found.unwrap().unwrap().version, next.version);
        assert_eq!(storage.save(next.clone(), Expected::Version(before.version)).await.unwrap(), Saved::Applied);
        assert_eq!(storage.remove(key_of("session"), next.version).await.unwrap(), Saved::Applied);
        assert_eq!(listed(&storage, "alice").await, []);
    });
}

#[test]
fn a_replica_refuses_writes_and_nothing_is_lost() {
    let Some(primary) = Server::start() else { return };
    let replica = Server::replica_of(&primary);
    runtime().block_on(async {
        let storage = open(&replica).await;

        let refused = storage.save(versioned(session("session", "alice", at(0))), Expected::Absent).await;

        assert_eq!(refused.unwrap_err().kind(), StorageErrorKind::Unavailable);
        assert_eq!(version_of(&*open(&primary).await, key_of("session")).await, None);
    });
}
