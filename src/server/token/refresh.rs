//! Using a refresh token: one load, one judgement, one save.

use std::sync::Arc;

use super::{AuthorizationServer, EndpointError, MOST_ATTEMPTS, Unavailable};
use crate::grant_type::{Issue, RefreshPlan, Refusal, Verdict, refresh_token};
use crate::host::{Event, Expected, Saved};
use crate::record::{Client, Grant, Locator, Phase, PresentedRefresh, Record, Version};
use crate::value::{GrantType, Timestamp};
use crate::wire::{Parameters, RefreshRequest, TokenResponse};

impl AuthorizationServer {
    pub(super) async fn refresh<R: From<TokenResponse>>(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<R, EndpointError> {
        let request = RefreshRequest::read(self.prefix(), parameters).map_err(Refusal::from)?;
        let locator = request.token.as_ref().and_then(|token| {
            let masking = self.masking_key_of(token.key_number())?;
            Some(token.locator(&masking))
        });
        let presented = request.token.as_ref().zip(locator.as_ref()).map(|(token, locator)| PresentedRefresh {
            generation: locator.counter,
            family: &locator.family,
            secret: token.secret(),
        });
        for _ in 0..MOST_ATTEMPTS {
            let stored = match &locator {
                None => None,
                Some(locator) => self.load_grant(locator).await?,
            };
            let grant = stored.as_ref().map(|(grant, _)| &**grant);
            let retry = grant.and_then(chain_of).and_then(|chain| chain.retry());
            let derivation = retry.and_then(|retry| self.derivation_key_of(retry.key));
            let verdict = refresh_token::refresh(
                presented.as_ref(),
                &request.terms,
                client,
                grant,
                None,
                derivation.as_ref(),
                &self.0.policy,
                now,
            )?;
            let (Some((grant, version)), Some(presented)) = (stored, &presented) else {
                return Err(Refusal::UnknownRefreshToken.into());
            };
            match verdict {
                Verdict::End(reason, refusal) => {
                    if self.end(&grant, version, reason, now).await? == Saved::Applied {
                        return Err(refusal.into());
                    }
                }
                Verdict::Issue(issue) => {
                    self.ensure_account(&grant).await?;
                    let is_repeated = matches!(issue.refresh, RefreshPlan::Repeat(_));
                    let minted = self.minted_for_refresh(&grant, presented, issue, now)?;
                    let Some((next, next_version, response)) = minted else { continue };
                    // After a conflict, what was minted is dropped unseen.
                    if self.commit(next, next_version, Expected::Version(version)).await? == Saved::Applied {
                        if is_repeated {
                            self.tell(&Event::Repeated { grant: grant.id(), client: grant.client() });
                        } else {
                            self.issued(&grant, &GrantType::RefreshToken);
                        }
                        return Ok(response);
                    }
                }
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// The next grant, the version to save it under, and the answer to give once it is saved. `None`: there is no chain.
    fn minted_for_refresh<R: From<TokenResponse>>(
        &self,
        grant: &Grant,
        presented: &PresentedRefresh<'_>,
        issue: Issue,
        now: Timestamp,
    ) -> Result<Option<(Record, Version, R)>, Unavailable> {
        let now = grant.time(now);
        let Phase::Active(active) = grant.phase() else { return Ok(None) };
        let Some(chain) = &active.refresh else { return Ok(None) };
        let mut draw = self.draw_for(&issue.refresh)?;
        let next_version = draw.version()?;
        let masking = self.masking_key()?;
        let locator = Locator::new(grant.id(), active.access.next_serial());
        let (access_token, token) =
            self.mint_access_token(&mut draw, &masking, &locator, &issue.access, grant.approval(), now)?;
        let (refresh_token, chain) =
            self.continue_chain(&mut draw, &masking, grant, chain, presented, &issue.refresh, now)?;
        let response = Self::response(issue.access, access_token, refresh_token);
        let next = grant.refreshed_at(now, token, chain, self.0.policy.most_live_access_tokens);
        Ok(next.map(|next| (Record::Grant(Arc::new(next)), next_version, response)))
    }
}

fn chain_of(grant: &Grant) -> Option<&crate::record::RefreshChain> {
    match grant.phase() {
        Phase::Active(active) => active.refresh.as_deref(),
        _ => None,
    }
}
