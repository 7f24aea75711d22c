//! What the host's operators and its pages for users do: end grants, list them, change clients.
//!
//! Every end of many is marked first, in the record of the user, the session, the consent or the client; then the grants
//! are listed and ended; then the mark is taken away. A crash leaves the mark, and [`AuthorizationServer::finish_due`]
//! goes on.

mod clients;
mod ending;
mod error;
mod listing;
mod page;
mod secrets;

use std::sync::Arc;

pub use error::AdministrationError;
pub use listing::{ConsentSummary, GrantPhase, GrantSummary, Shown};
pub use page::{InvalidCursor, Page, PageCursor};
pub use secrets::{RotatedSecret, SecretRotation};

use super::token::MOST_ATTEMPTS;
use super::turns::turn_of_others;
use super::{AuthorizationServer, Unavailable};
use crate::host::{Cursor, Event, Expected, Filter, Saved};
use crate::record::{Consent, EndReason, Grant, Key, Phase, Record, RecordKind, Session, SubjectEpoch, Version};
use crate::value::{ClientId, GrantId, InstanceId, Lifetime, SessionId, Subject, Timestamp};

impl AuthorizationServer {
    /// Ends one grant with everything that was issued from it. Says whether there was anything to end.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it is not known to have ended; call again.
    pub async fn end_grant(&self, grant: GrantId) -> Result<bool, Unavailable> {
        self.end_stored(Key::of_grant(&self.0.realm, grant), EndReason::EndedByHost, self.now()).await
    }

    /// Ends all grants of a user, those that are being approved included. Says how many there were.
    ///
    /// The user's login sessions are the host's: end them first, or the user approves the next grant.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: some may not have ended; call again, or leave it to [`finish_due`](Self::finish_due).
    pub async fn end_subject(&self, subject: &Subject) -> Result<u64, Unavailable> {
        let now = self.now();
        for _ in 0..MOST_ATTEMPTS {
            let (next, expected) = match self.load_epoch(subject).await? {
                None => (SubjectEpoch::first(&self.0.realm, subject, now), Expected::Absent),
                Some((epoch, version)) => (epoch.advanced(now), Expected::Version(version)),
            };
            let version = self.draw()?.version()?;
            if self.commit(Record::Subject(Arc::new(next.clone())), version, expected).await? == Saved::Applied {
                self.tell(&Event::SubjectEnded { subject });
                return self.finish_subject(&next, version, now).await;
            }
        }
        Err(Unavailable::Contended)
    }

    /// Ends a login session and all grants that were approved in it. Says how many there were.
    ///
    /// Nothing is approved in that session any more, whatever the host says about it later.
    ///
    /// # Errors
    ///
    /// As for [`end_subject`](Self::end_subject).
    pub async fn end_session(&self, session: &SessionId) -> Result<u64, Unavailable> {
        let now = self.now();
        let expires_at = now.after(END_MEMORY);
        for _ in 0..MOST_ATTEMPTS {
            let (next, expected) = match self.load_session(session).await? {
                None => (Session::never_opened(&self.0.realm, session, now, expires_at), Expected::Absent),
                Some((stored, version)) => (stored.ended_at(now, expires_at), Expected::Version(version)),
            };
            let version = self.draw()?.version()?;
            if self.commit(Record::Session(Arc::new(next.clone())), version, expected).await? == Saved::Applied {
                self.tell(&Event::SessionEnded { session });
                return self.finish_session(&next, version, now).await;
            }
        }
        Err(Unavailable::Contended)
    }

