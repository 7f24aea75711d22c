//! Grant types of the host's own: the host judges, within what the client may have.

use crate::grant_type::custom::{issue, requested};
use crate::grant_type::{Issue, RefreshPlan, Refusal};
use crate::record::Approval;
use crate::value::{GrantType, Resource, ResourceSet};
use crate::world::{World, api, terms};

fn grant_type() -> GrantType {
    "urn:example:exchange".parse().unwrap()
}

fn world() -> World {
    let mut world = World::confidential();
    world.client.grant_types = [grant_type(), GrantType::RefreshToken].into();
    world.client.default_scope = "read".parse().unwrap();
    world
}

fn elsewhere() -> ResourceSet {
    ResourceSet::from("https://other.example".parse::<Resource>().unwrap())
}

/// What is issued where the host approved this scope, these resources and, unless `None`, a user.
fn approved(
    world: &World,
    scope: &str,
    resources: ResourceSet,
    with_user: bool,
    form: &str,
) -> Result<(Approval, Issue), Refusal> {
    let user = world.approval().user.filter(|_| with_user);
    let approval = Approval { scope: scope.parse().unwrap(), resources, user };
    issue(approval, &terms(form), &world.client, true, None, &world.policy)
}

#[test]
fn the_host_is_asked_about_what_the_client_may_have() {
    let world = world();
    let ask = |form| requested(&grant_type(), &terms(form), &world.client);

    let (scope, resources) = ask("scope=write").unwrap();
    assert_eq!((scope.as_str(), resources), ("write", api()));
    assert_eq!(ask("").unwrap().0.as_str(), "read");
    assert_eq!(ask("scope=other").unwrap_err(), Refusal::ScopeNotGranted);
    assert_eq!(ask("resource=https://other.example").unwrap_err(), Refusal::ResourceNotGranted);
}

#[test]
fn a_client_must_be_registered_for_it() {
    covers!("ATK-305");
    let world = World::confidential();
    let refusal = requested(&grant_type(), &terms(""), &world.client).unwrap_err();
    assert_eq!(refusal, Refusal::GrantTypeNotAllowed);
}

#[test]
fn what_the_host_approves_is_cut_down_to_what_the_client_may_have() {
    let both = ResourceSet::new(api().iter().chain(elsewhere().iter()).cloned().collect()).unwrap();

    let (approval, issue) = approved(&world(), "other read", both, true, "").unwrap();

    assert_eq!((approval.scope.as_str(), &approval.resources), ("read", &api()));
    assert_eq!((issue.access.scope.as_str(), &issue.access.audience), ("read", &api()));
}

#[test]
fn a_host_that_approves_only_what_the_client_may_not_have_gives_nothing() {
    assert_eq!(approved(&world(), "read", elsewhere(), true, "").unwrap_err(), Refusal::ResourceNotGranted);
}

#[test]
fn a_host_that_names_no_resource_means_what_was_asked_for() {
    let (approval, _) = approved(&world(), "read", ResourceSet::default(), true, "").unwrap();
    assert_eq!(approval.resources, api());

    let refusal = approved(&world(), "read", ResourceSet::default(), true, "resource=https://other.example");
    assert_eq!(refusal.unwrap_err(), Refusal::ResourceNotGranted);
}

#[test]
fn only_what_stands_for_a_user_is_worth_refreshing() {
    let plan = |with_user| approved(&world(), "read", api(), with_user, "").unwrap().1.refresh;

    assert!(matches!(plan(true), RefreshPlan::Start { .. }));
    assert!(matches!(plan(false), RefreshPlan::None));
}

#[test]
fn a_chain_begins_only_where_host_and_client_allow_it() {
    let mut world = world();
    let terms = terms("");
    let refused_by_host = issue(world.approval(), &terms, &world.client, false, None, &world.policy).unwrap().1;
    assert!(matches!(refused_by_host.refresh, RefreshPlan::None));

    world.client.grant_types = [grant_type()].into();
    let refused_by_client = issue(world.approval(), &terms, &world.client, true, None, &world.policy).unwrap().1;
    assert!(matches!(refused_by_client.refresh, RefreshPlan::None));
}
