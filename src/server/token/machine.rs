//! Client credentials.

use super::{AuthorizationServer, EndpointError};
use crate::grant_type::Refusal;
use crate::grant_type::client_credentials;
use crate::record::Client;
use crate::value::{GrantType, Timestamp};
use crate::wire::{Parameters, RequestedTerms, TokenResponse};

impl AuthorizationServer {
    pub(super) async fn issue_to_machine<R: From<TokenResponse>>(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<R, EndpointError> {
        let requested = RequestedTerms::read_for(client, parameters).map_err(Refusal::from)?;
        let (approval, issue) = client_credentials::issue(requested, client, None, &self.0.policy)?;
        let begun = self.begun(client, approval, issue, now)?;
        self.begin(begun, &GrantType::ClientCredentials).await
    }
}
