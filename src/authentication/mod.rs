//! Who is calling.
//!
//! Each client has one registered method, and only that one is accepted. Every failure looks the same from outside
//! and costs about the same, whether the client exists or not.
//!
//! [RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::record::{Client, ClientSecretForm};
use crate::value::{AuthenticationMethod, ClientSecret, Digest, Timestamp};
use crate::wire::{ErrorCode, MalformedCredentials, PresentedMethod};

/// A client that proved who it is, or a public client that named itself.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0
    }
}

/// What is known after looking at the presented credentials.
#[derive(Debug)]
#[non_exhaustive]
pub enum Judgement {
    /// The client is who it says.
    Authenticated(AuthenticatedClient),
    /// The secret is to be checked by the host's verifier.
    CheckSecret(SecretCheck),
}

/// A secret that only the host's verifier can check.
pub struct SecretCheck {
    client: Arc<Client>,
    presented: ClientSecret,
    stored: Vec<String>,
}

impl SecretCheck {
    /// What the host stored, one entry for each active secret. The presented one must match one of them.
    pub fn stored(&self) -> impl Iterator<Item = &str> {
        self.stored.iter().map(String::as_str)
    }

    /// The secret as presented.
    #[must_use]
    pub fn presented(&self) -> &ClientSecret {
        &self.presented
    }

    /// The client, after the verifier said whether one of the stored secrets matches.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongSecret`] if none matches.
    pub fn verified(self, is_match: bool) -> Result<AuthenticatedClient, Refusal> {
        if is_match { Ok(AuthenticatedClient(self.client)) } else { Err(Refusal::WrongSecret) }
    }
}

/// What the host stored may be the digest of a guessable secret.
impl fmt::Debug for SecretCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretCheck({}, redacted)", self.client.id())
    }
}

/// Judges presented credentials against the client that is registered under the presented name.
///
/// # Errors
///
/// A [`Refusal`], of which only the [code](Refusal::code) is for the caller.
pub fn authenticate(
    presented: PresentedMethod,
    client: Option<Arc<Client>>,
    now: Timestamp,
) -> Result<Judgement, Refusal> {
    let (method, secret) = match presented {
        PresentedMethod::Basic(secret) => (AuthenticationMethod::ClientSecretBasic, Some(secret)),
        PresentedMethod::Post(secret) => (AuthenticationMethod::ClientSecretPost, Some(secret)),
        PresentedMethod::None => (AuthenticationMethod::None, None),
    };
    let digest = secret.as_ref().map(ClientSecret::digest);
    let Some(client) = client else {
        // The same work as for a client that exists.
        let _ = digest.map(|digest| digest.matches(&Digest::from([0; 32])));
        return Err(Refusal::UnknownClient);
    };
    let is_match = digest.is_some_and(|digest| has_digest(&client, &digest, now));
    if client.is_disabled {
        return Err(Refusal::DisabledClient);
    }
    if client.authentication != method {
        return Err(Refusal::WrongMethod);
    }
    let Some(presented) = secret else {
        return Ok(Judgement::Authenticated(AuthenticatedClient(client)));
    };
    if is_match {
        return Ok(Judgement::Authenticated(AuthenticatedClient(client)));
    }
    let stored = verifiers(&client, now);
    if stored.is_empty() {
        return Err(Refusal::WrongSecret);
    }
    Ok(Judgement::CheckSecret(SecretCheck { client, presented, stored }))
}

/// Looks at every secret, so that the work does not tell which one matched.
fn has_digest(client: &Client, presented: &Digest, now: Timestamp) -> bool {
    let mut is_match = false;
    for secret in &client.secrets {
        if let ClientSecretForm::Digest(stored) = &secret.form {
            let is_active = secret.expires_at.is_none_or(|expires_at| !expires_at.is_past(now));
            is_match |= stored.matches(presented) & is_active;
        }
    }
    is_match
}

fn verifiers(client: &Client, now: Timestamp) -> Vec<String> {
    let active = client.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|at| !at.is_past(now)));
    active
        .filter_map(|secret| match &secret.form {
            ClientSecretForm::Verifier(stored) => Some(stored.clone()),
            ClientSecretForm::Digest(_) => None,
        })
        .collect()
}

/// Why a client was not authenticated. For logs and tests; clients only see [`code`](Self::code).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The client is switched off.
    #[error("the client is disabled")]
    DisabledClient,
    /// What was presented cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedCredentials),
    /// A public client where only confidential ones are answered.
    #[error("a public client may not do this")]
    PublicClient,
    /// No client of that name.
    #[error("no such client")]
    UnknownClient,
    /// Another method than the registered one.
    #[error("the client is registered for another authentication method")]
    WrongMethod,
    /// No active secret matches.
    #[error("the client secret does not match")]
    WrongSecret,
}

impl Refusal {
    /// The error code sent to the client ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed(
                MalformedCredentials::Several
                | MalformedCredentials::Contradicting
                | MalformedCredentials::Parameters(_),
            ) => ErrorCode::InvalidRequest,
            Self::Malformed(
                MalformedCredentials::Missing | MalformedCredentials::Unreadable | MalformedCredentials::Unsupported,
            )
            | Self::DisabledClient
            | Self::PublicClient
            | Self::UnknownClient
            | Self::WrongMethod
            | Self::WrongSecret => ErrorCode::InvalidClient,
        }
    }
}
