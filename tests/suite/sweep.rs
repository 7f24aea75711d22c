//! The sweeper: what is left unfinished, what has expired, and how often it looks.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use grantsmith::host::{Expected, Filter};
use grantsmith::record::{Record, RecordKind, SubjectEpoch, UsedIdentifier, Version, Versioned};
use grantsmith::server::{AuthorizationServer, Sweeper, Swept, Unavailable};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Lifetime, Timestamp};
use pollster::FutureExt as _;
use tokio::runtime::Runtime;

use crate::token_world::{access, keyring, subject};
use crate::world::World;

/// Saves identifiers that expire one second after the other, from a second ago back.
fn use_up(world: &World, count: u64) {
    for number in 1..=count {
        let expires_at = world.now().before(Lifetime::seconds(number));
        put(world, used(world, number, expires_at), number);
    }
}

fn used(world: &World, number: u64, expires_at: Timestamp) -> Record {
    Record::UsedIdentifier(Arc::new(UsedIdentifier::new(world.server.realm(), "test", &number.to_string(), expires_at)))
}

fn put(world: &World, record: Record, number: u64) {
    let version = Version::from_bytes(u128::from(number).to_be_bytes());
    let _ = world.storage.save(Versioned { version, record }, Expected::Absent).block_on().unwrap();
}

/// Puts a mark there as a process leaves it that dies before it ends the user's grants.
fn leave_unfinished(world: &World, name: &str) {
    let epoch = SubjectEpoch::first(world.server.realm(), &subject(name), world.now());
    put(world, Record::Subject(Arc::new(epoch)), 1000);
}

/// How often a future over a storage that never waits lets other tasks of its thread have their turn.
pub(crate) fn turns_of_others(future: impl Future) -> usize {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    std::iter::repeat_with(|| future.as_mut().poll(&mut context)).take_while(Poll::is_pending).count()
}

fn sweep(world: &World, batch: u32) -> Swept {
    world.server.sweep_once(batch).block_on().unwrap()
}

#[test]
fn one_sweep_takes_everything_that_has_expired_in_however_many_batches() {
    let world = World::new();
    use_up(&world, 25);

    let (first, second) = (sweep(&world, 10), sweep(&world, 10));

    assert_eq!((first.purged, second.purged), (25, 0));
}

#[test]
fn other_tasks_of_the_thread_get_their_turn_after_every_batch() {
    let world = World::new();
    use_up(&world, 25);
    leave_unfinished(&world, "alice");
    leave_unfinished(&world, "bob");

    let turns = turns_of_others(world.server.sweep_once(1));

    assert_eq!(turns, 2 + 25);
}

#[test]
fn a_sweep_finishes_what_a_crash_left_and_spares_what_lives() {
    let world = World::new();
    let of_alice = world.approved_tokens(&world.web, "alice");
    let of_bob = world.approved_tokens(&world.web, "bob");
    leave_unfinished(&world, "alice");

    let swept = sweep(&world, 1);

    assert_eq!((swept.finished, swept.purged), (1, 0));
    assert!(!world.is_active(access(&of_alice)));
    assert!(world.is_active(access(&of_bob)));
    let due = world.storage.list(&Filter::Due(Timestamp::MAX), None, 10).block_on().unwrap();
    assert!(due.keys.is_empty());
}

#[test]
fn what_is_left_of_ended_grants_is_swept_in_time() {
    let world = World::new();
    let _tokens = world.approved_tokens(&world.web, "alice");
    world.server.end_subject(&subject("alice")).block_on().unwrap();
    world.advance(Lifetime::days(400).as_seconds());

    sweep(&world, 100);

    let left = world.records_of("alice");
    assert!(left.iter().all(|record| record.key().kind() != RecordKind::Grant), "{left:?}");
}

#[test]
fn a_batch_of_nothing_sweeps_all_the_same() {
    let world = World::new();
    use_up(&world, 3);

    assert_eq!(sweep(&world, 0).purged, 3);
}

#[test]
fn a_storage_that_fails_is_an_error_and_never_an_empty_sweep() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())).at_every_call(Fault::Error));
    let server = AuthorizationServer::builder("https://as.example", storage, Arc::new(keyring())).build().unwrap();

    let failed = server.sweep_once(10).block_on();

    assert!(matches!(failed, Err(Unavailable::Storage(_))));
}

#[test]
fn a_schedule_sweeps_at_once_and_ends_with_its_handle() {
    let storage = Arc::new(MemoryStorage::new());
    let held = Arc::downgrade(&storage);
    let world = World::build(storage, |builder| builder);
    use_up(&world, 25);
    let oldest = used(&world, 25, world.now()).key();

    Runtime::new().unwrap().block_on(async {
        let sweeper = Sweeper::default().with_batch(10).with_every(Duration::from_secs(3600));
        let sweeping = sweeper.start(world.server.clone());
        while world.storage.load(oldest).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        drop(sweeping);
        drop(world);
        while held.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    });
}
