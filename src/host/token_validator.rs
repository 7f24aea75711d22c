//! Who says whether an access token is live.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use crate::resource::{PresentedToken, VerifiedToken};

/// Says whether an access token is live, and what it may do.
///
/// The server in the same process is one; [`RemoteIntrospection`](crate::server::RemoteIntrospection) is one; a host
/// may have its own.
#[async_trait]
pub trait TokenValidator: Send + Sync {
    /// The token, if it is a live access token. Unknown, expired, revoked and malformed are all `None`.
    ///
    /// Whether the token fits the resource is not asked here.
    ///
    /// # Errors
    ///
    /// [`TokenValidatorError`] if the question cannot be answered now; the request is answered with 503.
    async fn validate(&self, token: &PresentedToken<'_>) -> Result<Option<VerifiedToken>, TokenValidatorError>;
}

/// The question whether a token is live could not be answered. Never evidence against the token.
#[derive(Debug)]
pub struct TokenValidatorError(Box<dyn Error + Send + Sync>);

impl TokenValidatorError {
    /// The error, with what caused it. The cause must not contain the token.
    #[must_use]
    pub fn because(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for TokenValidatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token cannot be validated now")
    }
}

impl Error for TokenValidatorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
