//! The challenge that goes with a refusal.
//!
//! Every part of it is of a type that cannot hold a quote, a backslash or a line break, each is written at most once,
//! and none comes from the request.
//!
//! [RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3),
//! [RFC 9728 §5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)

use std::fmt;

use super::Requirement;

/// The value of a `WWW-Authenticate` header. Printing it gives the text.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    requirement: &'a Requirement,
    error: Option<BearerError>,
}

impl<'a> Challenge<'a> {
    pub(super) fn new(requirement: &'a Requirement, error: Option<BearerError>) -> Self {
        Self { requirement, error }
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Requirement { scopes, realm, metadata, .. } = self.requirement;
        let scope = (!scopes.is_empty()).then(|| scopes.as_str());
        let said = [
            ("realm", realm.as_ref().map(AsRef::as_ref)),
            ("error", self.error.map(BearerError::as_str)),
            ("scope", scope),
            ("resource_metadata", metadata.as_ref().map(AsRef::as_ref)),
        ];
        let mut said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
        // A scheme is never sent bare.
        let (name, value) = said.next().unwrap_or(("realm", DEFAULT_REALM));
        write!(f, "Bearer {name}=\"{value}\"")?;
        said.try_for_each(|(name, value)| write!(f, ", {name}=\"{value}\""))
    }
}

/// An error code of a bearer challenge.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum BearerError {
    /// The token is live, but not enough.
    InsufficientScope,
    /// The request cannot be read.
    InvalidRequest,
    /// The token does not count here.
    InvalidToken,
}

impl BearerError {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
        }
    }

    /// The HTTP status that goes with the code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InsufficientScope => 403,
            Self::InvalidRequest => 400,
            Self::InvalidToken => 401,
        }
    }
}

/// What is said where nothing else is.
const DEFAULT_REALM: &str = "api";
