//! Shapes: what is stored.
//!
//! A grant's whole life is one record. A store keeps records under [`Key`]s and never looks inside: it asks a
//! [`Record`] for its columns, [encodes](Record::encode) it and [decodes](Record::decode) it.

mod client;
mod consent;
mod credential;
mod encoding;
mod grant;
mod key;
mod refresh_chain;
mod session;
mod signing_keys;
mod subject;
mod used_identifier;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use client::{
    ApplicationType, Client, ClientDisplay, ClientEnding, ClientOverrides, ClientSecretForm, StoredClientSecret, Trust,
    WhichSecret,
};
pub use consent::Consent;
pub use credential::{Credential, CredentialKind, Locator, MaskingKey, PresentedCredential};
pub use encoding::DecodeError;
pub use grant::{
    AccessToken, AccessTokens, Active, Approval, Authentication, Code, EndReason, Ended, Grant, Identity, Narrowed,
    Phase, UserApproval,
};
pub use key::{Key, RecordKind, Version, Versioned};
pub use refresh_chain::{DerivationKey, PresentedRefresh, Recognition, RefreshChain, Retry, Successor};
pub use session::Session;
pub use signing_keys::{SealedKey, SigningKeys, StoredSigningKey};
pub use subject::SubjectEpoch;
pub use used_identifier::UsedIdentifier;

use crate::value::{ClientId, Realm, SessionId, Subject, Timestamp};

/// Anything that is stored. Cloning shares the content.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Record {
    /// A registered client.
    Client(Arc<Client>),
    /// What a user agreed to before.
    Consent(Arc<Consent>),
    /// An authorization with its code and tokens.
    Grant(Arc<Grant>),
    /// A login session that grants were approved in.
    Session(Arc<Session>),
    /// The keys that the realm signs with.
    SigningKeys(Arc<SigningKeys>),
    /// The epoch of a user's grants.
    Subject(Arc<SubjectEpoch>),
    /// An identifier that must not be seen again.
    UsedIdentifier(Arc<UsedIdentifier>),
}

/// Reads the same field of whichever record it is.
macro_rules! of_each {
    ($self:expr, $record:ident => $value:expr) => {
        match $self {
            Record::Client($record) => $value,
            Record::Consent($record) => $value,
            Record::Grant($record) => $value,
            Record::Session($record) => $value,
            Record::SigningKeys($record) => $value,
            Record::Subject($record) => $value,
            Record::UsedIdentifier($record) => $value,
        }
    };
}

impl Record {
    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        of_each!(self, record => record.key())
    }

    /// The realm that the record belongs to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        of_each!(self, record => record.realm())
    }

    /// From when on the sweeper may take the record. [`Timestamp::MAX`]: never.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        of_each!(self, record => record.expires_at())
    }

    /// When the record has work left to be finished, if it has.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Subject(record) => record.due_at(),
            Self::Session(record) => record.due_at(),
            Self::Client(record) => record.due_at(),
            Self::Consent(record) => record.due_at(),
            Self::Grant(_) | Self::SigningKeys(_) | Self::UsedIdentifier(_) => None,
        }
    }

    /// The user that the record is listed under.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Consent(record) => Some(record.subject()),
            Self::Grant(record) => record.subject(),
            Self::Session(record) => record.subject(),
            Self::Subject(record) => Some(record.subject()),
            Self::Client(_) | Self::SigningKeys(_) | Self::UsedIdentifier(_) => None,
        }
    }

    /// The client that the record is listed under.
    #[must_use]
    pub fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Client(record) => Some(record.id()),
            Self::Consent(record) => Some(record.client()),
            Self::Grant(record) => Some(record.client()),
            Self::Session(_) | Self::SigningKeys(_) | Self::Subject(_) | Self::UsedIdentifier(_) => None,
        }
    }

    /// The login session that the record is listed under.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Grant(record) => record.session(),
            Self::Session(record) => Some(record.id()),
            Self::Client(_) | Self::Consent(_) | Self::SigningKeys(_) | Self::Subject(_) | Self::UsedIdentifier(_) => {
                None
            }
        }
    }
}
