//! The refresh chain: which refresh token of a grant is live, and what an old one means.
//!
//! Reuse is detected in constant space. Every token carries its generation and the chain's family; the record keeps
//! the current generation and two digests, never a list of spent tokens. Only somebody who once held a token of the
//! chain knows the family, so nobody else can end the grant.
//!
//! [RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
//! [RFC 9700 §4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::CredentialKind;
use crate::value::{Confirmation, Digest, GrantId, Lifetime, RealmFingerprint, Salt, Secret, SymmetricKey, Timestamp};

/// ```text
///              rotated_at()
/// generation n ────────────► generation n+1      presenting n again ends the grant,
///      │  ▲                                      unless its retry window is open
///      └──┘ used_at()  (no rotation)
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshChain {
    generation: u32,
    digest: Digest,
    family: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmation: Option<Box<Confirmation>>,
    idle_until: Timestamp,
    ends_at: Timestamp,
    /// Until when the latest spent generations are forgiven, newest first. Empty without a retry window.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    windows: Box<[Timestamp]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<Box<Retry>>,
}

/// How the successor of the latest spent token can be derived again, while it is unused.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Retry {
    /// Drawn for this rotation, erased when the successor is used.
    pub salt: Salt,
    /// The number of the derivation key in the keyring.
    pub key: u8,
    /// How often the successor was handed out again.
    pub count: u8,
}

/// A refresh token as presented, after its locator was unmasked.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the three parts of a refresh token")]
pub struct PresentedRefresh<'a> {
    /// The generation that the token claims.
    pub generation: u32,
    /// The family that the token claims.
    pub family: &'a [u8; 16],
    /// The secret inside.
    pub secret: &'a Secret,
}

/// Whoever knows the family can end the grant.
impl fmt::Debug for PresentedRefresh<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedRefresh({}, redacted)", self.generation)
    }
}

/// What a presented refresh token is, before its sender is checked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Recognition {
    /// The live token.
    Live,
    /// The token before the live one, inside its window: the live one may be handed out again.
    Retryable(Successor),
    /// A spent token inside its window, with nothing to hand out again. Refused; nobody is accused.
    Superseded,
    /// A genuine token that was spent before.
    Reused,
    /// A genuine family with a generation that was never issued: the storage was rolled back.
    RolledBack,
    /// Junk.
    Unknown,
}

/// The live refresh token, derived again for a retry.
#[derive(Debug)]
#[non_exhaustive]
pub struct Successor {
    /// Its secret.
    pub secret: Secret,
    /// Its generation.
    pub generation: u32,
}

/// The key from which successors are derived, and its number in the keyring.
#[derive(Clone)]
pub struct DerivationKey {
    number: u8,
    key: SymmetricKey,
}

impl DerivationKey {
    /// Names key material.
    #[must_use]
    pub fn new(number: u8, key: SymmetricKey) -> Self {
        Self { number, key }
    }

    /// The number in the keyring.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The secret of the token that follows `spent`, the same however often it is asked for.
    #[must_use]
    pub fn successor(&self, spent: &Secret, salt: Salt, grant: GrantId, generation: u32) -> Secret {
        authenticate(
            &self.key,
            &[
                b"grantsmith refresh successor",
                spent.expose(),
                salt.as_bytes(),
                grant.as_bytes(),
                &generation.to_be_bytes(),
            ],
        )
    }

    /// The secret of the code of a grant, the same however often the user's approval arrives.
    #[must_use]
    pub fn code(&self, grant: GrantId) -> Secret {
        authenticate(&self.key, &[b"grantsmith authorization code", grant.as_bytes()])
    }
}

impl fmt::Debug for DerivationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerivationKey({}, redacted)", self.number)
    }
}

fn authenticate(key: &SymmetricKey, parts: &[&[u8]]) -> Secret {
    // A key of any length is accepted by HMAC; ours has 32 bytes, so `new_from_slice` cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
    for part in parts {
        mac.update(part);
    }
    Secret::new(mac.finalize().into_bytes().into())
}

impl RefreshChain {
    /// The chain of a new grant, at generation zero.
    #[must_use]
    pub fn started_at(
        now: Timestamp,
        digest: Digest,
        family: Digest,
        confirmation: Option<Confirmation>,
        idle: Lifetime,
        lifetime: Lifetime,
    ) -> Self {
        Self {
            generation: 0,
            digest,
            family,
            confirmation: confirmation.map(Box::new),
            idle_until: now.after(idle),
            ends_at: now.after(lifetime),
            windows: Box::default(),
            retry: None,
        }
    }

