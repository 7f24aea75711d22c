//! Refreshing.
//!
//! A public client's refresh token is spent at every use, unless it is bound to a key; seeing a spent one again means
//! that two parties hold the chain, so the whole grant ends. Bindings are checked before reuse, so a stranger who
//! found an old token changes nothing.
//!
//! [RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
//! [RFC 9700 §4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)

use super::terms::{idle_lifetime, rotates};
use super::{AccessTerms, Issue, RefreshPlan, Refusal, Verdict};
use crate::policy::Policy;
use crate::record::{Client, DerivationKey, EndReason, Grant, Phase, PresentedRefresh, Recognition, RefreshChain};
use crate::value::{Confirmation, GrantType, Timestamp};
use crate::wire::RequestedTerms;

/// Judges a presented refresh token.
///
/// `grant` is the record that the token's locator names; `proven` is the key that the sender proved to hold;
/// `derivation` is the key that the chain's open retry names, if the keyring still has it.
///
/// # Errors
///
/// [`Refusal::GrantTypeNotAllowed`], [`Refusal::UnknownRefreshToken`], [`Refusal::GrantEnded`],
/// [`Refusal::IssuedToAnotherClient`], [`Refusal::ClientReplaced`], [`Refusal::ProofKeyMismatch`],
/// [`Refusal::RefreshTokenSuperseded`], [`Refusal::RefreshTokenExpired`], or a refusal for the scope or the resource.
/// They change nothing; what does is a [`Verdict`].
#[expect(clippy::too_many_arguments, reason = "a judgement is told everything")]
pub fn refresh(
    presented: Option<&PresentedRefresh<'_>>,
    requested: &RequestedTerms,
    client: &Client,
    grant: Option<&Grant>,
    proven: Option<&Confirmation>,
    derivation: Option<&DerivationKey>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    if !client.allows_grant_type(&GrantType::RefreshToken) {
        return Err(Refusal::GrantTypeNotAllowed);
    }
    let (Some(presented), Some(grant)) = (presented, grant) else { return Err(Refusal::UnknownRefreshToken) };
    let now = grant.time(now);
    let chain = live_chain(grant)?;
    let recognition = chain.recognize(presented, grant.realm().fingerprint(), grant.id(), derivation, now);
    if matches!(recognition, Recognition::Unknown) {
        return Err(Refusal::UnknownRefreshToken);
    }
    if grant.client() != client.id() {
        return Err(Refusal::IssuedToAnotherClient);
    }
    if grant.client_instance() != client.instance {
        return Err(Refusal::ClientReplaced);
    }
    if chain.confirmation().is_some_and(|bound| !proven.is_some_and(|proven| bound.matches(proven))) {
        return Err(Refusal::ProofKeyMismatch);
    }
    let idle = idle_lifetime(client, policy);
    let plan = match recognition {
        Recognition::Reused => {
            return Ok(Verdict::End(EndReason::RefreshTokenReused, Refusal::RefreshTokenReused));
        }
        Recognition::RolledBack => return Ok(Verdict::End(EndReason::RolledBack, Refusal::RolledBack)),
        Recognition::Superseded => return Err(Refusal::RefreshTokenSuperseded),
        Recognition::Unknown => return Err(Refusal::UnknownRefreshToken),
        Recognition::Retryable(successor) => RefreshPlan::Repeat(successor),
        Recognition::Live if rotates(client, chain.confirmation().is_some(), policy) => RefreshPlan::Rotate { idle },
        Recognition::Live => RefreshPlan::Keep { idle },
    };
    if chain.expires_at().is_past(now) {
        return Err(Refusal::RefreshTokenExpired);
    }
    let RequestedTerms { scope, resources } = requested;
    let mut access = AccessTerms::within(grant.approval(), client, scope.as_ref(), resources, policy)?;
    access.confirmation = proven.copied();
    Ok(Verdict::Issue(Issue { access, refresh: plan }))
}

fn live_chain(grant: &Grant) -> Result<&RefreshChain, Refusal> {
    match grant.phase() {
        Phase::Active(active) => active.refresh.as_deref().ok_or(Refusal::UnknownRefreshToken),
        Phase::Approved(_) => Err(Refusal::UnknownRefreshToken),
        Phase::Ended(_) => Err(Refusal::GrantEnded),
    }
}