    /// Withdraws what a user agreed to for a client, and ends the grants that came of it. Says how many there were.
    ///
    /// # Errors
    ///
    /// As for [`end_subject`](Self::end_subject).
    pub async fn withdraw_consent(&self, subject: &Subject, client: &ClientId) -> Result<u64, Unavailable> {
        let now = self.now();
        let realm = &self.0.realm;
        for _ in 0..MOST_ATTEMPTS {
            let (next, expected) = match self.load_consent(Consent::key_of(realm, subject, client)).await? {
                // A mark all the same: the user may have agreed without having it remembered.
                None => (self.unremembered(subject, client, now).withdrawn_at(now), Expected::Absent),
                Some((consent, version)) => (consent.withdrawn_at(now), Expected::Version(version)),
            };
            let version = self.draw()?.version()?;
            if self.commit(Record::Consent(Arc::new(next.clone())), version, expected).await? == Saved::Applied {
                self.tell(&Event::ConsentWithdrawn { client, subject });
                return self.finish_consent(&next, version, now).await;
            }
        }
        Err(Unavailable::Contended)
    }

    /// Finishes up to `limit` ends that were begun and not finished, because a process died. Says how many it
    /// finished. Call it at every start and every few minutes.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the rest waits for the next call.
    pub async fn finish_due(&self, limit: u32) -> Result<u64, Unavailable> {
        let now = self.now();
        let mut finished = 0;
        let mut after: Option<Cursor> = None;
        loop {
            let listing = self.0.storage.list(&Filter::Due(now), after.as_ref(), limit.clamp(1, PAGE)).await;
            let listing = listing.map_err(|error| self.storage_failed(error))?;
            for key in listing.keys {
                if finished >= u64::from(limit) {
                    return Ok(finished);
                }
                finished += u64::from(self.finish(key, now).await?);
            }
            match listing.next {
                Some(next) => after = Some(next),
                None => return Ok(finished),
            }
        }
    }

    /// Removes up to `limit` records that have expired, and says how many. Call it every few minutes.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the storage does not answer.
    pub async fn purge_expired(&self, limit: u32) -> Result<u64, Unavailable> {
        self.0.storage.purge_expired(self.now(), limit).await.map_err(|error| self.storage_failed(error))
    }

    /// Finishes what one record has left to do. Records of other realms are other servers' business.
    async fn finish(&self, key: Key, now: Timestamp) -> Result<bool, Unavailable> {
        if key.realm() != self.0.realm.fingerprint() {
            return Ok(false);
        }
        let Some(stored) = self.load(key).await? else { return Ok(false) };
        if stored.record.due_at().is_none() {
            return Ok(false);
        }
        match &stored.record {
            Record::Client(client) => self.finish_client(client, stored.version, now).await?,
            Record::Subject(epoch) => self.finish_subject(epoch, stored.version, now).await?,
            Record::Session(session) => self.finish_session(session, stored.version, now).await?,
            Record::Consent(consent) => self.finish_consent(consent, stored.version, now).await?,
            _ => return Ok(false),
        };
        Ok(true)
    }

    /// Ends all grants of a user, and takes the mark away if it is still the same.
    pub(super) async fn finish_subject(
        &self,
        epoch: &SubjectEpoch,
        version: Version,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let filter = Filter::Subject(*self.0.realm.fingerprint(), epoch.subject().clone());
        let ended = self.end_listed(&filter, EndReason::SubjectEnded, now, |_| true).await?;
        let next = self.draw()?.version()?;
        // Somebody who marked it again finishes it, too.
        let finished = Record::Subject(Arc::new(epoch.finished()));
        let (Saved::Applied | Saved::Conflict) = self.commit(finished, next, Expected::Version(version)).await?;
        Ok(ended)
    }

    async fn finish_session(&self, session: &Session, version: Version, now: Timestamp) -> Result<u64, Unavailable> {
        let filter = Filter::Session(*self.0.realm.fingerprint(), session.id().clone());
        let ended = self.end_listed(&filter, EndReason::SessionEnded, now, |_| true).await?;
        let next = self.draw()?.version()?;
        let finished = Record::Session(Arc::new(session.finished()));
        let (Saved::Applied | Saved::Conflict) = self.commit(finished, next, Expected::Version(version)).await?;
        Ok(ended)
    }

