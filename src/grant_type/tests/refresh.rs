//! Using a refresh token.

use super::{ended, issued, refused};
use crate::grant_type::refresh_token::refresh;
use crate::grant_type::{RefreshPlan, Refusal, Verdict};
use crate::policy::RefreshRotation;
use crate::record::{Client, CredentialKind, EndReason, Grant, PresentedRefresh, RefreshChain, Retry};
use crate::value::{Confirmation, Lifetime, Salt, Timestamp};
use crate::wire::{ErrorCode, RequestedTerms};
use crate::world::{FAMILY, GRANT, IDLE_LIFETIME, TOKEN_LIFETIME, World, at, key, presented_refresh, secret, terms};

/// What the token of that generation leads to.
fn presented(
    world: &World,
    generation: u32,
    terms: &RequestedTerms,
    client: &Client,
    grant: &Grant,
    proven: Option<Confirmation>,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let secret = secret(CredentialKind::RefreshToken, generation);
    let presented = presented_refresh(generation, &secret);
    let derivation = Some(&world.derivation);
    refresh(Some(&presented), terms, client, Some(grant), proven.as_ref(), derivation, &world.policy, now)
}

/// What the token of that generation leads to when its client presents it.
fn used(world: &World, generation: u32, grant: &Grant, now: Timestamp) -> Result<Verdict, Refusal> {
    presented(world, generation, &RequestedTerms::default(), &world.client, grant, None, now)
}

fn asking(world: &World, form: &str) -> Result<Verdict, Refusal> {
    presented(world, 0, &terms(form), &world.client, &world.active(), None, at(1))
}

/// The grant whose first refresh token was spent at second 1.
fn rotated(world: &World) -> Grant {
    let next = world.digest(CredentialKind::RefreshToken, 1);
    world.active_with(world.chain().rotated_at(at(1), next, None, Lifetime::ZERO, IDLE_LIFETIME))
}

/// The same with a window of ten seconds, and after so many retries.
fn rotated_with_window(world: &World, retries: u8) -> (Grant, RefreshChain) {
    let salt = Salt::from_bytes([9; 16]);
    let successor = world.derivation.successor(&secret(CredentialKind::RefreshToken, 0), salt, GRANT, 1);
    let digest = CredentialKind::RefreshToken.digest(world.realm.fingerprint(), &successor);
    let retry = Retry { salt, key: 7, count: retries };
    let chain = world.chain().rotated_at(at(1), digest, Some(retry), Lifetime::seconds(10), IDLE_LIFETIME);
    (world.active_with(chain.clone()), chain)
}

mod a_live_token {
    use super::*;

    #[test]
    fn of_a_public_client_is_spent_and_replaced() {
        let world = World::new();

        let issue = issued(used(&world, 0, &world.active(), at(1)));

        assert!(matches!(issue.refresh, RefreshPlan::Rotate { idle } if idle == Lifetime::days(30)));
        assert_eq!((issue.access.scope.as_str(), issue.access.lifetime), ("read write", TOKEN_LIFETIME));
    }

    #[test]
    fn of_a_confidential_client_stays() {
        let world = World::confidential();

        let issue = issued(used(&world, 0, &world.active(), at(1)));

        assert!(matches!(issue.refresh, RefreshPlan::Keep { idle } if idle == Lifetime::days(90)));
    }

    #[test]
    fn is_spent_where_policy_or_the_client_says_so() {
        let mut by_policy = World::confidential();
        by_policy.policy.confidential_refresh_rotation = RefreshRotation::Always;
        let mut by_client = World::confidential();
        by_client.client.overrides.refresh_rotation = Some(RefreshRotation::Always);
        for world in [by_policy, by_client] {
            let issue = issued(used(&world, 0, &world.active(), at(1)));
            assert!(matches!(issue.refresh, RefreshPlan::Rotate { .. }));
        }
    }

