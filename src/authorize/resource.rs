//! Where does the client want to do it?
//!
//! [RFC 8707 §2.1](https://www.rfc-editor.org/rfc/rfc8707#section-2.1)

use super::RequestRefusal;
use crate::grant_type::requested_resources;
use crate::record::Client;
use crate::value::ResourceSet;
use crate::wire::RequestedTerms;

/// The resources that are asked for, or all that the client may have.
pub(super) fn requested(terms: &RequestedTerms, client: &Client) -> Result<ResourceSet, RequestRefusal> {
    requested_resources(terms.resources.clone(), client).map_err(|_| RequestRefusal::ResourceNotGranted)
}
