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
