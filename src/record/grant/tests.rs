//! The life of a grant: which transitions there are, and what stays.

use std::sync::Arc;

use super::{AccessToken, AccessTokens, Active, EndReason, Ended, Grant, Phase};
use crate::value::{Lifetime, Timestamp};
use crate::world::{CALLBACK, CHAIN_LIFETIME, CODE_LIFETIME, GRANT, IDLE_LIFETIME, TOKEN_LIFETIME, World, at};

fn active(grant: &Grant) -> &Active {
    match grant.phase() {
        Phase::Active(active) => active,
        other => panic!("the grant is {other:?}"),
    }
}

fn serials(grant: &Grant) -> Vec<u32> {
    active(grant).access.iter().map(|token| token.serial).collect()
}

fn ended(grant: &Grant) -> Ended {
    match grant.phase() {
        Phase::Ended(ended) => *ended,
        other => panic!("the grant is {other:?}"),
    }
}

/// The grant after a refresh that issued the next access token.
fn refreshed(world: &World, grant: &Grant, now: Timestamp, most: usize) -> Grant {
    let token = world.stored_access_token(active(grant).access.next_serial(), now);
    grant.refreshed_at(now, token, world.chain(), most).unwrap()
}

mod approved {
    use super::*;

    #[test]
    fn a_new_grant_says_whose_it_is() {
        let world = World::new();
        let grant = world.approved();

        assert_eq!((grant.id(), grant.realm(), grant.client()), (GRANT, &world.realm, world.client.id()));
        assert_eq!(grant.client_instance(), world.client.instance);
        assert_eq!(grant.subject().unwrap().as_str(), "user");
        assert_eq!(grant.session(), None);
        assert_eq!((grant.created_at(), grant.last_used_at()), (at(0), at(0)));
        assert!(matches!(grant.phase(), Phase::Approved(_)));
    }

    #[test]
    fn it_becomes_active_once() {
        let world = World::new();
        let grant = world.active();

        assert_eq!(serials(&grant), [0]);
        assert!(active(&grant).spent_code.is_some() && active(&grant).refresh.is_some());
        let token = world.stored_access_token(1, at(1));
        assert!(grant.redeemed_at(at(1), token.clone(), None).is_none());
        assert!(grant.ended_at(at(1), EndReason::EndedByHost).redeemed_at(at(1), token, None).is_none());
    }

    #[test]
    fn nothing_is_refreshed_or_revoked_before() {
        let world = World::new();
        let grant = world.approved();

        assert!(grant.refreshed_at(at(1), world.stored_access_token(0, at(1)), world.chain(), 64).is_none());
        assert!(grant.without_access_token_at(at(1), 0).is_none());
    }

    #[test]
    fn it_is_kept_until_the_code_expires_and_the_approval_cannot_be_repeated() {
        let world = World::new();
        assert_eq!(world.approved().expires_at(), at(0).after(CODE_LIFETIME));

        let mut identity = world.identity();
        identity.held_until = at(600);
        let grant = Grant::approved_at(at(0), identity, world.approval(), world.stored_code());
        assert_eq!(grant.expires_at(), at(600));
        assert_eq!(Grant::denied_at(at(0), identity, world.approval()).expires_at(), at(600));
        assert_eq!(Grant::issued_at(at(0), identity, world.approval(), Active::default()).expires_at(), at(600));
    }

    #[test]
    fn a_code_knows_where_it_was_sent_byte_for_byte() {
        let code = World::new().stored_code();

        assert!(code.was_sent_to(CALLBACK));
        for other in ["", "https://app.example/cb/", "https://app.example/CB", "https://app.example/c"] {
            assert!(!code.was_sent_to(other), "{other}");
        }
    }
}

mod active_grants {
    use super::*;

    #[test]
    fn a_refresh_adds_a_token_of_the_next_serial() {
        let world = World::new();
        let grant = refreshed(&world, &world.active(), at(1), 64);

        assert_eq!(serials(&grant), [0, 1]);
        assert_eq!(grant.last_used_at(), at(1));
        assert_eq!(grant.created_at(), at(0));
        assert!(active(&grant).access.find(1).is_some() && active(&grant).access.find(2).is_none());
    }

    #[test]
    fn expired_tokens_are_pruned_at_each_write() {
        let world = World::new();
        let grant = refreshed(&world, &world.active(), at(300), 64);
        assert_eq!(serials(&grant), [0, 1]);

        assert_eq!(serials(&refreshed(&world, &grant, at(599), 64)), [0, 1, 2]);
        assert_eq!(serials(&refreshed(&world, &grant, at(600), 64)), [1, 2]);
        assert_eq!(serials(&refreshed(&world, &grant, at(900), 64)), [2]);
        assert_eq!(serials(&grant.without_access_token_at(at(600), 1).unwrap()), [0; 0]);
    }

