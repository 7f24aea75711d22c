//! The door of a resource: read the token, ask about it, compare it with what is needed.
//!
//! [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)

use std::fmt;
use std::sync::Arc;

use crate::host::{Clock, SystemClock, TokenValidator, TokenValidatorError};
use crate::resource::{Challenge, PresentedToken, Refusal, Requirement, VerifiedToken};

/// Lets requests through whose token meets a requirement. Cheap to clone, and free of any HTTP library.
///
/// With feature `http`, `http::GuardLayer` puts it in front of a tower service.
#[derive(Clone)]
pub struct Guard {
    validator: Arc<dyn TokenValidator>,
    requirement: Arc<Requirement>,
    clock: Arc<dyn Clock>,
}

impl Guard {
    /// A guard that asks `validator` and compares with `requirement`, by the system's clock.
    #[must_use]
    pub fn new(validator: Arc<dyn TokenValidator>, requirement: Requirement) -> Self {
        Self { validator, requirement: Arc::new(requirement), clock: Arc::new(SystemClock) }
    }

    /// The same guard with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// What the guard asks of a token.
    #[must_use]
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Judges a request by its `Authorization` headers, each as it was sent, and the query of its URL.
    ///
    /// # Errors
    ///
    /// [`GuardError`], which says what to answer.
    pub fn admit<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a [u8]>,
        query: Option<&str>,
    ) -> impl Future<Output = Result<VerifiedToken, GuardError>> + Send {
        let presented = PresentedToken::read(authorization, query);
        async move {
            let verified = self.validator.validate(&presented?).await?.ok_or(Refusal::TokenInactive)?;
            self.requirement.ensure_met_by(&verified, self.clock.now())?;
            Ok(verified)
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({:?})", self.requirement)
    }
}

/// Why a request was not let through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The token is missing or does not open this door.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody can say now whether the token is live. The client may try again.
    #[error(transparent)]
    Unavailable(#[from] TokenValidatorError),
}

impl GuardError {
    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::Unavailable(_) => 503,
        }
    }

    /// The value of the answer's `WWW-Authenticate` header, if the client can do anything about it.
    #[must_use]
    pub fn challenge<'a>(&self, requirement: &'a Requirement) -> Option<Challenge<'a>> {
        match self {
            Self::Refused(refusal) => Some(refusal.challenge(requirement)),
            Self::Unavailable(_) => None,
        }
    }
}
