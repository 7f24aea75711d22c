//! Records to try a store with.

use std::sync::Arc;

use super::trial::{Broken, Outcome};
use crate::record::{
    AccessToken, AccessTokens, Active, Approval, Authentication, Client, Consent, Grant, Identity, Record, Session,
    SubjectEpoch, UsedIdentifier, UserApproval,
};
use crate::value::{
    AuthenticationMethod, ClientId, Digest, GrantId, InstanceId, Lifetime, Realm, ResourceSet, ScopeSet, SessionId,
    Subject, Timestamp,
};

/// Whom a record belongs to.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) realm: Realm,
    pub(super) client: ClientId,
    pub(super) subject: Subject,
    pub(super) session: SessionId,
}

impl Owner {
    /// A client, a user and a session of the same name.
    pub(super) fn named(realm: &Realm, name: &str) -> Outcome<Self> {
        Ok(Self { realm: realm.clone(), client: parsed(name)?, subject: parsed(name)?, session: parsed(name)? })
    }

    /// A grant of that number, which expires at `now` plus an hour.
    pub(super) fn grant(&self, number: u64, now: Timestamp) -> Record {
        let user = self.approval(now, ScopeSet::empty());
        let approval =
            Approval { scope: ScopeSet::empty(), resources: ResourceSet::default(), user: Some(Box::new(user)) };
        let token = AccessToken {
            serial: 0,
            digest: Digest::of(&[&number.to_be_bytes()]),
            issued_at: now,
            expires_at: now.after(Lifetime::minutes(60)),
            narrowed: None,
            confirmation: None,
        };
        let active = Active { access: AccessTokens::of(token), ..Active::default() };
        // The number comes last, after zeros: an id is bytes, not text that ends at the first zero.
        let mut id = [0; 12];
        for (to, from) in id.iter_mut().rev().zip(number.to_le_bytes()) {
            *to = from;
        }
        let identity = Identity {
            id: GrantId::from_bytes(id),
            realm: &self.realm,
            client: &self.client,
            client_instance: InstanceId::from_bytes([0; 16]),
            held_until: now,
        };
        Record::Grant(Arc::new(Grant::issued_at(now, identity, approval, active)))
    }

    /// What the user approved when asked for that scope.
    pub(super) fn approval(&self, now: Timestamp, requested_scope: ScopeSet) -> UserApproval {
        let authentication = Authentication { session: Some(self.session.clone()), ..Authentication::at(now) };
        UserApproval { subject: self.subject.clone(), authentication, requested_scope, nonce: None }
    }

    pub(super) fn consent(&self, now: Timestamp) -> Record {
        let client = (&self.client, InstanceId::from_bytes([0; 16]));
        let (scope, resources) = (ScopeSet::empty(), ResourceSet::default());
        Record::Consent(Arc::new(Consent::given_at(now, &self.realm, &self.subject, client, scope, resources)))
    }

    pub(super) fn client(&self, display_name: &str) -> Record {
        let instance = InstanceId::from_bytes([0; 16]);
        let method = AuthenticationMethod::None;
        let mut client = Client::new(&self.realm, self.client.clone(), instance, method, NOW);
        client.display.name = Some(display_name.to_owned());
        Record::Client(Arc::new(client))
    }

    pub(super) fn session(&self, expires_at: Timestamp) -> Session {
        Session::opened(&self.realm, &self.session, &self.subject, expires_at)
    }

    pub(super) fn epoch(&self, now: Timestamp) -> SubjectEpoch {
        SubjectEpoch::first(&self.realm, &self.subject, now)
    }

    pub(super) fn used(&self, identifier: &str, expires_at: Timestamp) -> Record {
        Record::UsedIdentifier(Arc::new(UsedIdentifier::new(&self.realm, "contract", identifier, expires_at)))
    }
}

impl From<Session> for Record {
    fn from(session: Session) -> Self {
        Self::Session(Arc::new(session))
    }
}

impl From<SubjectEpoch> for Record {
    fn from(epoch: SubjectEpoch) -> Self {
        Self::Subject(Arc::new(epoch))
    }
}

pub(super) fn parsed<T: std::str::FromStr>(name: &str) -> Outcome<T> {
    name.parse().map_err(|_| Broken::new(format!("the suite uses a name that cannot be: {name}")))
}

/// The first second of the year 2100: an engine with native expiry, which has a clock, keeps what expires then.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(4_102_444_800);
