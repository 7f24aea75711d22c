//! Ending grants from the host's side.

use grantsmith::record::{EndReason, Phase, Record, Session, SubjectEpoch};
use grantsmith::server::{Authorization, Need};
use grantsmith::value::{Lifetime, SessionId};
use pollster::FutureExt as _;

use crate::sweep::turns_of_others;
use crate::token_world::{access, refresh_of, subject};
use crate::world::{Browser, Request, World, asked, code_in, code_of};

fn reasons(world: &World, subject: &str) -> Vec<EndReason> {
    let grants = world.grants_of(subject);
    let ended = grants.iter().filter_map(|grant| match grant.phase() {
        Phase::Ended(ended) => Some(ended.reason),
        _ => None,
    });
    ended.collect()
}

fn session_of(browser: &Browser<'_>) -> SessionId {
    browser.session.as_ref().unwrap().authentication.session.clone().unwrap()
}

#[test]
fn a_grant_ends_with_everything_of_it() {
    let world = World::new();
    let tokens = world.approved_tokens(&world.web, "alice");
    let grant = world.grants_of("alice")[0].id();

    assert!(world.server.end_grant(grant).block_on().unwrap());

    assert!(!world.is_active(access(&tokens)));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "invalid_grant");
    assert_eq!(reasons(&world, "alice"), [EndReason::EndedByHost]);
    assert!(!world.server.end_grant(grant).block_on().unwrap());
}

#[test]
fn all_grants_of_a_user_end_and_nobody_elses() {
    let world = World::new();
    let of_alice = [world.approved_tokens(&world.web, "alice"), world.approved_tokens(&world.native, "alice")];
    let waiting = world.approved_code(&world.web, "alice");
    let of_bob = world.approved_tokens(&world.web, "bob");

    assert_eq!(world.server.end_subject(&"alice".parse().unwrap()).block_on().unwrap(), 3);

    assert!(of_alice.iter().all(|tokens| !world.is_active(access(tokens))));
    assert_eq!(code_of(world.redeem(&world.web, &waiting)), "invalid_grant");
    assert!(world.is_active(access(&of_bob)));
    assert_eq!(reasons(&world, "alice"), [EndReason::SubjectEnded; 3]);
}

#[test]
fn other_tasks_of_the_thread_get_their_turn_between_the_pages_of_a_users_grants() {
    let world = World::new();
    for _ in 0..250 {
        world.approved_tokens(&world.web, "alice");
    }

    assert_eq!(turns_of_others(world.server.end_subject(&subject("alice"))), 2);
}

#[test]
fn a_new_approval_works_after_the_end() {
    covers!("ATK-290");
    let world = World::new();
    let old = world.approved_tokens(&world.web, "alice");
    world.server.end_subject(&"alice".parse().unwrap()).block_on().unwrap();
    world.clock.set(world.now().before(Lifetime::days(1)));
    let new = world.approved_tokens(&world.web, "alice");
    let subject = "alice".parse().unwrap();
    world.server.withdraw_consent(&subject, world.twofold.client.id()).block_on().unwrap();
    world.server.finish_due(100).block_on().unwrap();

    assert!(world.is_active(access(&new)));
    assert!(!world.is_active(access(&old)));

    world.server.withdraw_consent(&subject, world.web.client.id()).block_on().unwrap();
    let newest = world.approved_tokens(&world.web, "alice");
    assert!(!world.is_active(access(&new)));
    assert!(world.is_active(access(&newest)));
}

#[test]
fn a_session_ends_with_its_grants_and_stays_ended() {
    let world = World::new();
    let mut here = world.browser_of("alice");
    let mut there = world.browser();
    there.log_in_at("alice", crate::world::NOW - 10);
    let ended = world.redeem(&world.web, &code_in(&here.approve_all(&Request::of(&world.web)))).unwrap();
    let kept = world.redeem(&world.web, &code_in(&there.approve_all(&Request::of(&world.web)))).unwrap();

    assert_eq!(world.server.end_session(&session_of(&here)).block_on().unwrap(), 1);

    assert!(!world.is_active(access(&ended)));
    assert!(world.is_active(access(&kept)));
    let answer = here.approve_all(&Request::of(&world.web));
    assert_eq!(asked(answer).need, Need::LogInAgain);
    assert_eq!(reasons(&world, "alice"), [EndReason::SessionEnded]);
}

