//! The token endpoint.
//!
//! [RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)

mod code;
mod custom;
mod machine;
mod refresh;

use std::sync::Arc;

use super::{AuthorizationServer, EndpointError, Unavailable};
use crate::grant_type::{AccessTerms, Issue, Refusal};
use crate::host::{AccountStanding, Compromise, Endpoint, Event, Expected, Saved};
use crate::record::{
    AccessTokens, Active, Approval, Client, Credential, EndReason, Grant, Identity, Key, Locator, Record, Version,
};
use crate::value::{GrantType, Timestamp};
use crate::wire::{FormRequest, MalformedTokenRequest, Parameters, TokenResponse};

impl AuthorizationServer {
    /// Answers a token request.
    ///
    /// # Errors
    ///
    /// [`EndpointError`], which says what the client sees.
    pub async fn token(&self, request: &FormRequest<'_>) -> Result<TokenResponse, EndpointError> {
        self.tokens(request).await.map(|response: Box<TokenResponse>| *response)
    }

    /// The same in the form in which the caller needs it. A response passes through many hands until it is saved, so it
    /// takes that form at once.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(
            name = "oauth.token",
            skip_all,
            fields(oauth.client, oauth.grant_type, oauth.outcome, oauth.refusal)
        )
    )]
    pub(crate) async fn tokens<R: From<TokenResponse>>(&self, request: &FormRequest<'_>) -> Result<R, EndpointError> {
        let parameters = self.parameters(Endpoint::Token, request)?;
        let now = self.now();
        let authenticated = self.authenticate(Endpoint::Token, request, &parameters, now).await?;
        let client = authenticated.client();
        let answer = self.dispatch(&parameters, client, now).await;
        answer.inspect_err(|error| self.tell_of_error(Endpoint::Token, client, error))
    }

    async fn dispatch<R: From<TokenResponse>>(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<R, EndpointError> {
        let named = parameters.get("grant_type")?;
        let named = named.ok_or(Refusal::Malformed(MalformedTokenRequest::GrantTypeMissing))?;
        match &*named {
            // Boxed, so that the future of a request is as small as the smallest of them.
            "authorization_code" => Box::pin(self.redeem(parameters, client, now)).await,
            "client_credentials" => self.issue_to_machine(parameters, client, now).await,
            "refresh_token" => Box::pin(self.refresh(parameters, client, now)).await,
            custom => {
                let grants = &self.0.custom_grants;
                let grant = grants.iter().find(|grant| grant.grant_type().as_str() == custom);
                let grant = Arc::clone(grant.ok_or(Refusal::GrantTypeUnsupported)?);
                Box::pin(self.issue_custom(&*grant, parameters, client, now)).await
            }
        }
    }

    /// Saves a grant that begins with its tokens.
    async fn begin<R>(&self, begun: Begun<R>, grant_type: &GrantType) -> Result<R, EndpointError> {
        let Begun { grant, version, response } = begun;
        match self.commit(Record::Grant(Arc::clone(&grant)), version, Expected::Absent).await? {
            Saved::Applied => {}
            // Nobody else draws the same 96 bits; the storage contradicts itself.
            Saved::Conflict => return Err(Unavailable::OutcomeUnknown.into()),
        }
        self.issued(&grant, grant_type);
        Ok(response)
    }

    /// A new grant with its tokens.
    fn begun<R: From<TokenResponse>>(
        &self,
        client: &Client,
        approval: Approval,
        issue: Issue,
        now: Timestamp,
    ) -> Result<Begun<R>, Unavailable> {
        let mut draw = self.draw_for(&issue.refresh)?;
        let (id, version) = (draw.grant_id()?, draw.version()?);
        let masking = self.masking_key()?;
        let locator = Locator::new(id, 0);
        let (access_token, token) =
            self.mint_access_token(&mut draw, &masking, &locator, &issue.access, &approval, now)?;
        let (refresh_token, chain) = self.start_chain(&mut draw, &masking, id, &issue.refresh, now)?.unzip();
        let identity = Identity {
            id,
            realm: &self.0.realm,
            client: client.id(),
            client_instance: client.instance,
            held_until: now,
        };
        let active = Active { spent_code: None, refresh: chain.map(Arc::new), access: AccessTokens::of(token) };
        let grant = Arc::new(Grant::issued_at(now, identity, approval, active));
        let response = Self::response(issue.access, access_token, refresh_token);
        Ok(Begun { grant, version, response })
    }

    /// What is answered once it is saved.
    fn response<R: From<TokenResponse>>(
        terms: AccessTerms,
        access_token: Credential,
        refresh_token: Option<Credential>,
    ) -> R {
        let AccessTerms { lifetime, scope, .. } = terms;
        TokenResponse { access_token, expires_in: lifetime, refresh_token, scope }.into()
    }

    /// Ends a grant for the reason that a judgement found, if it is still as it was judged.
    pub(super) async fn end(
        &self,
        grant: &Grant,
        version: Version,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<Saved, Unavailable> {
        let ended = Record::Grant(Arc::new(grant.ended_at(now, reason)));
        let next = Version::from_bytes(self.random()?);
        let saved = self.commit(ended, next, Expected::Version(version)).await?;
        if saved == Saved::Applied {
            self.ended(grant, reason);
        }
        Ok(saved)
    }

    /// Tells that a grant ended, and why.
    pub(super) fn ended(&self, grant: &Grant, reason: EndReason) {
        let (id, client, subject) = (grant.id(), grant.client(), grant.subject());
        let compromise = match reason {
            EndReason::CodeBurnt => Compromise::CodeVerifierMismatch,
            EndReason::CodeReplayed => Compromise::CodeReplayed,
            EndReason::RefreshTokenReused => Compromise::RefreshTokenReused,
            EndReason::RolledBack => return self.tell(&Event::StorageRolledBack { grant: id, client }),
            EndReason::ApprovalOvertaken
            | EndReason::ClientDeleted
            | EndReason::ClientEnded
            | EndReason::ConsentWithdrawn
            | EndReason::Denied
            | EndReason::EndedByHost
            | EndReason::RevokedByClient
            | EndReason::SessionEnded
            | EndReason::SubjectEnded => return self.tell(&Event::Ended { grant: id, client, subject, reason }),
        };
        self.tell(&Event::Compromised { grant: id, client, subject, compromise });
    }

    fn issued(&self, grant: &Grant, grant_type: &GrantType) {
        let (id, client, subject) = (grant.id(), grant.client(), grant.subject());
        self.tell(&Event::Issued { grant: id, client, subject, grant_type });
    }

    /// Refuses if the user is not active any more.
    async fn ensure_account(&self, grant: &Grant) -> Result<(), EndpointError> {
        let (Some(accounts), Some(subject)) = (&self.0.accounts, grant.subject()) else { return Ok(()) };
        let standing = accounts.standing(&self.0.realm, subject).await;
        match standing.map_err(|error| self.storage_failed(error))? {
            AccountStanding::Active => Ok(()),
            AccountStanding::Inactive => Err(Refusal::AccountInactive.into()),
        }
    }

    /// The grant that a credential names, with its version.
    pub(super) async fn load_grant(&self, locator: &Locator) -> Result<Option<(Arc<Grant>, Version)>, Unavailable> {
        let stored = self.load(Key::of_grant(&self.0.realm, locator.grant)).await?;
        Ok(stored.and_then(|stored| match stored.record {
            Record::Grant(grant) => Some((grant, stored.version)),
            _ => None,
        }))
    }
}

/// A grant that is not saved yet.
struct Begun<R> {
    grant: Arc<Grant>,
    /// The version to save it under.
    version: Version,
    /// The answer to give once it is saved.
    response: R,
}

/// How often a judgement is made anew when others keep changing the record.
pub(super) const MOST_ATTEMPTS: usize = 64;
