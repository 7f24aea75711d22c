//! What an approval relies on, read before and after it is saved.
//!
//! Whoever ends a user's grants, a session or a consent marks that first and lists the grants then. An approval that
//! is saved meanwhile either is in the list, or sees the mark when it reads again.

use std::sync::Arc;

use super::approve::Terms;
use crate::host::{Expected, Saved};
use crate::record::{Client, Consent, Record, Session};
use crate::server::token::MOST_ATTEMPTS;
use crate::server::{AuthorizationServer, Unavailable, UserSession};
use crate::value::{Lifetime, Timestamp};

/// The marks that an approval must not have missed.
pub(super) struct Standing {
    epoch: u64,
    pub(super) has_session_ended: bool,
    consent: Option<Arc<Consent>>,
}

impl Standing {
    /// Whether something ended between the two readings.
    pub(super) fn has_moved_on(&self, later: &Self, terms: &Terms, client: &Client) -> bool {
        let consent = later.consent.as_deref();
        let is_withdrawn = consent.is_some_and(Consent::is_withdrawn);
        let is_covered = consent.is_some_and(|it| it.covers(client.instance, &terms.scope, &terms.resources));
        self.epoch != later.epoch || later.has_session_ended || is_withdrawn || (terms.rests_on_consent && !is_covered)
    }
}

impl AuthorizationServer {
    /// Reads what an approval relies on.
    pub(super) async fn standing(&self, session: &UserSession, client: &Client) -> Result<Standing, Unavailable> {
        let realm = &self.0.realm;
        let epoch = match self.load_epoch(&session.subject).await? {
            Some((epoch, _)) => epoch.epoch(),
            None => 0,
        };
        let has_session_ended = match &session.authentication.session {
            None => false,
            Some(id) => match self.load_session(id).await? {
                Some((stored, _)) => stored.has_ended() || stored.subject() != Some(&session.subject),
                None => false,
            },
        };
        let consent = self.load_consent(Consent::key_of(realm, &session.subject, client.id())).await?;
        Ok(Standing { epoch, has_session_ended, consent: consent.map(|(consent, _)| consent) })
    }

    /// Finishes what was left undone when the user's grants or the consent were ended: afterwards nobody will take the
    /// new grant for an old one.
    pub(super) async fn finish_before(
        &self,
        session: &UserSession,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        if let Some((epoch, version)) = self.load_epoch(&session.subject).await?
            && epoch.due_at().is_some()
        {
            self.finish_subject(&epoch, version, now).await?;
        }
        let key = Consent::key_of(&self.0.realm, &session.subject, client.id());
        if let Some((consent, version)) = self.load_consent(key).await?
            && consent.is_withdrawn()
        {
            self.finish_consent(&consent, version, now).await?;
        }
        Ok(())
    }

    /// Notes that something is approved in the session, so that its end finds it.
    pub(super) async fn join_session(&self, session: &UserSession, now: Timestamp) -> Result<(), Unavailable> {
        let Some(id) = &session.authentication.session else { return Ok(()) };
        if self.load_session(id).await?.is_some() {
            return Ok(());
        }
        let opened = Session::opened(&self.0.realm, id, &session.subject, now.after(SESSION_MEMORY));
        let version = self.draw()?.version()?;
        // If somebody else was faster, that record is as good.
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
