//! Where may the answer go?
//!
//! [RFC 6749 §3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2),
//! [OpenID Connect Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)

use super::PageError;
use crate::record::Client;
use crate::value::{LocalhostRule, RedirectUri};
use crate::wire::AuthorizationRequest;

/// The URI that the answer goes to: the requested one, if it is registered, or the only one that is.
pub(super) fn proven(request: &AuthorizationRequest<'_>, client: &Client) -> Result<RedirectUri, PageError> {
    if let Some(requested) = request.redirect_uri() {
        ensure_registered(requested, client)?;
        return requested.parse().map_err(|_| PageError::RedirectUriNotRegistered);
    }
    match client.redirect_uris.as_slice() {
        [only] if !asks_for_openid(request, client) => Ok(only.clone()),
        _ => Err(PageError::RedirectUriMissing),
    }
}

/// Refuses a URI that the client did not register.
pub(super) fn ensure_registered(requested: &str, client: &Client) -> Result<(), PageError> {
    let localhost = if client.allows_localhost { LocalhostRule::NameToo } else { LocalhostRule::LiteralsOnly };
    let is_registered =
        client.redirect_uris.iter().any(|registered| registered.matches(requested, client.is_native(), localhost));
    if is_registered { Ok(()) } else { Err(PageError::RedirectUriNotRegistered) }
}

/// Whether the scope, which is not checked yet, has `openid`.
fn asks_for_openid(request: &AuthorizationRequest<'_>, client: &Client) -> bool {
    let scopes = request.get_all("scope").unwrap_or_default();
    let is_asked = scopes.iter().any(|scope| scope.split(' ').any(|token| token == "openid"));
    is_asked || (scopes.is_empty() && client.default_scope.contains("openid"))
}
