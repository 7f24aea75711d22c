//! What a presented refresh token is, and what a use makes of the chain.

use super::{DerivationKey, PresentedRefresh, Recognition, RefreshChain, Retry};
use crate::record::CredentialKind;
use crate::value::{Digest, GrantId, Lifetime, Salt, Secret, SymmetricKey, Timestamp};
use crate::world::{CHAIN_LIFETIME, FAMILY, GRANT, IDLE_LIFETIME, World, at, presented_refresh, secret};

const WINDOW: Lifetime = Lifetime::seconds(10);
const SALT: Salt = Salt::from_bytes([0x5a; 16]);

fn token(generation: u32) -> Secret {
    secret(CredentialKind::RefreshToken, generation)
}

/// The name of what the token of that generation is.
fn recognized(chain: &RefreshChain, generation: u32, secret: &Secret, now: Timestamp) -> &'static str {
    name(&recognize(chain, &presented_refresh(generation, secret), now))
}

fn recognize(chain: &RefreshChain, presented: &PresentedRefresh<'_>, now: Timestamp) -> Recognition {
    let world = World::new();
    chain.recognize(presented, world.realm.fingerprint(), GRANT, Some(&world.derivation), now)
}

fn name(recognition: &Recognition) -> &'static str {
    match recognition {
        Recognition::Live => "live",
        Recognition::Retryable(_) => "retryable",
        Recognition::Superseded => "superseded",
        Recognition::Reused => "reused",
        Recognition::RolledBack => "rolled back",
        Recognition::Unknown => "unknown",
    }
}

/// The chain after a rotation without a retry window.
fn rotated(chain: &RefreshChain, now: Timestamp) -> RefreshChain {
    let digest = World::new().digest(CredentialKind::RefreshToken, chain.generation() + 1);
    chain.rotated_at(now, digest, None, Lifetime::ZERO, IDLE_LIFETIME)
}

/// The chain after a rotation with a retry window, and the successor.
fn derived(chain: &RefreshChain, spent: &Secret, window: Lifetime, now: Timestamp) -> (RefreshChain, Secret) {
    let world = World::new();
    let successor = world.derivation.successor(spent, SALT, GRANT, chain.generation() + 1);
    let digest = CredentialKind::RefreshToken.digest(world.realm.fingerprint(), &successor);
    let retry = Retry { salt: SALT, key: 7, count: 0 };
    (chain.rotated_at(now, digest, Some(retry), window, IDLE_LIFETIME), successor)
}

mod without_a_window {
    use super::*;

    #[test]
    fn the_live_token_is_live() {
        let chain = World::new().chain();

        assert_eq!(chain.generation(), 0);
        assert_eq!(recognized(&chain, 0, &token(0), at(0)), "live");
    }

    #[test]
    fn a_spent_token_was_used_whatever_its_age() {
        let mut chain = World::new().chain();
        for generation in 1..=20 {
            chain = rotated(&chain, at(0));
            assert_eq!(recognized(&chain, generation, &token(generation), at(0)), "live");
            for spent in 0..generation {
                assert_eq!(recognized(&chain, spent, &token(spent), at(0)), "reused");
            }
        }
    }

    #[test]
    fn a_generation_of_the_future_shows_a_rollback() {
        let chain = rotated(&World::new().chain(), at(0));

        for generation in [2, 3, u32::MAX] {
            assert_eq!(recognized(&chain, generation, &token(generation), at(0)), "rolled back");
        }
    }

    #[test]
    fn a_forged_secret_or_family_is_junk() {
        covers!("RFC6749-10.4-04", "RFC9700-4.14.2-04");
        let chain = rotated(&World::new().chain(), at(0));
        assert_eq!(recognized(&chain, 1, &token(0), at(0)), "unknown");
        for generation in [0, 1, 2, u32::MAX] {
            for byte in 0..16 {
                let mut family = FAMILY;
                family[byte] ^= 1;
                let (secret, family) = (&token(generation), &family);
                let presented = PresentedRefresh { generation, family, secret };
                assert_eq!(name(&recognize(&chain, &presented, at(0))), "unknown");
            }
        }
    }

    #[test]
    fn a_chain_of_another_realm_knows_none_of_it() {
        let world = World::new();
        let chain = world.chain();
        let secret = token(0);

        let recognition = chain.recognize(&presented_refresh(0, &secret), &[0; 16], GRANT, None, at(0));

        assert_eq!(name(&recognition), "unknown");
    }

    #[test]
    fn a_use_without_rotation_leaves_the_token_live() {
        let chain = World::new().chain().used_at(at(100), IDLE_LIFETIME);

        assert_eq!(recognized(&chain, 0, &token(0), at(100)), "live");
        assert_eq!(chain.expires_at(), at(100).after(IDLE_LIFETIME));
    }

