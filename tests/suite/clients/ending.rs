//! Ending all grants of a client, and deleting it.

use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::record::{EndReason, Phase, Record};
use grantsmith::server::{AdministrationError, AuthorizationServer, GrantPhase, RegisteredClient, Registration, Shown};
use grantsmith::storage::contract::Faulty;
use grantsmith::storage::memory::MemoryStorage;
use pollster::FutureExt as _;

use super::stored;
use crate::sweep::turns_of_others;
use crate::token_world::{access, code_of, keyring, post, refresh_of};
use crate::world::{REDIRECT_URI, Request, World, asked, code_in, page, resources, uris};

fn reasons(world: &World, subject: &str) -> Vec<EndReason> {
    let grants = world.grants_of(subject);
    let ended = grants.iter().filter_map(|grant| match grant.phase() {
        Phase::Ended(ended) => Some(ended.reason),
        _ => None,
    });
    ended.collect()
}

/// A client of that name, for the API.
fn named(server: &AuthorizationServer, name: &str) -> RegisteredClient {
    let registration = Registration::confidential(uris(&[REDIRECT_URI]))
        .with_id(name.parse().unwrap())
        .with_scope("read write".parse().unwrap())
        .with_resources(resources(&[crate::world::API]));
    server.register(registration).block_on().unwrap()
}

#[test]
fn all_grants_of_a_client_end_and_nobody_elses() {
    let world = World::new();
    let of_web = [world.approved_tokens(&world.web, "alice"), world.approved_tokens(&world.web, "bob")];
    let waiting = world.approved_code(&world.web, "alice");
    let of_other = world.approved_tokens(&world.twofold, "alice");

    assert_eq!(world.server.end_client(world.web.client.id()).block_on().unwrap(), 3);

    assert!(of_web.iter().all(|tokens| !world.is_active(access(tokens))));
    assert!(of_web.iter().all(|tokens| code_of(world.refresh(&world.web, refresh_of(tokens))) == "invalid_grant"));
    assert_eq!(code_of(world.redeem(&world.web, &waiting)), "invalid_grant");
    assert!(world.is_active(access(&of_other)));
    assert_eq!(reasons(&world, "alice"), [EndReason::ClientEnded; 2]);
    assert!(stored(&world, world.web.client.id()).record.ending.is_none());
    // The client goes on.
    let new = world.approved_tokens(&world.web, "alice");
    assert!(world.is_active(access(&new)));
    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 0);
    assert!(world.is_active(access(&new)));
}

#[test]
fn users_are_asked_again_after_all_grants_of_a_client_ended() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let first = asked(browser.authorize(&Request::of(&world.web)));
    code_in(&browser.approve_for_good(&first.handle));
    let waiting = asked(world.browser_of("alice").authorize(&Request::of(&world.web).with("prompt", "consent")));

    world.server.end_client(world.web.client.id()).block_on().unwrap();

    asked(browser.authorize(&Request::of(&world.web)));
    assert!(!world.records_of("alice").iter().any(|record| matches!(record, Record::Consent(_))));
    // Who was being asked just then begins anew.
    page(&browser.approve(&waiting.handle));
}

#[test]
fn a_deleted_client_is_gone_with_everything_it_held() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let first = asked(browser.authorize(&Request::of(&world.web)));
    let tokens = world.redeem(&world.web, &code_in(&browser.approve_for_good(&first.handle))).unwrap();
    let id = world.web.client.id();

    assert_eq!(world.server.delete_client(id).block_on().unwrap(), 1);

    assert!(!world.is_active(access(&tokens)));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "invalid_client");
    page(&browser.authorize(&Request::of(&world.web)));
    assert!(world.server.client(id).block_on().unwrap().is_none());
    let listed = world.server.clients(None, 100).block_on().unwrap().items;
    assert!(listed.iter().all(|client| client.record.id() != id));
    assert_eq!(reasons(&world, "alice"), [EndReason::ClientDeleted]);
    assert!(!world.records_of("alice").iter().any(|record| matches!(record, Record::Consent(_))));
    assert!(matches!(world.server.delete_client(id).block_on(), Err(AdministrationError::UnknownClient)));
}

#[test]
fn who_is_registered_under_the_same_name_later_is_somebody_else() {
    covers!("RFC6749-2.2-01");
    let world = World::new();
    let old = named(&world.server, "name");
    let tokens = world.approved_tokens(&old, "alice");
    let code = world.approved_code(&old, "alice");
    // A grant that an approval saved too late for the list.
    world.server.delete_client(old.client.id()).block_on().unwrap();
    let late = world.code(&old, &crate::token_world::Wish::default());
    let new = named(&world.server, "name");

    for code in [&code, &late] {
        assert_eq!(code_of(world.redeem(&new, code)), "invalid_grant");
    }
    assert_eq!(code_of(world.refresh(&new, refresh_of(&tokens))), "invalid_grant");
    assert!(!world.is_active(access(&tokens)));
    let alice = "alice".parse().unwrap();
    assert!(world.server.grants_of_subject(&alice, Shown::Live, None, 100).block_on().unwrap().items.is_empty());
    let all = world.server.grants_of_subject(&alice, Shown::All, None, 100).block_on().unwrap().items;
    assert_eq!(all.iter().filter(|grant| grant.phase == GrantPhase::Orphaned).count(), 1);
    // The new one's own grants work.
    assert!(world.is_active(access(&world.approved_tokens(&new, "alice"))));
}