    #[test]
    fn of_a_public_client_is_spent_whatever_an_override_says() {
        let mut world = World::new();
        world.client.overrides.refresh_rotation = Some(RefreshRotation::Never);

        assert!(matches!(issued(used(&world, 0, &world.active(), at(1))).refresh, RefreshPlan::Rotate { .. }));
    }

    #[test]
    fn expires_on_the_second() {
        let world = World::new();
        let end = at(0).after(IDLE_LIFETIME);

        issued(used(&world, 0, &world.active(), end.before(Lifetime::seconds(1))));
        assert_eq!(refused(used(&world, 0, &world.active(), end)), Refusal::RefreshTokenExpired);
    }

    #[test]
    fn that_has_expired_does_not_live_again_when_the_clock_is_set_back() {
        covers!("ATK-295");
        let world = World::new();
        let late = at(0).after(IDLE_LIFETIME);
        let grant = world.active().without_access_token_at(late, 0).unwrap();

        assert_eq!(refused(used(&world, 0, &grant, at(0))), Refusal::RefreshTokenExpired);
    }
}

mod a_spent_token {
    use super::*;

    #[test]
    fn ends_the_grant() {
        let world = World::new();

        let (reason, refusal) = ended(used(&world, 0, &rotated(&world), at(2)));

        assert_eq!((reason, refusal), (EndReason::RefreshTokenReused, Refusal::RefreshTokenReused));
    }

    #[test]
    fn ends_the_grant_though_the_chain_has_expired_and_too_much_is_asked() {
        let world = World::new();
        let grant = rotated(&world);
        let late = at(0).after(Lifetime::days(1000));

        let verdict = presented(&world, 0, &terms("scope=admin"), &world.client, &grant, None, late);

        assert_eq!(ended(verdict).0, EndReason::RefreshTokenReused);
    }

    #[test]
    fn changes_nothing_in_the_hands_of_a_stranger() {
        let world = World::new();
        let grant = rotated(&world);
        for (client, refusal) in [
            (world.another_client(), Refusal::IssuedToAnotherClient),
            (world.replaced_client(), Refusal::ClientReplaced),
        ] {
            let verdict = presented(&world, 0, &RequestedTerms::default(), &client, &grant, None, at(2));
            assert_eq!(refused(verdict), refusal);
        }
    }

    #[test]
    fn of_the_future_shows_a_rollback_and_accuses_nobody() {
        let world = World::new();

        let (reason, refusal) = ended(used(&world, 2, &rotated(&world), at(2)));

        assert_eq!((reason, refusal), (EndReason::RolledBack, Refusal::RolledBack));
    }
}

mod within_the_window {
    use super::*;

    #[test]
    fn the_predecessor_gets_the_successor_again() {
        let world = World::new();
        let (grant, chain) = rotated_with_window(&world, 0);

        let RefreshPlan::Repeat(successor) = issued(used(&world, 0, &grant, at(5))).refresh else {
            panic!("the window is open")
        };

        let again = presented_refresh(successor.generation, &successor.secret);
        let recognition = chain.recognize(&again, world.realm.fingerprint(), GRANT, None, at(5));
        assert!(matches!(recognition, crate::record::Recognition::Live));
    }

    #[test]
    fn a_retry_may_ask_for_any_terms_of_the_grant() {
        let world = World::new();
        let (grant, _) = rotated_with_window(&world, 1);
        let retry = |form| presented(&world, 0, &terms(form), &world.client, &grant, None, at(5));

        assert_eq!(issued(retry("scope=read")).access.scope.as_str(), "read");
        assert_eq!(refused(retry("scope=admin")), Refusal::ScopeNotGranted);
    }

    #[test]
    fn a_third_retry_is_refused_and_the_grant_lives() {
        let world = World::new();
        let (grant, _) = rotated_with_window(&world, 2);

        assert_eq!(refused(used(&world, 0, &grant, at(5))), Refusal::RefreshTokenSuperseded);
        assert_eq!(ended(used(&world, 0, &grant, at(11))).0, EndReason::RefreshTokenReused);
    }

