//! Whose token it is, and what falls with it.
//!
//! An access token falls alone; with a refresh token the whole grant ends. Another client's token stays as it is.
//!
//! [RFC 7009 §2](https://www.rfc-editor.org/rfc/rfc7009#section-2)

#[cfg(test)]
mod tests;

use crate::introspection::live_access_token;
use crate::policy::Policy;
use crate::record::{
    Active, Client, CredentialKind, EndReason, Grant, Locator, Phase, PresentedCredential, PresentedRefresh,
    Recognition,
};
use crate::value::Timestamp;
use crate::wire::ErrorCode;

/// What a revocation leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Remove the access token of that serial.
    RemoveAccessToken(u32),
    /// End the grant.
    End(EndReason),
    /// The token is not valid, so there is nothing to do.
    Nothing,
}

/// Judges a token that a client gives back.
///
/// # Errors
///
/// [`Refusal::IssuedToAnotherClient`] if a confidential client presents another client's valid token.
pub fn revoke(
    presented: &PresentedCredential,
    locator: &Locator,
    grant: &Grant,
    client: &Client,
    policy: &Policy,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let Phase::Active(active) = grant.phase() else { return Ok(Verdict::Nothing) };
    let verdict = valid_token(presented, locator, grant, active, now);
    let owns = client.id() == grant.client() && client.instance == grant.client_instance();
    if verdict == Verdict::Nothing || owns {
        return Ok(verdict);
    }
    if client.is_public() || policy.danger.silences_foreign_revocation {
        return Ok(Verdict::Nothing);
    }
    Err(Refusal::IssuedToAnotherClient)
}

fn valid_token(
    presented: &PresentedCredential,
    locator: &Locator,
    grant: &Grant,
    active: &Active,
    now: Timestamp,
) -> Verdict {
    match presented.kind() {
        CredentialKind::AccessToken => live_access_token(presented, locator, grant, active, grant.time(now))
            .map_or(Verdict::Nothing, |token| Verdict::RemoveAccessToken(token.serial)),
        CredentialKind::RefreshToken => {
            let Some(chain) = &active.refresh else { return Verdict::Nothing };
            let refresh =
                PresentedRefresh { generation: locator.counter, family: &locator.family, secret: presented.secret() };
            match chain.recognize(&refresh, grant.realm().fingerprint(), grant.id(), None, grant.time(now)) {
                Recognition::Unknown => Verdict::Nothing,
                // A spent token is genuine all the same, and ending the grant is what its holder asks for.
                Recognition::Live
                | Recognition::Retryable(_)
                | Recognition::Superseded
                | Recognition::Reused
                | Recognition::RolledBack => Verdict::End(EndReason::RevokedByClient),
            }
        }
        CredentialKind::Code => Verdict::Nothing,
    }
}

/// Why a revocation was refused. For logs and tests; clients only see [`code`](Self::code).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another client's token.
    #[error("the token was issued to another client")]
    IssuedToAnotherClient,
}

impl Refusal {
    /// The error code sent to the client.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::IssuedToAnotherClient => ErrorCode::InvalidGrant,
        }
    }
}
