//! What a caller learns of a token: as much as it may see, or nothing.

use std::sync::Arc;

use super::introspect;
use crate::record::{Client, Credential, EndReason, Grant, Narrowed};
use crate::value::{Resource, ResourceSet, Timestamp};
use crate::wire::{ActiveToken, IntrospectionResponse};
use crate::world::{IDLE_LIFETIME, World, api, at, presented};

fn asked(
    world: &World,
    credential: &Credential,
    grant: &Grant,
    holder: Option<&Client>,
    caller: &Client,
    now: Timestamp,
) -> Option<ActiveToken<'static>> {
    let presented = presented(credential);
    let locator = presented.locator(&world.masking);
    let issuer = "https://as.example".parse().unwrap();
    match introspect(&presented, &locator, grant, holder, caller, &issuer, now) {
        IntrospectionResponse::Active(token) => Some(token.into_owned()),
        IntrospectionResponse::Inactive => None,
    }
}

/// What the resource server learns of the first access token.
fn shown(world: &World, grant: &Grant, now: Timestamp) -> Option<ActiveToken<'static>> {
    asked(world, &world.access_token(0), grant, Some(&world.client), &world.resource_server(), now)
}

fn owner(world: &World) -> Client {
    Client { may_introspect_own_tokens: true, ..world.client.clone() }
}

mod resource_servers {
    use super::*;

    #[test]
    fn a_token_for_it_is_shown() {
        let world = World::new();
        let token = shown(&world, &world.active(), at(1)).unwrap();

        assert_eq!(token.issuer.as_str(), "https://as.example");
        assert_eq!(&*token.client, world.client.id());
        assert_eq!(token.subject.unwrap().as_str(), "user");
        assert_eq!((token.scope.as_str(), token.audience.into_owned()), ("read write", api()));
        assert_eq!((token.issued_at, token.expires_at, token.is_access_token), (at(0), at(600), true));
    }

    #[test]
    fn a_token_expires_on_the_second() {
        let world = World::new();

        assert!(shown(&world, &world.active(), at(599)).is_some());
        assert!(shown(&world, &world.active(), at(600)).is_none());
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_revive_a_token() {
        covers!("ATK-295");
        let world = World::new();
        let token = world.stored_access_token(1, at(700));
        let grant = world.active().refreshed_at(at(700), token, world.chain(), 64).unwrap();

        assert!(shown(&world, &grant, at(100)).is_none());
    }

    #[test]
    fn the_audience_is_cut_down_to_the_caller() {
        let world = World::new();
        let other: Resource = "https://other.example".parse().unwrap();
        let both = ResourceSet::new(api().iter().cloned().chain([other.clone()]).collect()).unwrap();
        let narrowed = Narrowed { scope: "read".parse().unwrap(), audience: both };
        let mut token = world.stored_access_token(0, at(0));
        token.narrowed = Some(Arc::new(narrowed));
        let grant = world.approved().redeemed_at(at(0), token, None).unwrap();

        let shown = shown(&world, &grant, at(1)).unwrap();

        assert_eq!((shown.scope.as_str(), shown.audience.into_owned()), ("read", api()));
        let caller = Client { identifies: ResourceSet::from(other.clone()), ..world.another_client() };
        let token = asked(&world, &world.access_token(0), &grant, Some(&world.client), &caller, at(1)).unwrap();
        assert_eq!(token.audience.into_owned(), ResourceSet::from(other));
    }

    #[test]
    fn a_token_for_another_resource_is_not_active() {
        let world = World::new();
        let elsewhere = ResourceSet::from("https://api.example.evil.tld".parse::<Resource>().unwrap());
        for identifies in [ResourceSet::default(), elsewhere] {
            let caller = Client { identifies, ..world.another_client() };
            let token = world.access_token(0);
            assert!(asked(&world, &token, &world.active(), Some(&world.client), &caller, at(1)).is_none());
        }
    }

    #[test]
    fn codes_and_refresh_tokens_are_not_for_it() {
        covers!("ATK-095");
        let world = World::new();
        for credential in [world.code(), world.refresh_token(0)] {
            for grant in [world.active(), world.approved()] {
                let caller = world.resource_server();
                assert!(asked(&world, &credential, &grant, Some(&world.client), &caller, at(1)).is_none());
            }
        }
    }
}

mod what_is_not_active {
    use super::*;

