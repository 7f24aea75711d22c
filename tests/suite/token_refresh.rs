//! Refresh tokens at the token endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grantsmith::host::{AccountDirectory, AccountStanding, StorageError};
use grantsmith::policy::{Policy, RefreshRotation};
use grantsmith::record::{Client, EndReason, Phase, Record};
use grantsmith::server::Registration;
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{GrantType, Lifetime, Realm, Subject};
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{API, OTHER_API, REDIRECT_URI, TokenWorld, Wish, access, code_of, redemption, refresh_of};

#[test]
fn a_public_client_rotates_at_each_use() {
    covers!("OAUTH21-4.3.1-03", "RFC9700-4.14.2-03");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);

    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
    let third = world.refresh(&world.app, refresh_of(&second)).unwrap();

    assert_ne!(refresh_of(&first), refresh_of(&second));
    assert_ne!(refresh_of(&second), refresh_of(&third));
    for tokens in [&first, &second, &third] {
        assert!(world.is_active(access(tokens)));
    }
}

#[test]
fn a_spent_token_ends_the_grant() {
    covers!("ATK-140", "RFC9700-4.14.2-03", "OAUTH21-4.3.1-03", "OAUTH21-4.3.1-02");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);
    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
    let third = world.refresh(&world.app, refresh_of(&second)).unwrap();

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&first))), "invalid_grant");

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&third))), "invalid_grant");
    for tokens in [&first, &second, &third] {
        assert!(!world.is_active(access(tokens)));
    }
    assert_eq!(world.events.count("Compromised"), 1);
    assert!(matches!(world.grants()[0].phase(), Phase::Ended(ended) if ended.reason == EndReason::RefreshTokenReused));
}

#[test]
fn a_spent_token_is_recognized_at_any_age() {
    covers!("ATK-140");
    let mut policy = Policy::default();
    policy.public_refresh_idle_lifetime = Lifetime::days(10);
    let world = TokenWorld::with_policy(policy);
    let first = world.tokens(&world.app);
    let mut last = world.refresh(&world.app, refresh_of(&first)).unwrap();
    for _ in 0..200 {
        last = world.refresh(&world.app, refresh_of(&last)).unwrap();
    }

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&first))), "invalid_grant");

    assert_eq!(world.ended(), 1);
}

#[test]
fn a_spent_token_from_another_client_changes_nothing() {
    covers!("RFC6749-6-05", "OAUTH21-4.3.1-01", "RFC6749-10.4-02");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);
    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
    let uris = vec![REDIRECT_URI.parse().unwrap()];
    let other = world.server.register(Registration::public(uris)).block_on().unwrap();

    for token in [refresh_of(&first), refresh_of(&second)] {
        assert_eq!(code_of(world.refresh(&other, token)), "invalid_grant");
        assert_eq!(code_of(world.refresh(&world.web, token)), "invalid_grant");
    }

    assert_eq!(world.grants()[0].client(), world.app.client.id());
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "ok");
}

#[test]
fn a_confidential_client_keeps_its_token() {
    let world = TokenWorld::new();
    let first = world.tokens(&world.web);

    let second = world.refresh(&world.web, refresh_of(&first)).unwrap();
    let third = world.refresh(&world.web, refresh_of(&first)).unwrap();

    assert!(second.refresh_token.is_none() && third.refresh_token.is_none());
    assert!(world.is_active(access(&second)) && world.is_active(access(&third)));
}

#[test]
fn a_confidential_client_rotates_where_it_is_told_to() {
    let world = TokenWorld::new();
    let first = world.tokens(&world.web);
    let mut rotating = Client::clone(&world.web.client);
    rotating.overrides.refresh_rotation = Some(RefreshRotation::Always);
    world.replace(Record::Client(rotating.into()));
    world.advance(10);

    let second = world.refresh(&world.web, refresh_of(&first)).unwrap();

    assert!(second.refresh_token.is_some());
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&first))), "invalid_grant");
}

#[test]
fn a_malformed_request_is_invalid() {
    covers!("RFC6749-6-01", "RFC6749-5.2-02");
    let world = TokenWorld::new();
    let token = refresh_of(&world.tokens(&world.app)).to_owned();

    for form in [
        "grant_type=refresh_token".to_owned(),
        "grant_type=refresh_token&refresh_token=".to_owned(),
        format!("grant_type=refresh_token&refresh_token={token}&refresh_token={token}"),
        format!("grant_type=refresh_token&refresh_token={token}&scope=read&scope=read"),
    ] {
        assert_eq!(code_of(world.token(&world.app, &form)), "invalid_request", "{form}");
    }

    assert_eq!(code_of(world.refresh(&world.app, &token)), "ok");
}

