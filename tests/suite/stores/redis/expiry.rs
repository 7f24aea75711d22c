//! Native expiry, purging, pruning: what is left behind, and by whom it is taken.

use grantsmith::host::{Expected, Filter, Saved, Storage as _};
use grantsmith::record::{Record, UsedIdentifier};
use grantsmith::value::Timestamp;

use super::{NOW, at, create, key_of, listed, open, realm, runtime, session, versioned};
use crate::stores::servers::redis::Server;

const DAY: i64 = 86_400;

/// The millisecond at which Redis takes the only key that matches; -1 if it never does.
fn native_expiry(server: &Server, pattern: &str) -> i64 {
    let keys = server.keys(pattern);
    assert_eq!(keys.len(), 1, "{keys:?}");
    server.ask(&["PEXPIRETIME", &keys[0]])
}

#[test]
fn redis_expires_a_record_and_its_indexes_a_day_late() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;

        create(&*storage, session("session", "alice", at(0))).await;

        for key in ["*:record:*", "*:subject:alice", "*:session:session"] {
            assert_eq!(native_expiry(&server, key), (NOW + DAY) * 1000, "{key}");
        }
    });
}

#[test]
fn an_index_lasts_as_long_as_the_last_record_in_it() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        let stored = create(&*storage, session("session", "alice", at(100))).await;
        for (expires_at, native) in [(at(500), (NOW + 500 + DAY) * 1000), (at(50), (NOW + 500 + DAY) * 1000)] {
            let next = versioned(session("session", "alice", expires_at));
            let current = super::version_of(&*storage, key_of("session")).await.unwrap();
            assert_eq!(storage.save(next, Expected::Version(current)).await.unwrap(), Saved::Applied);

            assert_eq!(native_expiry(&server, "*:subject:alice"), native);
        }
        let current = super::version_of(&*storage, key_of("session")).await.unwrap();
        let never = versioned(session("session", "alice", Timestamp::MAX));
        assert_eq!(storage.save(never, Expected::Version(current)).await.unwrap(), Saved::Applied);

        assert_ne!(current, stored.version);
        assert_eq!(native_expiry(&server, "*:record:*"), -1);
        assert_eq!(native_expiry(&server, "*:subject:alice"), -1);
    });
}

#[test]
fn a_record_of_a_clock_that_is_far_behind_is_kept_for_a_day() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;

        let stored = create(&*storage, session("session", "alice", Timestamp::from_seconds(5))).await;

        assert_eq!(super::version_of(&*storage, key_of("session")).await, Some(stored.version));
        let keys = server.keys("*:record:*");
        let left: i64 = server.ask(&["TTL", &keys[0]]);
        assert!((DAY - 600..=DAY).contains(&left), "{left}");
    });
}

#[test]
fn nothing_is_left_of_what_was_purged_or_removed() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        for number in 0..300 {
            create(&*storage, session(&format!("session {number}"), "alice", at(number % 7))).await;
            let used = UsedIdentifier::new(&realm(), "scope", &number.to_string(), at(0));
            create(&*storage, Record::UsedIdentifier(used.into())).await;
        }
        let moved = create(&*storage, session("moves", "alice", at(0))).await;
        let Record::Session(ended) = session("moves", "bob", at(0)) else { unreachable!() };
        let next = versioned(Record::Session(ended.ended_at(at(0), at(0)).into()));
        let removed = storage.save(next.clone(), Expected::Version(moved.version)).await.unwrap();
        assert_eq!(removed, Saved::Applied);
        assert_eq!(storage.remove(key_of("moves"), next.version).await.unwrap(), Saved::Applied);

        let (first, second) = (storage.purge_expired(at(6), 250).await, storage.purge_expired(at(6), 1000).await);

        assert_eq!((first.unwrap(), second.unwrap()), (250, 350));
        assert_eq!(server.keys("*"), Vec::<String>::new());
    });
}

#[test]
fn an_entry_whose_record_redis_expired_is_pruned_by_a_listing() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        for number in 0..20 {
            create(&*storage, session(&format!("session {number}"), "alice", at(0))).await;
        }
        let gone = server.keys("*:record:*");
        for key in &gone[..15] {
            server.ask::<()>(&["DEL", key]);
        }

        assert_eq!(listed(&*storage, "alice").await.len(), 5);

        let entries: usize =
            server.keys("*:subject:alice").iter().map(|key| server.ask::<usize>(&["ZCARD", key])).sum();
        assert_eq!(entries, 5);
    });
}

#[test]
fn a_purge_forgets_what_redis_expired_and_counts_it() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        for number in 0..20 {
            create(&*storage, session(&format!("session {number}"), "alice", at(0))).await;
        }
        for key in &server.keys("*:record:*")[..15] {
            server.ask::<()>(&["DEL", key]);
        }

        assert_eq!(storage.purge_expired(at(0), 100).await.unwrap(), 20);

        assert_eq!(server.keys("*:expiry"), Vec::<String>::new());
        assert_eq!(server.keys("*:record:*"), Vec::<String>::new());
    });
}

#[test]
fn pruning_never_takes_the_entry_of_a_record_that_is_saved_meanwhile() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let (one, other) = (open(&server).await, open(&server).await);
        for round in 0..150 {
            let stored = create(&*one, session("session", "alice", at(0))).await;
            // As Redis would expire it: the entries stay.
            server.ask::<()>(&["DEL", &server.keys("*:record:*")[0]]);
            let next = versioned(session("session", "alice", at(round)));

            let save = one.save(next.clone(), Expected::Absent);
            let (saved, _, _) = tokio::join!(save, listed(&*other, "alice"), other.purge_expired(at(-1), 10));

            assert_eq!(saved.unwrap(), Saved::Applied);
            assert_eq!(listed(&*one, "alice").await, [stored.record.key()]);
            assert_eq!(one.remove(next.record.key(), next.version).await.unwrap(), Saved::Applied);
        }
    });
}

#[test]
fn what_is_due_is_listed_until_it_is_done() {
    let Some(server) = Server::start() else { return };
    runtime().block_on(async {
        let storage = open(&server).await;
        let Record::Session(open) = session("session", "alice", at(DAY)) else { unreachable!() };
        let due = create(&*storage, Record::Session(open.ended_at(at(5), at(DAY)).into())).await;
        let keys = async |at| storage.list(&Filter::Due(at), None, 10).await.unwrap().keys;

        assert_eq!((keys(at(4)).await, keys(at(5)).await), (vec![], vec![key_of("session")]));

        let done = versioned(Record::Session(open.finished().into()));
        assert_eq!(storage.save(done, Expected::Version(due.version)).await.unwrap(), Saved::Applied);
        assert_eq!(keys(Timestamp::MAX).await, []);
        assert_eq!(server.keys("*:due"), Vec::<String>::new());
    });
}
