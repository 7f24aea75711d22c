//! What an approval relies on, read before and after it is saved.
//!
//! Whoever ends a user's grants, a session or a consent marks that first and lists the grants then. An approval that
//! is saved meanwhile either is in the list, or sees the mark when it reads again.

use std::sync::Arc;

use super::approve::Terms;
use crate::host::{Expected, Saved};
use crate::record::{Client, Consent, Record, Session, SubjectEpoch, Version};
use crate::server::token::MOST_ATTEMPTS;
use crate::server::{AuthorizationServer, Unavailable, UserSession};
use crate::value::{Lifetime, Subject, Timestamp};

/// The marks that an approval must not have missed.
pub(super) struct Standing {
    epoch: Option<(Arc<SubjectEpoch>, Version)>,
    session: Option<Arc<Session>>,
    consent: Option<(Arc<Consent>, Version)>,
}

impl Standing {
    /// Whether nothing can be approved in this session any more, or it never was this user's.
    pub(super) fn has_session_ended(&self, subject: &Subject) -> bool {
        self.session.as_ref().is_some_and(|session| session.has_ended() || session.subject() != Some(subject))
    }

    /// Whether something ended between the two readings.
    pub(super) fn has_moved_on(&self, later: &Self, subject: &Subject, terms: &Terms, client: &Client) -> bool {
        let consent = later.consent.as_ref().map(|(consent, _)| consent);
        let is_withdrawn = consent.is_some_and(|it| it.is_withdrawn());
        let is_covered = consent.is_some_and(|it| it.covers(client.instance, &terms.scope, &terms.resources));
        self.epoch() != later.epoch()
            || later.has_session_ended(subject)
            || is_withdrawn
            || (terms.rests_on_consent && !is_covered)
    }

    fn epoch(&self) -> u64 {
        self.epoch.as_ref().map_or(0, |(epoch, _)| epoch.epoch())
    }
}

impl AuthorizationServer {
    /// Reads what an approval relies on.
    pub(super) async fn standing(&self, session: &UserSession, client: &Client) -> Result<Standing, Unavailable> {
        let epoch = self.load_epoch(&session.subject).await?;
        let stored = match &session.authentication.session {
            None => None,
            Some(id) => self.load_session(id).await?.map(|(session, _)| session),
        };
        let key = Consent::key_of(&self.0.realm, &session.subject, client.id());
        Ok(Standing { epoch, session: stored, consent: self.load_consent(key).await? })
    }

    /// The same, after what was left undone when the user's grants or the consent were ended: finished now, it will
    /// not take the new grant for an old one.
    pub(super) async fn settled_standing(
        &self,
        session: &UserSession,
        client: &Client,
        now: Timestamp,
    ) -> Result<Standing, Unavailable> {
        let standing = self.standing(session, client).await?;
        let epoch = standing.epoch.as_ref().filter(|(epoch, _)| epoch.due_at().is_some());
        let consent = standing.consent.as_ref().filter(|(consent, _)| consent.is_withdrawn());
        if let Some((epoch, version)) = epoch {
            self.finish_subject(epoch, *version, now).await?;
        }
        if let Some((consent, version)) = consent {
            self.finish_consent(consent, *version, now).await?;
        }
        if epoch.is_none() && consent.is_none() {
            return Ok(standing);
        }
        self.standing(session, client).await
    }

    /// Notes that something is approved in the session, so that its end finds it.
    pub(super) async fn join_session(
        &self,
        session: &UserSession,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let (Some(id), None) = (&session.authentication.session, &standing.session) else { return Ok(()) };
        let opened = Session::opened(&self.0.realm, id, &session.subject, now.after(SESSION_MEMORY));
        let version = self.draw()?.version()?;
        // If somebody else was faster, that record is as good, and the second reading sees it.
        self.commit(Record::Session(Arc::new(opened)), version, Expected::Absent).await.map(|_| ())
    }

    /// Remembers a consent, beside what was agreed to before.
    pub(super) async fn remember(&self, given: &Consent) -> Result<(), Unavailable> {
        for _ in 0..MOST_ATTEMPTS {
            let stored = self.load_consent(given.key()).await?;
            let (next, expected) = match stored {
                None => (given.clone(), Expected::Absent),
                Some((stored, version)) => (stored.widened_by(given), Expected::Version(version)),
            };
            let version = self.draw()?.version()?;
            if self.commit(Record::Consent(Arc::new(next)), version, expected).await? == Saved::Applied {
                return Ok(());
            }
        }
        Err(Unavailable::Contended)
    }
}

/// How long a session's record is kept. Its end, if it comes later, writes a new one.
const SESSION_MEMORY: Lifetime = Lifetime::days(1);
