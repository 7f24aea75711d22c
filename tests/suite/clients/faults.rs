//! A storage that fails at each call of an administrative act, and a process that dies there.

use grantsmith::record::{Phase, WhichSecret};
use grantsmith::server::{AdministrationError, Registration, SecretRotation};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::value::Lifetime;
use grantsmith::wire::TokenResponse;
use pollster::FutureExt as _;

use crate::faults::fragile;
use crate::token_world::{access, code_of, refresh_of};
use crate::world::{Request, World, asked, code_in};

/// An end of everything that a client holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Grants,
    Client,
}

/// Two users' tokens, and the consent of one of them.
fn prepared(world: &World) -> Vec<TokenResponse> {
    let mut browser = world.browser_of("alice");
    let first = asked(browser.authorize(&Request::of(&world.web)));
    let of_alice = world.redeem(&world.web, &code_in(&browser.approve_for_good(&first.handle))).unwrap();
    vec![of_alice, world.approved_tokens(&world.web, "bob")]
}

async fn act(world: &World, end: End) -> Result<u64, AdministrationError> {
    let id = world.web.client.id();
    match end {
        End::Grants => world.server.end_client(id).await,
        End::Client => world.server.delete_client(id).await,
    }
}

/// How many calls of the storage something takes.
fn calls_of(prepare: impl Fn(&World), act: impl Fn(&World)) -> u64 {
    let (world, storage) = fragile();
    prepare(&world);
    storage.reset();
    act(&world);
    storage.counts().total()
}

/// All or nothing: either the mark was not written, and everything works, or nothing does, already before the end is
/// finished.
fn is_over(world: &World, tokens: &[TokenResponse]) -> bool {
    let active = tokens.iter().filter(|tokens| world.is_active(access(tokens))).count();
    assert!(active == 0 || active == tokens.len(), "{active}");
    active == 0
}

/// What must hold when the end is finished.
fn assert_ended(world: &World, tokens: &[TokenResponse], end: End) {
    let grants: Vec<_> = ["alice", "bob"].iter().flat_map(|user| world.grants_of(user)).collect();
    assert_eq!(grants.len(), tokens.len());
    assert!(grants.iter().all(|grant| matches!(grant.phase(), Phase::Ended(_))));
    assert!(tokens.iter().all(|tokens| !world.is_active(access(tokens))));
    for tokens in tokens {
        assert_ne!(code_of(world.refresh(&world.web, refresh_of(tokens))), "ok");
    }
    let id = world.web.client.id();
    assert_eq!(world.server.client(id).block_on().unwrap().is_none(), end == End::Client);
    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 0);
}

#[test]
fn an_end_of_many_survives_each_failing_call() {
    covers!("ATK-293");
    for end in [End::Grants, End::Client] {
        let calls = calls_of(|world| drop(prepared(world)), |world| assert!(act(world, end).block_on().is_ok()));
        assert!(calls > 6, "{calls}");
        for call in 0..calls {
            for fault in [Fault::Error, Fault::ErrorAfter] {
                let (world, storage) = fragile();
                let tokens = prepared(&world);
                storage.inject(storage.counts().total() + call, fault);

                let outcome = act(&world, end).block_on();

                storage.heal();
                let is_over = is_over(&world, &tokens);
                assert!(is_over || outcome.is_err(), "{end:?} {call} {fault:?}");
                let finished = world.server.finish_due(10).block_on().unwrap();
                assert!(finished == 0 || outcome.is_err(), "{end:?} {call} {fault:?}");
                if !is_over {
                    act(&world, end).block_on().unwrap();
                }
                assert_ended(&world, &tokens, end);
            }
        }
    }
}

/// Goes as far as that many calls of the storage, and no further.
fn die_after(calls: u64, storage: &Faulty, future: impl Future<Output = Result<u64, AdministrationError>>) {
    let start = storage.counts().total();
    for call in start..start + 200 {
        storage.inject(call, Fault::Delay);
    }
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..=calls {
        if future.as_mut().poll(&mut context).is_ready() {
            break;
        }
    }
    drop(future);
    storage.heal();
}

