//! Is the client known, and may it use codes?

use std::sync::Arc;

use super::{PageError, RequestRefusal};
use crate::record::Client;
use crate::value::GrantType;

/// The client, if it is registered and switched on.
pub(super) fn known(client: Option<Arc<Client>>) -> Result<Arc<Client>, PageError> {
    match client {
        None => Err(PageError::UnknownClient),
        Some(client) if client.is_disabled => Err(PageError::DisabledClient),
        Some(client) => Ok(client),
    }
}

/// Refuses a client that is not registered for the code grant.
pub(super) fn ensure_may_use_codes(client: &Client) -> Result<(), RequestRefusal> {
    if client.allows_grant_type(&GrantType::AuthorizationCode) {
        Ok(())
    } else {
        Err(RequestRefusal::ClientMayNotUseCodes)
    }
}
