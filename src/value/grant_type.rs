//! Names of grant types.
//!
//! [RFC 6749 §4](https://www.rfc-editor.org/rfc/rfc6749#section-4),
//! [§4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A grant type as named by the `grant_type` parameter. Names are case-sensitive.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code` ([RFC 6749 §4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1)).
    AuthorizationCode,
    /// `client_credentials` ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
    ClientCredentials,
    /// `refresh_token` ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    RefreshToken,
    /// A grant type that the host defines, named by an absolute URI
    /// ([RFC 6749 §4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)).
    Custom(Arc<str>),
}

impl GrantType {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GrantType {
    type Err = InvalidGrantType;

    fn from_str(text: &str) -> Result<Self, InvalidGrantType> {
        match text {
            "authorization_code" => Ok(Self::AuthorizationCode),
            "client_credentials" => Ok(Self::ClientCredentials),
            "refresh_token" => Ok(Self::RefreshToken),
            custom if custom.len() <= MAXIMUM_LENGTH && url::Url::parse(custom).is_ok() => {
                Ok(Self::Custom(custom.into()))
            }
            _ => Err(InvalidGrantType),
        }
    }
}

impl TryFrom<String> for GrantType {
    type Error = InvalidGrantType;

    fn try_from(text: String) -> Result<Self, InvalidGrantType> {
        text.parse()
    }
}

impl From<GrantType> for String {
    fn from(grant_type: GrantType) -> Self {
        grant_type.as_str().to_owned()
    }
}

/// The text names no grant type: neither a known name nor an absolute URI of at most 256 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a grant type is a known name or an absolute URI of at most 256 bytes")]
#[non_exhaustive]
pub struct InvalidGrantType;

const MAXIMUM_LENGTH: usize = 256;
