//! What is asked for?
//!
//! [RFC 6749 §3.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.1)

use super::RequestRefusal;
use crate::value::ResponseType;
use crate::wire::AuthorizationRequest;

/// Refuses everything but `code`. Words are compared as a set, but `code` twice is no set.
pub(super) fn ensure_code(request: &AuthorizationRequest<'_>) -> Result<(), RequestRefusal> {
    match request.get("response_type")?.as_deref() {
        None => Err(RequestRefusal::ResponseTypeMissing),
        Some(text) if text == ResponseType::Code.as_str() => Ok(()),
        Some(_) => Err(RequestRefusal::ResponseTypeUnsupported),
    }
}
