//! Validating access tokens by asking a remote authorization server.
//!
//! For a resource server in a process of its own. It needs no [`AuthorizationServer`](super::AuthorizationServer); it
//! lives here because asking is awaiting.
//!
//! [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::introspected_tokens::IntrospectedTokens;
use crate::host::{Clock, IntrospectionTransport, SystemClock, TokenValidator, TokenValidatorError};
use crate::policy::{IntrospectionPolicy, PolicyViolation};
use crate::resource::{self, PresentedToken, VerifiedToken};
use crate::value::Digest;
use crate::wire::{IntrospectionAnswer, MalformedIntrospection};

/// Asks an introspection endpoint about each token, and remembers live ones for a short while.
///
/// A token that is revoked is accepted for at most the policy's `cache_lifetime` longer, and never at or after its
/// expiry.
pub struct RemoteIntrospection {
    transport: Arc<dyn IntrospectionTransport>,
    policy: IntrospectionPolicy,
    clock: Arc<dyn Clock>,
    known: IntrospectedTokens,
}

impl RemoteIntrospection {
    /// Asks over `transport`, within the bounds of `policy`, by the system's clock.
    ///
    /// # Errors
    ///
    /// [`PolicyViolation`] if a field of the policy is out of bounds.
    pub fn new(
        transport: Arc<dyn IntrospectionTransport>,
        policy: IntrospectionPolicy,
    ) -> Result<Self, PolicyViolation> {
        policy.check()?;
        let known = IntrospectedTokens::new(&policy);
        Ok(Self { transport, policy, clock: Arc::new(SystemClock), known })
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    async fn ask(&self, token: &PresentedToken<'_>) -> Result<IntrospectionAnswer, TokenValidatorError> {
        let form = IntrospectionAnswer::question(token.expose());
        let reply = self.transport.post(&form).await.map_err(TokenValidatorError::because)?;
        // Anything but 200 is about the question or the asker, never about the token.
        if reply.status != 200 {
            return Err(TokenValidatorError::because(UnusableAnswer::Status(reply.status)));
        }
        let answer = IntrospectionAnswer::read(&reply.body).map_err(UnusableAnswer::Malformed);
        answer.map_err(TokenValidatorError::because)
    }
}

#[async_trait]
impl TokenValidator for RemoteIntrospection {
    async fn validate(&self, token: &PresentedToken<'_>) -> Result<Option<VerifiedToken>, TokenValidatorError> {
        let digest = Digest::of(&[token.expose().as_bytes()]);
        let asked_at = self.clock.now();
        if let Some(known) = self.known.find(&digest, asked_at) {
            return Ok(Some(known));
        }
        let answer = self.ask(token).await?;
        let verified = resource::introspected(answer, &self.policy, self.clock.now());
        if let Some(verified) = &verified {
            self.known.remember(&digest, verified, asked_at);
        }
        Ok(verified)
    }
}

impl fmt::Debug for RemoteIntrospection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteIntrospection({:?})", self.known)
    }
}

/// Why the answer of an introspection endpoint cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableAnswer {
    /// The body is not an introspection answer.
    #[error(transparent)]
    Malformed(#[from] MalformedIntrospection),
    /// Not 200: the credentials of this resource server are wrong, or the server is in trouble.
    #[error("the introspection endpoint answered with status {0}")]
    Status(u16),
}
