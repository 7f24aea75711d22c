//! Verifying client secrets that were imported from elsewhere.

use async_trait::async_trait;

use crate::value::ClientSecret;

/// Verifies an imported, possibly guessable client secret against what the host stored of it, such as an argon2 string.
///
/// Secrets minted by this library never come here: with 256 random bits a digest is enough.
///
/// # How to meet it
///
/// Use a password hash, off the async executor. At most
/// [`most_concurrent_secret_checks`](crate::policy::Policy::most_concurrent_secret_checks) run at once.
#[async_trait]
pub trait SecretVerifier: Send + Sync {
    /// Whether `presented` is the secret that `stored` was made from.
    ///
    /// # Errors
    ///
    /// [`SecretVerifierError`] if the question cannot be answered now; the request is answered with 503.
    async fn verify(&self, stored: &str, presented: &ClientSecret) -> Result<bool, SecretVerifierError>;
}

/// A secret could not be verified for reasons of the host.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the client secret cannot be verified now")]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to tell")]
pub struct SecretVerifierError;
