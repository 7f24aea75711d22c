//! The terms of an access token: always within what was approved and what the client may have now.

use super::Refusal;
use crate::policy::{Policy, RefreshRotation};
use crate::record::{Approval, Client};
use crate::value::{Confirmation, GrantType, Lifetime, ResourceSet, ScopeSet};

use super::RefreshPlan;

/// The terms of an access token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessTerms {
    /// The scope.
    pub scope: ScopeSet,
    /// The audience. Empty: the grant has no resources.
    pub audience: ResourceSet,
    /// How long the token lives.
    pub lifetime: Lifetime,
    /// The key that the sender must prove.
    pub confirmation: Option<Confirmation>,
}

impl AccessTerms {
    /// Terms within an approval: what is asked for, or else everything that the client may still have.
    ///
    /// # Errors
    ///
    /// [`Refusal::ScopeNotGranted`], [`Refusal::ResourceNotGranted`] or [`Refusal::ResourceAmbiguous`].
    pub(super) fn within(
        approval: &Approval,
        client: &Client,
        requested_scope: Option<&ScopeSet>,
        requested_resources: &ResourceSet,
        policy: &Policy,
    ) -> Result<Self, Refusal> {
        // What the operator has taken from the client since is not given again.
        let allowed = approval.scope.intersection(&client.scope);
        let scope = match requested_scope {
            None => allowed,
            Some(scope) if scope.is_subset_of(&allowed) => scope.clone(),
            Some(_) => return Err(Refusal::ScopeNotGranted),
        };
        let allowed = approval.resources.intersection(&client.resources);
        if !approval.resources.is_empty() && allowed.is_empty() {
            return Err(Refusal::ResourceNotGranted);
        }
        let audience = narrowed(requested_resources, allowed, client)?;
        let lifetime = client.overrides.access_token_lifetime.unwrap_or(policy.access_token_lifetime);
        Ok(Self { scope, audience, lifetime, confirmation: None })
    }
}

/// The requested resources, or all that are allowed; one, unless the client may have several in a token.
fn narrowed(requested: &ResourceSet, allowed: ResourceSet, client: &Client) -> Result<ResourceSet, Refusal> {
    if !requested.is_subset_of(&allowed) {
        return Err(Refusal::ResourceNotGranted);
    }
    let audience = if requested.is_empty() { allowed } else { requested.clone() };
    if audience.len() > 1 && !client.allows_multiple_audiences {
        return Err(Refusal::ResourceAmbiguous);
    }
    Ok(audience)
}

/// The scope that is asked for, or the client's default; within what the client may have.
pub(crate) fn requested_scope(requested: Option<ScopeSet>, client: &Client) -> Result<ScopeSet, Refusal> {
    match requested {
        Some(scope) if !scope.is_subset_of(&client.scope) => Err(Refusal::ScopeNotGranted),
        // Often it is the client's own default, spelled out: then one text does for both.
        Some(scope) => Ok(scope.shared_with(&client.default_scope)),
        None if client.default_scope.is_empty() && !client.scope.is_empty() => Err(Refusal::ScopeNotGranted),
        None => Ok(client.default_scope.intersection(&client.scope)),
    }
}

/// The resources that are asked for, or all that the client may have.
pub(crate) fn requested_resources(requested: ResourceSet, client: &Client) -> Result<ResourceSet, Refusal> {
    if requested.is_empty() {
        return Ok(client.resources.clone());
    }
    if !requested.is_subset_of(&client.resources) {
        return Err(Refusal::ResourceNotGranted);
    }
    Ok(requested)
}

/// The chain that begins with a new grant, if the client may refresh.
pub(super) fn new_chain(client: &Client, confirmation: Option<Confirmation>, policy: &Policy) -> RefreshPlan {
    if !client.allows_grant_type(&GrantType::RefreshToken) {
        return RefreshPlan::None;
    }
    let lifetime =
        if client.is_public() { policy.public_refresh_lifetime } else { policy.confidential_refresh_lifetime };
    RefreshPlan::Start {
        // A confidential client authenticates at every refresh, so it may come with a new key.
        confirmation: confirmation.filter(|_| client.is_public()),
        idle: idle_lifetime(client, policy),
        lifetime: client.overrides.refresh_token_lifetime.unwrap_or(lifetime),
    }
}

/// How long a refresh token of the client lives when it is not used.
pub(super) fn idle_lifetime(client: &Client, policy: &Policy) -> Lifetime {
    let idle = if client.is_public() {
        policy.public_refresh_idle_lifetime
    } else {
        policy.confidential_refresh_idle_lifetime
    };
    client.overrides.refresh_token_idle_lifetime.unwrap_or(idle)
}

/// Whether a use of a refresh token spends it. A public client's token that is bound to a key may stay.
pub(super) fn rotates(client: &Client, is_bound: bool, policy: &Policy) -> bool {
    let rotation = client.overrides.refresh_rotation.unwrap_or(policy.confidential_refresh_rotation);
    match rotation {
        RefreshRotation::Always => true,
        RefreshRotation::Never => client.is_public() && !is_bound,
    }
}
