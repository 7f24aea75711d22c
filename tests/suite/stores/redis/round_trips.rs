//! How often each operation goes to the server.

use std::sync::Arc;

use grantsmith::host::{Expected, Filter, Saved, Storage as _};
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::record::{Record, Versioned};
use grantsmith::storage::redis::RedisStorage;
use pollster::FutureExt as _;

use super::proxy::Proxy;
use super::{at, create, key_of, realm, runtime, session, versioned};
use crate::stores::servers::redis::Server;
use crate::token_world::{TokenWorld, Wish, access, refresh_of};

#[test]
fn each_call_takes_as_many_round_trips_as_documented() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::before(&server);
    let runtime = runtime();
    let _inside = runtime.enter();
    let storage = RedisStorage::open(&proxy.url(), AcceptLossOnFailover).block_on().unwrap();
    let warm = create(&storage, session("warm", "alice", at(0))).block_on();
    assert_eq!(storage.remove(warm.record.key(), warm.version).block_on().unwrap(), Saved::Applied);

    let new = versioned(session("session", "alice", at(0)));
    let same_owner = versioned(session("session", "alice", at(1)));
    let other_owner = versioned(session("session", "bob", at(1)));
    let filter = Filter::Subject(*realm().fingerprint(), "bob".parse().unwrap());
    let count = |what: &str, expected: usize, call: &dyn Fn()| {
        let (turns, ()) = proxy.counted(call);
        assert_eq!(turns, expected, "{what}");
    };
    let save = |next: &Versioned<Record>, expected| {
        assert_eq!(storage.save(next.clone(), expected).block_on().unwrap(), Saved::Applied);
    };
    let remove = || {
        assert_eq!(storage.remove(key_of("session"), other_owner.version).block_on().unwrap(), Saved::Applied);
    };
    count("load", 1, &|| drop(storage.load(key_of("session")).block_on().unwrap()));
    count("first save", 1, &|| save(&new, Expected::Absent));
    count("update", 1, &|| save(&same_owner, Expected::Version(new.version)));
    count("new owner", 2, &|| save(&other_owner, Expected::Version(same_owner.version)));
    count("list", 3, &|| drop(storage.list(&filter, None, 10).block_on().unwrap()));
    count("remove", 2, &remove);
}

#[test]
fn each_operation_takes_as_many_round_trips_as_its_reads_and_writes() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::before(&server);
    let runtime = runtime();
    let _inside = runtime.enter();
    let storage = RedisStorage::open(&proxy.url(), AcceptLossOnFailover).block_on().unwrap();
    let world = TokenWorld::build(Arc::new(storage), |builder| builder);
    // Clients are cached from here on.
    let warm = world.tokens(&world.web);
    world.token(&world.machine, "grant_type=client_credentials").unwrap();
    assert!(world.is_active(access(&warm)));

    let code = world.code(&world.web, &Wish::default());
    let (redeemed, tokens) = proxy.counted(|| world.redeem(&world.web, &code).unwrap());
    let (introspected, _) = proxy.counted(|| world.is_active(access(&tokens)));
    let (refreshed, _) = proxy.counted(|| world.refresh(&world.web, refresh_of(&tokens)).unwrap());
    let (revoked, ()) = proxy.counted(|| world.revoke(&world.web, refresh_of(&tokens)).unwrap());
    let machine = || world.token(&world.machine, "grant_type=client_credentials").unwrap();
    let (issued, _) = proxy.counted(machine);

    assert_eq!([issued, redeemed, refreshed, introspected, revoked], [1, 2, 2, 1, 2]);
}
