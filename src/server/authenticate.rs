//! Finding out who calls.

use super::{AuthorizationServer, EndpointError, Unavailable};
use crate::authentication::{self, AuthenticatedClient, Judgement, Refusal, SecretCheck};
use crate::host::{Attempt, Endpoint, Event};
use crate::value::{ClientId, Timestamp};
use crate::wire::{FormRequest, Parameters, PresentedClient};

impl AuthorizationServer {
    /// Authenticates the caller, after the rate limiter agreed.
    pub(super) async fn authenticate(
        &self,
        endpoint: Endpoint,
        request: &FormRequest<'_>,
        parameters: &Parameters<'_>,
        now: Timestamp,
    ) -> Result<AuthenticatedClient, EndpointError> {
        let presented = match PresentedClient::read(request.authorization, parameters) {
            Ok(presented) => presented,
            Err(malformed) => {
                self.admit(&Attempt { endpoint, client: None, caller: request.caller }).await?;
                return Err(self.authentication_failed(None, malformed.into()));
            }
        };
        let PresentedClient { id, method } = presented;
        let attempt = Attempt { endpoint, client: Some(id.as_str()), caller: request.caller };
        self.admit(&attempt).await?;
        let registered =
            self.0.clients.find(&self.0.realm, &id, now).await.map_err(|error| self.storage_failed(error))?;
        let judged = match authentication::authenticate(method, registered, now) {
            Ok(Judgement::Authenticated(client)) => return Ok(client),
            // Rare, so it takes no room in the future of every request.
            Ok(Judgement::CheckSecret(check)) => Box::pin(self.verified(check)).await?,
            Err(refusal) => Err(refusal),
        };
        match judged {
            Ok(client) => Ok(client),
            Err(refusal) => {
                if let Some(limiter) = &self.0.limiter {
                    limiter.failed(&attempt).await;
                }
                Err(self.authentication_failed(Some(&id), refusal))
            }
        }
    }

    /// Asks the rate limiter, if there is one.
    pub(super) async fn admit(&self, attempt: &Attempt<'_>) -> Result<(), EndpointError> {
        match &self.0.limiter {
            None => Ok(()),
            Some(limiter) => Ok(limiter.check(attempt).await?),
        }
    }

    async fn verified(&self, check: SecretCheck) -> Result<Result<AuthenticatedClient, Refusal>, Unavailable> {
        let mut is_match = false;
        if let Some(verifier) = &self.0.verifier {
            for stored in check.stored() {
                is_match = verifier.verify(stored, check.presented()).await?;
                if is_match {
                    break;
                }
            }
        }
        Ok(check.verified(is_match))
    }

    fn authentication_failed(&self, client: Option<&ClientId>, refusal: Refusal) -> EndpointError {
        self.tell(&Event::AuthenticationFailed { client, reason: &refusal.to_string() });
        refusal.into()
    }
}
