//! Requests that name one token: introspection and revocation.
//!
//! [RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1),
//! [RFC 7662 §2.1](https://www.rfc-editor.org/rfc/rfc7662#section-2.1)

use super::{MalformedParameters, Parameters};
use crate::record::PresentedCredential;

/// A request about one token. A credential says itself what it is, so `token_type_hint` has nothing to add.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenQuery {
    /// The token; `None` if the text is no credential of this server.
    pub token: Option<PresentedCredential>,
}

impl TokenQuery {
    /// Reads a request about one token. `None`: no token is named.
    ///
    /// # Errors
    ///
    /// [`MalformedParameters::Repeated`] if a parameter is repeated.
    pub fn read(prefix: &str, parameters: &Parameters<'_>) -> Result<Option<Self>, MalformedParameters> {
        parameters.get("token_type_hint")?;
        let token = parameters.get("token")?;
        Ok(token.map(|token| Self { token: PresentedCredential::parse(prefix, &token) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn read(body: &str) -> Result<Option<TokenQuery>, MalformedParameters> {
        TokenQuery::read("", &Parameters::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn a_token_is_named_or_it_is_not() {
        let world = World::new();
        let token = world.access_token(0);

        assert!(read(&format!("token={}", token.expose())).unwrap().unwrap().token.is_some());
        assert!(read("token=junk").unwrap().unwrap().token.is_none());
        for body in ["", "token=", "Token=a", "refresh_token=a"] {
            assert!(read(body).unwrap().is_none(), "{body}");
        }
    }

    #[test]
    fn the_hint_has_nothing_to_add_but_must_not_be_repeated() {
        let world = World::new();
        let token = world.refresh_token(0);
        for hint in ["access_token", "refresh_token", "unknown", ""] {
            let body = format!("token={}&token_type_hint={hint}", token.expose());
            assert!(read(&body).unwrap().unwrap().token.is_some(), "{hint}");
        }
        assert_eq!(read("token=a&token=a").unwrap_err(), MalformedParameters::Repeated);
        assert_eq!(read("token=a&token_type_hint=b&token_type_hint=b").unwrap_err(), MalformedParameters::Repeated);
    }
}
