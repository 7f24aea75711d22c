//! The introspection endpoint.
//!
//! [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)

use super::{AuthorizationServer, EndpointError};
use crate::authentication;
use crate::host::{Endpoint, Event};
use crate::introspection;
use crate::record::Client;
use crate::value::{GrantId, Timestamp};
use crate::wire::{FormRequest, IntrospectionResponse, Parameters, TokenQuery};

impl AuthorizationServer {
    /// Answers a resource server, or a client that may ask about its own tokens.
    ///
    /// # Errors
    ///
    /// [`EndpointError`], which says what the caller sees. A token that is not active is not an error.
    pub async fn introspect(&self, request: &FormRequest<'_>) -> Result<IntrospectionResponse<'static>, EndpointError> {
        fn owned(response: IntrospectionResponse<'_>) -> IntrospectionResponse<'static> {
            response.into_owned()
        }
        self.introspected(request, owned).await
    }

    /// The same, read while the grant is at hand, so that nothing of it needs to be kept.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(
            name = "oauth.introspect",
            skip_all,
            fields(oauth.client, oauth.grant_type, oauth.outcome, oauth.refusal)
        )
    )]
    pub(crate) async fn introspected<T>(
        &self,
        request: &FormRequest<'_>,
        read: fn(IntrospectionResponse<'_>) -> T,
    ) -> Result<T, EndpointError> {
        let parameters = self.parameters(Endpoint::Introspection, request)?;
        let now = self.now();
        let authenticated = self.authenticate(Endpoint::Introspection, request, &parameters, now).await?;
        let caller = authenticated.client();
        match self.looked_up(caller, &parameters, read, now).await {
            Ok((grant, answer)) => {
                self.tell(&Event::Introspected { client: caller.id(), grant });
                Ok(answer)
            }
            Err(error) => {
                self.tell_of_error(Endpoint::Introspection, caller, &error);
                Err(error)
            }
        }
    }

    /// The answer, and beside it the grant of a token that is active for the caller.
    async fn looked_up<T>(
        &self,
        caller: &Client,
        parameters: &Parameters<'_>,
        read: fn(IntrospectionResponse<'_>) -> T,
        now: Timestamp,
    ) -> Result<(Option<GrantId>, T), EndpointError> {
        if caller.is_public() {
            return Err(authentication::Refusal::PublicClient.into());
        }
        let query = TokenQuery::read(self.prefix(), parameters)?.ok_or(EndpointError::TokenMissing)?;
        let located = query.token.and_then(|token| {
            let masking = self.masking_key_of(token.key_number())?;
            Some((token.locator(&masking), token))
        });
        let Some((locator, token)) = located else { return Ok((None, read(IntrospectionResponse::Inactive))) };
        let Some((grant, _)) = self.load_grant(&locator).await? else {
            return Ok((None, read(IntrospectionResponse::Inactive)));
        };
        let holder = self.0.clients.find(&self.0.realm, grant.client(), now).await;
        let holder = holder.map_err(|error| self.storage_failed(error))?;
        let issuer = &self.0.issuer;
        let response = introspection::introspect(&token, &locator, &grant, holder.as_deref(), caller, issuer, now);
        let active = response.active().map(|_| grant.id());
        Ok((active, read(response)))
    }
}
