//! What a resource asks of a token.
//!
//! [RFC 6749 §7](https://www.rfc-editor.org/rfc/rfc6749#section-7),
//! [RFC 9700 §2.3](https://www.rfc-editor.org/rfc/rfc9700#section-2.3)

use super::{Refusal, VerifiedToken};
use crate::value::{MetadataUrl, ProtectionRealm, Resource, ScopeSet, Timestamp};

/// What a token must have to open a door: the audience always, scopes where some are needed.
///
/// There is no requirement without an audience: a token that anybody may use anywhere is of use to whoever steals it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Requirement {
    /// The resource that the token must be meant for.
    pub audience: Resource,
    /// The scopes that the token must have, all of them.
    pub scopes: ScopeSet,
    /// What challenges call the protected space, if anything.
    pub realm: Option<ProtectionRealm>,
    /// Where clients read which authorization server to ask, if it is published
    /// ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)).
    pub metadata: Option<MetadataUrl>,
}

impl Requirement {
    /// A token for `audience`, with any scope.
    #[must_use]
    pub fn new(audience: Resource) -> Self {
        Self { audience, scopes: ScopeSet::empty(), realm: None, metadata: None }
    }

    /// The same, and all of these scopes.
    #[must_use]
    pub fn with_scopes(self, scopes: ScopeSet) -> Self {
        Self { scopes, ..self }
    }

    /// The same, with a name for the protected space in challenges.
    #[must_use]
    pub fn with_realm(self, realm: ProtectionRealm) -> Self {
        Self { realm: Some(realm), ..self }
    }

    /// The same, with challenges that point to the resource's metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: MetadataUrl) -> Self {
        Self { metadata: Some(metadata), ..self }
    }

    /// Refuses a token that does not meet the requirement.
    ///
    /// The audience comes before the scope: a token of another resource learns nothing about this one.
    ///
    /// # Errors
    ///
    /// [`Refusal::TokenExpired`], [`Refusal::NotBearer`], [`Refusal::AudienceMismatch`] or
    /// [`Refusal::ScopeInsufficient`].
    pub fn ensure_met_by(&self, token: &VerifiedToken, now: Timestamp) -> Result<(), Refusal> {
        if token.expires_at.is_some_and(|at| at.is_past(now)) {
            return Err(Refusal::TokenExpired);
        }
        if !token.is_bearer {
            return Err(Refusal::NotBearer);
        }
        if !token.audience.contains(&self.audience) {
            return Err(Refusal::AudienceMismatch);
        }
        if self.scopes.is_subset_of(&token.scope) { Ok(()) } else { Err(Refusal::ScopeInsufficient) }
    }
}
