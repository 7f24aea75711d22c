//! What falls with a token that is given back, and whose it must be.

use super::{Refusal, Verdict, revoke};
use crate::record::{Client, Credential, CredentialKind, EndReason, Grant};
use crate::value::{Lifetime, Timestamp};
use crate::wire::ErrorCode;
use crate::world::{IDLE_LIFETIME, World, at, presented};

fn given_back(
    world: &World,
    credential: &Credential,
    grant: &Grant,
    client: &Client,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let presented = presented(credential);
    revoke(&presented, &presented.locator(&world.masking), grant, client, &world.policy, now)
}

const ENDS: Result<Verdict, Refusal> = Ok(Verdict::End(EndReason::RevokedByClient));

#[test]
fn an_access_token_falls_alone() {
    let world = World::new();
    let grant = world.active();

    let verdict = given_back(&world, &world.access_token(0), &grant, &world.client, at(1));

    assert_eq!(verdict, Ok(Verdict::RemoveAccessToken(0)));
}

#[test]
fn with_a_refresh_token_the_grant_ends() {
    let world = World::new();

    assert_eq!(given_back(&world, &world.refresh_token(0), &world.active(), &world.client, at(1)), ENDS);
}

#[test]
fn with_a_spent_refresh_token_too() {
    let world = World::new();
    let next = world.digest(CredentialKind::RefreshToken, 1);
    for window in [Lifetime::ZERO, Lifetime::seconds(60)] {
        let grant = world.active_with(world.chain().rotated_at(at(1), next, None, window, IDLE_LIFETIME));
        for generation in [0, 1, 2] {
            let token = world.refresh_token(generation);
            assert_eq!(given_back(&world, &token, &grant, &world.client, at(2)), ENDS, "{generation}");
        }
    }
}

#[test]
fn for_what_is_not_valid_there_is_nothing_to_do() {
    let world = World::new();
    let active = world.active();
    let ended = active.ended_at(at(1), EndReason::EndedByHost);
    let forged = Credential::new(
        "",
        CredentialKind::RefreshToken,
        &world.masking,
        &crate::record::Locator::of_refresh_token(active.id(), 0, [0; 16]),
        &crate::world::secret(CredentialKind::RefreshToken, 0),
    );
    for (credential, grant, now) in [
        (world.code(), world.approved(), at(1)),
        (world.code(), active.clone(), at(1)),
        (world.access_token(0), world.approved(), at(1)),
        (world.access_token(0), ended.clone(), at(1)),
        (world.refresh_token(0), ended, at(1)),
        (world.access_token(1), active.clone(), at(1)),
        (world.access_token(0), active.clone(), at(600)),
        (forged, active, at(1)),
    ] {
        for client in [&world.client, &world.another_client()] {
            assert_eq!(given_back(&world, &credential, &grant, client, now), Ok(Verdict::Nothing));
        }
    }
}

#[test]
fn without_a_chain_a_refresh_token_is_nothing() {
    let world = World::new();
    let grant = world.approved().redeemed_at(at(0), world.stored_access_token(0, at(0)), None).unwrap();

    assert_eq!(given_back(&world, &world.refresh_token(0), &grant, &world.client, at(1)), Ok(Verdict::Nothing));
}

mod foreign_tokens {
    use super::*;

    #[test]
    fn a_confidential_client_is_told() {
        let world = World::confidential();
        for credential in [world.access_token(0), world.refresh_token(0)] {
            for client in [world.another_client(), world.replaced_client()] {
                let verdict = given_back(&world, &credential, &world.active(), &client, at(1));
                assert_eq!(verdict, Err(Refusal::IssuedToAnotherClient));
            }
        }
        assert_eq!(Refusal::IssuedToAnotherClient.code(), ErrorCode::InvalidGrant);
    }

    #[test]
    fn a_public_client_is_not() {
        let world = World::new();
        for credential in [world.access_token(0), world.refresh_token(0)] {
            for client in [world.another_client(), world.replaced_client()] {
                let verdict = given_back(&world, &credential, &world.active(), &client, at(1));
                assert_eq!(verdict, Ok(Verdict::Nothing));
            }
        }
    }

    #[test]
    fn a_policy_may_keep_silent() {
        let mut world = World::confidential();
        world.policy.danger.silences_foreign_revocation = true;
        let (credential, client) = (world.refresh_token(0), world.another_client());

        assert_eq!(given_back(&world, &credential, &world.active(), &client, at(1)), Ok(Verdict::Nothing));
        assert_eq!(given_back(&world, &credential, &world.active(), &world.client, at(1)), ENDS);
    }
}