    #[test]
    fn nothing_of_a_grant_that_has_ended_or_is_not_redeemed() {
        let world = World::new();
        let ended = world.active().ended_at(at(1), EndReason::EndedByHost);
        for grant in [ended, world.approved()] {
            assert!(shown(&world, &grant, at(1)).is_none());
            let owner = owner(&world);
            for token in [world.access_token(0), world.refresh_token(0)] {
                assert!(asked(&world, &token, &grant, Some(&world.client), &owner, at(1)).is_none());
            }
        }
    }

    #[test]
    fn nothing_of_a_client_that_is_gone_disabled_or_replaced() {
        let world = World::new();
        let disabled = Client { is_disabled: true, ..world.client.clone() };
        for holder in [None, Some(&disabled), Some(&world.replaced_client())] {
            let (token, caller) = (world.access_token(0), world.resource_server());
            assert!(asked(&world, &token, &world.active(), holder, &caller, at(1)).is_none());
        }
    }

    #[test]
    fn a_token_that_was_revoked_or_never_issued() {
        let world = World::new();
        let grant = world.active().without_access_token_at(at(1), 0).unwrap();
        assert!(shown(&world, &grant, at(1)).is_none());

        let (never, caller) = (world.access_token(1), world.resource_server());
        assert!(asked(&world, &never, &world.active(), Some(&world.client), &caller, at(1)).is_none());
    }

    #[test]
    fn a_token_of_a_serial_that_was_given_again() {
        let world = World::new();
        let mut token = world.stored_access_token(7, at(0));
        token.serial = 0;
        let grant = world.approved().redeemed_at(at(0), token, None).unwrap();

        assert!(shown(&world, &grant, at(1)).is_none());
    }
}

mod owners {
    use super::*;

    #[test]
    fn a_client_sees_its_own_tokens_by_its_flag() {
        let world = World::new();
        let ask = |caller: &Client, token: &Credential| {
            asked(&world, token, &world.active(), Some(&world.client), caller, at(1))
        };
        for token in [world.access_token(0), world.refresh_token(0)] {
            assert!(ask(&owner(&world), &token).is_some());
            assert!(ask(&world.client, &token).is_none());
            let other = Client { may_introspect_own_tokens: true, ..world.another_client() };
            assert!(ask(&other, &token).is_none());
            let replaced = Client { may_introspect_own_tokens: true, ..world.replaced_client() };
            assert!(ask(&replaced, &token).is_none());
        }
    }

    #[test]
    fn a_token_without_audience_is_its_owners_only() {
        let world = World::new();
        let mut token = world.stored_access_token(0, at(0));
        let narrowed = Narrowed { scope: "read".parse().unwrap(), audience: ResourceSet::default() };
        token.narrowed = Some(Arc::new(narrowed));
        let grant = world.approved().redeemed_at(at(0), token, None).unwrap();

        assert!(shown(&world, &grant, at(1)).is_none());
        let token = world.access_token(0);
        assert!(asked(&world, &token, &grant, Some(&world.client), &owner(&world), at(1)).is_some());
    }

    #[test]
    fn a_refresh_token_is_shown_as_what_it_is() {
        let world = World::new();
        let (grant, owner) = (world.active(), owner(&world));
        let ask = |now| asked(&world, &world.refresh_token(0), &grant, Some(&world.client), &owner, now);

        let token = ask(at(1)).unwrap();

        assert!(!token.is_access_token);
        assert_eq!((token.issued_at, token.expires_at), (at(0), at(0).after(IDLE_LIFETIME)));
        assert_eq!((token.scope.as_str(), token.audience.into_owned()), ("read write", api()));
        assert!(ask(at(0).after(IDLE_LIFETIME)).is_none());
    }

    #[test]
    fn a_refresh_token_that_is_not_the_live_one_is_not_active() {
        let world = World::new();
        let owner = owner(&world);
        for generation in [1, 2] {
            let token = world.refresh_token(generation);
            assert!(asked(&world, &token, &world.active(), Some(&world.client), &owner, at(1)).is_none());
        }
        let chain = world.chain();
        let next = world.digest(crate::record::CredentialKind::RefreshToken, 1);
        let rotated = chain.rotated_at(at(1), next, None, crate::value::Lifetime::seconds(10), IDLE_LIFETIME);
        let grant = world.active_with(rotated);
        assert!(asked(&world, &world.refresh_token(0), &grant, Some(&world.client), &owner, at(2)).is_none());
        assert!(asked(&world, &world.refresh_token(1), &grant, Some(&world.client), &owner, at(2)).is_some());
    }
}
