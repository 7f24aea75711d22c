//! Servers that are gone, silent, full, restarted, or hold something else.

use std::time::Duration;

use grantsmith::host::{Expected, Saved, Storage, StorageError, StorageErrorKind};
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::redis::RedisStorage;

use super::proxy::Proxy;
use super::{at, create, key_of, listed, open, runtime, session, version_of, versioned};
use crate::stores::servers::redis::{Server, eventually};

fn kind<T>(answer: Result<T, StorageError>) -> Option<StorageErrorKind> {
    answer.err().map(|error| error.kind())
}

async fn quick(url: &str) -> RedisStorage {
    let setup = RedisStorage::single(url).time_limit(Duration::from_millis(300));
    setup.open(AcceptLossOnFailover).await.unwrap()
}

/// Calls until the store answers again.
async fn recovered(storage: &dyn Storage) {
    for _ in 0..200 {
        if storage.load(key_of("any")).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the store did not recover");
}

#[test]
fn a_server_that_is_down_is_unavailable_and_then_it_is_back_with_everything() {
    let Some(mut server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        let stored = create(&*storage, session("session", "alice", at(0))).await;
        server.kill();
        // The first calls may find the old connection; the others find nobody.
        let mut refused = None;
        for _ in 0..50 {
            refused = kind(storage.save(versioned(session("new", "alice", at(0))), Expected::Absent).await);
            if refused == Some(StorageErrorKind::Unavailable) {
                break;
            }
        }

        assert_eq!(refused, Some(StorageErrorKind::Unavailable));
        assert_eq!(kind(storage.load(key_of("session")).await), Some(StorageErrorKind::Unavailable));
        assert_eq!(kind(storage.purge_expired(at(0), 1).await), Some(StorageErrorKind::Unavailable));

        server.restart();
        recovered(&*storage).await;
        assert_eq!(version_of(&*storage, key_of("session")).await, Some(stored.version));
        assert_eq!(listed(&*storage, "alice").await, [key_of("session")]);
        create(&*storage, session("new", "alice", at(0))).await;
    });
}

#[test]
fn nobody_at_the_address_is_unavailable() {
    let answer = runtime().block_on(RedisStorage::open("redis://127.0.0.1:1", AcceptLossOnFailover));

    assert_eq!(kind(answer), Some(StorageErrorKind::Unavailable));
}

#[test]
fn a_write_whose_answer_was_lost_has_an_unknown_outcome_and_can_be_repeated() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::before(&server);
    runtime().block_on(async {
        let storage = RedisStorage::open(&proxy.url(), AcceptLossOnFailover).await.unwrap();
        create(&storage, session("warm", "alice", at(0))).await;
        let next = versioned(session("session", "alice", at(0)));
        proxy.lose_next_answer();

        let lost = storage.save(next.clone(), Expected::Absent).await;

        assert_eq!(kind(lost), Some(StorageErrorKind::OutcomeUnknown));
        recovered(&storage).await;
        assert_eq!(version_of(&storage, key_of("session")).await, Some(next.version));
        assert_eq!(storage.save(next, Expected::Absent).await.unwrap(), Saved::Applied);
    });
}

#[test]
fn a_silent_server_does_not_hold_a_call_for_ever() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = quick(&server.url()).await;
        server.pause();

        let saved = storage.save(versioned(session("session", "alice", at(0))), Expected::Absent).await;
        let loaded = storage.load(key_of("session")).await;

        server.resume();
        assert_eq!(kind(saved), Some(StorageErrorKind::OutcomeUnknown));
        assert_eq!(kind(loaded), Some(StorageErrorKind::Unavailable));
        recovered(&storage).await;
    });
}

#[test]
fn a_server_that_forgot_the_scripts_is_sent_them_again() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        create(&*storage, session("before", "alice", at(0))).await;

        server.ask::<()>(&["SCRIPT", "FLUSH"]);

        create(&*storage, session("after", "alice", at(0))).await;
        assert_eq!(listed(&*storage, "alice").await.len(), 2);
    });
}

#[test]
fn a_full_server_refuses_writes_and_loses_nothing() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        let stored = create(&*storage, session("session", "alice", at(0))).await;
        server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);

        let refused = storage.save(versioned(session("new", "alice", at(0))), Expected::Absent).await;

        assert_eq!(kind(refused), Some(StorageErrorKind::Unavailable));
        assert_eq!(listed(&*storage, "alice").await, [key_of("session")]);
        assert_eq!(version_of(&*storage, key_of("session")).await, Some(stored.version));
        assert_eq!(storage.purge_expired(at(0), 10).await.unwrap(), 1);
    });
}

#[test]
fn a_server_that_evicts_is_not_opened() {
    let Some(server) = Server::start() else { return };
    let opened = || runtime().block_on(RedisStorage::open(&server.url(), AcceptLossOnFailover));
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "100mb"]);
    assert!(opened().is_ok());
    for policy in ["allkeys-lru", "volatile-ttl"] {
        server.ask::<()>(&["CONFIG", "SET", "maxmemory-policy", policy]);

        assert_eq!(kind(opened()), Some(StorageErrorKind::Unavailable), "{policy}");
    }
}

#[test]
fn a_prefix_that_would_change_slots_is_refused() {
    let Some(server) = Server::start() else { return };
    let setup = RedisStorage::single(&server.url()).prefix("a}b{c");

    assert_eq!(kind(runtime().block_on(setup.open(AcceptLossOnFailover))), Some(StorageErrorKind::Unavailable));
}

#[test]
fn what_is_not_a_record_is_an_error_and_never_an_absence() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        create(&*storage, session("session", "alice", at(0))).await;
        let record = server.keys("*:record:*").remove(0);
        let damages = [
            (["HSET", &record, "body", "{}"], StorageErrorKind::Corrupt),
            (["HSET", &record, "body", r#"{"format":99,"kind":"session"}"#], StorageErrorKind::NewerFormat),
            (["HSET", &record, "version", "short"], StorageErrorKind::Corrupt),
            (["HDEL", &record, "version", "-"], StorageErrorKind::Corrupt),
        ];
        for (command, expected) in damages {
            server.ask::<()>(&command);

            assert_eq!(kind(storage.load(key_of("session")).await), Some(expected), "{command:?}");
        }
    });
}

#[test]
fn a_crash_under_load_leaves_every_acknowledged_record_and_none_unlisted() {
    let Some(mut server) = Server::start() else { return };
    runtime().block_on(async {
        let mut acknowledged = Vec::new();
        for crash in 0..3 {
            let storage = open(&server).await;
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let storage = std::sync::Arc::clone(&storage);
                    tokio::spawn(async move {
                        let mut saved = Vec::new();
                        for number in 0.. {
                            let id = format!("{crash} {writer} {number}");
                            let next = versioned(session(&id, "alice", at(0)));
                            match storage.save(next, Expected::Absent).await {
                                Ok(_) => saved.push(id),
                                Err(_) => break,
                            }
                        }
                        saved
                    })
                })
                .collect();
            eventually(|| server.ask::<usize>(&["DBSIZE"]) > 600 * (crash + 1));
            server.kill();
            for writer in writers {
                acknowledged.extend(writer.await.unwrap());
            }
            server.restart();
        }
        let storage = open(&server).await;
        let listed = listed(&*storage, "alice").await;
        for id in &acknowledged {
            assert!(version_of(&*storage, key_of(id)).await.is_some(), "{id} was acknowledged");
            assert!(listed.contains(&key_of(id)), "{id} is not listed");
        }
        assert_eq!(listed.len(), server.keys("*:record:*").len());
        assert!(!acknowledged.is_empty());
    });
}
