//! A token that its authorization server vouches for, and the two ways to get one: from its grant, or by asking.
//!
//! [RFC 7662 §2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)

use crate::introspection::{live_access_token, token_terms};
use crate::policy::IntrospectionPolicy;
use crate::record::{Client, CredentialKind, Grant, Locator, Phase, PresentedCredential};
use crate::value::{ClientId, ResourceSet, ScopeSet, Subject, Timestamp};
use crate::wire::{IntrospectedToken, IntrospectedType, IntrospectionAnswer};

/// What an authorization server says of a live access token. The token itself is not in it.
///
/// Whoever builds one vouches for it: it was live when it was asked about, but nothing was compared with what a
/// resource needs. That is [`Requirement::ensure_met_by`](super::Requirement::ensure_met_by).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedToken {
    /// The client that holds the token. A remote server may keep it to itself.
    pub client: Option<ClientId>,
    /// The user whom the token stands for; none for a machine's own token.
    pub subject: Option<Subject>,
    /// The token's scope.
    pub scope: ScopeSet,
    /// The resources that the token is meant for.
    pub audience: ResourceSet,
    /// When the token was issued. A remote server may keep it to itself.
    pub issued_at: Option<Timestamp>,
    /// When the token expires. A remote server may keep it to itself.
    pub expires_at: Option<Timestamp>,
    /// Whether the token may be used by whoever bears it. One that is bound to a key may not.
    pub is_bearer: bool,
}

impl VerifiedToken {
    /// A bearer token of that scope and audience, for validators of the host's own.
    #[must_use]
    pub fn new(scope: ScopeSet, audience: ResourceSet) -> Self {
        Self { client: None, subject: None, scope, audience, issued_at: None, expires_at: None, is_bearer: true }
    }
}

/// What the grant says of a presented access token. `None`: it is not active, whatever the reason.
///
/// `holder` is the client that the grant names, as it is registered now; without it nothing is active.
#[must_use]
pub fn verify(
    presented: &PresentedCredential,
    locator: &Locator,
    grant: &Grant,
    holder: Option<&Client>,
    now: Timestamp,
) -> Option<VerifiedToken> {
    let now = grant.time(now);
    holder.filter(|holder| {
        holder.id() == grant.client() && holder.instance == grant.client_instance() && !holder.is_disabled
    })?;
    let Phase::Active(active) = grant.phase() else { return None };
    if presented.kind() != CredentialKind::AccessToken {
        return None;
    }
    let token = live_access_token(presented, locator, grant, active, now)?;
    let (scope, audience) = token_terms(token, grant);
    Some(VerifiedToken {
        client: Some(grant.client().clone()),
        subject: grant.subject().cloned(),
        scope: scope.clone(),
        audience: audience.clone(),
        issued_at: Some(token.issued_at),
        expires_at: Some(token.expires_at),
        is_bearer: token.confirmation.is_none(),
    })
}

/// What a remote server's answer says of the token it was asked about. `None`: it is not active, or not an access
/// token.
#[must_use]
pub fn introspected(
    answer: IntrospectionAnswer,
    policy: &IntrospectionPolicy,
    now: Timestamp,
) -> Option<VerifiedToken> {
    let IntrospectionAnswer::Active(token) = answer else { return None };
    let is_awaited = token.not_before.is_some_and(|from| now < from);
    if is_awaited || token.expires_at.is_some_and(|at| at.is_past(now)) {
        return None;
    }
    let is_bearer = match token.token_type {
        IntrospectedType::Bearer => !token.is_bound,
        IntrospectedType::Other => false,
        IntrospectedType::Unsaid if policy.accepts_untyped_tokens => !token.is_bound,
        // A refresh token is shown without a type.
        IntrospectedType::Unsaid => return None,
    };
    let IntrospectedToken { client, subject, scope, audience, issued_at, expires_at, .. } = *token;
    Some(VerifiedToken { client, subject, scope, audience, issued_at, expires_at, is_bearer })
}
