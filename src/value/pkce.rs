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

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn verifier(text: &str) -> Result<CodeVerifier<'_>, InvalidCodeVerifier> {
        CodeVerifier::new(Cow::Borrowed(text))
    }

    #[test]
    fn the_example_of_the_specification_is_met() {
        covers!("RFC7636-4.6-01");
        let challenge: CodeChallenge = CHALLENGE.parse().unwrap();

        assert!(challenge.is_met_by(&verifier(VERIFIER).unwrap()));
        assert!(verifier(VERIFIER).unwrap().challenge().is_met_by(&verifier(VERIFIER).unwrap()));
        assert!(!challenge.is_met_by(&verifier(&VERIFIER.replace('k', "l")).unwrap()));
    }

    #[test]
    fn the_challenge_is_not_its_own_verifier() {
        covers!("ATK-090");
        let challenge: CodeChallenge = CHALLENGE.parse().unwrap();

        assert!(!challenge.is_met_by(&verifier(CHALLENGE).unwrap()));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        covers!("RFC7636-4.1-01", "ATK-088");
        for (length, allowed) in [(0, false), (1, false), (42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(verifier(&"x".repeat(length)).is_ok(), allowed, "{length}");
        }
        assert!(verifier(&"x".repeat(1_000_000)).is_err());
        for byte in 0..=u8::MAX {
            let text = format!("{}{}", "x".repeat(42), char::from(byte));
            let allowed = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            assert_eq!(verifier(&text).is_ok(), allowed, "{byte:#04x}");
        }
    }

    #[test]
    fn a_weak_verifier_is_refused_though_its_digest_would_match() {
        covers!("ATK-088");
        for weak in ["x", " ", &"x".repeat(42), &"x".repeat(129), &"%".repeat(43), &"\u{e9}".repeat(30)] {
            assert_eq!(verifier(weak).unwrap_err(), InvalidCodeVerifier);
        }
    }

    #[test]
    fn a_malformed_challenge_is_refused() {
        covers!("RFC7636-4.2-02", "ATK-069");
        let last = |letter: &str| format!("{}{letter}", &CHALLENGE[..42]);
        for text in [
            String::new(),
            CHALLENGE[..42].to_owned(),
            format!("{CHALLENGE}A"),
            format!("{CHALLENGE}="),
            last("="),
            last("+"),
            last("/"),
            last(" "),
            last("\n"),
            last("\u{e9}"),
            // The last character has two bits beyond the digest; they must be zero.
            last("N"),
            last("O"),
            last("P"),
            CHALLENGE.replace('-', "+"),
            "A".repeat(128),
            "A".repeat(10_000),
        ] {
            assert!(text.parse::<CodeChallenge>().is_err(), "{text}");
        }
        assert!(CHALLENGE.parse::<CodeChallenge>().is_ok());
    }
}
