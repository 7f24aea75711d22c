//! The introspection endpoint.
//!
//! [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)

use super::{AuthorizationServer, EndpointError};
use crate::authentication;
use crate::host::{Endpoint, Event};
use crate::introspection;
use crate::wire::{FormRequest, IntrospectionResponse, Parameters, TokenQuery};

impl AuthorizationServer {
    /// Answers a resource server, or a client that may ask about its own tokens.
    ///
    /// # Errors
    ///
    /// [`EndpointError`], which says what the caller sees. A token that is not active is not an error.
    pub async fn introspect(&self, request: &FormRequest<'_>) -> Result<IntrospectionResponse<'static>, EndpointError> {
        self.introspected(request, |response| response.into_owned()).await
    }

    /// The same, read while the grant is at hand, so that nothing of it needs to be kept.
    pub(crate) async fn introspected<T>(
        &self,
        request: &FormRequest<'_>,
        read: fn(IntrospectionResponse<'_>) -> T,
    ) -> Result<T, EndpointError> {
        let parameters = Parameters::parse(request.body)?;
        let now = self.now();
        let authenticated = self.authenticate(Endpoint::Introspection, request, &parameters, now).await?;
        let caller = authenticated.client();
        if caller.is_public() {
            let refusal = authentication::Refusal::PublicClient;
            self.tell(&Event::AuthenticationFailed { client: Some(caller.id()), reason: &refusal.to_string() });
            return Err(refusal.into());
        }
        let query = TokenQuery::read(self.prefix(), &parameters)?.ok_or(EndpointError::TokenMissing)?;
        let located = query.token.and_then(|token| {
            let masking = self.masking_key_of(token.key_number())?;
            Some((token.locator(&masking), token))
        });
        let Some((locator, token)) = located else { return Ok(read(IntrospectionResponse::Inactive)) };
        let Some((grant, _)) = self.load_grant(&locator).await? else {
            return Ok(read(IntrospectionResponse::Inactive));
        };
        let holder = self.0.clients.find(&self.0.realm, grant.client(), now).await;
        let holder = holder.map_err(|error| self.storage_failed(error))?;
        Ok(read(introspection::introspect(&token, &locator, &grant, holder.as_deref(), caller, &self.0.issuer, now)))
    }
}
