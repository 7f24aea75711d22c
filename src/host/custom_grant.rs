//! Grant types that the host defines.
//!
//! [RFC 6749 §4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)

use std::fmt;

use async_trait::async_trait;

use super::StorageError;
use crate::record::{Authentication, Client};
use crate::value::{GrantType, Realm, ResourceSet, ScopeSet, Subject, Timestamp};
use crate::wire::Parameters;

/// A grant type of the host's own, named by an absolute URI.
///
/// The host only judges. The server authenticates the client before, checks that the client may use the grant type,
/// keeps the answer within what the client may have, and mints, binds and saves as for every other grant.
#[async_trait]
pub trait CustomGrant: Send + Sync {
    /// The absolute URI that names the grant type.
    fn grant_type(&self) -> &GrantType;

    /// Judges a request.
    ///
    /// # Errors
    ///
    /// [`CustomRefusal`] chooses the error that the client sees.
    async fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomApproval, CustomRefusal>;
}

/// A token request of a custom grant type, from an authenticated client.
#[expect(clippy::exhaustive_structs, reason = "tests of hosts build it")]
#[derive(Debug)]
pub struct CustomRequest<'a> {
    /// The realm.
    pub realm: &'a Realm,
    /// The client, authenticated and allowed to use the grant type.
    pub client: &'a Client,
    /// The scope that was asked for, or the client's default; always within what the client may have.
    pub scope: &'a ScopeSet,
    /// Every parameter of the request.
    pub parameters: &'a Parameters<'a>,
    /// The current time.
    pub now: Timestamp,
}

/// What a custom grant gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CustomApproval {
    /// The user whom the tokens stand for, with how they authenticated; none for a machine.
    pub user: Option<(Subject, Authentication)>,
    /// The scope. Cut down to what the client may have.
    pub scope: ScopeSet,
    /// The resources. Cut down to what the client may have.
    pub resources: ResourceSet,
    /// Whether a refresh token is issued too, if the client may refresh.
    pub allows_refresh: bool,
}

impl CustomApproval {
    /// Tokens for a machine, without refresh.
    #[must_use]
    pub fn for_machine(scope: ScopeSet) -> Self {
        Self { user: None, scope, resources: ResourceSet::default(), allows_refresh: false }
    }

    /// Tokens that stand for a user, without refresh.
    #[must_use]
    pub fn for_user(subject: Subject, authentication: Authentication, scope: ScopeSet) -> Self {
        Self { user: Some((subject, authentication)), scope, resources: ResourceSet::default(), allows_refresh: false }
    }
}

/// Why a custom grant gives nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum CustomRefusal {
    /// `invalid_grant`: what was presented is not valid.
    InvalidGrant,
    /// `invalid_request`: a parameter is missing or malformed.
    InvalidRequest,
    /// `invalid_scope`: the scope cannot be given.
    InvalidScope,
    /// `invalid_target`: the resource cannot be given.
    InvalidTarget,
    /// 503: the question cannot be answered now.
    Unavailable(StorageError),
}

impl fmt::Display for CustomRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidGrant => "the custom grant is not valid",
            Self::InvalidRequest => "the custom request is malformed",
            Self::InvalidScope => "the custom grant does not allow the scope",
            Self::InvalidTarget => "the custom grant does not allow the resource",
            Self::Unavailable(_) => "the custom grant cannot be judged now",
        })
    }
}
