//! Why a request is turned away, and what it is told.
//!
//! [RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)

use super::{BearerError, Challenge, Requirement};

/// Why a request was turned away. For logs and tests; clients only see [`status`](Self::status) and
/// [`challenge`](Self::challenge).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The token is meant for another resource, or for none in particular.
    #[error("the token is not meant for this resource")]
    AudienceMismatch,
    /// The token is bound to a key that the sender has not proven to hold, or is not a bearer token at all.
    #[error("the token is not a bearer token")]
    NotBearer,
    /// The token lacks a scope.
    #[error("the token does not have the scope that is needed")]
    ScopeInsufficient,
    /// The token has expired.
    #[error("the token has expired")]
    TokenExpired,
    /// The token is unknown, revoked, or not an access token.
    #[error("the token is not active")]
    TokenInactive,
    /// What stands after `Bearer` is no token.
    #[error("the token is malformed")]
    TokenMalformed,
    /// No bearer token was presented.
    #[error("no token was presented")]
    TokenMissing,
    /// More than one token, or more than one `Authorization` header.
    #[error("more than one token was presented")]
    TokenRepeated,
}

impl Refusal {
    /// The error code sent to the client; none if it did not try to authenticate.
    ///
    /// Reasons that would let a caller probe tokens share one code.
    #[must_use]
    pub fn code(&self) -> Option<BearerError> {
        match self {
            Self::AudienceMismatch
            | Self::NotBearer
            | Self::TokenExpired
            | Self::TokenInactive
            | Self::TokenMalformed => Some(BearerError::InvalidToken),
            Self::ScopeInsufficient => Some(BearerError::InsufficientScope),
            Self::TokenMissing => None,
            Self::TokenRepeated => Some(BearerError::InvalidRequest),
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code().map_or(401, BearerError::status)
    }

    /// The value of the answer's `WWW-Authenticate` header.
    #[must_use]
    pub fn challenge<'a>(&self, requirement: &'a Requirement) -> Challenge<'a> {
        Challenge::new(requirement, self.code())
    }
}
