//! What happened, for audit logs and alarms. Never a secret.

use super::Endpoint;
use crate::record::EndReason;
use crate::value::{ClientId, GrantId, GrantType, Realm, SessionId, Subject};

/// Receives audit events, right after the fact is durable.
///
/// Synchronous, so that nothing can come between the fact and its event: put it into a queue and return.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn record(&self, realm: &Realm, event: &Event<'_>);
}

/// What happened. Names are plain; a sink that writes lines must escape them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A user approved a request, and a code was issued.
    Approved {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
        /// The user.
        subject: &'a Subject,
    },
    /// A user said no.
    Denied {
        /// The client.
        client: &'a ClientId,
        /// The user.
        subject: &'a Subject,
    },
    /// A client was registered, or its registration was changed.
    ClientChanged {
        /// The client.
        client: &'a ClientId,
        /// How.
        change: ClientChange,
    },
    /// What a user agreed to for a client was withdrawn; the grants that came of it end now.
    ConsentWithdrawn {
        /// The client.
        client: &'a ClientId,
        /// The user.
        subject: &'a Subject,
    },
    /// A login session was ended; the grants that were approved in it end now.
    SessionEnded {
        /// The session.
        session: &'a SessionId,
    },
    /// A key to sign with was made, or taken away before its time.
    SigningKeyChanged {
        /// The name of the key.
        key_id: &'a str,
        /// How.
        change: SigningKeyChange,
    },
    /// All grants of a user end now.
    SubjectEnded {
        /// The user.
        subject: &'a Subject,
    },
    /// Tokens were issued.
    Issued {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
        /// The user, unless a machine acts for itself.
        subject: Option<&'a Subject>,
        /// How.
        grant_type: &'a GrantType,
    },
    /// A lost answer was repeated within the retry window.
    Repeated {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
    },
    /// A request was refused.
    Refused {
        /// Where.
        endpoint: Endpoint,
        /// The client as far as it was known.
        client: Option<&'a ClientId>,
        /// Why, in words that contain nothing from the request.
        reason: &'a str,
    },
    /// A client could not be authenticated.
    AuthenticationFailed {
        /// Where.
        endpoint: Endpoint,
        /// The client that was named, if it is one.
        client: Option<&'a ClientId>,
        /// Why, in words that contain nothing from the request.
        reason: &'a str,
    },
    /// The rate limiter stopped a request.
    RateLimited {
        /// Where.
        endpoint: Endpoint,
        /// The client that was named, unproven.
        client: Option<&'a ClientId>,
    },
    /// A user was asked: to log in, or for consent.
    Asked {
        /// The client.
        client: &'a ClientId,
        /// The user, if one is logged in.
        subject: Option<&'a Subject>,
    },
    /// Somebody asked about a token.
    Introspected {
        /// Who asked.
        client: &'a ClientId,
        /// The grant, if the token is active and the asker may know.
        grant: Option<GrantId>,
    },
    /// A client gave back a token that was not valid any more, or never was.
    NothingRevoked {
        /// The client.
        client: &'a ClientId,
    },
    /// An access token was revoked.
    AccessTokenRevoked {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
    },
    /// A grant ended in the ordinary way.
    Ended {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
        /// The user, unless a machine acted for itself.
        subject: Option<&'a Subject>,
        /// Why.
        reason: EndReason,
    },
    /// A credential is in two hands, and the grant ended for it. Page somebody; tell the user.
    Compromised {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
        /// The user, unless a machine acted for itself.
        subject: Option<&'a Subject>,
        /// What was noticed.
        compromise: Compromise,
    },
    /// The storage went back in time: a token turned up that it had forgotten. Nobody is accused.
    StorageRolledBack {
        /// The grant.
        grant: GrantId,
        /// The client.
        client: &'a ClientId,
    },
    /// A call of the storage failed. Most such requests are answered with 503; a lost answer may have been found again.
    StorageFailed {
        /// What the store said, in words of this crate.
        reason: &'a str,
    },
    /// A request could not be answered for a reason that is not the client's.
    Unavailable {
        /// Where.
        endpoint: Endpoint,
        /// Why, in words of this crate.
        reason: &'a str,
    },
}