    #[test]
    fn the_record_does_not_grow() {
        let first = rotated(&World::new().chain(), at(0));
        let mut chain = first.clone();
        for second in 0..200 {
            chain = rotated(&chain, at(second));
        }
        let size = |chain: &RefreshChain| serde_json::to_string(chain).unwrap().len();

        assert!(size(&chain) <= size(&first) + 2, "two digits more of the generation");
    }
}

mod within_a_window {
    use super::*;

    fn after_one_rotation() -> (RefreshChain, Secret) {
        derived(&World::new().chain(), &token(0), WINDOW, at(0))
    }

    #[test]
    fn the_predecessor_gets_the_same_successor() {
        let (chain, successor) = after_one_rotation();
        let spent = token(0);

        let Recognition::Retryable(again) = recognize(&chain, &presented_refresh(0, &spent), at(9)) else {
            panic!("the window is open")
        };

        assert_eq!(again.secret.expose(), successor.expose());
        assert_eq!(again.generation, 1);
        assert_eq!(recognized(&chain, 1, &successor, at(9)), "live");
    }

    #[test]
    fn the_window_closes_on_the_second() {
        let (chain, _) = after_one_rotation();

        assert_eq!(recognized(&chain, 0, &token(0), at(9)), "retryable");
        assert_eq!(recognized(&chain, 0, &token(0), at(10)), "reused");
    }

    #[test]
    fn two_retries_are_answered_and_no_more() {
        let (chain, _) = after_one_rotation();
        assert_eq!(recognized(&chain.retried(), 0, &token(0), at(1)), "retryable");
        assert_eq!(recognized(&chain.retried().retried(), 0, &token(0), at(1)), "superseded");
        assert_eq!(chain.retried().retried().retry().unwrap().count, 2);
    }

    #[test]
    fn a_wrong_secret_of_the_predecessor_is_junk() {
        let (chain, _) = after_one_rotation();

        assert_eq!(recognized(&chain, 0, &token(5), at(1)), "unknown");
    }

    #[test]
    fn without_the_derivation_key_nothing_is_handed_out_and_nobody_is_accused() {
        let world = World::new();
        let (chain, _) = after_one_rotation();
        let spent = token(0);
        let recognize = |derivation: Option<&DerivationKey>| {
            let presented = presented_refresh(0, &spent);
            name(&chain.recognize(&presented, world.realm.fingerprint(), GRANT, derivation, at(1)))
        };

        assert_eq!(recognize(None), "superseded");
        assert_eq!(recognize(Some(&DerivationKey::new(7, SymmetricKey::new([0; 32])))), "unknown");
    }

    #[test]
    fn once_the_successor_was_spent_its_predecessor_is_superseded() {
        let (chain, successor) = after_one_rotation();
        let (chain, _) = derived(&chain, &successor, WINDOW, at(5));

        assert_eq!(recognized(&chain, 1, &successor, at(6)), "retryable");
        assert_eq!(recognized(&chain, 0, &token(0), at(6)), "superseded");
        assert_eq!(recognized(&chain, 0, &token(0), at(10)), "reused");
        assert_eq!(recognized(&chain, 1, &successor, at(10)), "retryable");
    }

    #[test]
    fn once_the_successor_was_used_without_rotation_its_predecessor_is_superseded() {
        let (chain, successor) = after_one_rotation();
        let chain = chain.used_at(at(5), IDLE_LIFETIME);

        assert!(chain.retry().is_none());
        assert_eq!(recognized(&chain, 1, &successor, at(6)), "live");
        assert_eq!(recognized(&chain, 0, &token(0), at(6)), "superseded");
        assert_eq!(recognized(&chain, 0, &token(0), at(10)), "reused");
    }

    #[test]
    fn a_rotation_without_window_is_not_forgiven_by_the_window_before_it() {
        let (chain, successor) = after_one_rotation();
        let chain = rotated(&chain, at(5));

        assert_eq!(recognized(&chain, 1, &successor, at(6)), "reused");
        assert_eq!(recognized(&chain, 0, &token(0), at(6)), "superseded");
        assert_eq!(recognized(&chain, 0, &token(0), at(10)), "reused");
    }

