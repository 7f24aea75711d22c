//! What a user has connected and a client holds, page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::policy::Policy;
use grantsmith::record::EndReason;
use grantsmith::server::{AdministrationError, GrantPhase, GrantSummary, PageCursor, Shown};
use grantsmith::storage::contract::Faulty;
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{GrantId, Lifetime, Subject};
use pollster::FutureExt as _;

use crate::token_world::Wish;
use crate::world::{API, Request, World, asked, code_in, resources};

fn alice() -> Subject {
    "alice".parse().unwrap()
}

fn listed(world: &World, shown: Shown) -> Vec<GrantSummary> {
    let page = world.server.grants_of_subject(&alice(), shown, None, 100).block_on().unwrap();
    assert!(page.next.is_none());
    page.items
}

/// Every page of a user's live grants; `between` is called after each.
fn all_pages(world: &World, size: u32, mut between: impl FnMut(&[GrantSummary])) -> Vec<GrantSummary> {
    let (mut found, mut after): (Vec<GrantSummary>, Option<PageCursor>) = (Vec::new(), None);
    loop {
        let page = world.server.grants_of_subject(&alice(), Shown::Live, after.as_ref(), size).block_on().unwrap();
        assert!(page.items.len() <= usize::try_from(size).unwrap());
        between(&page.items);
        found.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

#[test]
fn a_user_sees_what_is_connected() {
    let world = World::new();
    let id = world.web.client.id();
    let read = world.server.client(id).block_on().unwrap().unwrap();
    let registration = grantsmith::server::Registration::of(&read.record).with_name("An app");
    world.server.update_client(id, read.version, registration).block_on().unwrap();
    let mut browser = world.browser_of("alice");
    let code = code_in(&browser.approve_all(&Request::of(&world.web)));
    let session = browser.session.as_ref().unwrap().authentication.session.clone();

    let waiting = listed(&world, Shown::Live).remove(0);
    world.advance(5);
    world.redeem(&world.web, &code).unwrap();
    let active = listed(&world, Shown::Live).remove(0);

    assert_eq!((waiting.phase, active.phase), (GrantPhase::Waiting, GrantPhase::Active));
    assert_eq!(waiting.id, active.id);
    assert_eq!((&active.client, active.client_name.as_deref()), (id, Some("An app")));
    assert_eq!((&active.subject, &active.session), (&Some(alice()), &session));
    assert_eq!((active.scope.as_str(), &active.resources), ("read write", &resources(&[API])));
    assert_eq!(active.last_used_at, active.created_at.after(Lifetime::seconds(5)));
    assert_eq!(waiting.expires_at, waiting.created_at.after(Lifetime::minutes(1)));
    assert_eq!(active.expires_at, active.last_used_at.after(Lifetime::days(90)));
    assert!(world.server.end_grant(active.id).block_on().unwrap());
    assert!(listed(&world, Shown::Live).is_empty());
}

#[test]
fn what_is_over_is_flagged_and_not_connected() {
    let world = World::new();
    world.approved_tokens(&world.web, "alice");
    world.server.end_subject(&alice()).block_on().unwrap();
    world.approved_tokens(&world.twofold, "alice");
    world.server.delete_client(world.twofold.client.id()).block_on().unwrap();
    // Saved by an approval that was under way when the client was deleted.
    world.code(&world.twofold, &Wish::default());
    world.approved_code(&world.stranger, "alice");
    world.approved_tokens(&world.native, "alice");
    world.browser_of("bob").approve_all(&Request::of(&world.web));
    world.advance(60);

    let phases: BTreeSet<String> =
        listed(&world, Shown::All).iter().map(|grant| format!("{} {:?}", grant.phase.is_live(), grant.phase)).collect();

    let is = |phase: &str| phases.iter().filter(|line| line.contains(phase)).count();
    assert_eq!(phases.len(), 5, "{phases:?}");
    assert_eq!((is("true Active"), is("false Expired"), is("false Orphaned"), is("false Ended")), (1, 1, 1, 2));
    assert!(is("SubjectEnded") == 1 && is("ClientDeleted") == 1);
    let live = listed(&world, Shown::Live);
    assert_eq!(live.iter().map(|grant| &grant.client).collect::<Vec<_>>(), [world.native.client.id()]);
}

#[test]
fn what_a_disabled_client_holds_is_shown_and_can_be_ended() {
    let world = World::new();
    world.approved_tokens(&world.web, "alice");
    world.server.disable_client(world.web.client.id()).block_on().unwrap();

    let live = listed(&world, Shown::Live);

    assert!(live[0].is_client_disabled);
    assert!(world.server.end_grant(live[0].id).block_on().unwrap());
    world.server.enable_client(world.web.client.id()).block_on().unwrap();
    let all = listed(&world, Shown::All);
    assert!(matches!(all[0].phase, GrantPhase::Ended { reason: EndReason::EndedByHost, .. }));
}

#[test]
fn a_client_shows_the_grants_of_its_users_and_its_own() {
    let world = World::new();
    world.approved_tokens(&world.web, "alice");
    world.approved_tokens(&world.web, "bob");
    world.approved_tokens(&world.twofold, "bob");
    world.token(&world.machine, "grant_type=client_credentials").unwrap();
    let of = |client: &grantsmith::server::RegisteredClient| {
        let page = world.server.grants_of_client(client.client.id(), Shown::Live, None, 100).block_on().unwrap();
        page.items.into_iter().map(|grant| grant.subject.map(|it| it.as_str().to_owned())).collect::<BTreeSet<_>>()
    };

    assert_eq!(of(&world.web), [Some("alice".to_owned()), Some("bob".to_owned())].into());
    assert_eq!(of(&world.machine), [None].into());
    assert!(of(&world.native).is_empty());
}

#[test]
fn a_user_sees_what_was_agreed_to_until_it_is_withdrawn() {
    let world = World::new();
    for client in [&world.web, &world.twofold] {
        let mut browser = world.browser_of("alice");
        let page = asked(browser.authorize(&Request::of(client)));
        code_in(&browser.approve_for_good(&page.handle));
    }
    let consents = || world.server.consents_of_subject(&alice(), None, 100).block_on().unwrap().items;
    assert_eq!(consents().len(), 2);

    world.server.withdraw_consent(&alice(), world.twofold.client.id()).block_on().unwrap();

    let left = consents();
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].client, &left[0].subject), (world.web.client.id(), &alice()));
    assert_eq!((left[0].scope.as_str(), &left[0].resources), ("read write", &resources(&[API])));
    assert_eq!(left[0].last_given_at, world.now());
    world.server.end_client(world.web.client.id()).block_on().unwrap();
    assert!(consents().is_empty());
}

