//! Why an endpoint gave no answer but an error.

use crate::authentication;
use crate::grant_type;
use crate::host::{EntropyError, RateLimited, SecretVerifierError, StorageError};
use crate::revocation;
use crate::value::Lifetime;
use crate::wire::{Answer, ErrorCode, MalformedParameters};

/// Why an endpoint refused. Precise here, for logs and tests; clients see [`code`](Self::code) only.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The client is not who it says.
    #[error(transparent)]
    Authentication(#[from] authentication::Refusal),
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedParameters),
    /// Too many attempts.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// The revocation was refused.
    #[error(transparent)]
    Revocation(#[from] revocation::Refusal),
    /// The token request was refused.
    #[error(transparent)]
    Token(#[from] grant_type::Refusal),
    /// No token was named.
    #[error("no token is named")]
    TokenMissing,
    /// The server cannot answer now. Nothing is lost, and nobody is accused.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl EndpointError {
    /// The error code that the client sees.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Authentication(refusal) => refusal.code(),
            Self::Malformed(_) | Self::TokenMissing => ErrorCode::InvalidRequest,
            Self::RateLimited(_) => ErrorCode::TemporarilyUnavailable,
            Self::Revocation(refusal) => refusal.code(),
            Self::Token(refusal) => refusal.code(),
            Self::Unavailable(_) => ErrorCode::ServerError,
        }
    }

    /// The error as it goes to the client.
    #[must_use]
    pub fn to_answer(&self) -> Answer {
        match self {
            Self::RateLimited(limited) => Answer::error_for(self.code(), limited.retry_after),
            Self::Unavailable(_) => Answer::error_for(self.code(), RETRY_AFTER),
            _ => Answer::error(self.code()),
        }
    }
}

/// Why the server cannot answer now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// Somebody else kept changing the same record.
    #[error("the record was changed by others at every attempt")]
    Contended,
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The keyring has no key of its current number.
    #[error("the keyring lost its current key")]
    Keyring,
    /// There is no key of that algorithm to sign with.
    #[error("there is no key to sign with")]
    NoSigningKey,
    /// A write may or may not have been applied, and the record has moved on since.
    #[error("the outcome of a write cannot be told")]
    OutcomeUnknown,
    /// As many imported client secrets are being checked as may be at once.
    #[error("too many client secrets are being checked")]
    SecretChecksBusy,
    /// An imported client secret cannot be verified now.
    #[error(transparent)]
    SecretVerifier(#[from] SecretVerifierError),
    /// A stored signing key cannot be made, sealed or opened.
    #[error("a signing key cannot be used: {0}")]
    SigningKey(&'static str),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<StorageError> for EndpointError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<EntropyError> for EndpointError {
    fn from(error: EntropyError) -> Self {
        Self::Unavailable(error.into())
    }
}

const RETRY_AFTER: Lifetime = Lifetime::seconds(1);
