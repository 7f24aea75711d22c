//! A machine's tokens for itself.
//!
//! Only for clients that authenticate; never with a refresh token, and never with a scope that speaks of a user.
//!
//! [RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)

use super::terms::{requested_resources, requested_scope};
use super::{AccessTerms, Issue, RefreshPlan, Refusal};
use crate::policy::Policy;
use crate::record::{Approval, Client};
use crate::value::{Confirmation, GrantType, ResourceSet};
use crate::wire::RequestedTerms;

/// Judges a machine's request: what is approved, and which token to issue.
///
/// # Errors
///
/// [`Refusal::GrantTypeNotAllowed`], [`Refusal::ScopeNotGranted`], [`Refusal::ResourceNotGranted`] or
/// [`Refusal::ResourceAmbiguous`].
pub fn issue(
    requested: RequestedTerms,
    client: &Client,
    proven: Option<&Confirmation>,
    policy: &Policy,
) -> Result<(Approval, Issue), Refusal> {
    if client.is_public() || !client.allows_grant_type(&GrantType::ClientCredentials) {
        return Err(Refusal::GrantTypeNotAllowed);
    }
    let scope = requested_scope(requested.scope, client)?;
    if scope.iter().any(|token| USER_SCOPES.contains(&token)) {
        return Err(Refusal::ScopeNotGranted);
    }
    let resources = requested_resources(requested.resources, client)?;
    let approval = Approval { scope, resources, user: None };
    let mut access = AccessTerms::within(&approval, client, None, &ResourceSet::default(), policy)?;
    access.confirmation = proven.copied();
    Ok((approval, Issue { access, refresh: RefreshPlan::None }))
}

/// Scope tokens that ask for something of a user, which a machine has not.
const USER_SCOPES: [&str; 2] = ["offline_access", "openid"];