    #[test]
    fn the_oldest_token_is_dropped_beyond_the_cap() {
        let world = World::new();
        for (most, expected) in [(0, &[5][..]), (1, &[5]), (2, &[4, 5]), (3, &[3, 4, 5]), (6, &[0, 1, 2, 3, 4, 5])] {
            let mut grant = world.active();
            for second in 1..=5 {
                grant = refreshed(&world, &grant, at(second), most);
            }
            assert_eq!(serials(&grant), expected, "{most}");
        }
    }

    #[test]
    fn a_lower_cap_drops_several_at_once() {
        let world = World::new();
        let mut grant = world.active();
        for second in 1..=9 {
            grant = refreshed(&world, &grant, at(second), 64);
        }

        assert_eq!(serials(&refreshed(&world, &grant, at(10), 3)), [8, 9, 10]);
    }

    #[test]
    fn one_token_is_revoked_alone() {
        let world = World::new();
        let grant = refreshed(&world, &refreshed(&world, &world.active(), at(1), 64), at(2), 64);

        for (serial, left) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
            let next = grant.without_access_token_at(at(3), serial).unwrap();
            assert_eq!(serials(&next), left);
            assert!(active(&next).refresh.is_some() && active(&next).spent_code.is_some());
            assert!(next.without_access_token_at(at(3), serial).is_none());
        }
        assert!(grant.without_access_token_at(at(3), 3).is_none());
    }

    #[test]
    fn serials_begin_anew_only_where_no_token_is_left() {
        let world = World::new();
        let grant = world.active().without_access_token_at(at(1), 0).unwrap();
        assert_eq!(active(&grant).access.next_serial(), 0);

        let last = AccessToken { serial: u32::MAX, ..world.stored_access_token(0, at(0)) };
        assert_eq!(AccessTokens::of(last).next_serial(), 0);
    }

    #[test]
    fn a_spent_code_is_remembered_for_ten_minutes() {
        let world = World::new();
        let grant = world.active();
        let remembers = |now| active(&refreshed(&world, &grant, now, 64)).spent_code.is_some();

        assert!(remembers(at(599)));
        assert!(!remembers(at(600)));
        assert!(active(&grant.without_access_token_at(at(599), 0).unwrap()).spent_code.is_some());
        assert!(active(&grant.without_access_token_at(at(600), 0).unwrap()).spent_code.is_none());
    }

    #[test]
    fn it_is_kept_as_long_as_anything_of_it_is_live_or_must_be_recognized() {
        let world = World::new();
        assert_eq!(world.active().expires_at(), at(0).after(IDLE_LIFETIME));

        let alone = world.approved().redeemed_at(at(0), world.stored_access_token(0, at(0)), None).unwrap();
        assert_eq!(alone.expires_at(), at(0).after(TOKEN_LIFETIME));
        let revoked = alone.without_access_token_at(at(1), 0).unwrap();
        assert_eq!(revoked.expires_at(), at(600), "a replay of the code is still recognized");

        let machine = Active { access: AccessTokens::of(world.stored_access_token(0, at(0))), ..Active::default() };
        let machine = Grant::issued_at(at(0), world.identity(), world.approval(), machine);
        assert_eq!(machine.expires_at(), at(0).after(TOKEN_LIFETIME));
        assert_eq!(machine.without_access_token_at(at(5), 0).unwrap().expires_at(), at(5));
    }

    #[test]
    fn it_is_kept_until_its_approval_cannot_be_repeated_whatever_becomes_of_it() {
        let world = World::new();
        let mut identity = world.identity();
        identity.held_until = at(900_000);
        let grant = Grant::approved_at(at(0), identity, world.approval(), world.stored_code());
        let redeemed = grant.redeemed_at(at(0), world.stored_access_token(0, at(0)), None).unwrap();

        assert_eq!(redeemed.expires_at(), at(900_000));
        assert_eq!(redeemed.without_access_token_at(at(1), 0).unwrap().expires_at(), at(900_000));
        assert_eq!(redeemed.ended_at(at(1), EndReason::EndedByHost).expires_at(), at(900_000));
    }

    #[test]
    fn it_is_never_kept_beyond_its_chain() {
        let world = World::new();
        let late = at(0).after(Lifetime::days(179));
        let chain = world.chain().used_at(late, IDLE_LIFETIME);
        let grant = world.active().refreshed_at(late, world.stored_access_token(1, late), chain, 64).unwrap();

        assert_eq!(grant.expires_at(), at(0).after(CHAIN_LIFETIME));
    }
}