#[test]
fn what_is_no_refresh_token_is_an_invalid_grant() {
    covers!("RFC6749-6-06", "ATK-093", "ATK-095");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let token = refresh_of(&tokens);
    let code = world.code(&world.app, &Wish::default());

    let broken = ["x", &code, access(&tokens), &token[..token.len() - 1], &format!("{token}A"), &format!("{token}=")];
    for text in broken {
        assert_eq!(code_of(world.refresh(&world.app, text)), "invalid_grant", "{text}");
    }

    assert_eq!(code_of(world.refresh(&world.app, token)), "ok");
}

#[test]
fn a_token_that_is_not_used_expires() {
    covers!("RFC6749-6-06", "OAUTH21-2.4-02");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);

    world.clock.advance(Lifetime::days(29));
    let second = world.refresh(&world.app, refresh_of(&tokens)).unwrap();
    world.clock.advance(Lifetime::days(30));

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "invalid_grant");
}

#[test]
fn a_chain_ends_at_its_longest_lifetime() {
    covers!("OAUTH21-2.4-02");
    let world = TokenWorld::new();
    let mut tokens = world.tokens(&world.app);

    for _ in 0..8 {
        world.clock.advance(Lifetime::days(20));
        tokens = world.refresh(&world.app, refresh_of(&tokens)).unwrap();
    }
    world.clock.advance(Lifetime::days(20));

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "invalid_grant");
}

#[test]
fn more_scope_than_granted_is_refused_and_spends_nothing() {
    covers!("RFC6749-5.2-09", "RFC6749-6-02", "RFC9700-4.14.2-02", "ATK-149", "ATK-071");
    let world = TokenWorld::new();
    let tokens = world.redeem(&world.app, &world.code(&world.app, &Wish { scope: "read", ..Wish::default() })).unwrap();
    let with = |scope: &str| format!("grant_type=refresh_token&refresh_token={}&scope={scope}", refresh_of(&tokens));

    for scope in ["read+write", "admin", "unknown", "read++write", "%22"] {
        assert_eq!(code_of(world.token(&world.app, &with(scope))), "invalid_scope", "{scope}");
    }

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}

#[test]
fn a_narrowed_refresh_narrows_one_access_token_only() {
    covers!("RFC6749-6-03", "RFC6749-6-09", "ATK-149", "RFC6749-3.3-03");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let form = format!("grant_type=refresh_token&refresh_token={}&scope=read", refresh_of(&tokens));

    let narrowed = world.token(&world.app, &form).unwrap();
    let whole = world.refresh(&world.app, refresh_of(&narrowed)).unwrap();

    assert_eq!(narrowed.scope.as_str(), "read");
    assert_eq!(whole.scope.as_str(), "read write");
    let shown = world.introspect(&world.api, access(&narrowed));
    assert_eq!(shown.active().unwrap().scope.as_str(), "read");
}

#[test]
fn another_resource_than_approved_is_refused() {
    covers!("RFC9700-4.14.2-02", "ATK-109");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let with =
        |resource: &str| format!("grant_type=refresh_token&refresh_token={}&resource={resource}", refresh_of(&tokens));

    assert_eq!(code_of(world.token(&world.app, &with(OTHER_API))), "invalid_target");
    assert_eq!(code_of(world.token(&world.app, &with("nonsense"))), "invalid_target");

    assert_eq!(code_of(world.token(&world.app, &with(API))), "ok");
}

#[test]
fn the_client_must_be_the_one_it_says() {
    covers!("RFC6749-6-04", "OAUTH21-4.3.1-01");
    let world = TokenWorld::new();
    let web = world.tokens(&world.web);
    let app = world.tokens(&world.app);
    let send = |form: String| code_of(world.server.token(&FormRequest::new(form.as_bytes())).block_on());
    let form = |token: &str, client| format!("grant_type=refresh_token&refresh_token={token}&client_id={client}");

    assert_eq!(send(form(refresh_of(&web), world.web.client.id())), "invalid_client");
    assert_eq!(send(form(refresh_of(&app), world.app.client.id()) + "&client_secret=guess"), "invalid_client");
    assert_eq!(send(format!("grant_type=refresh_token&refresh_token={}", refresh_of(&app))), "invalid_client");

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&app))), "ok");
}

