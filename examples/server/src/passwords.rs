//! Checking passwords: slow on purpose, so only so many at once, and away from the threads that answer requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use async_trait::async_trait;
use grantsmith::host::{SecretVerifier, SecretVerifierError};
use grantsmith::value::ClientSecret;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::config::PasswordsSection;

/// Argon2, for so many at a time.
pub struct PasswordChecks {
    permits: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// Too many passwords are being checked.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

impl PasswordChecks {
    pub fn new(section: &PasswordsSection) -> Self {
        let permits = Semaphore::new(section.checks_at_once);
        Self { permits, waiting: AtomicUsize::new(0), most_waiting: section.most_waiting }
    }

    /// Whether the password is the one that the argon2 string was made of.
    ///
    /// # Errors
    ///
    /// [`Busy`]: too many wait already.
    pub async fn matches(&self, stored: &str, password: Zeroizing<String>) -> Result<bool, Busy> {
        let waiting = Waiting::join(self)?;
        let permit = self.permits.acquire().await.map_err(|_| Busy)?;
        drop(waiting);
        let stored = stored.to_owned();
        let matches = tokio::task::spawn_blocking(move || is_match(&stored, &password)).await;
        drop(permit);
        matches.map_err(|_| Busy)
    }
}

/// A place in the queue, given back when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(checks: &'a PasswordChecks) -> Result<Self, Busy> {
        let place = Self(&checks.waiting);
        if checks.waiting.fetch_add(1, Ordering::Relaxed) < checks.most_waiting { Ok(place) } else { Err(Busy) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn is_match(stored: &str, password: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// An argon2 string for a password.
///
/// # Errors
///
/// The system gives no random bytes for the salt.
pub fn hash(password: &str) -> Result<String, String> {
    hash_with(password, Params::default())
}

/// What a password is compared with when there is no such user: it costs what the others cost.
///
/// # Errors
///
/// As for [`hash`].
pub fn decoy<'a>(hashes: impl Iterator<Item = &'a str>) -> Result<String, String> {
    let params = hashes.filter_map(|text| Params::try_from(&PasswordHash::new(text).ok()?).ok());
    let costliest = params.max_by_key(|params| u64::from(params.m_cost()) * u64::from(params.t_cost()));
    hash_with("nobody", costliest.unwrap_or_default())
}

fn hash_with(password: &str, params: Params) -> Result<String, String> {
    let argon2 = Argon2::new(argon2::Algorithm::default(), argon2::Version::default(), params);
    argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// Verifies the imported secrets of clients, in the same queue.
pub struct ClientSecrets(pub Arc<PasswordChecks>);

#[async_trait]
impl SecretVerifier for ClientSecrets {
    async fn verify(&self, stored: &str, presented: &ClientSecret) -> Result<bool, SecretVerifierError> {
        let presented = Zeroizing::new(presented.expose().to_owned());
        self.0.matches(stored, presented).await.map_err(|_| SecretVerifierError)
    }
}
