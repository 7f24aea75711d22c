//! Grant types of the host's own.

use super::{AuthorizationServer, EndpointError};
use crate::grant_type::{Refusal, custom};
use crate::host::{CustomGrant, CustomRefusal, CustomRequest};
use crate::record::{Approval, Client, UserApproval};
use crate::value::Timestamp;
use crate::wire::{MalformedTokenRequest, Parameters, RequestedTerms, TokenResponse};

impl AuthorizationServer {
    pub(super) async fn issue_custom<R: From<TokenResponse>>(
        &self,
        grant: &dyn CustomGrant,
        parameters: &Parameters<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<R, EndpointError> {
        let requested = RequestedTerms::read(parameters).map_err(Refusal::from)?;
        let (scope, _) = custom::requested(grant.grant_type(), &requested, client)?;
        let request = CustomRequest { realm: &self.0.realm, client, scope: &scope, parameters, now };
        let approved = grant.judge(&request).await.map_err(|refusal| self.custom_refusal(refusal))?;
        let allows_refresh = approved.allows_refresh;
        let user = approved.user.map(|(subject, authentication)| {
            Box::new(UserApproval { subject, authentication, requested_scope: scope.clone(), nonce: None })
        });
        let approval = Approval { scope: approved.scope, resources: approved.resources, user };
        let (approval, issue) = custom::issue(approval, &requested, client, allows_refresh, None, &self.0.policy)?;
        let begun = self.begun(client, approval, issue, now)?;
        self.begin(begun, grant.grant_type()).await
    }

    fn custom_refusal(&self, refusal: CustomRefusal) -> EndpointError {
        match refusal {
            CustomRefusal::InvalidGrant => Refusal::CustomGrantInvalid.into(),
            CustomRefusal::InvalidRequest => Refusal::CustomRequestMalformed.into(),
            CustomRefusal::InvalidScope => Refusal::ScopeNotGranted.into(),
            CustomRefusal::InvalidTarget => Refusal::Malformed(MalformedTokenRequest::Resource).into(),
            CustomRefusal::Unavailable(error) => self.storage_failed(error).into(),
        }
    }
}