#[test]
fn a_session_may_end_before_anything_was_approved_in_it() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let page = asked(browser.authorize(&Request::of(&world.web)));

    world.server.end_session(&session_of(&browser)).block_on().unwrap();

    assert_eq!(asked(browser.approve(&page.handle)).need, Need::LogInAgain);
    assert!(world.grants_of("alice").is_empty());
}

#[test]
fn a_session_of_one_user_is_not_anothers() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    code_in(&browser.approve_all(&Request::of(&world.web)));
    let session = browser.session.as_mut().unwrap();
    session.subject = "bob".parse().unwrap();

    let answer = browser.approve_all(&Request::of(&world.web));

    assert_eq!(asked(answer).need, Need::LogInAgain);
}

#[test]
fn a_withdrawn_consent_ends_its_grants_and_is_asked_for_again() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let page = asked(browser.authorize(&Request::of(&world.web)));
    let tokens = world.redeem(&world.web, &code_in(&browser.approve_for_good(&page.handle))).unwrap();
    let other = world.approved_tokens(&world.twofold, "alice");
    assert!(matches!(browser.authorize(&Request::of(&world.web)), Authorization::Redirect(_)));

    let subject = "alice".parse().unwrap();
    let ended = world.server.withdraw_consent(&subject, world.web.client.id()).block_on().unwrap();

    assert_eq!(ended, 2);
    assert!(!world.is_active(access(&tokens)));
    assert!(world.is_active(access(&other)));
    assert_eq!(asked(browser.authorize(&Request::of(&world.web))).need, Need::Consent);
    assert!(!world.records_of("alice").iter().any(|record| matches!(record, Record::Consent(_))));
}

#[test]
fn a_withdrawal_ends_what_was_approved_without_remembering() {
    let world = World::new();
    let tokens = world.approved_tokens(&world.web, "alice");

    world.server.withdraw_consent(&"alice".parse().unwrap(), world.web.client.id()).block_on().unwrap();

    assert!(!world.is_active(access(&tokens)));
}

/// Leaves the storage as a process does that dies right after the mark.
fn leave_marked(world: &World, record: Record) {
    if world.record(record.key()).is_some() {
        world.replace(record);
    } else {
        world.put(record, 249);
    }
}

#[test]
fn an_end_that_was_begun_is_finished() {
    let world = World::new();
    let subject = "alice".parse().unwrap();
    let mut browser = world.browser_of("alice");
    let tokens = world.redeem(&world.web, &code_in(&browser.approve_all(&Request::of(&world.web)))).unwrap();
    let epoch = SubjectEpoch::first(world.server.realm(), &subject, world.now());
    leave_marked(&world, Record::Subject(epoch.into()));
    assert!(world.is_active(access(&tokens)));

    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 1);

    assert!(!world.is_active(access(&tokens)));
    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 0);
}

#[test]
fn a_session_that_was_ending_is_finished() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let tokens = world.redeem(&world.web, &code_in(&browser.approve_all(&Request::of(&world.web)))).unwrap();
    let key = Session::key_of(world.server.realm(), &session_of(&browser));
    let Some(Record::Session(session)) = world.record(key) else { panic!("no session") };
    leave_marked(&world, Record::Session(session.ended_at(world.now(), world.now()).into()));

    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 1);

    assert!(!world.is_active(access(&tokens)));
}

#[test]
fn an_approval_finishes_what_was_begun_and_survives_it() {
    covers!("ATK-290");
    let world = World::new();
    let subject = "alice".parse().unwrap();
    let old = world.approved_tokens(&world.web, "alice");
    let epoch = SubjectEpoch::first(world.server.realm(), &subject, world.now());
    leave_marked(&world, Record::Subject(epoch.into()));

    let new = world.approved_tokens(&world.web, "alice");
    world.server.finish_due(10).block_on().unwrap();

    assert!(!world.is_active(access(&old)));
    assert!(world.is_active(access(&new)));
}

#[test]
fn what_has_expired_is_purged() {
    let world = World::new();
    world.approved_code(&world.web, "alice");

    assert_eq!(world.server.purge_expired(100).block_on().unwrap(), 0);
    world.advance(2 * 24 * 60 * 60);
    assert!(world.server.purge_expired(100).block_on().unwrap() >= 1);

    assert!(world.grants_of("alice").is_empty());
}