    #[test]
    fn a_stranger_gets_nothing() {
        let world = World::new();
        let (grant, _) = rotated_with_window(&world, 0);
        let verdict = presented(&world, 0, &terms(""), &world.another_client(), &grant, None, at(5));

        assert_eq!(refused(verdict), Refusal::IssuedToAnotherClient);
    }

    #[test]
    fn a_retry_needs_the_key_of_the_chain() {
        let world = World::new();
        let salt = Salt::from_bytes([9; 16]);
        let successor = world.derivation.successor(&secret(CredentialKind::RefreshToken, 0), salt, GRANT, 1);
        let digest = CredentialKind::RefreshToken.digest(world.realm.fingerprint(), &successor);
        let retry = Some(Retry { salt, key: 7, count: 0 });
        let chain = world.bound_chain(Some(key(1)));
        let grant = world.active_with(chain.rotated_at(at(1), digest, retry, Lifetime::seconds(10), IDLE_LIFETIME));
        let judge = |proven| presented(&world, 0, &terms(""), &world.client, &grant, proven, at(5));

        assert!(matches!(issued(judge(Some(key(1)))).refresh, RefreshPlan::Repeat(_)));
        assert_eq!(refused(judge(Some(key(2)))), Refusal::ProofKeyMismatch);
        assert_eq!(refused(judge(None)), Refusal::ProofKeyMismatch);
    }
}

mod a_bound_chain {
    use super::*;

    #[test]
    fn does_not_rotate_and_needs_its_key() {
        let world = World::new();
        let grant = world.active_with(world.bound_chain(Some(key(1))));
        let judge = |proven| presented(&world, 0, &terms(""), &world.client, &grant, proven, at(1));

        let issue = issued(judge(Some(key(1))));
        assert!(matches!(issue.refresh, RefreshPlan::Keep { .. }));
        assert!(issue.access.confirmation.unwrap().matches(&key(1)));
        for proven in [None, Some(key(2)), Some(Confirmation::Certificate([1; 32].into()))] {
            assert_eq!(refused(judge(proven)), Refusal::ProofKeyMismatch);
        }
    }

    #[test]
    fn is_not_ended_by_a_spent_token_without_its_key() {
        let world = World::new();
        let next = world.digest(CredentialKind::RefreshToken, 1);
        let chain = world.bound_chain(Some(key(1))).rotated_at(at(1), next, None, Lifetime::ZERO, IDLE_LIFETIME);
        let grant = world.active_with(chain);
        let judge = |proven| presented(&world, 0, &terms(""), &world.client, &grant, proven, at(2));

        assert_eq!(refused(judge(None)), Refusal::ProofKeyMismatch);
        assert_eq!(refused(judge(Some(key(2)))), Refusal::ProofKeyMismatch);
        assert_eq!(ended(judge(Some(key(1)))).0, EndReason::RefreshTokenReused);
    }

    #[test]
    fn of_a_confidential_client_may_come_with_a_new_key() {
        let world = World::confidential();
        let judge = |proven| presented(&world, 0, &terms(""), &world.client, &world.active(), proven, at(1));

        for byte in [1, 2] {
            assert!(issued(judge(Some(key(byte)))).access.confirmation.unwrap().matches(&key(byte)));
        }
        assert!(issued(judge(None)).access.confirmation.is_none());
    }
}

mod junk {
    use super::*;