    #[test]
    fn a_longer_window_does_not_forgive_a_later_generation() {
        let (chain, first) = derived(&World::new().chain(), &token(0), Lifetime::seconds(60), at(0));
        let (chain, second) = derived(&chain, &first, WINDOW, at(1));
        assert_eq!(recognized(&chain, 1, &first, at(11)), "reused");
        assert_eq!(recognized(&chain, 0, &token(0), at(11)), "superseded");

        let (chain, _) = derived(&chain, &second, WINDOW, at(20));
        assert_eq!(recognized(&chain, 1, &first, at(21)), "reused");
        assert_eq!(recognized(&chain, 0, &token(0), at(21)), "superseded");

        let chain = chain.pruned_at(at(40)).unwrap();
        assert_eq!(recognized(&chain, 2, &second, at(40)), "reused");
        assert_eq!(recognized(&chain, 1, &first, at(40)), "reused");
        assert_eq!(recognized(&chain, 0, &token(0), at(40)), "superseded");
    }

    #[test]
    fn eight_windows_are_kept_at_the_most() {
        let (mut chain, mut live) = (World::new().chain(), token(0));
        for _ in 0..50 {
            (chain, live) = derived(&chain, &live, WINDOW, at(0));
        }

        assert_eq!(recognized(&chain, 50, &live, at(1)), "live");
        assert_eq!(recognized(&chain, 50 - 8, &token(0), at(1)), "superseded");
        assert_eq!(recognized(&chain, 50 - 9, &token(0), at(1)), "reused");
        assert!(serde_json::to_string(&chain).unwrap().len() < 600);
    }

    #[test]
    fn a_closed_window_leaves_nothing_behind() {
        let (chain, _) = after_one_rotation();

        assert!(chain.pruned_at(at(9)).is_none());
        let pruned = chain.pruned_at(at(10)).unwrap();
        assert!(pruned.retry().is_none());
        assert!(!serde_json::to_string(&pruned).unwrap().contains("windows"));
        assert!(pruned.pruned_at(at(100)).is_none());
    }
}

mod time {
    use super::*;

    #[test]
    fn the_chain_ends_with_its_lifetime_however_often_it_is_used() {
        let chain = World::new().chain();
        assert_eq!(chain.expires_at(), at(0).after(IDLE_LIFETIME));

        let late = at(0).after(Lifetime::days(170));
        assert_eq!(rotated(&chain, late).expires_at(), at(0).after(CHAIN_LIFETIME));
        assert_eq!(chain.used_at(late, IDLE_LIFETIME).expires_at(), at(0).after(CHAIN_LIFETIME));
    }

    #[test]
    fn extreme_times_do_not_panic_and_a_spent_token_stays_spent() {
        covers!("ATK-295");
        let world = World::new();
        let digest = world.digest(CredentialKind::RefreshToken, 0);
        let forever = Lifetime::seconds(u64::MAX);
        for seconds in [0, 4_294_967_296, i64::MAX, i64::MIN, -86_400] {
            let now = Timestamp::from_seconds(seconds);
            let chain = RefreshChain::started_at(now, digest, world.family(), None, forever, forever);
            let (chain, _) = derived(&chain, &token(0), forever, now);
            let chain = rotated(&chain, now);
            assert_eq!(recognized(&chain, 1, &token(1), Timestamp::MAX), "reused");
            assert_eq!(recognized(&chain, 0, &token(0), Timestamp::MAX), "reused");
            assert!(chain.expires_at() >= now);
        }
    }
}

mod derivation {
    use super::*;

    #[test]
    fn a_successor_depends_on_everything_that_names_it() {
        let key = |byte| DerivationKey::new(1, SymmetricKey::new([byte; 32]));
        let (salt, grant) = (Salt::from_bytes([1; 16]), GrantId::from_bytes([1; 12]));
        let all = [
            key(1).successor(&token(0), salt, grant, 1),
            key(2).successor(&token(0), salt, grant, 1),
            key(1).successor(&token(1), salt, grant, 1),
            key(1).successor(&token(0), Salt::from_bytes([2; 16]), grant, 1),
            key(1).successor(&token(0), salt, GrantId::from_bytes([2; 12]), 1),
            key(1).successor(&token(0), salt, grant, 2),
            key(1).code(grant),
            key(1).code(GrantId::from_bytes([2; 12])),
            key(2).code(grant),
        ];
        for (at, secret) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other.expose() == secret.expose()), Some(at));
        }
        assert_eq!(all[0].expose(), key(1).successor(&token(0), salt, grant, 1).expose());
        assert_eq!(all[6].expose(), key(1).code(grant).expose());
    }

    #[test]
    fn a_chain_keeps_nothing_that_can_be_presented() {
        let (chain, successor) = derived(&World::new().chain(), &token(0), WINDOW, at(0));

        let stored = serde_json::to_value(&chain).unwrap();

        for secret in [token(0), successor] {
            let digest = Digest::from(*secret.expose());
            let text = serde_json::to_value(digest).unwrap();
            assert!(!stored.to_string().contains(text.as_str().unwrap()));
        }
    }
}