    /// Ends the grants of a withdrawn consent, and removes it if it is still the same.
    pub(super) async fn finish_consent(
        &self,
        consent: &Consent,
        version: Version,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let filter = Filter::Subject(*self.0.realm.fingerprint(), consent.subject().clone());
        let is_of_consent = |grant: &Grant| grant.client() == consent.client();
        let ended = self.end_listed(&filter, EndReason::ConsentWithdrawn, now, is_of_consent).await?;
        let removed = self.0.storage.remove(consent.key(), version).await;
        let (Saved::Applied | Saved::Conflict) = removed.map_err(|error| self.storage_failed(error))?;
        Ok(ended)
    }

    async fn end_listed(
        &self,
        filter: &Filter,
        reason: EndReason,
        now: Timestamp,
        is_meant: impl Fn(&Grant) -> bool + Send + Sync,
    ) -> Result<u64, Unavailable> {
        let mut ended = 0;
        let mut after: Option<Cursor> = None;
        loop {
            let listing = self.0.storage.list(filter, after.as_ref(), PAGE).await;
            let listing = listing.map_err(|error| self.storage_failed(error))?;
            for key in listing.keys.into_iter().filter(|key| key.kind() == RecordKind::Grant) {
                ended += u64::from(self.end_if(key, reason, now, &is_meant).await?);
            }
            match listing.next {
                Some(next) => after = Some(next),
                None => return Ok(ended),
            }
            turn_of_others().await;
        }
    }

    /// Ends the grant under that key, whatever others do to it meanwhile.
    pub(super) async fn end_stored(&self, key: Key, reason: EndReason, now: Timestamp) -> Result<bool, Unavailable> {
        self.end_if(key, reason, now, &|_: &Grant| true).await
    }

    async fn end_if(
        &self,
        key: Key,
        reason: EndReason,
        now: Timestamp,
        is_meant: &(impl Fn(&Grant) -> bool + Send + Sync),
    ) -> Result<bool, Unavailable> {
        for _ in 0..MOST_ATTEMPTS {
            let Some(stored) = self.load(key).await? else { return Ok(false) };
            let Record::Grant(grant) = stored.record else { return Ok(false) };
            if matches!(grant.phase(), Phase::Ended(_)) || !is_meant(&grant) {
                return Ok(false);
            }
            if self.end(&grant, stored.version, reason, now).await? == Saved::Applied {
                return Ok(true);
            }
        }
        Err(Unavailable::Contended)
    }

    /// A consent that nobody remembers, to carry the mark of its withdrawal.
    fn unremembered(&self, subject: &Subject, client: &ClientId, now: Timestamp) -> Consent {
        let no_instance = InstanceId::from_bytes([0; 16]);
        let (scope, resources) = Default::default();
        Consent::given_at(now, &self.0.realm, subject, (client, no_instance), scope, resources)
    }

    /// The user's epoch, with its version.
    pub(super) async fn load_epoch(
        &self,
        subject: &Subject,
    ) -> Result<Option<(Arc<SubjectEpoch>, Version)>, Unavailable> {
        let stored = self.load(SubjectEpoch::key_of(&self.0.realm, subject)).await?;
        Ok(stored.and_then(|stored| match stored.record {
            Record::Subject(epoch) => Some((epoch, stored.version)),
            _ => None,
        }))
    }

    /// The session's record, with its version.
    pub(super) async fn load_session(&self, id: &SessionId) -> Result<Option<(Arc<Session>, Version)>, Unavailable> {
        let stored = self.load(Session::key_of(&self.0.realm, id)).await?;
        Ok(stored.and_then(|stored| match stored.record {
            Record::Session(session) => Some((session, stored.version)),
            _ => None,
        }))
    }

    /// A consent, with its version.
    pub(super) async fn load_consent(&self, key: Key) -> Result<Option<(Arc<Consent>, Version)>, Unavailable> {
        let stored = self.load(key).await?;
        Ok(stored.and_then(|stored| match stored.record {
            Record::Consent(consent) => Some((consent, stored.version)),
            _ => None,
        }))
    }
}

/// How many keys are asked for at once, and the longest page.
const PAGE: u32 = 100;
/// How long the end of a session is remembered: longer than any approval takes.
const END_MEMORY: Lifetime = Lifetime::days(1);
