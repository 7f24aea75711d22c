//! The server over PostgreSQL: a whole flow, a race for one code, and how often the database is asked.

use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::policy::Policy;
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::wire::FormRequest;

use super::{fresh, runtime, shared};
use crate::stores::servers::postgres::proxy::Proxy;
use crate::token_world::{TokenWorld, Wish, access, basic, code_of, redemption, refresh_of};
use crate::world::World;

#[test]
fn a_code_becomes_tokens_that_are_refreshed_and_revoked() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();
    let _entered = runtime.enter();
    let storage = runtime.block_on(fresh(cluster));
    let world = World::build(storage as Arc<dyn Storage>, |builder| builder.policy(Policy::default()));

    let code = world.approved_code(&world.app, "alice");
    let tokens = world.token(&world.app, &redemption(&code)).unwrap();
    assert!(world.is_active(access(&tokens)));

    let refreshed = world.refresh(&world.app, refresh_of(&tokens)).unwrap();
    assert!(world.is_active(access(&refreshed)));

    world.revoke(&world.app, refresh_of(&refreshed)).unwrap();
    assert!(!world.is_active(access(&refreshed)));
    assert_eq!(code_of(world.token(&world.app, &redemption(&code))), "invalid_grant");
}

#[test]
fn of_64_tasks_one_redeems_the_code() {
    covers!("ATK-288");
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();
    let _entered = runtime.enter();
    let storage = runtime.block_on(fresh(cluster));
    let world = TokenWorld::build(storage, |builder| builder.policy(Policy::default()));
    for round in 0..5 {
        let form = redemption(&world.code(&world.web, &Wish::default()));
        let secret = basic(world.web.client.id().as_str(), world.web.secret.as_ref().unwrap().expose());
        let tasks = (0..64).map(|_| {
            let (server, form, secret) = (world.server.clone(), form.clone(), secret.clone());
            runtime.spawn(async move {
                let request = FormRequest::new(form.as_bytes()).with_authorization(secret.as_bytes());
                server.token(&request).await.map(drop)
            })
        });
        let tasks: Vec<_> = tasks.collect();

        let answers = tasks.into_iter().map(|task| code_of(runtime.block_on(task).unwrap()));

        let answers: Vec<_> = answers.collect();
        let winners = answers.iter().filter(|answer| *answer == "ok").count();
        let losers = answers.iter().filter(|answer| *answer == "invalid_grant").count();
        assert_eq!((winners, losers), (1, 63), "in round {round}: {answers:?}");
    }
}

#[test]
fn each_endpoint_asks_the_database_as_seldom_as_can_be() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();
    let _entered = runtime.enter();
    let (proxy, storage) = runtime.block_on(async {
        let proxy = Proxy::before(cluster.directory());
        let storage = PostgresStorage::open(&proxy.url(&cluster.create_database().await)).await.unwrap();
        (proxy, Arc::new(storage))
    });
    let world = TokenWorld::build(storage, |builder| builder.policy(Policy::default()));
    let machine = |world: &TokenWorld| world.token(&world.machine, "grant_type=client_credentials").unwrap();
    // Clients are remembered from here on.
    let tokens = world.tokens(&world.app);
    assert!(world.is_active(access(&tokens)));
    machine(&world);
    let code = world.code(&world.app, &Wish::default());
    proxy.take_round_trips();

    machine(&world);
    assert_eq!(proxy.take_round_trips(), 1, "client credentials");
    let tokens = world.redeem(&world.app, &code).unwrap();
    assert_eq!(proxy.take_round_trips(), 2, "redeem");
    let tokens = world.refresh(&world.app, refresh_of(&tokens)).unwrap();
    assert_eq!(proxy.take_round_trips(), 2, "refresh");
    assert!(world.is_active(access(&tokens)));
    assert_eq!(proxy.take_round_trips(), 1, "introspect");
    world.revoke(&world.app, refresh_of(&tokens)).unwrap();
    assert_eq!(proxy.take_round_trips(), 2, "revoke");
}
