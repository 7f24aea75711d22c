//! What does the client want to hear again?
//!
//! [RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)

use super::RequestRefusal;
use crate::value::State;
use crate::wire::AuthorizationRequest;

/// The state, if there is one. A malformed one is not repeated.
pub(super) fn read(request: &AuthorizationRequest<'_>) -> Result<Option<State>, RequestRefusal> {
    match request.get("state")? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| RequestRefusal::StateMalformed),
    }
}
