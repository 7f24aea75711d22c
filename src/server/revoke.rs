//! The revocation endpoint.
//!
//! [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)

use std::sync::Arc;

use super::token::MOST_ATTEMPTS;
use super::{AuthorizationServer, EndpointError, Unavailable};
use crate::host::{Endpoint, Event, Expected, Saved};
use crate::record::{Client, Record, Version};
use crate::revocation::{self, Verdict};
use crate::value::Timestamp;
use crate::wire::{FormRequest, Parameters, TokenQuery};

impl AuthorizationServer {
    /// Takes a token back. When this returns `Ok`, the token is not valid, whatever it was before.
    ///
    /// # Errors
    ///
    /// [`EndpointError`], which says what the client sees.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(
            name = "oauth.revoke",
            skip_all,
            fields(oauth.client, oauth.grant_type, oauth.outcome, oauth.refusal)
        )
    )]
    pub async fn revoke(&self, request: &FormRequest<'_>) -> Result<(), EndpointError> {
        let parameters = self.parameters(Endpoint::Revocation, request)?;
        let now = self.now();
        let authenticated = self.authenticate(Endpoint::Revocation, request, &parameters, now).await?;
        let client = authenticated.client();
        match self.taken_back(client, &parameters, now).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.tell(&Event::NothingRevoked { client: client.id() });
                Ok(())
            }
            Err(error) => {
                self.tell_of_error(Endpoint::Revocation, client, &error);
                Err(error)
            }
        }
    }

    /// Whether there was something to take back.
    async fn taken_back(
        &self,
        client: &Client,
        parameters: &Parameters<'_>,
        now: Timestamp,
    ) -> Result<bool, EndpointError> {
        let query = TokenQuery::read(self.prefix(), parameters)?.ok_or(EndpointError::TokenMissing)?;
        let located = query.token.and_then(|token| {
            let masking = self.masking_key_of(token.key_number())?;
            Some((token.locator(&masking), token))
        });
        let Some((locator, token)) = located else { return Ok(false) };
        for _ in 0..MOST_ATTEMPTS {
            let Some((grant, version)) = self.load_grant(&locator).await? else { return Ok(false) };
            let verdict = revocation::revoke(&token, &locator, &grant, client, &self.0.policy, now);
            let next = match verdict? {
                Verdict::Nothing => return Ok(false),
                Verdict::End(reason) => grant.ended_at(now, reason),
                Verdict::RemoveAccessToken(serial) => match grant.without_access_token_at(now, serial) {
                    Some(next) => next,
                    None => return Ok(false),
                },
            };
            let next_version = Version::from_bytes(self.random()?);
            let saved = self.commit(Record::Grant(Arc::new(next)), next_version, Expected::Version(version)).await?;
            if saved == Saved::Applied {
                match verdict {
                    Ok(Verdict::End(reason)) => self.ended(&grant, reason),
                    _ => self.tell(&Event::AccessTokenRevoked { grant: grant.id(), client: grant.client() }),
                }
                return Ok(true);
            }
        }
        Err(Unavailable::Contended.into())
    }
}