impl<'a> Event<'a> {
    /// The name of what happened: a stable word in `snake_case`, for logs and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccessTokenRevoked { .. } => "access_token_revoked",
            Self::Approved { .. } => "approved",
            Self::Asked { .. } => "asked",
            Self::AuthenticationFailed { .. } => "authentication_failed",
            Self::ClientChanged { .. } => "client_changed",
            Self::Compromised { .. } => "compromised",
            Self::ConsentWithdrawn { .. } => "consent_withdrawn",
            Self::Denied { .. } => "denied",
            Self::Ended { .. } => "ended",
            Self::Introspected { .. } => "introspected",
            Self::Issued { .. } => "issued",
            Self::NothingRevoked { .. } => "nothing_revoked",
            Self::RateLimited { .. } => "rate_limited",
            Self::Refused { .. } => "refused",
            Self::Repeated { .. } => "repeated",
            Self::SessionEnded { .. } => "session_ended",
            Self::SigningKeyChanged { .. } => "signing_key_changed",
            Self::StorageFailed { .. } => "storage_failed",
            Self::StorageRolledBack { .. } => "storage_rolled_back",
            Self::SubjectEnded { .. } => "subject_ended",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    /// How urgent it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Compromised { .. } | Self::StorageRolledBack { .. } => Severity::Alarm,
            Self::StorageFailed { .. } | Self::Unavailable { .. } => Severity::Failure,
            Self::AuthenticationFailed { .. } | Self::RateLimited { .. } | Self::Refused { .. } => Severity::Refusal,
            Self::AccessTokenRevoked { .. }
            | Self::Approved { .. }
            | Self::Asked { .. }
            | Self::ClientChanged { .. }
            | Self::ConsentWithdrawn { .. }
            | Self::Denied { .. }
            | Self::Ended { .. }
            | Self::Introspected { .. }
            | Self::Issued { .. }
            | Self::NothingRevoked { .. }
            | Self::Repeated { .. }
            | Self::SessionEnded { .. }
            | Self::SigningKeyChanged { .. }
            | Self::SubjectEnded { .. } => Severity::Ordinary,
        }
    }

    /// The client that it concerns, as far as it is known.
    #[must_use]
    pub fn client(&self) -> Option<&'a ClientId> {
        match *self {
            Self::AccessTokenRevoked { client, .. }
            | Self::Approved { client, .. }
            | Self::Asked { client, .. }
            | Self::ClientChanged { client, .. }
            | Self::Compromised { client, .. }
            | Self::ConsentWithdrawn { client, .. }
            | Self::Denied { client, .. }
            | Self::Ended { client, .. }
            | Self::Introspected { client, .. }
            | Self::Issued { client, .. }
            | Self::NothingRevoked { client }
            | Self::Repeated { client, .. }
            | Self::StorageRolledBack { client, .. } => Some(client),
            Self::AuthenticationFailed { client, .. }
            | Self::RateLimited { client, .. }
            | Self::Refused { client, .. } => client,
            Self::SessionEnded { .. }
            | Self::SigningKeyChanged { .. }
            | Self::StorageFailed { .. }
            | Self::SubjectEnded { .. }
            | Self::Unavailable { .. } => None,
        }
    }

    /// The user that it concerns, as far as it is known.
    #[must_use]
    pub fn subject(&self) -> Option<&'a Subject> {
        match *self {
            Self::Approved { subject, .. }
            | Self::ConsentWithdrawn { subject, .. }
            | Self::Denied { subject, .. }
            | Self::SubjectEnded { subject } => Some(subject),
            Self::Asked { subject, .. }
            | Self::Compromised { subject, .. }
            | Self::Ended { subject, .. }
            | Self::Issued { subject, .. } => subject,
            _ => None,
        }
    }

    /// The grant that it concerns, if it is one.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        match *self {
            Self::AccessTokenRevoked { grant, .. }
            | Self::Approved { grant, .. }
            | Self::Compromised { grant, .. }
            | Self::Ended { grant, .. }
            | Self::Issued { grant, .. }
            | Self::Repeated { grant, .. }
            | Self::StorageRolledBack { grant, .. } => Some(grant),
            Self::Introspected { grant, .. } => grant,
            _ => None,
        }
    }

    /// Why, for what did not go well: words that contain nothing from the request.
    #[must_use]
    pub fn reason(&self) -> Option<&'a str> {
        match *self {
            Self::AuthenticationFailed { reason, .. }
            | Self::Refused { reason, .. }
            | Self::StorageFailed { reason }
            | Self::Unavailable { reason, .. } => Some(reason),
            Self::Compromised { compromise, .. } => Some(compromise.name()),
            Self::Ended { reason, .. } => Some(reason.name()),
            _ => None,
        }
    }
}

