//! A login session that grants were approved in.

use serde::{Deserialize, Serialize};

use super::{Key, RecordKind};
use crate::value::{Realm, SessionId, Subject, Timestamp};

/// ```text
/// Open ──► Ended, grants still to be ended (due) ──► Ended
/// ```
///
/// No approval is saved in a session that has ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    realm: Realm,
    id: SessionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    expires_at: Timestamp,
}

impl Session {
    /// A session in which a user is about to approve something.
    #[must_use]
    pub fn opened(realm: &Realm, id: &SessionId, subject: &Subject, expires_at: Timestamp) -> Self {
        Self {
            realm: realm.clone(),
            id: id.clone(),
            subject: Some(subject.clone()),
            ended_at: None,
            due_at: None,
            expires_at,
        }
    }

    /// The end of a session in which nothing was approved yet, so that nothing will be.
    #[must_use]
    pub fn never_opened(realm: &Realm, id: &SessionId, now: Timestamp, expires_at: Timestamp) -> Self {
        let (ended_at, due_at) = (Some(now), Some(now));
        Self { realm: realm.clone(), id: id.clone(), subject: None, ended_at, due_at, expires_at }
    }

    /// The session after its end, with its grants still to be ended.
    #[must_use]
    pub fn ended_at(&self, now: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            ended_at: self.ended_at.or(Some(now)),
            due_at: Some(now),
            expires_at: self.expires_at.max(expires_at),
            ..self.clone()
        }
    }

    /// The session with nothing left to do.
    #[must_use]
    pub fn finished(&self) -> Self {
        Self { due_at: None, ..self.clone() }
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// The session's name.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Whose session it is, if something was approved in it.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The realm that the session belongs to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// When its grants are to be ended, if some still live.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// From when on the sweeper may take the record.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        if self.due_at.is_some() { Timestamp::MAX } else { self.expires_at }
    }

    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Self::key_of(&self.realm, &self.id)
    }

    /// Where the record of that session is kept.
    #[must_use]
    pub fn key_of(realm: &Realm, id: &SessionId) -> Key {
        Key::of_names(realm, RecordKind::Session, &[id.as_str()])
    }
}
