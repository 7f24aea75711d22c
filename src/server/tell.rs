//! Telling what happened: to the host's sink, and with the features `tracing` and `metrics` to those.

use super::{AuthorizationServer, EndpointError, Unavailable};
use crate::host::{Endpoint, Event};
use crate::record::Client;
use crate::value::ClientId;

impl AuthorizationServer {
    /// Tells what happened. Every answer of an endpoint is told of once it stands.
    pub(super) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        super::trace::record(self.realm(), event);
        #[cfg(feature = "metrics")]
        super::count::count(event);
        if let Some(events) = &self.0.events {
            events.record(&self.0.realm, event);
        }
    }

    /// Tells why an authenticated client got no answer but an error.
    pub(super) fn tell_of_error(&self, endpoint: Endpoint, client: &Client, error: &EndpointError) {
        let client = Some(client.id());
        match error {
            EndpointError::Authentication(refusal) => {
                self.tell(&Event::AuthenticationFailed { endpoint, client, reason: &refusal.to_string() });
            }
            EndpointError::Unavailable(error) => self.tell_unavailable(endpoint, error),
            EndpointError::Malformed(_)
            | EndpointError::RateLimited(_)
            | EndpointError::Revocation(_)
            | EndpointError::Token(_)
            | EndpointError::TokenMissing => {
                self.tell(&Event::Refused { endpoint, client, reason: &error.to_string() });
            }
        }
    }

    /// Tells that an authorization request goes no further.
    pub(super) fn tell_visitor_refused(&self, client: Option<&ClientId>, reason: &str) {
        self.tell(&Event::Refused { endpoint: Endpoint::Authorization, client, reason });
    }

    /// Tells that the server cannot answer now.
    pub(super) fn tell_unavailable(&self, endpoint: Endpoint, error: &Unavailable) {
        self.tell(&Event::Unavailable { endpoint, reason: &error.to_string() });
    }
}
