//! The storage contract: five methods, one conditional write.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use crate::record::{DecodeError, Key, Record, RecordKind, Version, Versioned};
use crate::value::{ClientId, RealmFingerprint, SessionId, Subject, Timestamp};

/// Where records are kept.
///
/// # The one rule
///
/// [`save`](Self::save) writes the record if the expectation still holds, as one step that no other writer can split.
/// Otherwise it writes nothing and returns [`Saved::Conflict`].
///
/// # If you get this wrong
///
/// Two requests could redeem the same code, and a stolen refresh token could be used without being noticed. Run
/// `storage::contract::check` (feature `testing`) in your tests.
///
/// # How to meet it
///
/// SQL: one statement, `UPDATE … WHERE key = ? AND version = ?`, or `INSERT … ON CONFLICT DO NOTHING`; check the row
/// count. A lock inside one process is not enough when several servers share the database.
///
/// A store keeps `(realm, kind, id, version, expires_at, due_at, subject, client, session, body)` and never looks into
/// the body; [`Record`] gives each of these.
#[async_trait]
pub trait Storage: Send + Sync {
    /// The record under `key`, if there is one. Sees every save that was acknowledged before the call; may return a
    /// record that has expired.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store does not answer or holds something that is not a record.
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError>;

    /// Writes `next` under its own version and key if `expected` still holds.
    ///
    /// Idempotent: if the stored version already is the new one, the answer is [`Saved::Applied`]. A repeat that comes
    /// after the next write is a save like any other.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; with [`StorageErrorKind::OutcomeUnknown`] the record may have been written.
    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError>;

    /// Removes the record under `key` if it still has the version `expected`. Removing what is absent is
    /// [`Saved::Applied`].
    ///
    /// # Errors
    ///
    /// As for [`save`](Self::save).
    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError>;

    /// The keys of records by owner, by due time, or of a realm's clients, page by page.
    ///
    /// Never misses a record whose save was acknowledged before the first page was asked for; may name records that
    /// are gone. Pages may be shorter than `limit`, even empty; the end is a listing without cursor.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store does not answer or the cursor is not its own.
    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError>;

    /// Removes up to `limit` records with `expires_at <= now`, and says how many. Whether a record has expired is
    /// checked in the same step that removes it.
    ///
    /// A record whose `expires_at` is [`Timestamp::MAX`] has no expiry, as clients, consents and epochs have none: it is
    /// never removed here. No clock says that time, so `expires_at <= now` is enough.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store does not answer.
    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError>;
}

/// What a save relies on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle both, and there will be no third")]
pub enum Expected {
    /// Nothing is stored under the key.
    Absent,
    /// This version is stored.
    Version(Version),
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a conditional write applies or it does not")]
pub enum Saved {
    /// The write is durable.
    Applied,
    /// The expectation did not hold; nothing was written.
    Conflict,
}

/// Which records to list.
///
/// A store goes by the columns that a record gives it, so a client's own record is listed under the client too, a
/// session under the session, an epoch under the user.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a store must index all of them")]
pub enum Filter {
    /// Every client registered in a realm.
    Clients(RealmFingerprint),
    /// Grants and consents of a client.
    Client(RealmFingerprint, ClientId),
    /// Records in any realm whose `due_at` is at or before that time.
    Due(Timestamp),
    /// Grants approved in a login session.
    Session(RealmFingerprint, SessionId),
    /// Grants, consents and sessions of a user.
    Subject(RealmFingerprint, Subject),
}

impl Filter {
    /// Whether the record is among those that the filter asks for. A small store may ask this of every record.
    #[must_use]
    pub fn includes(&self, record: &Record) -> bool {
        let is_of = |realm: &RealmFingerprint| record.realm().fingerprint() == realm;
        match self {
            Self::Clients(realm) => matches!(record, Record::Client(_)) && is_of(realm),
            Self::Client(realm, client) => record.client() == Some(client) && is_of(realm),
            Self::Due(at) => record.due_at().is_some_and(|due_at| due_at <= *at),
            Self::Session(realm, session) => record.session() == Some(session) && is_of(realm),
            Self::Subject(realm, subject) => record.subject() == Some(subject) && is_of(realm),
        }
    }
}

/// Where the next page begins. Only the store that made it can read it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cursor(Box<[u8]>);

impl Cursor {
    /// Wraps what the store needs to go on.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// What the store wrapped.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// For a store that lists in the order of keys: the page after that key.
impl From<Key> for Cursor {
    fn from(key: Key) -> Self {
        Self::new(&[key.realm().as_slice(), key.id(), key.kind().as_str().as_bytes()].concat())
    }
}

impl TryFrom<&Cursor> for Key {
    type Error = StorageError;

