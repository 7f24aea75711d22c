//! Finding out who calls.

use std::sync::Arc;

use super::{AuthorizationServer, EndpointError, Unavailable};
use crate::authentication::{self, AuthenticatedClient, Judgement, Refusal, SecretCheck};
use crate::host::{Attempt, Endpoint, Event, RateLimited};
use crate::record::Client;
use crate::value::{ClientId, Timestamp};
use crate::wire::{FormRequest, MalformedParameters, Parameters, PresentedClient};

impl AuthorizationServer {
    /// Reads the parameters of a form.
    pub(super) fn parameters<'a>(
        &self,
        endpoint: Endpoint,
        request: &FormRequest<'a>,
    ) -> Result<Parameters<'a>, MalformedParameters> {
        let read = Parameters::parse(request.body);
        read.inspect_err(|malformed| {
            self.tell(&Event::Refused { endpoint, client: None, reason: &malformed.to_string() });
        })
    }

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
                self.admit(&Attempt { endpoint, client: None, caller: request.caller }, None).await?;
                return Err(self.authentication_failed(endpoint, None, malformed.into()));
            }
        };
        let PresentedClient { id, method } = presented;
        let attempt = Attempt { endpoint, client: Some(id.as_str()), caller: request.caller };
        self.admit(&attempt, Some(&id)).await?;
        let registered = self.looked_up_client(&id, now).await;
        let registered = registered.inspect_err(|error| self.tell_unavailable(endpoint, error))?;
        let judged = match authentication::authenticate(method, registered, now) {
            Ok(Judgement::Authenticated(client)) => return Ok(client),
            Ok(Judgement::CheckSecret(check)) => {
                // Rare, so it takes no room in the future of every request.
                let verified = Box::pin(self.verified(check)).await;
                verified.inspect_err(|error| self.tell_unavailable(endpoint, error))?
            }
            Err(refusal) => Err(refusal),
        };
        match judged {
            Ok(client) => Ok(client),
            Err(refusal) => {
                if let Some(limiter) = &self.0.limiter {
                    limiter.failed(&attempt).await;
                }
                Err(self.authentication_failed(endpoint, Some(&id), refusal))
            }
        }
    }

    async fn looked_up_client(&self, id: &ClientId, now: Timestamp) -> Result<Option<Arc<Client>>, Unavailable> {
        let found = self.0.clients.find(&self.0.realm, id, now).await;
        found.map_err(|error| self.storage_failed(error))
    }

    /// Asks the rate limiter, if there is one.
    pub(super) async fn admit(&self, attempt: &Attempt<'_>, client: Option<&ClientId>) -> Result<(), RateLimited> {
        let Some(limiter) = &self.0.limiter else { return Ok(()) };
        let admitted = limiter.check(attempt).await;
        admitted.inspect_err(|_| self.tell(&Event::RateLimited { endpoint: attempt.endpoint, client }))
    }

    async fn verified(&self, check: SecretCheck) -> Result<Result<AuthenticatedClient, Refusal>, Unavailable> {
        let Some(verifier) = &self.0.verifier else { return Ok(check.verified(false)) };
        let _place = self.0.secret_checks.begin().ok_or(Unavailable::SecretChecksBusy)?;
        let mut is_match = false;
        for stored in check.stored() {
            is_match = verifier.verify(stored, check.presented()).await?;
            if is_match {
                break;
            }
        }
        Ok(check.verified(is_match))
    }

    fn authentication_failed(&self, endpoint: Endpoint, client: Option<&ClientId>, refusal: Refusal) -> EndpointError {
        self.tell(&Event::AuthenticationFailed { endpoint, client, reason: &refusal.to_string() });
        refusal.into()
    }
}
