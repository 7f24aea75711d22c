//! What happened, for audit logs and alarms. Never a secret.

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
        /// The client as far as it was known.
        client: Option<&'a ClientId>,
        /// Why, in words that contain nothing from the request.
        reason: &'a str,
    },
    /// A client could not be authenticated.
    AuthenticationFailed {
        /// The client that was named, if it is one.
        client: Option<&'a ClientId>,
        /// Why, in words that contain nothing from the request.
        reason: &'a str,
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
    /// The storage failed; the request was answered with 503.
    StorageFailed {
        /// What the store said, in words of this crate.
        reason: &'a str,
    },
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