    /// What the presented token is. `derivation` is the key that [`retry`](Self::retry) names, if the keyring has it.
    #[must_use]
    pub fn recognize(
        &self,
        presented: &PresentedRefresh<'_>,
        realm: &RealmFingerprint,
        grant: GrantId,
        derivation: Option<&DerivationKey>,
        now: Timestamp,
    ) -> Recognition {
        let digest = |secret| CredentialKind::RefreshToken.digest(realm, secret);
        if !self.family.matches(&CredentialKind::family_digest(realm, presented.family)) {
            return Recognition::Unknown;
        }
        if presented.generation == self.generation {
            let is_live = self.digest.matches(&digest(presented.secret));
            return if is_live { Recognition::Live } else { Recognition::Unknown };
        }
        let Some(age) = self.generation.checked_sub(presented.generation) else {
            return Recognition::RolledBack;
        };
        let window = usize::try_from(age - 1).ok().and_then(|index| self.windows.get(index));
        if window.is_none_or(|until| until.is_past(now)) {
            return Recognition::Reused;
        }
        let retry = self.retry().filter(|retry| age == 1 && retry.count < MAXIMUM_RETRIES);
        match (retry, derivation) {
            (Some(retry), Some(derivation)) => {
                let secret = derivation.successor(presented.secret, retry.salt, grant, self.generation);
                let is_genuine = self.digest.matches(&digest(&secret));
                let successor = Successor { secret, generation: self.generation };
                if is_genuine { Recognition::Retryable(successor) } else { Recognition::Unknown }
            }
            _ => Recognition::Superseded,
        }
    }

    /// The chain after its live token was spent. With a window, `retry` says how to derive the successor again.
    #[must_use]
    pub fn rotated_at(
        &self,
        now: Timestamp,
        successor: Digest,
        retry: Option<Retry>,
        window: Lifetime,
        idle: Lifetime,
    ) -> Self {
        let newest = (!window.is_zero() || !self.windows.is_empty()).then(|| now.after(window));
        let windows = newest.into_iter().chain(self.windows.iter().copied());
        Self {
            generation: self.generation.saturating_add(1),
            digest: successor,
            family: self.family,
            confirmation: self.confirmation.clone(),
            idle_until: now.after(idle),
            ends_at: self.ends_at,
            windows: without_closed_tail(windows.take(MAXIMUM_WINDOWS), now),
            retry: retry.map(Box::new),
        }
    }

    /// The chain after its live token was handed out once more.
    #[must_use]
    pub fn retried(&self) -> Self {
        let again = |retry: &Retry| Retry { count: retry.count.saturating_add(1), ..*retry };
        let retry = self.retry().map(again).map(Box::new);
        Self { retry, ..self.clone() }
    }

    /// The chain after its live token was used and stays live.
    #[must_use]
    pub fn used_at(&self, now: Timestamp, idle: Lifetime) -> Self {
        let windows = without_closed_tail(self.windows.iter().copied(), now);
        Self { idle_until: now.after(idle), retry: None, windows, ..self.clone() }
    }

    /// The chain without what a closed window leaves behind.
    #[must_use]
    pub(crate) fn pruned_at(&self, now: Timestamp) -> Option<Self> {
        let has_closed = self.windows.iter().any(|until| until.is_past(now));
        has_closed.then(|| {
            let windows = without_closed_tail(self.windows.iter().copied(), now);
            let retry = self.retry.clone().filter(|_| self.windows.first().is_some_and(|until| !until.is_past(now)));
            Self { windows, retry, ..self.clone() }
        })
    }

    /// How to derive the live token from the spent one, while that is possible.
    #[must_use]
    pub fn retry(&self) -> Option<&Retry> {
        self.retry.as_deref()
    }

    /// The generation of the live token.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The key that the holder must prove, if the chain is bound to one.
    #[must_use]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_deref()
    }

    /// When the live token expires, if it is not used before.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.idle_until.min(self.ends_at)
    }
}

/// Windows are found by the age of their generation, so a closed one keeps its place before an open one.
fn without_closed_tail(windows: impl Iterator<Item = Timestamp>, now: Timestamp) -> Box<[Timestamp]> {
    let mut windows: Vec<Timestamp> = windows.collect();
    while windows.last().is_some_and(|until| until.is_past(now)) {
        windows.pop();
    }
    windows.into_boxed_slice()
}

/// A lost answer is asked for again once or twice; more is somebody probing.
const MAXIMUM_RETRIES: u8 = 2;
/// A client that rotates more often within one window has no lost answer to ask for.
const MAXIMUM_WINDOWS: usize = 8;

#[cfg(test)]
mod tests;
