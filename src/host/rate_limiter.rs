//! Who may try how often.

use async_trait::async_trait;

use crate::value::Lifetime;

/// Decides whether a request may go on, before anything expensive is done for it.
///
/// Without one, every request may go on: then put a limiter in front of the endpoints.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts an attempt and says whether it may go on.
    ///
    /// # Errors
    ///
    /// [`RateLimited`] if it may not; the request is answered with 429.
    async fn check(&self, attempt: &Attempt<'_>) -> Result<(), RateLimited>;

    /// Tells that the attempt failed for a wrong credential, so that guessing can be counted apart.
    async fn failed(&self, attempt: &Attempt<'_>);
}

/// What somebody is about to try.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests and hosts build it")]
pub struct Attempt<'a> {
    /// Where.
    pub endpoint: Endpoint,
    /// The client identifier as presented: at most 512 bytes, and unproven.
    pub client: Option<&'a str>,
    /// Who calls, as the host knows it: an address, a tenant.
    pub caller: Option<&'a str>,
}

/// An endpoint.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Endpoint {
    /// The authorization endpoint.
    Authorization,
    /// The token endpoint.
    Token,
    /// The introspection endpoint.
    Introspection,
    /// The revocation endpoint.
    Revocation,
}

impl Endpoint {
    /// A stable word, for logs and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Introspection => "introspection",
            Self::Revocation => "revocation",
            Self::Token => "token",
        }
    }
}

/// The attempt may not go on now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many attempts; try again after {retry_after}")]
#[expect(clippy::exhaustive_structs, reason = "hosts build it")]
pub struct RateLimited {
    /// When it is worth trying again.
    pub retry_after: Lifetime,
}
