//! An identifier that must not be accepted twice.

use serde::{Deserialize, Serialize};

use super::{Key, RecordKind};
use crate::value::{Realm, Timestamp};

/// A used identifier, kept for as long as its second use would look valid.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UsedIdentifier {
    realm: Realm,
    purpose: String,
    identifier: String,
    expires_at: Timestamp,
}

impl UsedIdentifier {
    /// The claim on an identifier within a purpose.
    #[must_use]
    pub fn new(realm: &Realm, purpose: &str, identifier: &str, expires_at: Timestamp) -> Self {
        Self { realm: realm.clone(), purpose: purpose.to_owned(), identifier: identifier.to_owned(), expires_at }
    }

    /// The realm that the identifier was used in.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// From when on the identifier is refused for its age alone.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of_names(&self.realm, RecordKind::UsedIdentifier, &[&self.purpose, &self.identifier])
    }
}
