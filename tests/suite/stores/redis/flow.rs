//! The server on Redis: whole flows, a restart in the middle of one, and many who redeem one code.

use std::sync::Arc;
use std::thread;

use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::server::AuthorizationServer;
use grantsmith::storage::redis::RedisStorage;
use pollster::FutureExt as _;

use super::{open, runtime};
use crate::stores::servers::redis::{Cluster, Server};
use crate::token_world::{TokenWorld, Wish, access, keyring, post, redemption, refresh_of};

/// Redeems, introspects, refreshes and revokes.
fn flow(world: &TokenWorld) {
    let tokens = world.redeem(&world.app, &world.code(&world.app, &Wish::default())).unwrap();
    assert!(world.is_active(access(&tokens)));

    let refreshed = world.refresh(&world.app, refresh_of(&tokens)).unwrap();
    assert!(world.is_active(access(&refreshed)));

    world.revoke(&world.app, refresh_of(&refreshed)).unwrap();
    assert!(!world.is_active(access(&tokens)) && !world.is_active(access(&refreshed)));
}

#[test]
fn a_code_becomes_tokens_that_are_refreshed_and_revoked() {
    let Some(server) = Server::start() else { return };
    let runtime = runtime();
    let _inside = runtime.enter();

    flow(&TokenWorld::build(open(&server).block_on(), |builder| builder));
}

#[test]
fn a_code_becomes_tokens_that_are_refreshed_and_revoked_on_a_cluster() {
    let Some(cluster) = Cluster::start() else { return };
    let runtime = runtime();
    let _inside = runtime.enter();
    let [first, ..] = cluster.urls();
    let storage = RedisStorage::cluster([first.as_str()]).open(AcceptLossOnFailover).block_on().unwrap();

    let world = TokenWorld::build(Arc::new(storage), |builder| builder);

    for _ in 0..10 {
        flow(&world);
    }
}

#[test]
fn a_crash_of_the_server_between_two_steps_loses_nothing() {
    let Some(mut server) = Server::start() else { return };
    let runtime = runtime();
    let _inside = runtime.enter();
    let world = TokenWorld::build(open(&server).block_on(), |builder| builder);
    let code = world.code(&world.app, &Wish::default());
    let spent = world.code(&world.web, &Wish::default());
    world.redeem(&world.web, &spent).unwrap();
    server.kill();
    server.restart();

    // The first call may find the dead connection.
    let tokens = world.redeem(&world.app, &code).or_else(|_| world.redeem(&world.app, &code)).unwrap();

    assert!(world.is_active(access(&tokens)));
    assert!(world.redeem(&world.web, &spent).is_err());
}

#[test]
fn of_64_who_redeem_one_code_through_two_processes_one_gets_tokens() {
    let Some(server) = Server::start() else { return };
    let runtime = runtime();
    let inside = runtime.handle().clone();
    let _inside = runtime.enter();
    let world = TokenWorld::build(open(&server).block_on(), |builder| builder);
    let other = AuthorizationServer::builder("https://as.example", open(&server).block_on(), Arc::new(keyring()))
        .clock(Arc::new(world.clock.clone()))
        .build()
        .unwrap();
    for _ in 0..3 {
        let code = world.code(&world.web, &Wish::default());
        let form = redemption(&code);
        let winners = thread::scope(|scope| {
            let redeem = |number: usize| {
                let (inside, form, world, other) = (inside.clone(), &form, &world, &other);
                scope.spawn(move || {
                    let _inside = inside.enter();
                    let server = if number.is_multiple_of(2) { &world.server } else { other };
                    post(&world.web, form, |request| server.token(&request).block_on().is_ok())
                })
            };
            let threads: Vec<_> = (0..64).map(redeem).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
        });

        assert_eq!(winners, 1);
    }
}