/// How urgent an event is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "sinks map each of them to a level of their own")]
pub enum Severity {
    /// Things go as they should.
    Ordinary,
    /// Somebody asked for what is not theirs, or asked badly.
    Refusal,
    /// The server could not do what it should. Look at the storage.
    Failure,
    /// A credential is in two hands, or the storage went back in time. Page somebody.
    Alarm,
}

/// How a client's registration was changed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientChange {
    /// It was deleted; its grants end now.
    Deleted,
    /// It was switched off.
    Disabled,
    /// It was switched on again.
    Enabled,
    /// All its grants end now.
    GrantsEnded,
    /// It was registered.
    Registered,
    /// One of its two secrets was dropped.
    SecretDropped,
    /// It got a new secret.
    SecretRotated,
    /// Its settings were changed.
    Updated,
}

impl ClientChange {
    /// A stable word in `snake_case`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::GrantsEnded => "grants_ended",
            Self::Registered => "registered",
            Self::SecretDropped => "secret_dropped",
            Self::SecretRotated => "secret_rotated",
            Self::Updated => "updated",
        }
    }
}

/// How the keys that a server signs with were changed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SigningKeyChange {
    /// It was made, and is published from now on.
    Made,
    /// It was taken away: what it signed cannot be verified any more.
    Removed,
}

impl SigningKeyChange {
    /// A stable word in `snake_case`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Removed => "removed",
        }
    }
}

/// What shows that a credential is in two hands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Compromise {
    /// A redeemed code came again, from its client and with its verifier.
    CodeReplayed,
    /// A code came from its client with a wrong verifier.
    CodeVerifierMismatch,
    /// A spent refresh token came again.
    RefreshTokenReused,
}

impl Compromise {
    /// A stable word in `snake_case`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CodeReplayed => "code_replayed",
            Self::CodeVerifierMismatch => "code_verifier_mismatch",
            Self::RefreshTokenReused => "refresh_token_reused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_in_an_event_can_hold_a_control_character() {
        covers!("ATK-297");
        for hostile in ["a\nb", "a\r\n", "\u{1b}[31m", "a\0", "\u{7f}", "a\u{2028}", "\u{202e}", "\t"] {
            assert!(hostile.parse::<ClientId>().is_err(), "{hostile:?}");
            assert!(hostile.parse::<Subject>().is_err(), "{hostile:?}");
            assert!(hostile.parse::<Realm>().is_err(), "{hostile:?}");
            assert!(hostile.parse::<GrantType>().is_err(), "{hostile:?}");
            assert!(format!("urn:{hostile}").parse::<GrantType>().is_err(), "{hostile:?}");
        }
        let grant = GrantId::from_bytes([10; 12]);
        assert!(grant.to_string().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}
