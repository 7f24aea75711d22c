//! The token endpoint's judgement: one state machine for each grant type.
//!
//! Checks run in one order everywhere: shape, client, realm, digest of the secret, sender key, redirect URI, PKCE;
//! then *already used*; then expiry; then what is asked. So only the rightful holder can make a grant end.

pub mod authorization_code;
pub mod client_credentials;
pub mod custom;
pub mod refresh_token;
mod terms;

#[cfg(test)]
mod tests;

pub use terms::AccessTerms;
pub(crate) use terms::{requested_resources, requested_scope};

use crate::record::{EndReason, Successor};
use crate::value::{Confirmation, Lifetime};
use crate::wire::{ErrorCode, MalformedTokenRequest};

/// What a judged token request leads to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// Issue tokens.
    Issue(Issue),
    /// End the grant, and refuse.
    End(EndReason, Refusal),
}

/// Which tokens to issue.
#[derive(Debug)]
#[non_exhaustive]
pub struct Issue {
    /// The terms of the access token.
    pub access: AccessTerms,
    /// What happens to the refresh token.
    pub refresh: RefreshPlan,
}

/// What happens to the refresh token.
#[derive(Debug)]
#[non_exhaustive]
pub enum RefreshPlan {
    /// The live refresh token stays the one that was presented.
    Keep {
        /// How long it lives when it is not used again.
        idle: Lifetime,
    },
    /// There is none.
    None,
    /// The live refresh token is handed out once more.
    Repeat(Successor),
    /// The presented refresh token is spent and replaced.
    Rotate {
        /// How long the successor lives when it is not used.
        idle: Lifetime,
    },
    /// A chain begins.
    Start {
        /// The key that the holder must prove.
        confirmation: Option<Confirmation>,
        /// How long a token lives when it is not used.
        idle: Lifetime,
        /// How long the chain lives at the most.
        lifetime: Lifetime,
    },
}

/// Why a token request was refused. For logs and tests; clients only see [`code`](Self::code).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The user's account is not active any more.
    #[error("the user's account is not active")]
    AccountInactive,
    /// The client's registration was replaced or switched off since the grant was given.
    #[error("the client is not the one that was approved")]
    ClientReplaced,
    /// The code was redeemed before.
    #[error("the code has been redeemed")]
    CodeAlreadyRedeemed,
    /// The code is too old.
    #[error("the code has expired")]
    CodeExpired,
    /// The verifier is not the preimage of the challenge.
    #[error("the code verifier does not match the code challenge")]
    CodeVerifierMismatch,
    /// No verifier although there is a challenge.
    #[error("the code verifier is missing")]
    CodeVerifierMissing,
    /// A custom grant said no.
    #[error("the custom grant is not valid")]
    CustomGrantInvalid,
    /// A custom grant could not read the request.
    #[error("the custom request is malformed")]
    CustomRequestMalformed,
    /// The grant has ended.
    #[error("the grant has ended")]
    GrantEnded,
    /// The client is not registered for the grant type.
    #[error("the client may not use this grant type")]
    GrantTypeNotAllowed,
    /// The server does not offer the grant type.
    #[error("the grant type is not offered")]
    GrantTypeUnsupported,
    /// Another client's credential.
    #[error("the credential was issued to another client")]
    IssuedToAnotherClient,
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedTokenRequest),
    /// Another sender key, or none.
    #[error("the sender does not hold the key that the credential is bound to")]
    ProofKeyMismatch,
    /// Another redirect URI than the code was sent to.
    #[error("the redirect URI is not the one that the code was sent to")]
    RedirectUriMismatch,
    /// No redirect URI although the policy wants it repeated.
    #[error("the redirect URI is missing")]
    RedirectUriMissing,
    /// The refresh token is too old.
    #[error("the refresh token has expired")]
    RefreshTokenExpired,
    /// The refresh token was spent before.
    #[error("the refresh token has been used")]
    RefreshTokenReused,
    /// A spent refresh token within its window, whose successor is in use.
    #[error("the refresh token has been replaced")]
    RefreshTokenSuperseded,
    /// Several resources at once, or none where several were approved.
    #[error("an access token is for exactly one resource")]
    ResourceAmbiguous,
    /// A resource beyond what was approved or registered.
    #[error("the requested resource exceeds what was granted")]
    ResourceNotGranted,
    /// The storage has forgotten tokens that it had issued.
    #[error("the storage was rolled back")]
    RolledBack,
    /// A scope beyond what was approved or registered.
    #[error("the requested scope exceeds what was granted")]
    ScopeNotGranted,
    /// No such code.
    #[error("no such code")]
    UnknownCode,
    /// No such refresh token.
    #[error("no such refresh token")]
    UnknownRefreshToken,
}

impl Refusal {
    /// The error code sent to the client ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    ///
    /// Reasons that would let a caller probe for valid credentials share one code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::AccountInactive
            | Self::ClientReplaced
            | Self::CodeAlreadyRedeemed
            | Self::CodeExpired
            | Self::CodeVerifierMismatch
            | Self::CustomGrantInvalid
            | Self::GrantEnded
            | Self::IssuedToAnotherClient
            | Self::ProofKeyMismatch
            | Self::RedirectUriMismatch
            | Self::RefreshTokenExpired
            | Self::RefreshTokenReused
            | Self::RefreshTokenSuperseded
            | Self::RolledBack
            | Self::UnknownCode
            | Self::UnknownRefreshToken => ErrorCode::InvalidGrant,
            Self::CodeVerifierMissing | Self::CustomRequestMalformed | Self::RedirectUriMissing => {
                ErrorCode::InvalidRequest
            }
            Self::GrantTypeNotAllowed => ErrorCode::UnauthorizedClient,
            Self::GrantTypeUnsupported => ErrorCode::UnsupportedGrantType,
            Self::Malformed(malformed) => match malformed {
                MalformedTokenRequest::Resource => ErrorCode::InvalidTarget,
                MalformedTokenRequest::Scope => ErrorCode::InvalidScope,
                MalformedTokenRequest::CodeMissing
                | MalformedTokenRequest::GrantTypeMissing
                | MalformedTokenRequest::Parameters(_)
                | MalformedTokenRequest::RefreshTokenMissing => ErrorCode::InvalidRequest,
            },
            Self::ResourceAmbiguous | Self::ResourceNotGranted => ErrorCode::InvalidTarget,
            Self::ScopeNotGranted => ErrorCode::InvalidScope,
        }
    }
}