#[test]
fn every_live_grant_is_on_some_page_while_others_end() {
    let world = World::new();
    let browser = world.browser_of("alice");
    for _ in 0..40 {
        browser.clone().approve_all(&Request::of(&world.web));
    }
    let before: BTreeSet<GrantId> = listed(&world, Shown::Live).iter().map(|grant| grant.id).collect();
    assert_eq!(before.len(), 40);
    let mut ended = BTreeSet::new();

    let found = all_pages(&world, 7, |page| {
        // One that was seen ends, and one that was perhaps not.
        for id in page.iter().map(|grant| grant.id).take(1).chain(before.iter().copied().skip(ended.len()).take(1)) {
            world.server.end_grant(id).block_on().unwrap();
            ended.insert(id);
        }
        browser.clone().approve_all(&Request::of(&world.web));
    });

    let ids: BTreeSet<GrantId> = found.iter().map(|grant| grant.id).collect();
    assert_eq!(ids.len(), found.len(), "one was on two pages");
    assert!(ended.len() >= 5);
    assert!(before.difference(&ended).all(|id| ids.contains(id)));
}

#[test]
fn a_page_costs_one_listing_one_load_for_each_grant_and_one_for_each_client() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
    let mut policy = Policy::default();
    policy.client_cache_lifetime = Lifetime::ZERO;
    let world = World::build(Arc::clone(&storage) as Arc<dyn Storage>, |builder| builder.policy(policy));
    for number in 0..120 {
        let client = if number % 2 == 0 { &world.web } else { &world.app };
        world.code(client, &Wish::default());
    }
    storage.reset();

    // More than a hundred is a hundred.
    let page = world.server.grants_of_subject(&alice(), Shown::Live, None, 5_000).block_on().unwrap();

    let counts = storage.counts();
    assert_eq!((page.items.len(), counts.lists, counts.loads, counts.total()), (100, 1, 102, 103));
    let rest = world.server.grants_of_subject(&alice(), Shown::Live, page.next.as_ref(), 0).block_on().unwrap();
    assert_eq!(rest.items.len(), 1);
}

#[test]
fn a_cursor_is_good_for_its_own_listing_only() {
    let world = World::new();
    for _ in 0..3 {
        world.code(&world.web, &Wish::default());
    }
    let page = world.server.grants_of_subject(&alice(), Shown::Live, None, 1).block_on().unwrap();
    let next = page.next.unwrap();
    assert_eq!(next.to_string().parse::<PageCursor>().unwrap(), next);

    let bob = "bob".parse().unwrap();
    let of_bob = world.server.grants_of_subject(&bob, Shown::Live, Some(&next), 1).block_on();
    assert!(matches!(of_bob, Err(AdministrationError::Cursor(_))));
    assert!(matches!(world.server.clients(Some(&next), 1).block_on(), Err(AdministrationError::Cursor(_))));
    for text in ["", "x", "!", "AAAA", &"A".repeat(2_000)] {
        assert!(text.parse::<PageCursor>().is_err(), "{text}");
    }
    let changed = format!("{next}AAAA").parse::<PageCursor>().unwrap();
    let outcome = world.server.grants_of_subject(&alice(), Shown::Live, Some(&changed), 1).block_on();
    assert!(matches!(outcome, Err(AdministrationError::Unavailable(_))));
}