#[test]
fn an_end_of_many_goes_on_after_a_crash_at_each_call() {
    covers!("ATK-293");
    for end in [End::Grants, End::Client] {
        let calls = calls_of(|world| drop(prepared(world)), |world| assert!(act(world, end).block_on().is_ok()));
        let mut resumed = 0;
        for call in 0..calls {
            let (world, storage) = fragile();
            let tokens = prepared(&world);

            die_after(call, &storage, act(&world, end));

            if is_over(&world, &tokens) {
                resumed += world.server.finish_due(10).block_on().unwrap();
            } else {
                assert_eq!(world.server.finish_due(10).block_on().unwrap(), 0);
                act(&world, end).block_on().unwrap();
            }
            assert_ended(&world, &tokens, end);
        }
        // All but the first two calls come after the mark.
        assert_eq!(resumed, calls - 2, "{end:?}");
    }
}

#[test]
fn finishing_survives_each_failing_call() {
    covers!("ATK-293");
    for end in [End::Grants, End::Client] {
        let leave = |world: &World, storage: &Faulty| {
            let tokens = prepared(world);
            die_after(2, storage, act(world, end));
            tokens
        };
        let calls = {
            let (world, storage) = fragile();
            leave(&world, &storage);
            storage.reset();
            assert_eq!(world.server.finish_due(10).block_on().unwrap(), 1);
            storage.counts().total()
        };
        for call in 0..calls {
            for fault in [Fault::Error, Fault::ErrorAfter] {
                let (world, storage) = fragile();
                let tokens = leave(&world, &storage);
                storage.inject(storage.counts().total() + call, fault);

                let _ = world.server.finish_due(10).block_on();

                storage.heal();
                assert!(is_over(&world, &tokens));
                world.server.finish_due(10).block_on().unwrap();
                assert_ended(&world, &tokens, end);
            }
        }
    }
}

/// A change of one record, at each call of which the storage fails: it was made or it was not, and what was answered
/// holds.
fn change_survives(act: impl Fn(&World) -> Result<(), AdministrationError>, is_made: impl Fn(&World) -> bool) {
    let calls = calls_of(|_| (), |world| act(world).unwrap());
    for call in 0..calls {
        for fault in [Fault::Error, Fault::ErrorAfter] {
            let (world, storage) = fragile();
            storage.inject(storage.counts().total() + call, fault);

            let outcome = act(&world);

            storage.heal();
            assert!(is_made(&world) || outcome.is_err(), "{call} {fault:?}");
            assert!(
                matches!(outcome, Ok(()) | Err(AdministrationError::Unavailable(_))),
                "{call} {fault:?}: {outcome:?}"
            );
        }
    }
}

#[test]
fn a_change_of_a_client_survives_each_failing_call() {
    covers!("ATK-293");
    let client = |world: &World| world.server.client(world.web.client.id()).block_on().unwrap().unwrap();
    change_survives(
        |world| world.server.disable_client(world.web.client.id()).block_on().map(drop),
        |world| client(world).record.is_disabled,
    );
    change_survives(
        |world| {
            let id = world.web.client.id();
            let read = world.server.client(id).block_on()?.unwrap();
            let registration = Registration::of(&read.record).with_name("new");
            world.server.update_client(id, read.version, registration).block_on().map(drop)
        },
        |world| client(world).record.display.name.as_deref() == Some("new"),
    );
    let overlap = SecretRotation::with_overlap(Lifetime::minutes(10));
    change_survives(
        |world| world.server.rotate_secret(world.web.client.id(), overlap).block_on().map(drop),
        |world| client(world).record.secrets.len() == 2,
    );
    change_survives(
        |world| {
            world.server.rotate_secret(world.web.client.id(), overlap).block_on()?;
            world.server.drop_secret(world.web.client.id(), WhichSecret::Older).block_on().map(drop)
        },
        |world| client(world).record.secrets.len() == 1,
    );
}
