//! What a host does about grants and clients, over every store: to see it, to change it, to end it, also across a crash.

use std::collections::BTreeSet;
use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::record::{EndReason, Phase};
use grantsmith::server::{
    AdministrationError, GrantPhase, GrantSummary, Page, PageCursor, RegisteredClient, Registration, SecretRotation,
    Shown,
};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::storage::redis::RedisStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use grantsmith::value::{ClientId, GrantId, Subject};
use grantsmith::wire::{FormRequest, TokenResponse};
use pollster::FutureExt as _;
use tokio::runtime::Runtime;

use super::postgres::Bouncer;
use super::servers::redis::{Cluster, Server};
use crate::token_world::{access, basic, code_of, refresh_of, resources};
use crate::world::{API, REDIRECT_URI, World, uris};

#[test]
fn a_host_administers_over_memory() {
    administers(&runtime(), Arc::new(MemoryStorage::new()));
}

#[test]
fn a_host_administers_over_a_sqlite_file() {
    let folder = tempfile::tempdir().unwrap();
    administers(&runtime(), Arc::new(SqliteStorage::open(folder.path().join("grants.db")).unwrap()));
}

#[test]
fn a_host_administers_over_postgres() {
    let Some((cluster, _turn)) = super::postgres::shared() else { return };
    let runtime = runtime();
    let storage = runtime.block_on(super::postgres::fresh(cluster));
    administers(&runtime, storage);
}

#[test]
fn a_host_administers_over_postgres_behind_pgbouncer() {
    let Some((cluster, _turn)) = super::postgres::shared() else { return };
    let Some(bouncer) = Bouncer::before(cluster) else { return };
    let runtime = runtime();
    let open = async || PostgresStorage::open(&bouncer.url(&cluster.create_database().await)).await.unwrap();
    let storage = runtime.block_on(open());
    administers(&runtime, Arc::new(storage));
}

#[test]
fn a_host_administers_over_redis() {
    let Some(server) = Server::start() else { return };
    let runtime = runtime();
    let storage = runtime.block_on(RedisStorage::open(&server.url(), AcceptLossOnFailover)).unwrap();
    administers(&runtime, Arc::new(storage));
}

#[test]
fn a_host_administers_over_a_redis_cluster() {
    let Some(cluster) = Cluster::start() else { return };
    let (runtime, urls) = (runtime(), cluster.urls());
    let setup = RedisStorage::cluster(urls.iter().map(String::as_str));
    let storage = runtime.block_on(setup.open(AcceptLossOnFailover)).unwrap();
    administers(&runtime, Arc::new(storage));
}

/// Everything a host does, on a store with nothing in it.
fn administers(runtime: &Runtime, storage: Arc<dyn Storage>) {
    let _entered = runtime.enter();
    let storage = Arc::new(Faulty::new(storage));
    let world = World::build(Arc::clone(&storage) as Arc<dyn Storage>, |builder| builder);
    shows_what_is_connected(&world);
    ends_one_grant(&world);
    registers_updates_and_deletes(&world);
    rotates_a_secret(&world);
    ends_everything_of_a_user(&world);
    for call in [2, 3, 5, 8] {
        goes_on_after_a_crash(&world, &storage, call);
    }
}

fn shows_what_is_connected(world: &World) {
    let subject = named("shown");
    for client in [&world.web, &world.native, &world.twofold] {
        world.approved_tokens(client, "shown");
    }
    world.approved_tokens(&world.web, "another");

    let id = world.web.client.id();
    let of_subject = every(|after| world.server.grants_of_subject(&subject, Shown::Live, after, 1).block_on().unwrap());
    let of_client = every(|after| world.server.grants_of_client(id, Shown::Live, after, 1).block_on().unwrap());
    let clients = every(|after| world.server.clients(after, 2).block_on().unwrap());

    let ids = |clients: [&RegisteredClient; 3]| clients.map(|client| client.client.id().to_string()).into();
    let connected: BTreeSet<String> = of_subject.iter().map(|grant| grant.client.to_string()).collect();
    assert_eq!(connected, ids([&world.web, &world.native, &world.twofold]));
    let users: BTreeSet<&str> = of_client.iter().filter_map(|grant| Some(grant.subject.as_ref()?.as_str())).collect();
    assert_eq!((of_client.len(), users), (2, ["another", "shown"].into()));
    let registered: BTreeSet<String> = clients.iter().map(|client| client.record.id().to_string()).collect();
    assert!(registered.len() == clients.len() && registered.is_superset(&connected), "{registered:?}");
}

fn ends_one_grant(world: &World) {
    let tokens = [&world.web, &world.native].map(|client| world.approved_tokens(client, "ends one"));
    let grants = live(world, "ends one");
    let ended = grants.iter().find(|grant| grant.client == *world.web.client.id()).unwrap().id;

    assert!(world.server.end_grant(ended).block_on().unwrap());

    assert!(!world.is_active(access(&tokens[0])) && world.is_active(access(&tokens[1])));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens[0]))), "invalid_grant");
    assert_eq!(live(world, "ends one").len(), 1);
    assert!(!world.server.end_grant(ended).block_on().unwrap());
    assert!(!world.server.end_grant(GrantId::from_bytes([7; 12])).block_on().unwrap());
}

