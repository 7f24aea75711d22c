//! Grant types of the host's own: the host judges, the terms stay within what the client may have.
//!
//! [RFC 6749 §4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)

use super::terms::{new_chain, requested_resources, requested_scope};
use super::{AccessTerms, Issue, RefreshPlan, Refusal};
use crate::policy::Policy;
use crate::record::{Approval, Client};
use crate::value::{Confirmation, GrantType, ResourceSet, ScopeSet};
use crate::wire::RequestedTerms;

/// What the client asks for, within what it may have: for the host to judge.
///
/// # Errors
///
/// [`Refusal::GrantTypeNotAllowed`], [`Refusal::ScopeNotGranted`] or [`Refusal::ResourceNotGranted`].
pub fn requested(
    grant_type: &GrantType,
    requested: &RequestedTerms,
    client: &Client,
) -> Result<(ScopeSet, ResourceSet), Refusal> {
    if !client.allows_grant_type(grant_type) {
        return Err(Refusal::GrantTypeNotAllowed);
    }
    let RequestedTerms { scope, resources } = requested.clone();
    Ok((requested_scope(scope, client)?, requested_resources(resources, client)?))
}

/// Which tokens to issue for what the host approved.
///
/// # Errors
///
/// [`Refusal::ResourceNotGranted`] or [`Refusal::ResourceAmbiguous`].
pub fn issue(
    approval: Approval,
    requested: &RequestedTerms,
    client: &Client,
    allows_refresh: bool,
    proven: Option<&Confirmation>,
    policy: &Policy,
) -> Result<(Approval, Issue), Refusal> {
    let resources = if approval.resources.is_empty() {
        requested_resources(requested.resources.clone(), client)?
    } else {
        approval.resources
    };
    let allowed = resources.intersection(&client.resources);
    // Nothing that is allowed must not become no resource at all.
    if allowed.is_empty() && !resources.is_empty() {
        return Err(Refusal::ResourceNotGranted);
    }
    let approval =
        Approval { scope: approval.scope.intersection(&client.scope), resources: allowed, user: approval.user };
    let mut access = AccessTerms::within(&approval, client, None, &ResourceSet::default(), policy)?;
    access.confirmation = proven.copied();
    // A machine asks again; only what stands for a user is worth refreshing.
    let may_refresh = allows_refresh && approval.user.is_some();
    let refresh = if may_refresh { new_chain(client, proven.copied(), policy) } else { RefreshPlan::None };
    Ok((approval, Issue { access, refresh }))
}