#[test]
fn a_client_without_the_grant_type_gets_no_refresh_token() {
    covers!("RFC9700-4.14.2-01", "ATK-153");
    let world = TokenWorld::new();
    let mut plain = Client::clone(&world.app.client);
    plain.grant_types.remove(&GrantType::RefreshToken);
    world.replace(Record::Client(plain.into()));
    world.advance(10);

    assert!(world.tokens(&world.app).refresh_token.is_none());
}

#[test]
fn rotation_survives_a_restart() {
    covers!("ATK-145");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);
    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
    let restarted = world.restarted();
    let send = |token: &str| {
        let form = format!("grant_type=refresh_token&refresh_token={token}&client_id={}", world.app.client.id());
        code_of(restarted.token(&FormRequest::new(form.as_bytes())).block_on())
    };

    assert_eq!(send(refresh_of(&first)), "invalid_grant");

    assert_eq!(send(refresh_of(&second)), "invalid_grant");
    assert_eq!(world.ended(), 1);
}

#[test]
fn what_was_taken_from_the_client_is_not_given_again() {
    covers!("ATK-151");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    let change = |change: &dyn Fn(&mut Client)| {
        let mut client = Client::clone(&world.web.client);
        change(&mut client);
        world.replace(Record::Client(client.into()));
        world.advance(10);
    };

    change(&|client| client.scope = "read".parse().unwrap());
    assert_eq!(world.refresh(&world.web, refresh_of(&tokens)).unwrap().scope.as_str(), "read");
    change(&|client| client.resources = grantsmith::value::ResourceSet::default());
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "invalid_target");
    change(&|client| client.grant_types.clear());
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "unauthorized_client");
    change(&|client| client.is_disabled = true);
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "invalid_client");
    assert!(!world.is_active(access(&tokens)));
    change(&|client| client.instance = grantsmith::value::InstanceId::from_bytes([9; 16]));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&tokens))), "invalid_grant");
}

#[test]
fn an_account_that_is_switched_off_gets_nothing_more() {
    covers!("ATK-104", "ATK-151");
    struct Switch(AtomicBool);
    #[async_trait::async_trait]
    impl AccountDirectory for Switch {
        async fn standing(&self, _: &Realm, _: &Subject) -> Result<AccountStanding, StorageError> {
            let is_off = self.0.load(Ordering::SeqCst);
            Ok(if is_off { AccountStanding::Inactive } else { AccountStanding::Active })
        }
    }
    let switch = Arc::new(Switch(AtomicBool::new(false)));
    let accounts = Arc::clone(&switch) as Arc<dyn AccountDirectory>;
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.accounts(accounts));
    let tokens = world.tokens(&world.app);

    switch.0.store(true, Ordering::SeqCst);
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "invalid_grant");

    // Nothing was spent: a user who is unlocked goes on.
    switch.0.store(false, Ordering::SeqCst);
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}

#[test]
fn the_oldest_access_token_makes_room() {
    let mut policy = Policy::default();
    policy.most_live_access_tokens = 3;
    let world = TokenWorld::with_policy(policy);
    let first = world.tokens(&world.web);

    let later: Vec<_> = (0..3).map(|_| world.refresh(&world.web, refresh_of(&first)).unwrap()).collect();

    assert!(!world.is_active(access(&first)));
    assert!(later.iter().all(|tokens| world.is_active(access(tokens))));
}

#[test]
fn a_rolled_back_storage_accuses_nobody() {
    covers!("ATK-146");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);
    let before = world.grants()[0].clone();
    let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
    world.replace(Record::Grant(before));

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "invalid_grant");

    assert!(matches!(world.grants()[0].phase(), Phase::Ended(ended) if ended.reason == EndReason::RolledBack));
    assert_eq!((world.events.count("Compromised"), world.events.count("StorageRolledBack")), (0, 1));
}

mod within_a_retry_window {
    use super::*;

    fn forgiving() -> TokenWorld {
        let mut policy = Policy::default();
        policy.refresh_retry_window = Lifetime::seconds(10);
        TokenWorld::with_policy(policy)
    }

