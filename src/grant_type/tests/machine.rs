//! A machine's tokens for itself.

use crate::grant_type::client_credentials::issue;
use crate::grant_type::{Issue, RefreshPlan, Refusal};
use crate::record::Approval;
use crate::value::{GrantType, ResourceSet};
use crate::world::{TOKEN_LIFETIME, World, api, key, terms};

fn machine() -> World {
    let mut world = World::confidential();
    world.client.grant_types = [GrantType::ClientCredentials, GrantType::RefreshToken].into();
    world.client.default_scope = "read".parse().unwrap();
    world
}

fn asking(world: &World, form: &str) -> Result<(Approval, Issue), Refusal> {
    issue(terms(form), &world.client, None, &world.policy)
}

#[test]
fn it_gets_its_default_scope_for_its_resources_and_no_refresh_token() {
    let (approval, issue) = asking(&machine(), "").unwrap();

    assert_eq!((approval.scope.as_str(), &approval.resources), ("read", &api()));
    assert!(approval.user.is_none());
    assert_eq!((issue.access.scope.as_str(), issue.access.lifetime), ("read", TOKEN_LIFETIME));
    assert_eq!(issue.access.audience, api());
    assert!(matches!(issue.refresh, RefreshPlan::None));
}

#[test]
fn it_gets_what_it_asks_for_within_what_it_may_have() {
    let world = machine();
    assert_eq!(asking(&world, "scope=write+admin").unwrap().1.access.scope.as_str(), "admin write");
    assert_eq!(asking(&world, "scope=other").unwrap_err(), Refusal::ScopeNotGranted);
    assert_eq!(asking(&world, "resource=https://api.example").unwrap().0.resources, api());
    assert_eq!(asking(&world, "resource=https://other.example").unwrap_err(), Refusal::ResourceNotGranted);
}

#[test]
fn without_a_default_scope_it_must_ask() {
    let mut world = machine();
    world.client.default_scope = "".parse().unwrap();
    assert_eq!(asking(&world, "").unwrap_err(), Refusal::ScopeNotGranted);
    assert!(asking(&world, "scope=read").is_ok());

    world.client.scope = "".parse().unwrap();
    assert_eq!(asking(&world, "").unwrap().0.scope.as_str(), "");
}

#[test]
fn it_has_no_user_to_speak_of() {
    let mut world = machine();
    world.client.scope = "offline_access openid read".parse().unwrap();
    for form in ["scope=openid", "scope=read+offline_access"] {
        assert_eq!(asking(&world, form).unwrap_err(), Refusal::ScopeNotGranted, "{form}");
    }
    world.client.default_scope = "openid".parse().unwrap();
    assert_eq!(asking(&world, "").unwrap_err(), Refusal::ScopeNotGranted);
}

#[test]
fn a_public_client_is_no_machine() {
    let mut world = World::new();
    world.client.grant_types = [GrantType::ClientCredentials].into();
    assert_eq!(asking(&world, "scope=read").unwrap_err(), Refusal::GrantTypeNotAllowed);
}

#[test]
fn a_client_must_be_registered_for_it() {
    assert_eq!(asking(&World::confidential(), "scope=read").unwrap_err(), Refusal::GrantTypeNotAllowed);
}

#[test]
fn several_resources_are_ambiguous_unless_the_client_may_have_them() {
    let mut world = machine();
    let both: Vec<_> = ["https://api.example", "https://other.example"].map(|text| text.parse().unwrap()).into();
    world.client.resources = ResourceSet::new(both).unwrap();
    assert_eq!(asking(&world, "").unwrap_err(), Refusal::ResourceAmbiguous);
    world.client.allows_multiple_audiences = true;
    assert_eq!(asking(&world, "").unwrap().1.access.audience.len(), 2);
}

#[test]
fn its_token_is_bound_to_the_key_that_it_proved() {
    let world = machine();
    let (_, issue) = issue(terms(""), &world.client, Some(&key(1)), &world.policy).unwrap();
    assert!(issue.access.confirmation.unwrap().matches(&key(1)));
}
