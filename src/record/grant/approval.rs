//! What was approved, by whom, and how they had authenticated. Never changes while the grant lives.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::{ResourceSet, ScopeSet, SessionId, Subject, Timestamp};

/// What a client was given. Nothing that it holds is ever more.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the terms of a grant; a new term must be considered everywhere")]
pub struct Approval {
    /// The approved scope.
    pub scope: ScopeSet,
    /// The resources at which tokens of the grant may be used. Empty: the server has no resources configured.
    pub resources: ResourceSet,
    /// The user's part. Absent where a machine acts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<UserApproval>>,
}

/// The user's part of an approval.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the user's part of a grant; see above")]
pub struct UserApproval {
    /// The user.
    pub subject: Subject,
    /// How the user had authenticated.
    pub authentication: Authentication,
    /// The scope that the client asked for.
    pub requested_scope: ScopeSet,
    /// The client's nonce, for the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Arc<str>>,
}

/// How a user authenticated.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Authentication {
    /// When.
    pub at: Timestamp,
    /// The authentication context class that was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Arc<str>>,
    /// The authentication methods that were used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The login session, if grants shall end with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

impl Authentication {
    /// An authentication at that time, of no particular class, in no named session.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self { at, acr: None, amr: Vec::new(), session: None }
    }
}
