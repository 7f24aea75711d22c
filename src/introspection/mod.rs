//! Whether a token is active, and what the caller may see of it.
//!
//! Resource servers are told about tokens for themselves; a client, by its flag, about its own tokens. Everybody else,
//! and everything that is not active, gets the same answer.
//!
//! [RFC 7662 §2](https://www.rfc-editor.org/rfc/rfc7662#section-2),
//! [§4](https://www.rfc-editor.org/rfc/rfc7662#section-4)

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::record::{
    AccessToken, Active, Client, CredentialKind, Grant, Locator, Phase, PresentedCredential, PresentedRefresh,
    Recognition,
};
use crate::value::{Issuer, ResourceSet, ScopeSet, Timestamp};
use crate::wire::{ActiveToken, IntrospectionResponse};

/// Judges a token that a caller asks about.
///
/// `holder` is the client that the grant names, as it is registered now; without it nothing is active.
#[must_use]
pub fn introspect<'a>(
    presented: &PresentedCredential,
    locator: &Locator,
    grant: &'a Grant,
    holder: Option<&Client>,
    caller: &Client,
    issuer: &'a Issuer,
    now: Timestamp,
) -> IntrospectionResponse<'a> {
    match active_token(presented, locator, grant, holder, caller, issuer, now) {
        Some(token) => IntrospectionResponse::Active(token),
        None => IntrospectionResponse::Inactive,
    }
}

fn active_token<'a>(
    presented: &PresentedCredential,
    locator: &Locator,
    grant: &'a Grant,
    holder: Option<&Client>,
    caller: &Client,
    issuer: &'a Issuer,
    now: Timestamp,
) -> Option<ActiveToken<'a>> {
    let now = grant.time(now);
    holder.filter(|holder| holder.instance == grant.client_instance() && !holder.is_disabled)?;
    let Phase::Active(active) = grant.phase() else { return None };
    let owns = caller.id() == grant.client() && caller.instance == grant.client_instance();
    let sees_own = owns && caller.may_introspect_own_tokens;
    let shown = |scope: &'a ScopeSet, audience, issued_at, expires_at, is_access_token| ActiveToken {
        issuer: Cow::Borrowed(issuer),
        client: Cow::Borrowed(grant.client()),
        subject: grant.subject().map(Cow::Borrowed),
        scope: Cow::Borrowed(scope),
        audience,
        issued_at,
        expires_at,
        is_access_token,
    };
    match presented.kind() {
        CredentialKind::AccessToken => {
            let token = live_access_token(presented, locator, grant, active, now)?;
            let (scope, audience) = token_terms(token, grant);
            let audience = if sees_own || audience.is_subset_of(&caller.identifies) {
                Cow::Borrowed(audience)
            } else {
                Cow::Owned(audience.intersection(&caller.identifies))
            };
            // Without an audience of its own the caller learns nothing.
            if audience.is_empty() && !sees_own {
                return None;
            }
            Some(shown(scope, audience, token.issued_at, token.expires_at, true))
        }
        CredentialKind::RefreshToken if sees_own => {
            let chain = active.refresh.as_ref()?;
            let refresh =
                PresentedRefresh { generation: locator.counter, family: &locator.family, secret: presented.secret() };
            let recognition = chain.recognize(&refresh, grant.realm().fingerprint(), grant.id(), None, now);
            let is_live = matches!(recognition, Recognition::Live) && !chain.expires_at().is_past(now);
            let approval = grant.approval();
            let audience = Cow::Borrowed(&approval.resources);
            is_live.then(|| shown(&approval.scope, audience, grant.created_at(), chain.expires_at(), false))
        }
        CredentialKind::RefreshToken | CredentialKind::Code => None,
    }
}

/// The live access token that was presented.
pub(crate) fn live_access_token<'a>(
    presented: &PresentedCredential,
    locator: &Locator,
    grant: &Grant,
    active: &'a Active,
    now: Timestamp,
) -> Option<&'a AccessToken> {
    let digest = CredentialKind::AccessToken.digest(grant.realm().fingerprint(), presented.secret());
    active.access.find(locator.counter).filter(|token| token.digest.matches(&digest) && !token.expires_at.is_past(now))
}

/// The scope and audience of an access token.
pub(crate) fn token_terms<'a>(token: &'a AccessToken, grant: &'a Grant) -> (&'a ScopeSet, &'a ResourceSet) {
    match &token.narrowed {
        Some(narrowed) => (&narrowed.scope, &narrowed.audience),
        None => (&grant.approval().scope, &grant.approval().resources),
    }
}
