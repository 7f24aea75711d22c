//! What a user agreed to before, so that the question need not be asked again.

use serde::{Deserialize, Serialize};

use super::{Key, RecordKind};
use crate::value::{ClientId, InstanceId, Realm, ResourceSet, ScopeSet, Subject, Timestamp};

/// ```text
/// Given ──► Withdrawn, grants still to be ended (due) ──► removed
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    realm: Realm,
    subject: Subject,
    client: ClientId,
    client_instance: InstanceId,
    scope: ScopeSet,
    resources: ResourceSet,
    given_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Timestamp>,
}

impl Consent {
    /// A consent that a user just gave.
    #[must_use]
    pub fn given_at(
        now: Timestamp,
        realm: &Realm,
        subject: &Subject,
        client: (&ClientId, InstanceId),
        scope: ScopeSet,
        resources: ResourceSet,
    ) -> Self {
        Self {
            realm: realm.clone(),
            subject: subject.clone(),
            client: client.0.clone(),
            client_instance: client.1,
            scope,
            resources,
            given_at: now,
            withdrawn_at: None,
        }
    }

    /// The consent after the user agreed to more. A withdrawn one, or one for an earlier registration, starts anew.
    #[must_use]
    pub fn widened_by(&self, newer: &Self) -> Self {
        if self.withdrawn_at.is_some() || self.client_instance != newer.client_instance {
            return newer.clone();
        }
        let resources: Vec<_> = self.resources.iter().chain(newer.resources.iter()).cloned().collect();
        Self {
            scope: self.scope.union(&newer.scope),
            resources: ResourceSet::new(resources).unwrap_or_else(|_| newer.resources.clone()),
            given_at: newer.given_at,
            ..self.clone()
        }
    }

    /// The consent after the user withdrew it, with its grants still to be ended.
    #[must_use]
    pub fn withdrawn_at(&self, now: Timestamp) -> Self {
        Self { withdrawn_at: self.withdrawn_at.or(Some(now)), ..self.clone() }
    }

    /// Whether this consent answers the question for that registration of the client.
    #[must_use]
    pub fn covers(&self, client_instance: InstanceId, scope: &ScopeSet, resources: &ResourceSet) -> bool {
        self.withdrawn_at.is_none()
            && self.client_instance == client_instance
            && scope.is_subset_of(&self.scope)
            && resources.is_subset_of(&self.resources)
    }

    /// Whether the user took it back.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawn_at.is_some()
    }

    /// The user.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &ClientId {
        &self.client
    }

    /// The registration of the client that the user agreed to.
    #[must_use]
    pub fn client_instance(&self) -> InstanceId {
        self.client_instance
    }

    /// The scope that the user agreed to.
    #[must_use]
    pub fn scope(&self) -> &ScopeSet {
        &self.scope
    }

    /// The resources that the user agreed to.
    #[must_use]
    pub fn resources(&self) -> &ResourceSet {
        &self.resources
    }

    /// When the user last agreed.
    #[must_use]
    pub fn last_given_at(&self) -> Timestamp {
        self.given_at
    }

    /// The realm that the consent belongs to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// When the consent's grants are to be ended, if some still live.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.withdrawn_at
    }

    /// A consent stays until it is withdrawn.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::MAX
    }

    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Self::key_of(&self.realm, &self.subject, &self.client)
    }

    /// Where the consent of that user for that client is kept.
    #[must_use]
    pub fn key_of(realm: &Realm, subject: &Subject, client: &ClientId) -> Key {
        Key::of_names(realm, RecordKind::Consent, &[subject.as_str(), client.as_str()])
    }
}
