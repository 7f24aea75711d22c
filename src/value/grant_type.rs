//! Names of grant types.
//!
//! [RFC 6749 §4](https://www.rfc-editor.org/rfc/rfc6749#section-4),
//! [§4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::text::is_uri_byte;

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
            // The parser would pass over spaces and control bytes.
            custom
                if custom.len() <= MAXIMUM_LENGTH
                    && custom.bytes().all(is_uri_byte)
                    && url::Url::parse(custom).is_ok() =>
            {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_sensitive() {
        assert_eq!("authorization_code".parse(), Ok(GrantType::AuthorizationCode));
        for text in ["AUTHORIZATION_CODE", "Refresh_token", " refresh_token", "client_credentials ", "password", ""] {
            assert_eq!(text.parse::<GrantType>(), Err(InvalidGrantType), "{text}");
        }
    }

    #[test]
    fn a_name_of_the_hosts_own_is_an_absolute_uri() {
        let name = "urn:ietf:params:oauth:grant-type:example";
        assert_eq!(name.parse::<GrantType>().unwrap().as_str(), name);
        let longest = format!("urn:{}", "x".repeat(252));
        assert!(longest.parse::<GrantType>().is_ok());
        for text in ["example", "/example", "//example", &format!("{longest}x")] {
            assert_eq!(text.parse::<GrantType>(), Err(InvalidGrantType), "{text}");
        }
    }

    #[test]
    fn a_name_has_no_byte_that_no_uri_has() {
        covers!("ATK-297");
        for text in [" urn:a", "urn:a\n", "urn:a\nb", "urn:\u{1b}[31m", "urn:a b", "urn:\u{e9}", "urn:\"", "urn:\0"] {
            assert_eq!(text.parse::<GrantType>(), Err(InvalidGrantType), "{text:?}");
        }
    }
}
