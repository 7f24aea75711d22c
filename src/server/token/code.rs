//! Redeeming a code: one load, one judgement, one save.

use std::sync::Arc;

use super::{AuthorizationServer, EndpointError, MOST_ATTEMPTS, Unavailable};
use crate::grant_type::{Issue, Refusal, Verdict, authorization_code};
use crate::host::{Expected, Saved};
use crate::record::{Client, Grant, Locator, Record, Version};
use crate::value::{GrantType, Timestamp};
use crate::wire::{CodeRequest, Parameters, TokenResponse};

impl AuthorizationServer {
    pub(super) async fn redeem<R: From<TokenResponse>>(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<R, EndpointError> {
        let request = CodeRequest::read(self.prefix(), parameters).map_err(Refusal::from)?;
        let locator = request.code.as_ref().and_then(|code| {
            let masking = self.masking_key_of(code.key_number())?;
            // A code has no counter, so one that counts was changed.
            Some(code.locator(&masking)).filter(|locator| locator.counter == 0)
        });
        for _ in 0..MOST_ATTEMPTS {
            let stored = match &locator {
                None => None,
                Some(locator) => self.load_grant(locator).await?,
            };
            let grant = stored.as_ref().map(|(grant, _)| &**grant);
            let verdict = authorization_code::redeem(&request, client, grant, None, &self.0.policy, now)?;
            let Some((grant, version)) = stored else { return Err(Refusal::UnknownCode.into()) };
            match verdict {
                Verdict::End(reason, refusal) => {
                    if self.end(&grant, version, reason, now).await? == Saved::Applied {
                        return Err(refusal.into());
                    }
                }
                Verdict::Issue(issue) => {
                    self.ensure_account(&grant).await?;
                    let Some((next, next_version, response)) = self.minted_for_code(&grant, issue, now)? else {
                        continue;
                    };
                    // After a conflict, what was minted is dropped unseen.
                    if self.commit(next, next_version, Expected::Version(version)).await? == Saved::Applied {
                        self.issued(&grant, &GrantType::AuthorizationCode);
                        return Ok(response);
                    }
                }
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// The next grant, the version to save it under, and the answer to give once it is saved. `None`: no code waits.
    fn minted_for_code<R: From<TokenResponse>>(
        &self,
        grant: &Grant,
        issue: Issue,
        now: Timestamp,
    ) -> Result<Option<(Record, Version, R)>, Unavailable> {
        let now = grant.time(now);
        let mut draw = self.draw_for(&issue.refresh)?;
        let next_version = draw.version()?;
        let masking = self.masking_key()?;
        let locator = Locator::new(grant.id(), 0);
        let (access_token, token) =
            self.mint_access_token(&mut draw, &masking, &locator, &issue.access, grant.approval(), now)?;
        let (refresh_token, chain) = self.start_chain(&mut draw, &masking, grant.id(), &issue.refresh, now)?.unzip();
        let response = Self::response(issue.access, access_token, refresh_token);
        let next = grant.redeemed_at(now, token, chain);
        Ok(next.map(|next| (Record::Grant(Arc::new(next)), next_version, response)))
    }
}
