//! The `state` parameter of an authorization request.
//!
//! [RFC 6749 appendix A.5](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.5)

use std::str::FromStr;
use std::sync::Arc;

use super::text::{is_visible, textual};

/// A client's state: `1*VSCHAR`, at most 2048 bytes, echoed exactly and never interpreted.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct State(Arc<str>);

textual!(State, InvalidState);

impl FromStr for State {
    type Err = InvalidState;

    fn from_str(text: &str) -> Result<Self, InvalidState> {
        let is_valid = !text.is_empty() && text.len() <= 2048 && text.bytes().all(is_visible);
        if is_valid { Ok(Self(text.into())) } else { Err(InvalidState) }
    }
}

/// The text is not a state.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a state is 1 to 2048 bytes of printable ASCII")]
#[non_exhaustive]
pub struct InvalidState;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_ascii_is_a_state_and_nothing_else_is() {
        covers!("RFC6749-A.5-01");
        for byte in 0..=u8::MAX {
            let text = char::from(byte).to_string();
            assert_eq!(text.parse::<State>().is_ok(), (0x20..=0x7e).contains(&byte), "{byte:#04x}");
        }
        let printable: String = (0x20..=0x7e).map(char::from).collect();
        assert_eq!(printable.parse::<State>().unwrap().as_str(), printable);
        assert_eq!("".parse::<State>(), Err(InvalidState));
        assert_eq!("\u{e9}".parse::<State>(), Err(InvalidState));
    }

    #[test]
    fn two_thousand_and_forty_eight_bytes_are_the_most() {
        assert!("x".repeat(2048).parse::<State>().is_ok());
        assert_eq!("x".repeat(2049).parse::<State>(), Err(InvalidState));
    }
}
