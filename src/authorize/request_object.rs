//! Is the request somewhere else?
//!
//! [RFC 9101 §6](https://www.rfc-editor.org/rfc/rfc9101#section-6)

use super::RequestRefusal;
use crate::wire::AuthorizationRequest;

/// Refuses a request that is in an object or behind a reference: ignoring either would answer another request.
pub(super) fn ensure_absent(request: &AuthorizationRequest<'_>) -> Result<(), RequestRefusal> {
    if request.get("request")?.is_some() {
        return Err(RequestRefusal::RequestObject);
    }
    if request.get("request_uri")?.is_some() {
        return Err(RequestRefusal::RequestReference);
    }
    Ok(())
}
