//! Minting: random bytes become credentials for their holders and digests for the record.

use super::{AuthorizationServer, Unavailable};
use crate::grant_type::{AccessTerms, RefreshPlan};
use crate::host::{EntropyError, Purpose};
use crate::policy::Policy;
use crate::record::{
    AccessToken, Approval, Credential, CredentialKind, DerivationKey, Grant, Locator, MaskingKey, Narrowed,
    PresentedRefresh, RefreshChain, Retry, Version,
};
use crate::value::{GrantId, Salt, Secret, Timestamp, Wiped};

/// Random bytes drawn at once for one attempt. No byte is handed out twice.
pub(super) struct Draw {
    bytes: Wiped<{ Self::FOR_BOTH }>,
    drawn: usize,
    taken: usize,
}

impl Draw {
    /// Grant id, version and secret.
    const FOR_ACCESS_TOKEN: usize = 12 + 16 + 32;
    /// The same, another secret, and family or salt.
    const FOR_BOTH: usize = Self::FOR_ACCESS_TOKEN + 32 + 16;

    fn take<const N: usize>(&mut self) -> Result<[u8; N], EntropyError> {
        let rest = self.bytes.get(self.taken..self.drawn).unwrap_or_default();
        let (bytes, _) = rest.split_first_chunk().ok_or_else(EntropyError::new)?;
        self.taken += N;
        Ok(*bytes)
    }

    pub(super) fn grant_id(&mut self) -> Result<GrantId, EntropyError> {
        self.take().map(GrantId::from_bytes)
    }

    pub(super) fn version(&mut self) -> Result<Version, EntropyError> {
        self.take().map(Version::from_bytes)
    }

    pub(super) fn secret(&mut self) -> Result<Secret, EntropyError> {
        self.take().map(Secret::new)
    }
}

impl AuthorizationServer {
    /// Draws the random bytes of one attempt.
    pub(super) fn draw(&self) -> Result<Draw, Unavailable> {
        self.drawn(Draw::FOR_BOTH)
    }

    /// Draws the random bytes for an access token, and for what the plan says of a refresh token.
    pub(super) fn draw_for(&self, plan: &RefreshPlan) -> Result<Draw, Unavailable> {
        self.drawn(match plan {
            RefreshPlan::Keep { .. } | RefreshPlan::None | RefreshPlan::Repeat(_) => Draw::FOR_ACCESS_TOKEN,
            RefreshPlan::Rotate { .. } | RefreshPlan::Start { .. } => Draw::FOR_BOTH,
        })
    }

    fn drawn(&self, drawn: usize) -> Result<Draw, Unavailable> {
        let mut bytes = Wiped::zeros();
        self.0.entropy.fill(bytes.split_at_mut(drawn).0)?;
        Ok(Draw { bytes, drawn, taken: 0 })
    }

