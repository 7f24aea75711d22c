//! Proof Key for Code Exchange, method `S256` only.
//!
//! The client shows a digest at the authorization endpoint and its preimage at the token endpoint, so a stolen code is
//! worth nothing.
//!
//! [RFC 7636 §4](https://www.rfc-editor.org/rfc/rfc7636#section-4)

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Digest;

/// An `S256` code challenge: 43 characters of base64url, which are a SHA-256 digest.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct CodeChallenge(Digest);

impl CodeChallenge {
    /// Whether the verifier is the challenge's preimage.
    #[must_use]
    pub fn is_met_by(&self, verifier: &CodeVerifier<'_>) -> bool {
        self.0.matches(&Digest::of(&[verifier.0.as_bytes()]))
    }
}

impl FromStr for CodeChallenge {
    type Err = InvalidCodeChallenge;

    fn from_str(text: &str) -> Result<Self, InvalidCodeChallenge> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Ok(Self(bytes.into())),
            _ => Err(InvalidCodeChallenge),
        }
    }
}

/// A code verifier: 43 to 128 characters of `[A-Za-z0-9-._~]`.
pub struct CodeVerifier<'a>(Cow<'a, str>);

impl<'a> CodeVerifier<'a> {
    /// Takes a verifier as it was presented.
    ///
    /// # Errors
    ///
    /// [`InvalidCodeVerifier`] if the length or a character is not allowed.
    pub fn new(text: Cow<'a, str>) -> Result<Self, InvalidCodeVerifier> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidCodeVerifier)
        }
    }

    /// The challenge that this verifier meets.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(Digest::of(&[self.0.as_bytes()]))
    }
}

impl fmt::Debug for CodeVerifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(redacted)")
    }
}

/// The text is not an `S256` code challenge.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a code challenge is 43 characters of base64url")]
#[non_exhaustive]
pub struct InvalidCodeChallenge;

/// The text is not a code verifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a code verifier is 43 to 128 unreserved characters")]
#[non_exhaustive]
pub struct InvalidCodeVerifier;