fn registers_updates_and_deletes(world: &World) {
    let client = registered(world, "changing");
    let id = client.client.id();
    let tokens = world.approved_tokens(&client, "changes");
    let read = world.server.client(id).block_on().unwrap().unwrap();
    let change = |name: &str| {
        let registration = Registration::of(&read.record).with_name(name);
        world.server.update_client(id, read.version, registration).block_on()
    };

    change("first").unwrap();
    assert!(matches!(change("second"), Err(AdministrationError::Changed)));
    assert_eq!(live(world, "changes")[0].client_name.as_deref(), Some("first"));

    world.server.disable_client(id).block_on().unwrap();
    assert!(!world.is_active(access(&tokens)));
    world.server.enable_client(id).block_on().unwrap();
    assert!(world.is_active(access(&tokens)));

    assert_eq!(world.server.delete_client(id).block_on().unwrap(), 1);
    assert!(!world.is_active(access(&tokens)));
    assert!(world.server.client(id).block_on().unwrap().is_none());
    assert!(matches!(world.server.delete_client(id).block_on(), Err(AdministrationError::UnknownClient)));
    // The name is free again, and its new holder is somebody else.
    let again = registered(world, "changing");
    assert_eq!(code_of(world.refresh(&again, refresh_of(&tokens))), "invalid_grant");
}

fn rotates_a_secret(world: &World) {
    let id = world.machine.client.id();
    let old = world.machine.secret.as_ref().unwrap().expose();

    let new = world.server.rotate_secret(id, SecretRotation::at_once()).block_on().unwrap();

    assert!(!is_secret(world, id, old) && is_secret(world, id, new.secret.expose()));
}

fn ends_everything_of_a_user(world: &World) {
    let tokens = [&world.web, &world.native, &world.twofold].map(|client| world.approved_tokens(client, "leaves"));
    let other = world.approved_tokens(&world.web, "stays");

    assert_eq!(world.server.end_subject(&named("leaves")).block_on().unwrap(), 3);

    assert!(tokens.iter().all(|tokens| !world.is_active(access(tokens))));
    assert!(world.is_active(access(&other)));
    assert!(live(world, "leaves").is_empty());
    assert!(world.is_active(access(&world.approved_tokens(&world.web, "leaves"))));
}

/// All grants of a client end, and the process dies at that call; another process sweeps.
fn goes_on_after_a_crash(world: &World, storage: &Faulty, call: u64) {
    let client = registered(world, &format!("ended, {call}"));
    let subjects = ["one", "two", "three", "four"].map(|name| format!("{name} of {call}"));
    let tokens: Vec<TokenResponse> = subjects.iter().map(|name| world.approved_tokens(&client, name)).collect();
    let begun_at = storage.counts().total();
    for call in begun_at + call..begun_at + 100 {
        storage.inject(call, Fault::Error);
    }

    let ended = world.server.end_client(client.client.id()).block_on();

    assert!(matches!(ended, Err(AdministrationError::Unavailable(_))), "{ended:?}");
    storage.heal();
    let another = world.restarted();
    assert_eq!(another.sweep_once(10).block_on().unwrap().finished, 1);
    assert!(tokens.iter().all(|tokens| !world.is_active(access(tokens))));
    for subject in &subjects {
        let grants = world.grants_of(subject);
        let is_ended = |phase: &Phase| matches!(phase, Phase::Ended(it) if it.reason == EndReason::ClientEnded);
        assert!(grants.len() == 1 && is_ended(grants[0].phase()), "{subject}: {grants:?}");
    }
    assert_eq!(another.sweep_once(10).block_on().unwrap().finished, 0);
    assert!(world.is_active(access(&world.approved_tokens(&client, "new"))));
}

/// A client that nobody else uses.
fn registered(world: &World, id: &str) -> RegisteredClient {
    let registration = Registration::confidential(uris(&[REDIRECT_URI])).with_id(id.parse().unwrap());
    let registration = registration.with_scope("read write".parse().unwrap());
    world.register(registration.with_resources(resources(&[API])))
}

fn is_secret(world: &World, id: &ClientId, secret: &str) -> bool {
    let header = basic(id.as_str(), secret);
    let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(header.as_bytes());
    code_of(world.server.token(&request).block_on()) == "ok"
}

fn live(world: &World, subject: &str) -> Vec<GrantSummary> {
    let grants =
        every(|after| world.server.grants_of_subject(&named(subject), Shown::Live, after, 2).block_on().unwrap());
    assert!(grants.iter().all(|grant| grant.phase == GrantPhase::Active));
    grants
}

/// What is on all pages.
fn every<T>(page: impl Fn(Option<&PageCursor>) -> Page<T>) -> Vec<T> {
    let mut found = page(None);
    while let Some(next) = &found.next {
        let mut more = page(Some(next));
        found.items.append(&mut more.items);
        found.next = more.next;
    }
    found.items
}

fn named(subject: &str) -> Subject {
    subject.parse().unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
