//! The client secret as a client presents it.
//!
//! [RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1),
//! [appendix A.2](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.2)

use std::fmt;
use std::str::FromStr;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::Digest;
use super::secret::Wiped;
use super::text::is_all_visible;

/// A client secret: `1*VSCHAR`, at most 512 bytes. Wiped when dropped; printed by nothing but [`expose`](Self::expose).
#[derive(Clone)]
pub struct ClientSecret(Text);

/// Minted secrets are short, and checked at every request: they need no allocation.
#[derive(Clone)]
enum Text {
    Short { bytes: Wiped<64>, length: usize },
    Long(Zeroizing<Vec<u8>>),
}

impl ClientSecret {
    /// The secret itself, to hand it to the client once or to a verifier.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// What a record keeps of a secret with 256 random bits.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // A minted secret and this label fit into one block.
        Digest::of(&[b"secret", self.bytes()])
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Short { bytes, length } => bytes.get(..*length).unwrap_or_default(),
            Text::Long(bytes) => bytes,
        }
    }
}

impl ZeroizeOnDrop for ClientSecret {}

impl FromStr for ClientSecret {
    type Err = InvalidClientSecret;

    fn from_str(text: &str) -> Result<Self, InvalidClientSecret> {
        if text.trim_ascii().is_empty() {
            return Err(InvalidClientSecret::Empty);
        }
        if text.len() > MAXIMUM_LENGTH {
            return Err(InvalidClientSecret::TooLong);
        }
        if !is_all_visible(text) {
            return Err(InvalidClientSecret::ForbiddenByte);
        }
        let mut bytes = Wiped::zeros();
        Ok(Self(match bytes.get_mut(..text.len()) {
            Some(slot) => {
                slot.copy_from_slice(text.as_bytes());
                Text::Short { bytes, length: text.len() }
            }
            None => Text::Long(Zeroizing::new(text.as_bytes().to_vec())),
        }))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(redacted)")
    }
}

/// Why a text is not a client secret. Says nothing about the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClientSecret {
    /// Empty, or nothing but spaces.
    #[error("the client secret is empty")]
    Empty,
    /// A byte outside printable ASCII.
    #[error("the client secret contains a byte outside printable ASCII")]
    ForbiddenByte,
    /// More than 512 bytes.
    #[error("the client secret is longer than 512 bytes")]
    TooLong,
}

const MAXIMUM_LENGTH: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_ascii_is_a_client_secret_and_nothing_else_is() {
        covers!("RFC6749-A.1-01");
        for byte in 0..=u8::MAX {
            let text = format!("x{}", char::from(byte));
            assert_eq!(text.parse::<ClientSecret>().is_ok(), (0x20..=0x7e).contains(&byte), "{byte:#04x}");
        }
        assert!("x".repeat(512).parse::<ClientSecret>().is_ok());
        assert_eq!("x".repeat(513).parse::<ClientSecret>().unwrap_err(), InvalidClientSecret::TooLong);
    }

    #[test]
    fn nothing_but_spaces_is_no_secret() {
        covers!("ATK-115");
        for text in ["", " ", "     ", "\t", "\n"] {
            assert_eq!(text.parse::<ClientSecret>().unwrap_err(), InvalidClientSecret::Empty, "{text:?}");
        }
    }

    #[test]
    fn the_digest_is_of_the_whole_secret() {
        let secret: ClientSecret = "a secret".parse().unwrap();

        assert!(secret.digest().matches(&"a secret".parse::<ClientSecret>().unwrap().digest()));
        for other in ["a secre", "a secret ", "A secret", "b secret"] {
            assert!(!secret.digest().matches(&other.parse::<ClientSecret>().unwrap().digest()), "{other}");
        }
    }
}
