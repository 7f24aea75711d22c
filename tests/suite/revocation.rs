//! Giving tokens back.

use grantsmith::policy::Policy;
use grantsmith::server::Registration;
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{REDIRECT_URI, TokenWorld, Wish, access, basic, code_of, post, refresh_of};

#[test]
fn a_refresh_token_takes_the_whole_grant_along() {
    covers!("RFC7009-2-01", "RFC7009-2.1-06", "RFC7009-2.2-01");
    let world = TokenWorld::new();
    for client in [&world.app, &world.web] {
        let tokens = world.tokens(client);

        world.revoke(client, refresh_of(&tokens)).unwrap();

        assert!(!world.is_active(access(&tokens)));
        assert_eq!(code_of(world.refresh(client, refresh_of(&tokens))), "invalid_grant");
    }
    assert_eq!((world.events.count("Ended"), world.events.count("Compromised")), (2, 0));
}

#[test]
fn an_access_token_falls_alone() {
    covers!("RFC7009-2.1-06");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);
    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();

    world.revoke(&world.app, access(&first)).unwrap();

    assert!(!world.is_active(access(&first)));
    assert!(world.is_active(access(&second)));
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "ok");
}

#[test]
fn a_spent_refresh_token_ends_the_grant_of_its_own_client() {
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);
    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();

    world.revoke(&world.app, refresh_of(&first)).unwrap();

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "invalid_grant");
    assert_eq!(world.events.count("Compromised"), 0);
}

#[test]
fn the_hint_changes_nothing() {
    covers!("RFC7009-2.1-02", "RFC7009-2.2-02", "ATK-184");
    for hint in ["refresh_token", "access_token", "foo", "", "x&callback=steal"] {
        let world = TokenWorld::new();
        let tokens = world.tokens(&world.app);
        let form = format!("token={}&token_type_hint={hint}", access(&tokens));

        post(&world.app, &form, |request| world.server.revoke(&request).block_on()).unwrap();

        assert!(!world.is_active(access(&tokens)), "{hint}");
    }
}

#[test]
fn an_unknown_token_is_revoked_already() {
    covers!("RFC7009-2.2-01", "ATK-184", "ATK-095");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let code = world.code(&world.app, &Wish::default());
    let token = access(&tokens);

    for text in ["x", &token[..token.len() - 1], &format!("{token}A"), &code, &"x".repeat(10_000)] {
        assert_eq!(code_of(world.revoke(&world.app, text)), "ok");
    }
    world.revoke(&world.app, token).unwrap();
    assert_eq!(code_of(world.revoke(&world.app, token)), "ok");

    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}

#[test]
fn a_malformed_request_is_invalid() {
    covers!("RFC7009-2.1-01", "RFC7009-2.2.1-01", "ATK-184");
    let world = TokenWorld::new();

    for form in ["", "token=", "callback=x", "token=a&token=b", "token=%"] {
        let result = post(&world.app, form, |request| world.server.revoke(&request).block_on());
        let answer = result.unwrap_err().to_answer();
        assert_eq!((answer.status(), answer.body()), (400, &br#"{"error":"invalid_request"}"#[..]), "{form}");
    }
}

#[test]
fn the_client_is_checked_first() {
    covers!("RFC7009-2.1-04", "RFC7009-2.2.1-01", "ATK-171");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    let id = world.web.client.id();
    let form = format!("token={}", access(&tokens));
    let header = basic(id.as_str(), "guess");

    let guess = FormRequest::new(form.as_bytes()).with_authorization(header.as_bytes());
    let error = world.server.revoke(&guess).block_on().unwrap_err();
    assert_eq!((error.to_answer().status(), error.code().as_str()), (401, "invalid_client"));
    let named = format!("{form}&client_id={id}");
    assert_eq!(code_of(world.server.revoke(&FormRequest::new(named.as_bytes())).block_on()), "invalid_client");

    assert!(world.is_active(access(&tokens)));
}

#[test]
fn another_clients_token_stays() {
    covers!("RFC7009-2.1-05", "ATK-180");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let uris = vec![REDIRECT_URI.parse().unwrap()];
    let public = world.server.register(Registration::public(uris)).block_on().unwrap();

    for token in [access(&tokens), refresh_of(&tokens)] {
        assert_eq!(code_of(world.revoke(&world.web, token)), "invalid_grant");
        assert_eq!(code_of(world.revoke(&public, token)), "ok");
    }

    assert!(world.is_active(access(&tokens)));
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}

#[test]
fn foreign_tokens_may_be_answered_like_unknown_ones() {
    covers!("ATK-180");
    let mut policy = Policy::default();
    policy.danger.silences_foreign_revocation = true;
    let world = TokenWorld::with_policy(policy);
    let tokens = world.tokens(&world.app);

    assert_eq!(code_of(world.revoke(&world.web, access(&tokens))), "ok");

    assert!(world.is_active(access(&tokens)));
}

#[test]
fn an_expired_access_token_is_revoked_already() {
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    world.advance(600);

    assert_eq!(code_of(world.revoke(&world.app, access(&tokens))), "ok");
    assert_eq!(code_of(world.revoke(&world.web, access(&tokens))), "ok");

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}
