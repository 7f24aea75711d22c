//! What somebody has to be told: that a credential is in two hands.
//!
//! Everything else that happens is in the log already, because the library's feature `tracing` writes it there, and in the
//! counters of its feature `metrics`.

use grantsmith::host::{Event, EventSink, Severity};
use grantsmith::value::Realm;
use tracing::error;

/// Writes alarms to the log, under the target `alarm`. Yours would page somebody, and write to the user.
pub struct Alarms;

impl EventSink for Alarms {
    fn record(&self, _: &Realm, event: &Event<'_>) {
        if event.severity() == Severity::Alarm {
            let (grant, client) = (event.grant().map(|grant| grant.to_string()), event.client().map(AsRef::as_ref));
            let subject = event.subject().map(AsRef::as_ref);
            error!(target: "alarm", grant, client, subject, reason = event.reason(), "{}; tell the user", event.name());
        }
    }
}
