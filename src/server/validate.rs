//! Validating an access token in the process of its server: one load, one judgement.
//!
//! [RFC 6749 §7](https://www.rfc-editor.org/rfc/rfc6749#section-7)

use async_trait::async_trait;

use super::{AuthorizationServer, Unavailable};
use crate::host::{TokenValidator, TokenValidatorError};
use crate::record::{CredentialKind, PresentedCredential};
use crate::resource::{self, PresentedToken, VerifiedToken};

impl AuthorizationServer {
    /// What an access token of this server may do, with its whole audience. `None`: it is not active.
    ///
    /// For resources in the same process, which need no introspection. Whether the token fits the resource is a
    /// [`Requirement`](resource::Requirement)'s business; a [`Guard`](super::Guard) does both.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the storage or the client registry fails. That says nothing about the token.
    pub async fn validate(&self, token: &str) -> Result<Option<VerifiedToken>, Unavailable> {
        let now = self.now();
        let presented = PresentedCredential::parse(self.prefix(), token);
        let Some(token) = presented.filter(|token| token.kind() == CredentialKind::AccessToken) else {
            return Ok(None);
        };
        let Some(masking) = self.masking_key_of(token.key_number()) else { return Ok(None) };
        let locator = token.locator(&masking);
        let Some((grant, _)) = self.load_grant(&locator).await? else { return Ok(None) };
        let holder = self.0.clients.find(&self.0.realm, grant.client(), now).await;
        let holder = holder.map_err(|error| self.storage_failed(error))?;
        Ok(resource::verify(&token, &locator, &grant, holder.as_deref(), now))
    }
}

#[async_trait]
impl TokenValidator for AuthorizationServer {
    async fn validate(&self, token: &PresentedToken<'_>) -> Result<Option<VerifiedToken>, TokenValidatorError> {
        Self::validate(self, token.expose()).await.map_err(TokenValidatorError::because)
    }
}