    /// Random bytes for one value.
    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N], Unavailable> {
        let mut bytes = [0; N];
        self.0.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The key that masks new credentials.
    pub(super) fn masking_key(&self) -> Result<MaskingKey, Unavailable> {
        self.masking_key_of(self.0.keyring.current()).ok_or(Unavailable::Keyring)
    }

    /// The key of that number, unless it was removed.
    pub(super) fn masking_key_of(&self, number: u8) -> Option<MaskingKey> {
        let key = self.0.keyring.key(Purpose::Masking, number)?;
        let (half, _) = key.expose().split_first_chunk()?;
        Some(MaskingKey::new(number, *half))
    }

    /// The key from which successors and codes of that number are derived.
    pub(super) fn derivation_key_of(&self, number: u8) -> Option<DerivationKey> {
        Some(DerivationKey::new(number, self.0.keyring.key(Purpose::Derivation, number)?))
    }

    /// An access token for its holder, and what the record keeps of it.
    pub(super) fn mint_access_token(
        &self,
        draw: &mut Draw,
        masking: &MaskingKey,
        locator: &Locator,
        terms: &AccessTerms,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<(Credential, AccessToken), EntropyError> {
        let secret = draw.secret()?;
        let is_whole = terms.scope == approval.scope && terms.audience == approval.resources;
        let token = AccessToken {
            serial: locator.counter,
            digest: CredentialKind::AccessToken.digest(self.0.realm.fingerprint(), &secret),
            issued_at: now,
            expires_at: now.after(terms.lifetime),
            narrowed: (!is_whole)
                .then(|| Narrowed { scope: terms.scope.clone(), audience: terms.audience.clone() }.into()),
            confirmation: terms.confirmation.map(Into::into),
        };
        let credential = Credential::new(self.prefix(), CredentialKind::AccessToken, masking, locator, &secret);
        Ok((credential, token))
    }

    /// A refresh token for its holder, and the chain that begins with it, if the plan is to start one.
    pub(super) fn start_chain(
        &self,
        draw: &mut Draw,
        masking: &MaskingKey,
        grant: GrantId,
        plan: &RefreshPlan,
        now: Timestamp,
    ) -> Result<Option<(Credential, RefreshChain)>, EntropyError> {
        let RefreshPlan::Start { confirmation, idle, lifetime } = plan else { return Ok(None) };
        let (secret, family) = (draw.secret()?, draw.take()?);
        let realm = self.0.realm.fingerprint();
        let digest = CredentialKind::RefreshToken.digest(realm, &secret);
        let family_digest = CredentialKind::family_digest(realm, &family);
        let chain = RefreshChain::started_at(now, digest, family_digest, *confirmation, *idle, *lifetime);
        let locator = Locator::of_refresh_token(grant, 0, family);
        let credential = Credential::new(self.prefix(), CredentialKind::RefreshToken, masking, &locator, &secret);
        Ok(Some((credential, chain)))
    }

    /// The chain after a use, and the refresh token to answer with, if it is another one than was presented.
    #[expect(clippy::too_many_arguments, reason = "a chain is continued from everything that was presented")]
    pub(super) fn continue_chain(
        &self,
        draw: &mut Draw,
        masking: &MaskingKey,
        grant: &Grant,
        chain: &RefreshChain,
        presented: &PresentedRefresh<'_>,
        plan: &RefreshPlan,
        now: Timestamp,
    ) -> Result<(Option<Credential>, RefreshChain), Unavailable> {
        let credential = |secret: &Secret, generation| {
            let locator = Locator::of_refresh_token(grant.id(), generation, *presented.family);
            Credential::new(self.prefix(), CredentialKind::RefreshToken, masking, &locator, secret)
        };
        match plan {
            RefreshPlan::None | RefreshPlan::Start { .. } => Ok((None, chain.clone())),
            RefreshPlan::Keep { idle } => Ok((None, chain.used_at(now, *idle))),
            RefreshPlan::Repeat(successor) => {
                Ok((Some(credential(&successor.secret, successor.generation)), chain.retried()))
            }
            RefreshPlan::Rotate { idle } => {
                let generation = chain.generation().saturating_add(1);
                let (secret, retry) = self.successor(draw, grant.id(), presented.secret, generation)?;
                let digest = CredentialKind::RefreshToken.digest(self.0.realm.fingerprint(), &secret);
                let window = self.0.policy.refresh_retry_window;
                Ok((Some(credential(&secret, generation)), chain.rotated_at(now, digest, retry, window, *idle)))
            }
        }
    }

    /// A random secret, or, where answers may be repeated, one that can be derived again.
    fn successor(
        &self,
        draw: &mut Draw,
        grant: GrantId,
        spent: &Secret,
        generation: u32,
    ) -> Result<(Secret, Option<Retry>), Unavailable> {
        let Policy { refresh_retry_window, .. } = &self.0.policy;
        if refresh_retry_window.is_zero() {
            return Ok((draw.secret()?, None));
        }
        let salt = Salt::from_bytes(draw.take()?);
        let key = self.derivation_key_of(self.0.keyring.current()).ok_or(Unavailable::Keyring)?;
        let retry = Retry { salt, key: key.number(), count: 0 };
        Ok((key.successor(spent, salt, grant, generation), Some(retry)))
    }
}
