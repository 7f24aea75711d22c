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
