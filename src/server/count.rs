//! Feature `metrics`: a counter for what happened, through the `metrics` facade.
//!
//! Labels come from small fixed sets (the grant types of a host included), so that nobody outside can make series.

use metrics::{SharedString, counter};

use crate::host::Event;
use crate::value::GrantType;

/// Counts one event.
pub(super) fn count(event: &Event<'_>) {
    let detail: SharedString = match event {
        Event::Issued { grant_type: GrantType::AuthorizationCode, .. } => "authorization_code".into(),
        Event::Issued { grant_type: GrantType::ClientCredentials, .. } => "client_credentials".into(),
        Event::Issued { grant_type: GrantType::RefreshToken, .. } => "refresh_token".into(),
        Event::Issued { grant_type, .. } => SharedString::from_shared(grant_type.as_str().into()),
        Event::AuthenticationFailed { endpoint, .. }
        | Event::RateLimited { endpoint, .. }
        | Event::Refused { endpoint, .. }
        | Event::Unavailable { endpoint, .. } => endpoint.name().into(),
        Event::ClientChanged { change, .. } => change.name().into(),
        Event::Compromised { compromise, .. } => compromise.name().into(),
        Event::Ended { reason, .. } => reason.name().into(),
        Event::SigningKeyChanged { change, .. } => change.name().into(),
        Event::Introspected { grant, .. } => if grant.is_some() { "active" } else { "inactive" }.into(),
        Event::AccessTokenRevoked { .. }
        | Event::Approved { .. }
        | Event::Asked { .. }
        | Event::ConsentWithdrawn { .. }
        | Event::Denied { .. }
        | Event::NothingRevoked { .. }
        | Event::Repeated { .. }
        | Event::SessionEnded { .. }
        | Event::StorageFailed { .. }
        | Event::StorageRolledBack { .. }
        | Event::SubjectEnded { .. } => "".into(),
    };
    counter!("grantsmith_events_total", "event" => event.name(), "detail" => detail).increment(1);
}
