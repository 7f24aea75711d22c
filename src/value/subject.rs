//! Who approved: the user, and the login session.
//!
//! [OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)

use std::str::FromStr;
use std::sync::Arc;

use super::text::{is_visible, textual};

/// A user as the host names them: 1 to 255 bytes of printable ASCII, unique within the realm and never reassigned.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject(Arc<str>);

textual!(Subject, InvalidSubject);

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        if is_name(text) { Ok(Self(text.into())) } else { Err(InvalidSubject) }
    }
}

/// A login session as the host names it: 1 to 255 bytes of printable ASCII, unique within the realm.
///
/// It is stored in plain, so it must not be the secret that the browser's cookie holds.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId(Arc<str>);

textual!(SessionId, InvalidSubject);

impl FromStr for SessionId {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        if is_name(text) { Ok(Self(text.into())) } else { Err(InvalidSubject) }
    }
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= 255 && text.bytes().all(is_visible)
}

/// The text is not a subject or session name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a subject is 1 to 255 bytes of printable ASCII")]
#[non_exhaustive]
pub struct InvalidSubject;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printable_ascii_with_something_in_it() {
        for text in ["", " ", "   ", "a\nb", "\u{e9}", "a\0", &"x".repeat(256)] {
            assert_eq!(text.parse::<Subject>(), Err(InvalidSubject), "{text:?}");
            assert_eq!(text.parse::<SessionId>(), Err(InvalidSubject), "{text:?}");
        }
        for text in ["a", "user 1", "a@b.example", &"x".repeat(255)] {
            assert_eq!(text.parse::<Subject>().unwrap().as_str(), text);
            assert_eq!(text.parse::<SessionId>().unwrap().as_str(), text);
        }
    }
}
