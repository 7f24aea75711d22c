//! What does the client want to do?
//!
//! [RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)

use super::RequestRefusal;
use crate::grant_type::requested_scope;
use crate::record::Client;
use crate::value::ScopeSet;
use crate::wire::RequestedTerms;

/// The scope that is asked for, or the client's default; within what the client may have.
pub(super) fn requested(terms: &RequestedTerms, client: &Client) -> Result<ScopeSet, RequestRefusal> {
    requested_scope(terms.scope.clone(), client).map_err(|_| RequestRefusal::ScopeNotGranted)
}