    #[test]
    fn a_lost_answer_is_repeated_with_the_same_successor() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
        world.advance(9);

        let again = world.refresh(&world.app, refresh_of(&first)).unwrap();

        assert_eq!(refresh_of(&again), refresh_of(&second));
        assert_ne!(access(&again), access(&second));
        assert!(world.is_active(access(&again)) && world.is_active(access(&second)));
        assert_eq!(world.events.count("Repeated"), 1);
        assert_eq!(code_of(world.refresh(&world.app, refresh_of(&again))), "ok");
    }

    #[test]
    fn the_repetition_may_ask_for_other_terms() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        let form = |scope: &str| format!("grant_type=refresh_token&refresh_token={}&scope={scope}", refresh_of(&first));
        let second = world.token(&world.app, &form("read")).unwrap();

        let again = world.token(&world.app, &form("write")).unwrap();

        assert_eq!(refresh_of(&again), refresh_of(&second));
        assert_eq!(again.scope.as_str(), "write");
    }

    #[test]
    fn the_window_closes() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        world.refresh(&world.app, refresh_of(&first)).unwrap();
        world.advance(10);

        assert_eq!(code_of(world.refresh(&world.app, refresh_of(&first))), "invalid_grant");

        assert_eq!(world.ended(), 1);
    }

    #[test]
    fn only_two_repetitions_are_answered() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
        for _ in 0..2 {
            world.refresh(&world.app, refresh_of(&first)).unwrap();
        }

        assert_eq!(code_of(world.refresh(&world.app, refresh_of(&first))), "invalid_grant");

        assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "ok");
    }

    #[test]
    fn a_token_whose_successor_is_in_use_is_refused_and_the_grant_lives() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        let mut last = world.refresh(&world.app, refresh_of(&first)).unwrap();
        for _ in 0..4 {
            last = world.refresh(&world.app, refresh_of(&last)).unwrap();
            assert_eq!(code_of(world.refresh(&world.app, refresh_of(&first))), "invalid_grant");
        }

        assert_eq!(code_of(world.refresh(&world.app, refresh_of(&last))), "ok");
        assert_eq!(world.ended(), 0);
    }

    #[test]
    fn a_restart_changes_nothing() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        let second = world.refresh(&world.app, refresh_of(&first)).unwrap();
        let form = format!(
            "grant_type=refresh_token&refresh_token={}&client_id={}",
            refresh_of(&first),
            world.app.client.id()
        );

        let again = world.restarted().token(&FormRequest::new(form.as_bytes())).block_on().unwrap();

        assert_eq!(refresh_of(&again), refresh_of(&second));
    }

    #[test]
    fn another_client_gets_nothing() {
        let world = forgiving();
        let first = world.tokens(&world.app);
        let second = world.refresh(&world.app, refresh_of(&first)).unwrap();

        assert_eq!(code_of(world.refresh(&world.web, refresh_of(&first))), "invalid_grant");

        assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "ok");
    }

    #[test]
    fn the_salt_is_erased_when_the_successor_is_used() {
        let world = forgiving();
        let first = world.tokens(&world.web);
        assert!(
            matches!(world.grants()[0].phase(), Phase::Active(active) if active.refresh.as_ref().unwrap().retry().is_none())
        );
        let app = world.tokens(&world.app);
        let second = world.refresh(&world.app, refresh_of(&app)).unwrap();
        let salt = |index: usize| match world.grants()[index].phase() {
            Phase::Active(active) => active.refresh.as_ref().unwrap().retry().map(|retry| retry.salt),
            _ => None,
        };
        let before = salt(1);

        world.refresh(&world.app, refresh_of(&second)).unwrap();

        assert!(before.is_some() && salt(1) != before);
        assert_eq!(code_of(world.refresh(&world.web, refresh_of(&first))), "ok");
    }
}

#[test]
fn a_code_of_a_user_that_is_redeemed_twice_ends_the_chain_too() {
    covers!("OAUTH21-4.3.1-02");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let tokens = world.redeem(&world.app, &code).unwrap();
    let second = world.refresh(&world.app, refresh_of(&tokens)).unwrap();

    assert_eq!(code_of(world.token(&world.app, &redemption(&code))), "invalid_grant");

    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&second))), "invalid_grant");
}
