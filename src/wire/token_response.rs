//! The successful token response.
//!
//! [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)

use super::json::Digits;
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
        let access_token = self.access_token.expose_bytes();
        let refresh_token = self.refresh_token.as_ref().map(Credential::expose_bytes);
        let expires_in = Digits::of(i64::try_from(self.expires_in.as_seconds()).unwrap_or(i64::MAX));
        let scope = self.scope.as_str().as_bytes();
        let fixed = [BEFORE_ACCESS_TOKEN, BEFORE_EXPIRES_IN, BEFORE_SCOPE, END].map(<[u8]>::len).iter().sum::<usize>();
        let optional = refresh_token.map_or(0, |token| BEFORE_REFRESH_TOKEN.len() + token.len() + 1);
        let length = fixed + access_token.len() + expires_in.length() + optional + scope.len();
        // Nothing to escape in any of the values, and one allocation of exact size.
        let mut json = Vec::with_capacity(length);
        json.extend_from_slice(BEFORE_ACCESS_TOKEN);
        json.extend_from_slice(access_token);
        json.extend_from_slice(BEFORE_EXPIRES_IN);
        json.extend_from_slice(expires_in.as_bytes());
        if let Some(token) = refresh_token {
            json.extend_from_slice(BEFORE_REFRESH_TOKEN);
            json.extend_from_slice(token);
            json.push(b'"');
        }
        json.extend_from_slice(BEFORE_SCOPE);
        json.extend_from_slice(scope);
        json.extend_from_slice(END);
        json
    }
}

const BEFORE_ACCESS_TOKEN: &[u8] = br#"{"access_token":""#;
const BEFORE_EXPIRES_IN: &[u8] = br#"","token_type":"Bearer","expires_in":"#;
const BEFORE_REFRESH_TOKEN: &[u8] = br#","refresh_token":""#;
const BEFORE_SCOPE: &[u8] = br#","scope":""#;
const END: &[u8] = br#""}"#;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::world::World;

    fn response(expires_in: u64, with_refresh_token: bool) -> TokenResponse {
        let world = World::new();
        TokenResponse {
            access_token: world.access_token(0),
            expires_in: Lifetime::seconds(expires_in),
            refresh_token: with_refresh_token.then(|| world.refresh_token(0)),
            scope: "read write".parse().unwrap(),
        }
    }

    #[test]
    fn the_answer_is_json_and_says_scope_and_lifetime() {
        let response = response(600, true);

        let read: Value = serde_json::from_slice(&response.to_json()).unwrap();

        let expected = json!({
            "access_token": response.access_token.expose(),
            "token_type": "Bearer",
            "expires_in": 600,
            "refresh_token": response.refresh_token.as_ref().unwrap().expose(),
            "scope": "read write",
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn without_a_refresh_token_there_is_no_such_member() {
        let read: Value = serde_json::from_slice(&response(600, false).to_json()).unwrap();

        assert!(read.get("refresh_token").is_none());
    }

    #[test]
    fn the_answer_has_exactly_the_size_of_its_text() {
        for expires_in in [0, 1, 9, 10, 99, 100, 3600, u64::MAX] {
            for with_refresh_token in [false, true] {
                let json = response(expires_in, with_refresh_token).to_json();
                assert_eq!(json.len(), json.capacity());
                assert!(serde_json::from_slice::<Value>(&json).is_ok());
            }
        }
    }
}
