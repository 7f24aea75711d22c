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
        let [before, refresh_token, behind] = match &self.refresh_token {
            Some(token) => [r#","refresh_token":""#, token.expose(), r#"""#],
            None => [""; 3],
        };
        // Nothing to escape in any of the values, and one allocation of exact size.
        [
            r#"{"access_token":""#,
            self.access_token.expose(),
            r#"","token_type":"Bearer","expires_in":"#,
            Digits::of(i64::try_from(self.expires_in.as_seconds()).unwrap_or(i64::MAX)).as_str(),
            before,
            refresh_token,
            behind,
            r#","scope":""#,
            self.scope.as_str(),
            r#""}"#,
        ]
        .concat()
        .into_bytes()
    }
}

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
