//! The client identifier.
//!
//! [RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2),
//! [appendix A.1](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1)

use std::str::FromStr;
use std::sync::Arc;

use super::text::{is_all_visible, is_visible, textual};

/// A client identifier: `1*VSCHAR`, at most 512 bytes.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(Arc<str>);

textual!(ClientId, InvalidClientId);

impl FromStr for ClientId {
    type Err = InvalidClientId;

    fn from_str(text: &str) -> Result<Self, InvalidClientId> {
        if text.is_empty() {
            return Err(InvalidClientId::Empty);
        }
        if text.len() > MAXIMUM_LENGTH {
            return Err(InvalidClientId::TooLong);
        }
        if is_all_visible(text) {
            return Ok(Self(text.into()));
        }
        let byte = text.bytes().find(|byte| !is_visible(*byte)).unwrap_or_default();
        Err(InvalidClientId::ForbiddenByte(byte))
    }
}

/// Why a text is not a client identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClientId {
    /// The text is empty.
    #[error("the client identifier is empty")]
    Empty,
    /// A byte outside printable ASCII.
    #[error("the client identifier contains the byte {0:#04x}")]
    ForbiddenByte(u8),
    /// More than 512 bytes.
    #[error("the client identifier is longer than 512 bytes")]
    TooLong,
}

const MAXIMUM_LENGTH: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_ascii_is_a_client_identifier_and_nothing_else_is() {
        covers!("RFC6749-A.1-01");
        for byte in 0..=u8::MAX {
            let text = char::from(byte).to_string();
            assert_eq!(text.parse::<ClientId>().is_ok(), (0x20..=0x7e).contains(&byte), "{byte:#04x}");
        }
        assert_eq!("".parse::<ClientId>(), Err(InvalidClientId::Empty));
        assert_eq!("a\0b".parse::<ClientId>(), Err(InvalidClientId::ForbiddenByte(0)));
    }

    #[test]
    fn five_hundred_and_twelve_bytes_are_the_most() {
        assert!("x".repeat(512).parse::<ClientId>().is_ok());
        assert_eq!("x".repeat(513).parse::<ClientId>(), Err(InvalidClientId::TooLong));
    }
}
