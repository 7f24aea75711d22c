//! Audit events as lines of the log.

use grantsmith::host::{Event, EventSink};
use grantsmith::value::Realm;
use tracing::{info, warn};

/// Writes each event to the log, under the target `audit`. A compromise is a warning: page somebody, tell the user.
pub struct AuditLog;

impl EventSink for AuditLog {
    fn record(&self, _: &Realm, event: &Event<'_>) {
        match *event {
            Event::Approved { grant, client, subject } => {
                info!(target: "audit", %grant, %client, %subject, "approved");
            }
            Event::Denied { client, subject } => info!(target: "audit", %client, %subject, "denied"),
            Event::Issued { grant, client, subject, grant_type } => {
                let subject = subject.map(AsRef::as_ref);
                info!(target: "audit", %grant, %client, subject, %grant_type, "issued");
            }
            Event::Repeated { grant, client } => info!(target: "audit", %grant, %client, "repeated"),
            Event::Refused { client, reason } => {
                info!(target: "audit", client = client.map(AsRef::as_ref), reason, "refused");
            }
            Event::AuthenticationFailed { client, reason } => {
                warn!(target: "audit", client = client.map(AsRef::as_ref), reason, "client authentication failed");
            }
            Event::AccessTokenRevoked { grant, client } => {
                info!(target: "audit", %grant, %client, "access token revoked");
            }
            Event::Ended { grant, client, subject, reason } => {
                let subject = subject.map(AsRef::as_ref);
                info!(target: "audit", %grant, %client, subject, ?reason, "ended");
            }
            Event::Compromised { grant, client, subject, compromise } => {
                let subject = subject.map(AsRef::as_ref);
                warn!(target: "audit", %grant, %client, subject, ?compromise, "compromised");
            }
            Event::ConsentWithdrawn { client, subject } => {
                info!(target: "audit", %client, %subject, "consent withdrawn");
            }
            Event::StorageRolledBack { grant, client } => {
                warn!(target: "audit", %grant, %client, "the storage went back in time");
            }
            Event::StorageFailed { reason } => warn!(target: "audit", reason, "the storage failed"),
            ref other => info!(target: "audit", event = ?other),
        }
    }
}
