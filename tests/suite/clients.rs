//! Administering clients: what operators do, and what clients and users see of it.

mod ending;
mod faults;
mod secrets;

use std::collections::BTreeSet;
use std::sync::Arc;

use grantsmith::host::{Clock, EventSink, Storage};
use grantsmith::policy::Policy;
use grantsmith::record::{ApplicationType, Client, Trust, Version, Versioned, WhichSecret};
use grantsmith::server::{
    AdministrationError, AuthorizationServer, InvalidRegistration, Registration, RegistrationError, SecretRotation,
    Shown, StoredClients,
};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{AuthenticationMethod, ClientId, GrantType, Lifetime};
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{TokenWorld, access, basic, code_of, keyring, post, refresh_of};
use crate::world::{API, REDIRECT_URI, Request, World, asked, code_in, page, resources, uris};

type Outcome<T = Versioned<Arc<Client>>> = Result<T, AdministrationError>;

fn stored(world: &TokenWorld, id: &ClientId) -> Versioned<Arc<Client>> {
    world.server.client(id).block_on().unwrap().unwrap()
}

/// Changes a client as an administrator does who has just read it.
fn update(world: &TokenWorld, id: &ClientId, change: impl FnOnce(&mut Registration)) -> Outcome {
    let read = stored(world, id);
    let mut registration = Registration::of(&read.record);
    change(&mut registration);
    world.server.update_client(id, read.version, registration).block_on()
}

fn machine_token(world: &TokenWorld) -> String {
    code_of(world.token(&world.machine, "grant_type=client_credentials"))
}

#[test]
fn what_is_updated_is_what_is_stored_and_the_rest_stays() {
    let world = World::new();
    let id = world.web.client.id();
    let before = stored(&world, id);

    let after = update(&world, id, |registration| {
        registration.authentication = AuthenticationMethod::ClientSecretPost;
        registration.trust = Trust::Unverified;
        registration.grant_types.push(GrantType::ClientCredentials);
        registration.redirect_uris = uris(&["https://new.example/callback"]);
        registration.may_introspect_own_tokens = true;
        registration.display.name = Some("A new name".to_owned());
    })
    .unwrap();

    let now = stored(&world, id);
    assert_eq!(now.version, after.version);
    assert_ne!(now.version, before.version);
    let client = now.record;
    assert_eq!(client.authentication, AuthenticationMethod::ClientSecretPost);
    assert_eq!((client.trust, client.application), (Trust::Unverified, ApplicationType::Web));
    assert!(client.allows_grant_type(&GrantType::ClientCredentials) && client.may_introspect_own_tokens);
    assert_eq!(client.redirect_uris, uris(&["https://new.example/callback"]));
    assert_eq!(client.display.name.as_deref(), Some("A new name"));
    assert_eq!((&client.scope, &client.resources), (&before.record.scope, &before.record.resources));
    assert_eq!((client.instance, client.created_at), (before.record.instance, before.record.created_at));
    assert_eq!(client.secrets.len(), 1);
}

#[test]
fn of_two_updates_one_is_told_that_it_came_late() {
    let world = World::new();
    let id = world.web.client.id();
    let read = stored(&world, id);
    let registration = || Registration::of(&read.record);
    world.server.update_client(id, read.version, registration().with_name("first")).block_on().unwrap();

    let second = world.server.update_client(id, read.version, registration().with_name("second")).block_on();

    assert!(matches!(second, Err(AdministrationError::Changed)));
    assert_eq!(stored(&world, id).record.display.name.as_deref(), Some("first"));
}

