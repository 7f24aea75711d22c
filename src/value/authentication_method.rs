//! Names of client authentication methods.
//!
//! [RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a client authenticates at the endpoints that it calls directly. Each client has exactly one method.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthenticationMethod {
    /// The secret in the `Authorization` header
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    ClientSecretBasic,
    /// The secret in the request body.
    ClientSecretPost,
    /// No secret: a public client, known by its redirect URI and PKCE only.
    None,
}

impl AuthenticationMethod {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
        }
    }
}

impl fmt::Display for AuthenticationMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
