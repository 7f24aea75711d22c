//! The successful token response.
//!
//! [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)

use super::json::Object;
use crate::record::Credential;
use crate::value::{Lifetime, ScopeSet};

/// Freshly issued tokens. `scope` and `expires_in` are always said, so a client never has to guess.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: Credential,
    /// How long the access token lives.
    pub expires_in: Lifetime,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Credential>,
    /// The scope of the access token.
    pub scope: ScopeSet,
}

impl TokenResponse {
    /// The response as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let expires_in = i64::try_from(self.expires_in.as_seconds()).unwrap_or(i64::MAX);
        let refresh_token = self.refresh_token.as_ref().map(Credential::expose);
        let digits = usize::try_from(expires_in.max(1).ilog10()).unwrap_or_default() + 1;
        // The fixed text, the values, and nothing to escape in any of them: one allocation of exact size.
        let capacity = r#"{"access_token":"","token_type":"Bearer","expires_in":,"scope":""}"#.len()
            + self.access_token.expose().len()
            + digits
            + refresh_token.map_or(0, |token| r#","refresh_token":"""#.len() + token.len())
            + self.scope.as_str().len();
        let mut object = Object::with_capacity(capacity);
        object
            .text("access_token", self.access_token.expose())
            .text("token_type", "Bearer")
            .number("expires_in", expires_in);
        if let Some(refresh_token) = refresh_token {
            object.text("refresh_token", refresh_token);
        }
        object.text("scope", self.scope.as_str());
        object.end()
    }
}