#[test]
fn an_update_is_held_to_the_rules_of_a_registration() {
    let world = World::new();
    let id = world.web.client.id();
    let invalid = |change: fn(&mut Registration)| match update(&world, id, change) {
        Err(AdministrationError::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    };

    let none = invalid(|registration| registration.redirect_uris.clear());
    assert_eq!(none, InvalidRegistration::NoRedirectUri);
    let loopback = invalid(|registration| registration.redirect_uris = uris(&["http://127.0.0.1/callback"]));
    assert!(matches!(loopback, InvalidRegistration::RedirectUriOfNativeClient(_)));
    let scope = invalid(|registration| registration.scope = "read".parse().unwrap());
    assert_eq!(scope, InvalidRegistration::DefaultScope);
    let long = invalid(|registration| registration.overrides.access_token_lifetime = Some(Lifetime::days(1)));
    assert!(matches!(long, InvalidRegistration::Override(_)));
    let other = invalid(|registration| registration.id = Some("another".parse().unwrap()));
    assert_eq!(other, InvalidRegistration::Identifier);
    let imported = invalid(|registration| registration.imported_secret = Some("stored".to_owned()));
    assert_eq!(imported, InvalidRegistration::SecretInUpdate);
    assert_eq!(stored(&world, id).record.redirect_uris, world.web.client.redirect_uris);
}

#[test]
fn what_an_update_takes_away_is_not_given_again() {
    let world = World::new();
    let id = world.web.client.id();
    let tokens = world.approved_tokens(&world.web, "alice");

    update(&world, id, |registration| {
        registration.scope = "read".parse().unwrap();
        registration.default_scope = "read".parse().unwrap();
    })
    .unwrap();

    // What is out keeps what it has until it expires.
    assert!(world.is_active(access(&tokens)));
    let refreshed = world.refresh(&world.web, refresh_of(&tokens)).unwrap();
    assert_eq!(refreshed.scope.as_str(), "read");
    update(&world, id, |registration| registration.grant_types = vec![GrantType::AuthorizationCode]).unwrap();
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "unauthorized_client");
}

#[test]
fn a_request_that_waits_is_refused_when_its_redirect_uri_is_gone() {
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let waiting = asked(browser.authorize(&Request::of(&world.web)));

    update(&world, world.web.client.id(), |registration| {
        registration.redirect_uris = uris(&["https://new.example/callback"]);
    })
    .unwrap();

    page(&browser.approve(&waiting.handle));
    assert!(world.grants_of("alice").is_empty());
}

#[test]
fn a_client_that_becomes_public_loses_its_secret() {
    let world = World::new();
    let id = world.web.client.id();

    update(&world, id, |registration| registration.authentication = AuthenticationMethod::None).unwrap();

    assert!(stored(&world, id).record.secrets.is_empty());
    assert_eq!(code_of(world.refresh(&world.web, "x")), "invalid_client");
    // And back: nobody gets in before there is a secret.
    update(&world, id, |registration| registration.authentication = AuthenticationMethod::ClientSecretBasic).unwrap();
    assert_eq!(code_of(world.refresh(&world.web, "x")), "invalid_client");
    let rotated = world.server.rotate_secret(id, SecretRotation::at_once()).block_on().unwrap();
    let header = basic(id.as_str(), rotated.secret.expose());
    let request = FormRequest::new(b"grant_type=refresh_token&refresh_token=x").with_authorization(header.as_bytes());
    assert_eq!(code_of(world.server.token(&request).block_on()), "invalid_grant");
}

#[test]
fn a_disabled_client_is_refused_with_everything_it_holds_until_it_is_enabled() {
    let world = World::new();
    let id = world.web.client.id();
    let tokens = world.approved_tokens(&world.web, "alice");
    assert!(world.is_active(access(&tokens)));

    let disabled = world.server.disable_client(id).block_on().unwrap();

    assert!(disabled.record.is_disabled);
    assert!(!world.is_active(access(&tokens)));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "invalid_client");
    page(&world.browser_of("bob").authorize(&Request::of(&world.web)));
    // Twice is once.
    let again = world.server.disable_client(id).block_on().unwrap();
    assert_eq!(again.version, disabled.version);
    assert_eq!(world.events.lines().iter().filter(|line| line.contains("change: Disabled")).count(), 1);

    // An update does not switch it on.
    assert!(update(&world, id, |_| ()).unwrap().record.is_disabled);
    assert!(!world.server.enable_client(id).block_on().unwrap().record.is_disabled);
    assert!(world.is_active(access(&tokens)));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "ok");
}

