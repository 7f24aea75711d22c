//! Keys and versions: the two things a store compares.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::value::{GrantId, Realm, RealmFingerprint};

/// Where a record is kept: realm, kind and 32 bytes of identity. No encoding, case or length to get wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    realm: RealmFingerprint,
    kind: RecordKind,
    id: [u8; 32],
}

impl Key {
    /// Puts a key together from what a store kept of it.
    #[must_use]
    pub const fn from_parts(realm: RealmFingerprint, kind: RecordKind, id: [u8; 32]) -> Self {
        Self { realm, kind, id }
    }

    /// The key of a grant.
    #[must_use]
    pub fn of_grant(realm: &Realm, grant: GrantId) -> Self {
        let mut id = [0; 32];
        for (to, from) in id.iter_mut().zip(grant.as_bytes()) {
            *to = *from;
        }
        Self { realm: *realm.fingerprint(), kind: RecordKind::Grant, id }
    }

    /// The key of what is known by names: each name is hashed with its length, so no two lists of names collide.
    #[must_use]
    pub fn of_names(realm: &Realm, kind: RecordKind, names: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for name in names {
            hasher.update(name.len().to_be_bytes());
            hasher.update(name.as_bytes());
        }
        Self { realm: *realm.fingerprint(), kind, id: hasher.finalize().into() }
    }

    /// The fingerprint of the realm.
    #[must_use]
    pub const fn realm(&self) -> &RealmFingerprint {
        &self.realm
    }

    /// The kind of record.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        self.kind
    }

    /// The record's identity within realm and kind.
    #[must_use]
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }
}

/// The kind of a record. Kinds are separate key spaces.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordKind {
    /// A registered client.
    Client,
    /// A remembered consent.
    Consent,
    /// A grant.
    Grant,
    /// A login session.
    Session,
    /// The keys that a realm signs with.
    SigningKeys,
    /// A user's epoch.
    Subject,
    /// A used identifier.
    UsedIdentifier,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Client,
        Self::Consent,
        Self::Grant,
        Self::Session,
        Self::SigningKeys,
        Self::Subject,
        Self::UsedIdentifier,
    ];

    /// The kind's name, for a store's column.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Consent => "consent",
            Self::Grant => "grant",
            Self::Session => "session",
            Self::SigningKeys => "signing_keys",
            Self::Subject => "subject",
            Self::UsedIdentifier => "used_identifier",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One state of a record: 128 random bits that the library draws for each save.
///
/// Because no two writes share a version, finding one's own version after a lost acknowledgement proves that the
/// write was applied.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Version([u8; 16]);

impl Version {
    /// Takes 16 bytes that were drawn at random, or that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The version's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Version(")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// A record with the version under which it is, or is to be, stored.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "stores build it from two columns")]
pub struct Versioned<T> {
    /// The version.
    pub version: Version,
    /// What is stored under it.
    pub record: T,
}
