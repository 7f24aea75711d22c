//! The client identifier.
//!
//! [RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2),
//! [appendix A.1](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1)

use std::str::FromStr;
use std::sync::Arc;

use super::text::{is_visible, textual};

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
        match text.bytes().find(|byte| !is_visible(*byte)) {
            None => Ok(Self(text.into())),
            Some(byte) => Err(InvalidClientId::ForbiddenByte(byte)),
        }
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