    fn try_from(cursor: &Cursor) -> Result<Self, StorageError> {
        let key = || {
            let (realm, rest) = cursor.as_bytes().split_first_chunk()?;
            let (id, kind) = rest.split_first_chunk()?;
            Some(Self::from_parts(*realm, RecordKind::from_name(str::from_utf8(kind).ok()?)?, *id))
        };
        key().ok_or_else(|| StorageError::new(StorageErrorKind::Unavailable).because("the cursor is not a key"))
    }
}

/// One page of keys.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "stores build it")]
pub struct Listing {
    /// The keys on this page.
    pub keys: Vec<Key>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
}

/// A store that did not do what was asked. Never evidence of theft, never an empty answer.
#[derive(Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StorageError {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: StorageErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The same error, with what caused it.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> StorageErrorKind {
        self.kind
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StorageErrorKind::Unavailable => "the storage is unavailable",
            StorageErrorKind::OutcomeUnknown => "the storage did not say whether the write was applied",
            StorageErrorKind::Corrupt => "the storage holds something that is not a record",
            StorageErrorKind::NewerFormat => "the storage holds a record of a newer version",
        })
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| -> &(dyn Error + 'static) { source })
    }
}

impl From<DecodeError> for StorageError {
    fn from(error: DecodeError) -> Self {
        let kind = match error {
            DecodeError::NewerFormat(_) => StorageErrorKind::NewerFormat,
            DecodeError::Corrupt(_) => StorageErrorKind::Corrupt,
        };
        Self::new(kind).because(error)
    }
}

/// What kind of error a store had.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// Nothing was done.
    Unavailable,
    /// A write may or may not have been applied.
    OutcomeUnknown,
    /// What is stored is not a record.
    Corrupt,
    /// What is stored was written by a newer version of this crate.
    NewerFormat,
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::sync::Arc;

    use super::*;
    use crate::record::{Session, SubjectEpoch};
    use crate::world::{World, at};

    #[test]
    fn a_filter_includes_the_records_of_its_owner_in_its_realm() {
        let world = World::new();
        let (realm, elsewhere) = (*world.realm.fingerprint(), [0; 16]);
        let grant = Record::Grant(Arc::new(world.active()));
        let client = Record::Client(Arc::new(world.client.clone()));
        let (id, user): (ClientId, Subject) = (world.client.id.clone(), "user".parse().unwrap());

        assert!(Filter::Client(realm, id.clone()).includes(&grant));
        assert!(!Filter::Client(elsewhere, id).includes(&grant));
        assert!(!Filter::Client(realm, "another".parse().unwrap()).includes(&grant));
        assert!(Filter::Subject(realm, user.clone()).includes(&grant));
        assert!(!Filter::Subject(elsewhere, user).includes(&grant));
        assert!(Filter::Clients(realm).includes(&client));
        assert!(!Filter::Clients(elsewhere).includes(&client) && !Filter::Clients(realm).includes(&grant));
    }

    #[test]
    fn a_filter_includes_sessions_and_what_is_due() {
        let world = World::new();
        let realm = *world.realm.fingerprint();
        let (name, user): (SessionId, Subject) = ("session".parse().unwrap(), "user".parse().unwrap());
        let open = Session::opened(&world.realm, &name, &user, at(600));
        let open = Record::Session(Arc::new(open));
        let due = Record::Subject(Arc::new(SubjectEpoch::first(&world.realm, &user, at(5))));

        assert!(Filter::Session(realm, name).includes(&open));
        assert!(Filter::Due(at(5)).includes(&due) && !Filter::Due(at(4)).includes(&due));
        assert!(!Filter::Due(Timestamp::MAX).includes(&open));
    }

    #[test]
    fn an_error_keeps_its_kind_and_its_cause() {
        let corrupt = StorageError::from(Record::decode(b"{}").unwrap_err());
        let newer = StorageError::from(Record::decode(br#"{"format":2,"kind":"grant"}"#).unwrap_err());

        assert_eq!((corrupt.kind(), newer.kind()), (StorageErrorKind::Corrupt, StorageErrorKind::NewerFormat));
        assert!(corrupt.source().is_some());
        assert!(StorageError::new(StorageErrorKind::Unavailable).source().is_none());
    }
}
