//! The realm that a challenge names.
//!
//! [RFC 9110 §11.5](https://www.rfc-editor.org/rfc/rfc9110#section-11.5)

use std::str::FromStr;
use std::sync::Arc;

use super::text::{is_visible, textual};

/// A protection space as a challenge names it: 1 to 255 bytes of printable ASCII without `"` and `\`.
///
/// Nothing has to be escaped in it, so it cannot end the quoted string that it stands in. It has nothing to do with the
/// [`Realm`](super::Realm) of an authorization server.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ProtectionRealm(Arc<str>);

textual!(ProtectionRealm, InvalidProtectionRealm);

impl FromStr for ProtectionRealm {
    type Err = InvalidProtectionRealm;

    fn from_str(text: &str) -> Result<Self, InvalidProtectionRealm> {
        let is_allowed = |byte: u8| is_visible(byte) && byte != b'"' && byte != b'\\';
        if !text.is_empty() && text.len() <= 255 && text.bytes().all(is_allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidProtectionRealm)
        }
    }
}

/// The text is not a protection space.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a protection space is 1 to 255 bytes of printable ASCII without quotes and backslashes")]
#[non_exhaustive]
pub struct InvalidProtectionRealm;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_ends_a_quoted_string_is_a_protection_space() {
        covers!("RFC6750-3-07");
        for text in ["", "a\"b", "a\\b", "a\r\nb", "\u{e9}", "a\tb"] {
            assert_eq!(text.parse::<ProtectionRealm>(), Err(InvalidProtectionRealm), "{text:?}");
        }
        assert!("x".repeat(256).parse::<ProtectionRealm>().is_err());
        assert_eq!("the notes, and more".parse::<ProtectionRealm>().unwrap().as_str(), "the notes, and more");
    }
}