#[test]
fn this_server_sees_a_change_at_once_and_others_when_their_memory_ends() {
    let world = TokenWorld::new();
    let other = world.restarted();
    let token_of = |server: &AuthorizationServer| {
        code_of(post(&world.machine, "grant_type=client_credentials", |request| server.token(&request).block_on()))
    };
    assert_eq!((token_of(&world.server), token_of(&other)), ("ok".to_owned(), "ok".to_owned()));

    world.server.disable_client(world.machine.client.id()).block_on().unwrap();

    assert_eq!(token_of(&world.server), "invalid_client");
    assert_eq!(token_of(&other), "ok");
    world.advance(5);
    assert_eq!(token_of(&other), "invalid_client");
}

#[test]
fn a_client_that_is_being_read_while_it_changes_is_not_remembered_as_it_was() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
    let world = TokenWorld::build(Arc::clone(&storage) as Arc<dyn Storage>, |builder| builder);
    // The record is read, and its reader has to wait for the answer.
    storage.inject(storage.counts().total(), Fault::DelayAfter);
    let mut reading = Box::pin(async {
        let header = basic(world.machine.client.id().as_str(), world.machine.secret.as_ref().unwrap().expose());
        let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(header.as_bytes());
        world.server.token(&request).await
    });
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(reading.as_mut().poll(&mut context).is_pending());

    world.server.disable_client(world.machine.client.id()).block_on().unwrap();
    // This one came before the change.
    assert_eq!(code_of(reading.block_on()), "ok");

    assert_eq!(machine_token(&world), "invalid_client");
}

#[test]
fn every_client_is_on_one_page() {
    let world = World::new();
    for _ in 0..25 {
        world.register(Registration::machine());
    }
    let mut found = Vec::new();
    let (mut after, mut pages) = (None, 0);
    loop {
        let page = world.server.clients(after.as_ref(), 10).block_on().unwrap();
        assert!(page.items.len() <= 10);
        found.extend(page.items.into_iter().map(|stored| stored.record.id().clone()));
        pages += 1;
        // A cursor survives being text.
        match page.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    let ids: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!((found.len(), ids.len()), (33, 33));
    assert!(pages >= 4);
}

#[test]
fn a_page_of_clients_costs_one_listing_and_one_load_each() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
    let world = World::build(Arc::clone(&storage) as Arc<dyn Storage>, |builder| builder);
    storage.reset();

    let page = world.server.clients(None, 1_000).block_on().unwrap();

    let counts = storage.counts();
    assert_eq!((page.items.len(), counts.lists, counts.loads, counts.total()), (8, 1, 8, 9));
}

#[test]
fn a_client_that_is_not_there_is_unknown() {
    let world = World::new();
    let id: ClientId = "nobody".parse().unwrap();
    let server = &world.server;

    assert!(server.client(&id).block_on().unwrap().is_none());
    let registration = Registration::machine();
    let version = Version::from_bytes([0; 16]);
    for outcome in [
        server.update_client(&id, version, registration).block_on().map(drop),
        server.disable_client(&id).block_on().map(drop),
        server.enable_client(&id).block_on().map(drop),
        server.end_client(&id).block_on().map(drop),
        server.delete_client(&id).block_on().map(drop),
        server.rotate_secret(&id, SecretRotation::at_once()).block_on().map(drop),
        server.drop_secret(&id, WhichSecret::Older).block_on().map(drop),
    ] {
        assert!(matches!(outcome, Err(AdministrationError::UnknownClient)), "{outcome:?}");
    }
}

