//! Replacing the secret of a client: a new one, and an end of the old one.

use std::sync::Arc;

use super::AdministrationError;
use crate::host::ClientChange;
use crate::record::{Client, ClientSecretForm, StoredClientSecret, Version, Versioned, WhichSecret};
use crate::server::{AuthorizationServer, InvalidRegistration};
use crate::value::{ClientId, ClientSecret, Lifetime, Timestamp};

/// How a client's secret is replaced.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SecretRotation {
    /// How long the old secret works beside the new one. Zero: not at all.
    pub old_works_for: Lifetime,
    /// When the new secret stops working. Default: never.
    pub new_expires_at: Option<Timestamp>,
}

impl SecretRotation {
    /// The old secret works that long beside the new one, so that the client can be told in time.
    #[must_use]
    pub fn with_overlap(old_works_for: Lifetime) -> Self {
        Self { old_works_for, new_expires_at: None }
    }

    /// Every old secret stops working now: it is in foreign hands.
    #[must_use]
    pub fn at_once() -> Self {
        Self::with_overlap(Lifetime::ZERO)
    }
}

/// A client with a new secret, which is shown here and never again.
#[derive(Debug)]
#[non_exhaustive]
pub struct RotatedSecret {
    /// The client.
    pub client: Arc<Client>,
    /// The version of its record.
    pub version: Version,
    /// The new secret.
    pub secret: ClientSecret,
}

impl AuthorizationServer {
    /// Mints a new secret for a client, and ends the old one, now or after a while.
    ///
    /// At most two are active. With two already, only [`SecretRotation::at_once`] replaces them; otherwise
    /// [drop](Self::drop_secret) one first: the newer, if nobody ever saw it because the answer was lost.
    ///
    /// # Errors
    ///
    /// [`AdministrationError::TwoSecrets`], [`AdministrationError::UnknownClient`],
    /// [`AdministrationError::Invalid`] if the client is public, [`AdministrationError::HostRegistry`],
    /// [`AdministrationError::Unavailable`].
    pub async fn rotate_secret(
        &self,
        id: &ClientId,
        rotation: SecretRotation,
    ) -> Result<RotatedSecret, AdministrationError> {
        self.client_registry()?;
        let (now, secret) = (self.now(), self.mint_client_secret()?);
        let rotated = |client: &Client| {
            if client.is_public() {
                return Err(InvalidRegistration::SecretOfPublicClient.into());
            }
            let form = ClientSecretForm::Digest(secret.digest());
            let stored = StoredClientSecret { form, expires_at: rotation.new_expires_at };
            let next = client.with_secret_at(now, stored, now.after(rotation.old_works_for));
            next.map(Some).ok_or(AdministrationError::TwoSecrets)
        };
        let Versioned { version, record } = self.change_client(id, ClientChange::SecretRotated, rotated).await?;
        Ok(RotatedSecret { client: record, version, secret })
    }

    /// Drops one of a client's two active secrets now. With one, nothing changes.
    ///
    /// # Errors
    ///
    /// [`AdministrationError::UnknownClient`], [`AdministrationError::HostRegistry`],
    /// [`AdministrationError::Unavailable`].
    pub async fn drop_secret(
        &self,
        id: &ClientId,
        which: WhichSecret,
    ) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        let now = self.now();
        self.change_client(id, ClientChange::SecretDropped, |client| Ok(client.without_secret_at(now, which))).await
    }
}
