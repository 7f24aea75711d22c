//! The live opaque access tokens of a grant.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::{Confirmation, Digest, ResourceSet, ScopeSet, Timestamp};

/// One live access token.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the driver builds it from what it minted")]
pub struct AccessToken {
    /// The number under which the token's locator finds it. The digest decides, so a number may come again.
    pub serial: u32,
    /// The digest of the token's secret.
    pub digest: Digest,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// The token's terms, where they are narrower than the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<Arc<Narrowed>>,
    /// The key that the sender must prove, if the token is bound to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Arc<Confirmation>>,
}

/// Terms that are narrower than what was approved.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the two terms of an access token")]
pub struct Narrowed {
    /// The token's scope.
    pub scope: ScopeSet,
    /// The token's audience.
    pub audience: ResourceSet,
}

/// The live access tokens of a grant, oldest first. The first is kept inline: most grants have one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "Vec<AccessToken>", into = "Vec<AccessToken>")]
pub struct AccessTokens {
    first: Option<AccessToken>,
    more: Box<[AccessToken]>,
}

impl AccessTokens {
    /// One token.
    #[must_use]
    pub fn of(token: AccessToken) -> Self {
        Self { first: Some(token), more: Box::default() }
    }

    /// The tokens, oldest first. Expired ones may be among them.
    pub fn iter(&self) -> impl Iterator<Item = &AccessToken> {
        self.first.iter().chain(&self.more)
    }

    /// The token of that serial, expired or not.
    #[must_use]
    pub fn find(&self, serial: u32) -> Option<&AccessToken> {
        self.iter().find(|token| token.serial == serial)
    }

    /// The serial of the next token.
    #[must_use]
    pub fn next_serial(&self) -> u32 {
        self.iter().last().map_or(0, |token| token.serial.wrapping_add(1))
    }

    /// The tokens and one more: expired ones are dropped, and the oldest while there are more than `most`.
    pub(super) fn with(&self, token: AccessToken, now: Timestamp, most: usize) -> Self {
        let live = self.iter().filter(|token| !token.expires_at.is_past(now)).count();
        let surplus = (live + 1).saturating_sub(most.max(1));
        let mut kept = self.iter().filter(|token| !token.expires_at.is_past(now)).skip(surplus);
        match kept.next() {
            None => Self::of(token),
            Some(first) => {
                let mut more = Vec::with_capacity(live - surplus);
                more.extend(kept.cloned());
                more.push(token);
                Self { first: Some(first.clone()), more: more.into_boxed_slice() }
            }
        }
    }

    /// The tokens without one, and without expired ones. `None` if no such token is there.
    pub(super) fn without(&self, serial: u32, now: Timestamp) -> Option<Self> {
        self.find(serial)?;
        let kept = self.iter().filter(|token| token.serial != serial && !token.expires_at.is_past(now));
        Some(kept.cloned().collect::<Vec<_>>().into())
    }

    /// When the last of them expires.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.iter().map(|token| token.expires_at).max()
    }
}

impl From<Vec<AccessToken>> for AccessTokens {
    fn from(tokens: Vec<AccessToken>) -> Self {
        let mut tokens = tokens.into_iter();
        Self { first: tokens.next(), more: tokens.collect() }
    }
}

impl From<AccessTokens> for Vec<AccessToken> {
    fn from(tokens: AccessTokens) -> Self {
        tokens.first.into_iter().chain(tokens.more).collect()
    }
}