#[test]
fn clients_of_the_host_are_the_hosts_to_change() {
    let world = World::new();
    let tokens = world.approved_tokens(&world.web, "alice");
    let clock: Arc<dyn Clock> = Arc::new(world.clock.clone());
    let registry = StoredClients::new(&world.storage, &clock, &Policy::default());
    let server = AuthorizationServer::builder("https://as.example", Arc::clone(&world.storage), Arc::new(keyring()))
        .clock(clock)
        .clients(Arc::new(registry))
        .events(Arc::clone(&world.events) as Arc<dyn EventSink>)
        .build()
        .unwrap();
    let id = world.web.client.id();
    let read = stored(&world, id);

    for outcome in [
        server.client(id).block_on().map(drop),
        server.clients(None, 10).block_on().map(drop),
        server.update_client(id, read.version, Registration::of(&read.record)).block_on().map(drop),
        server.disable_client(id).block_on().map(drop),
        server.enable_client(id).block_on().map(drop),
        server.end_client(id).block_on().map(drop),
        server.delete_client(id).block_on().map(drop),
        server.rotate_secret(id, SecretRotation::at_once()).block_on().map(drop),
        server.drop_secret(id, WhichSecret::Older).block_on().map(drop),
    ] {
        assert!(matches!(outcome, Err(AdministrationError::HostRegistry)), "{outcome:?}");
    }
    let registered = server.register(Registration::machine()).block_on();
    assert!(matches!(registered, Err(RegistrationError::HostRegistry)));
    assert_eq!(stored(&world, id).version, read.version);
    // Grants are the server's all the same.
    let page = server.grants_of_subject(&"alice".parse().unwrap(), Shown::Live, None, 10).block_on().unwrap();
    assert!(server.end_grant(page.items[0].id).block_on().unwrap());
    assert!(!world.is_active(access(&tokens)));
}

#[test]
fn every_act_is_told_and_no_secret_with_it() {
    let world = World::new();
    let registration = Registration::confidential(uris(&[REDIRECT_URI])).with_resources(resources(&[API]));
    let client = world.register(registration.with_scope("read write".parse().unwrap()));
    let id = client.client.id();
    let mut browser = world.browser_of("alice");
    code_in(&browser.approve_all(&Request::of(&client)));
    let rotated = world.server.rotate_secret(id, SecretRotation::with_overlap(Lifetime::days(1))).block_on().unwrap();
    world.server.drop_secret(id, WhichSecret::Older).block_on().unwrap();
    update(&world, id, |registration| registration.display.name = Some("new".to_owned())).unwrap();
    world.server.disable_client(id).block_on().unwrap();
    world.server.enable_client(id).block_on().unwrap();
    world.server.end_client(id).block_on().unwrap();
    world.server.delete_client(id).block_on().unwrap();
    let (alice, session) = ("alice".parse().unwrap(), browser.session.unwrap().authentication.session.unwrap());
    world.server.withdraw_consent(&alice, id).block_on().unwrap();
    world.server.end_session(&session).block_on().unwrap();
    world.server.end_subject(&alice).block_on().unwrap();

    let lines = world.events.lines();
    let named = |line: &&String| line.starts_with("ClientChanged") && line.contains(id.as_str());
    let changes: Vec<&str> =
        lines.iter().filter(named).filter_map(|line| line.split("change: ").nth(1)?.strip_suffix(" }")).collect();
    assert_eq!(
        changes,
        ["Registered", "SecretRotated", "SecretDropped", "Updated", "Disabled", "Enabled", "GrantsEnded", "Deleted"]
    );
    for name in ["ConsentWithdrawn", "SessionEnded", "SubjectEnded"] {
        assert_eq!(world.events.count(name), 1, "{name}");
    }
    for secret in [client.secret.as_ref().unwrap().expose(), rotated.secret.expose()] {
        assert!(lines.iter().all(|line| !line.contains(secret)));
    }
}
