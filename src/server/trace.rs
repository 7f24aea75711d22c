//! Feature `tracing`: a span for each request to an endpoint, and an event for each fact.
//!
//! The fields of the span are filled when the outcome stands. Names carry the prefix `oauth.`; nothing secret has a name.

use tracing::{Level, Span};

use crate::host::{Event, Severity};
use crate::value::Realm;

/// Fills the span of the request that is being answered, and emits the fact as an event of its own.
pub(super) fn record(realm: &Realm, event: &Event<'_>) {
    let span = Span::current();
    // Outside of an endpoint the span is the host's, whose fields are its own.
    if span.metadata().is_some_and(|metadata| metadata.target().starts_with(concat!(env!("CARGO_PKG_NAME"), "::"))) {
        fill(&span, event);
    }
    let client = event.client().map(tracing::field::display);
    let subject = event.subject().map(tracing::field::display);
    let grant = event.grant().map(tracing::field::display);
    macro_rules! emit {
        ($level:expr) => {
            tracing::event!(
                target: "grantsmith",
                $level,
                {
                    oauth.realm = realm.name(),
                    oauth.client = client,
                    oauth.subject = subject,
                    oauth.grant = grant,
                    oauth.reason = event.reason(),
                },
                "{}",
                event.name()
            )
        };
    }
    match event.severity() {
        Severity::Ordinary => emit!(Level::DEBUG),
        Severity::Refusal => emit!(Level::INFO),
        Severity::Failure => emit!(Level::WARN),
        Severity::Alarm => emit!(Level::ERROR),
    }
}

fn fill(span: &Span, event: &Event<'_>) {
    span.record(OUTCOME, event.name());
    if let Some(client) = event.client() {
        span.record(CLIENT, tracing::field::display(client));
    }
    if let Event::Issued { grant_type, .. } = event {
        span.record(GRANT_TYPE, grant_type.as_str());
    }
    if event.severity() > Severity::Ordinary {
        span.record(REFUSAL, event.reason());
    }
}

const CLIENT: &str = "oauth.client";
const GRANT_TYPE: &str = "oauth.grant_type";
const OUTCOME: &str = "oauth.outcome";
const REFUSAL: &str = "oauth.refusal";