#[test]
fn an_end_that_was_begun_is_finished_and_spares_what_was_approved_since() {
    let world = World::new();
    let id = world.web.client.id();
    let old = world.approved_tokens(&world.web, "alice");
    let marked = stored(&world, id).record.grants_ended_at(world.now(), instance(7));
    world.replace(Record::Client(marked.into()));
    world.advance(5);
    let new = world.approved_tokens(&world.web, "alice");
    // With the mark it is dead, finished or not.
    assert!(!world.is_active(access(&old)) && world.is_active(access(&new)));

    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 1);

    assert!(!world.is_active(access(&old)) && world.is_active(access(&new)));
    assert_eq!(reasons(&world, "alice"), [EndReason::ClientEnded]);
    assert_eq!(world.server.finish_due(10).block_on().unwrap(), 0);
}

#[test]
fn a_deletion_that_was_begun_is_finished_by_whoever_comes_first() {
    for finish in [
        |world: &World| world.server.finish_due(10).block_on().map(drop).unwrap(),
        |world: &World| world.server.delete_client(&"name".parse().unwrap()).block_on().map(drop).unwrap(),
        |world: &World| drop(named(&world.server, "name")),
    ] {
        let world = World::new();
        let old = named(&world.server, "name");
        let tokens = world.approved_tokens(&old, "alice");
        world.replace(Record::Client(old.client.deleted_at(world.now()).into()));
        assert!(world.server.client(old.client.id()).block_on().unwrap().is_none());
        let outcome = world.server.disable_client(old.client.id()).block_on();
        assert!(matches!(outcome, Err(AdministrationError::UnknownClient)));

        finish(&world);

        assert!(!world.is_active(access(&tokens)));
        assert_eq!(reasons(&world, "alice"), [EndReason::ClientDeleted]);
        assert_eq!(world.server.finish_due(10).block_on().unwrap(), 0);
        let _ = world.server.delete_client(old.client.id()).block_on();
        assert!(world.is_active(access(&world.approved_tokens(&named(&world.server, "name"), "alice"))));
    }
}

#[test]
fn many_unfinished_ends_do_not_grow_the_record_for_ever() {
    let world = World::new();
    let id = world.web.client.id();
    let tokens = world.approved_tokens(&world.web, "alice");
    let mut marked = stored(&world, id).record.grants_ended_at(world.now(), instance(0));
    for number in 1..16 {
        marked = marked.grants_ended_at(world.now(), instance(number));
    }
    world.replace(Record::Client(marked.into()));

    world.server.end_client(id).block_on().unwrap();

    assert!(stored(&world, id).record.ending.is_none());
    assert!(!world.is_active(access(&tokens)));
}

#[test]
fn ending_many_costs_two_calls_for_each_and_one_for_a_page() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
    let world = World::build(Arc::clone(&storage) as Arc<dyn Storage>, |builder| builder);
    let issue = || {
        for _ in 0..250 {
            world.token(&world.machine, "grant_type=client_credentials").unwrap();
        }
        storage.reset();
    };
    let id = world.machine.client.id();
    issue();
    assert_eq!(world.server.end_client(id).block_on().unwrap(), 250);

    // The client's own record is listed, too. The mark is read and written, and taken away.
    let counts = storage.counts();
    assert_eq!((counts.lists, counts.loads, counts.saves, counts.removes), (3, 1 + 250, 1 + 250 + 1, 0));

    issue();
    assert_eq!(world.server.delete_client(id).block_on().unwrap(), 250);

    // What has ended before is only looked at.
    let counts = storage.counts();
    assert_eq!((counts.lists, counts.loads, counts.saves, counts.removes), (6, 1 + 500, 1 + 250, 1));
}

#[test]
fn the_same_names_in_another_realm_are_others() {
    let world = World::new();
    let elsewhere =
        AuthorizationServer::builder("https://other.example", Arc::clone(&world.storage), Arc::new(keyring()))
            .clock(Arc::new(world.clock.clone()))
            .build()
            .unwrap();
    let here = named(&world.server, "name");
    let there = named(&elsewhere, "name");
    let tokens = world.approved_tokens(&here, "alice");
    let (id, alice) = (here.client.id(), "alice".parse().unwrap());

    assert!(elsewhere.grants_of_subject(&alice, Shown::All, None, 100).block_on().unwrap().items.is_empty());
    assert!(elsewhere.grants_of_client(id, Shown::All, None, 100).block_on().unwrap().items.is_empty());
    assert_eq!(elsewhere.clients(None, 100).block_on().unwrap().items.len(), 1);
    elsewhere.disable_client(id).block_on().unwrap();
    assert_eq!(elsewhere.end_client(id).block_on().unwrap(), 0);
    assert_eq!(elsewhere.delete_client(id).block_on().unwrap(), 0);

    assert!(world.is_active(access(&tokens)));
    let outcome = post(&there, "grant_type=client_credentials", |request| elsewhere.token(&request).block_on());
    assert_eq!(code_of(outcome), "invalid_client");
}

fn instance(number: u8) -> grantsmith::value::InstanceId {
    grantsmith::value::InstanceId::from_bytes([number; 16])
}

#[test]
fn other_tasks_of_the_thread_get_their_turn_between_the_pages_of_its_grants() {
    let world = World::new();
    for _ in 0..250 {
        world.token(&world.machine, "grant_type=client_credentials").unwrap();
    }

    assert_eq!(turns_of_others(world.server.end_client(world.machine.client.id())), 2);
}
