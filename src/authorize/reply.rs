//! Where the answer goes, and how. Nothing in it is unproven.

use serde::{Deserialize, Serialize};

use crate::value::{Issuer, RedirectUri, ResponseMode, State};
use crate::wire::{AuthorizationResponse, ResponseContent};

/// The address of an answer: a redirection URI that was proven for the client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reply {
    /// The redirection URI as it is used: with the port of a loopback client.
    pub redirect_uri: RedirectUri,
    /// What the client wants to hear again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// How the answer travels.
    #[serde(default)]
    pub mode: ResponseMode,
    /// Whether nothing may be shown to the user (`prompt=none`).
    #[serde(default)]
    pub is_silent: bool,
}

impl Reply {
    /// The answer, on its way.
    #[must_use]
    pub fn with(&self, content: &ResponseContent, issuer: &Issuer) -> AuthorizationResponse {
        AuthorizationResponse::new(content, self.redirect_uri.as_str(), self.state.as_ref(), issuer, self.mode)
    }
}
