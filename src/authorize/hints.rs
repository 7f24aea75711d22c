//! What is passed on unread: the nonce to the client, the hints to the host's pages.
//!
//! [OpenID Connect Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)

use std::sync::Arc;

use super::RequestRefusal;
use crate::wire::AuthorizationRequest;

/// The nonce: at most 512 bytes of printable ASCII.
pub(super) fn nonce(request: &AuthorizationRequest<'_>) -> Result<Option<Arc<str>>, RequestRefusal> {
    match request.get("nonce")? {
        Some(text) if text.len() > LONGEST || !text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) => {
            Err(RequestRefusal::NonceMalformed)
        }
        nonce => Ok(nonce.map(Into::into)),
    }
}

/// Text for the host's pages: at most 512 bytes without control characters.
pub(super) fn shown(request: &AuthorizationRequest<'_>, name: &str) -> Result<Option<String>, RequestRefusal> {
    match request.get(name)? {
        Some(text) if text.len() > LONGEST || text.chars().any(char::is_control) => Err(RequestRefusal::HintMalformed),
        hint => Ok(hint.map(Into::into)),
    }
}

const LONGEST: usize = 512;