mod ended_grants {
    use super::*;

    #[test]
    fn every_phase_can_end_and_keeps_why_and_when() {
        let world = World::new();
        for grant in [world.approved(), world.active()] {
            let grant = grant.ended_at(at(5), EndReason::CodeReplayed);

            assert_eq!((ended(&grant).reason, ended(&grant).at), (EndReason::CodeReplayed, at(5)));
            assert_eq!(grant.last_used_at(), at(5));
            assert_eq!(grant.expires_at(), at(5).after(Lifetime::days(1)));
        }
    }

    #[test]
    fn the_first_reason_stands() {
        let grant = World::new().active().ended_at(at(5), EndReason::RefreshTokenReused);

        let again = grant.ended_at(at(9), EndReason::EndedByHost);

        assert_eq!((ended(&again).reason, ended(&again).at), (EndReason::RefreshTokenReused, at(5)));
        assert_eq!(again.last_used_at(), at(5));
    }

    #[test]
    fn nothing_brings_it_back() {
        let world = World::new();
        let token = || world.stored_access_token(1, at(6));
        for grant in [world.approved(), world.active()] {
            let grant = grant.ended_at(at(5), EndReason::RevokedByClient);

            assert!(grant.redeemed_at(at(6), token(), Some(world.chain())).is_none());
            assert!(grant.refreshed_at(at(6), token(), world.chain(), 64).is_none());
            assert!(grant.without_access_token_at(at(6), 0).is_none());
        }
    }

    #[test]
    fn a_denied_grant_is_ended_from_the_beginning() {
        let world = World::new();
        let grant = Grant::denied_at(at(0), world.identity(), world.approval());

        assert_eq!(ended(&grant).reason, EndReason::Denied);
        assert!(grant.redeemed_at(at(1), world.stored_access_token(0, at(1)), None).is_none());
    }
}

mod time {
    use super::*;

    #[test]
    fn time_never_runs_backwards() {
        covers!("ATK-295");
        let world = World::new();
        let grant = refreshed(&world, &world.active(), at(100), 64);
        let yesterday = at(-86_400);

        assert_eq!(grant.time(yesterday), at(100));
        assert_eq!(grant.time(at(101)), at(101));
        assert_eq!(refreshed(&world, &grant, yesterday, 64).last_used_at(), at(100));
        assert_eq!(grant.without_access_token_at(yesterday, 0).unwrap().last_used_at(), at(100));
        let grant = grant.ended_at(yesterday, EndReason::EndedByHost);
        assert_eq!((grant.last_used_at(), ended(&grant).at), (at(100), at(100)));
        assert!(grant.expires_at() >= at(100));
    }

    #[test]
    fn extreme_times_do_not_panic_and_what_was_used_stays_used() {
        covers!("ATK-295");
        let world = World::new();
        for seconds in [0, 4_294_967_296, i64::MAX, i64::MIN] {
            let now = Timestamp::from_seconds(seconds);
            let token = world.stored_access_token(0, now);
            let grant = Grant::approved_at(now, world.identity(), world.approval(), world.stored_code());
            let grant = grant.redeemed_at(now, token.clone(), Some(world.chain())).unwrap();
            assert!(grant.redeemed_at(Timestamp::from_seconds(i64::MIN), token.clone(), None).is_none());
            let grant = grant.refreshed_at(now, token, world.chain(), usize::MAX).unwrap();
            let grant = grant.ended_at(now, EndReason::EndedByHost);
            assert!(grant.expires_at() >= now);
            assert!(grant.without_access_token_at(now, 0).is_none());
        }
    }
}

#[test]
fn the_first_access_token_is_kept_inline_and_the_order_is_kept() {
    let world = World::new();
    let tokens: Vec<_> = (0..4).map(|serial| world.stored_access_token(serial, at(0))).collect();

    let collected = AccessTokens::from(tokens);

    assert_eq!(collected.iter().map(|token| token.serial).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(Vec::from(collected).len(), 4);
    assert_eq!(AccessTokens::from(Vec::new()).next_serial(), 0);
}

#[test]
fn what_was_approved_is_shared_by_every_state() {
    let world = World::new();
    let grant = world.active();

    assert!(Arc::ptr_eq(&grant.origin, &grant.ended_at(at(1), EndReason::EndedByHost).origin));
}
