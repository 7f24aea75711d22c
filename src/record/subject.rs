//! The epoch of a user's grants.

use serde::{Deserialize, Serialize};

use super::{Key, RecordKind};
use crate::value::{Realm, Subject, Timestamp};

/// How often all grants of a user were ended. An approval that was under way meanwhile ends its own grant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectEpoch {
    realm: Realm,
    subject: Subject,
    epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
}

impl SubjectEpoch {
    /// The first end of all grants of a user.
    #[must_use]
    pub fn first(realm: &Realm, subject: &Subject, now: Timestamp) -> Self {
        Self { realm: realm.clone(), subject: subject.clone(), epoch: 1, due_at: Some(now) }
    }

    /// One more end of all grants.
    #[must_use]
    pub fn advanced(&self, now: Timestamp) -> Self {
        Self { epoch: self.epoch.saturating_add(1), due_at: Some(now), ..self.clone() }
    }

    /// The epoch with nothing left to do.
    #[must_use]
    pub fn finished(&self) -> Self {
        Self { due_at: None, ..self.clone() }
    }

    /// The number of the epoch. A user without a record is in epoch zero.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The user.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The realm that the user belongs to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// When the user's grants are to be ended, if some still live.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// An epoch never expires: an approval that began before it must find it.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::MAX
    }

    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Self::key_of(&self.realm, &self.subject)
    }

    /// Where the record of that user is kept.
    #[must_use]
    pub fn key_of(realm: &Realm, subject: &Subject) -> Key {
        Key::of_names(realm, RecordKind::Subject, &[subject.as_str()])
    }
}