    #[test]
    fn is_what_has_the_wrong_secret_or_family_or_no_grant() {
        let world = World::new();
        let grant = rotated(&world);
        let judge = |presented: Option<&PresentedRefresh<'_>>, grant| {
            let terms = RequestedTerms::default();
            refused(refresh(presented, &terms, &world.client, grant, None, None, &world.policy, at(2)))
        };
        let right = secret(CredentialKind::RefreshToken, 1);
        let wrong = secret(CredentialKind::RefreshToken, 9);
        let stranger = [0; 16];
        for generation in [0, 1, 2, u32::MAX] {
            let presented = PresentedRefresh { generation, family: &stranger, secret: &right };
            assert_eq!(judge(Some(&presented), Some(&grant)), Refusal::UnknownRefreshToken);
        }
        let presented = PresentedRefresh { generation: 1, family: &FAMILY, secret: &wrong };
        assert_eq!(judge(Some(&presented), Some(&grant)), Refusal::UnknownRefreshToken);
        let presented = PresentedRefresh { generation: 1, family: &FAMILY, secret: &right };
        assert_eq!(judge(Some(&presented), None), Refusal::UnknownRefreshToken);
        assert_eq!(judge(None, Some(&grant)), Refusal::UnknownRefreshToken);
    }

    #[test]
    fn is_what_is_presented_to_a_grant_without_a_chain() {
        let world = World::new();
        let token = world.stored_access_token(0, at(0));
        let without = world.approved().redeemed_at(at(0), token, None).unwrap();
        for grant in [world.approved(), without] {
            assert_eq!(refused(used(&world, 0, &grant, at(1))), Refusal::UnknownRefreshToken);
        }
        let over = world.active().ended_at(at(1), EndReason::EndedByHost);
        assert_eq!(refused(used(&world, 0, &over, at(1))), Refusal::GrantEnded);
    }
}

mod the_terms {
    use super::*;

    #[test]
    fn may_be_narrowed_and_never_widened() {
        let world = World::new();
        assert_eq!(issued(asking(&world, "scope=read")).access.scope.as_str(), "read");
        assert_eq!(issued(asking(&world, "scope=write+read")).access.scope.as_str(), "read write");
        for form in ["scope=admin", "scope=read+admin", "scope=Read"] {
            assert_eq!(refused(asking(&world, form)), Refusal::ScopeNotGranted, "{form}");
        }
        issued(asking(&world, "resource=https://api.example/"));
        for form in ["resource=https://other.example", "resource=https://api.example&resource=https://other.example"] {
            assert_eq!(refused(asking(&world, form)), Refusal::ResourceNotGranted, "{form}");
        }
    }

    #[test]
    fn of_one_refresh_do_not_bind_the_next() {
        let world = World::confidential();
        let grant = world.active();
        let read = presented(&world, 0, &terms("scope=read"), &world.client, &grant, None, at(1));
        assert_eq!(issued(read).access.scope.as_str(), "read");

        let chain = world.chain().used_at(at(1), IDLE_LIFETIME);
        let grant = grant.refreshed_at(at(1), world.stored_access_token(1, at(1)), chain, 64).unwrap();
        assert_eq!(issued(used(&world, 0, &grant, at(2))).access.scope.as_str(), "read write");
    }

    #[test]
    fn are_for_one_resource_unless_the_client_may_have_several() {
        let mut world = World::new();
        let both: Vec<_> = ["https://api.example", "https://other.example"].map(|text| text.parse().unwrap()).into();
        world.client.resources = crate::value::ResourceSet::new(both).unwrap();

        assert_eq!(refused(asking(&world, "")), Refusal::ResourceAmbiguous);
        assert_eq!(issued(asking(&world, "resource=https://other.example")).access.audience.len(), 1);
        world.client.allows_multiple_audiences = true;
        assert_eq!(issued(asking(&world, "")).access.audience.len(), 2);
    }
}

#[test]
fn a_client_that_may_not_refresh_is_refused_first() {
    let mut world = World::new();
    let grant = rotated(&world);
    world.client.grant_types.clear();

    let refusal = refused(used(&world, 0, &grant, at(2)));

    assert_eq!((refusal, refusal.code()), (Refusal::GrantTypeNotAllowed, ErrorCode::UnauthorizedClient));
}
