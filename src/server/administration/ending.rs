//! Ending all grants of a client, and deleting it.
//!
//! Both mark the client's record first, and with the mark everything is dead: it makes the client another instance, or
//! none, and a grant works only for the instance that it was given to. So no approval and no token request that is under
//! way can save a grant that works, and what is left to do, ending the grants, is for the record's sake.

use super::{AdministrationError, PAGE};
use crate::host::{ClientChange, Cursor, Expected, Filter, Saved};
use crate::record::{Client, ClientEnding, Consent, EndReason, Grant, Key, Record, RecordKind, Version};
use crate::server::token::MOST_ATTEMPTS;
use crate::server::turns::turn_of_others;
use crate::server::{AuthorizationServer, Unavailable};
use crate::value::{ClientId, InstanceId, Timestamp};

impl AuthorizationServer {
    /// Ends all grants of a client, and forgets what its users agreed to. Says how many grants there were.
    ///
    /// The client stays registered; its users are asked again, also those who are being asked just now. No grant is
    /// active from the moment on at which this is written; other servers see that as soon as they read the client again.
    ///
    /// # Errors
    ///
    /// [`AdministrationError::UnknownClient`], [`AdministrationError::HostRegistry`],
    /// [`AdministrationError::Unavailable`]: some may not have ended; call again, or leave it to
    /// [`finish_due`](Self::finish_due).
    pub async fn end_client(&self, id: &ClientId) -> Result<u64, AdministrationError> {
        let now = self.now();
        let next = InstanceId::from_bytes(self.random()?);
        self.mark_client(id, now, ClientChange::GrantsEnded, |client| client.grants_ended_at(now, next)).await
    }

    /// Deletes a client, with its grants and with what its users agreed to. Says how many grants there were.
    ///
    /// It is registered no more from the moment on at which this is written. Whoever is registered under its identifier
    /// later is somebody else: nothing of this client ever works again.
    ///
    /// # Errors
    ///
    /// As for [`end_client`](Self::end_client).
    pub async fn delete_client(&self, id: &ClientId) -> Result<u64, AdministrationError> {
        let now = self.now();
        self.mark_client(id, now, ClientChange::Deleted, |client| client.deleted_at(now)).await
    }

    async fn mark_client(
        &self,
        id: &ClientId,
        now: Timestamp,
        change: ClientChange,
        mark: impl Fn(&Client) -> Client + Send + Sync,
    ) -> Result<u64, AdministrationError> {
        self.client_registry()?;
        for _ in 0..MOST_ATTEMPTS {
            let stored = self.load_client(id).await?.ok_or(AdministrationError::UnknownClient)?;
            let is_full = stored.record.ending.as_ref().is_some_and(|it| it.instances.len() >= MOST_UNFINISHED);
            if stored.record.is_deleted() || is_full {
                let ended = self.finish_client(&stored.record, stored.version, now).await?;
                if stored.record.is_deleted() {
                    return if change == ClientChange::Deleted {
                        Ok(ended)
                    } else {
                        Err(AdministrationError::UnknownClient)
                    };
                }
                continue;
            }
            let marked = self.save_client(mark(&stored.record), Expected::Version(stored.version), change).await?;
            if let Some(marked) = marked {
                return Ok(self.finish_client(&marked.record, marked.version, now).await?);
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// Ends the grants of a client's earlier instances, and takes the mark away.
    pub(in crate::server) async fn finish_client(
        &self,
        client: &Client,
        version: Version,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let Some(ending) = client.ending.as_deref() else { return Ok(0) };
        let ended = self.end_instances(client.id(), ending, now).await?;
        if ending.is_deleted {
            // Nothing but the end of a deletion writes over a deleted client, so a conflict means that it was finished.
            let removed = self.0.storage.remove(client.key(), version).await;
            let (Saved::Applied | Saved::Conflict) = removed.map_err(|error| self.storage_failed(error))?;
            return Ok(ended);
        }
        let mut finished = client.finished(&ending.instances);
        let mut expected = version;
        for _ in 0..MOST_ATTEMPTS {
            let next = self.draw()?.version()?;
            let record = Record::Client(finished.into());
            if self.commit(record, next, Expected::Version(expected)).await? == Saved::Applied {
                return Ok(ended);
            }
            // Somebody changed the client meanwhile: what they wrote stays, but for the mark.
            match self.load_client(client.id()).await? {
                Some(stored) if stored.record.ending.is_some() && !stored.record.is_deleted() => {
                    finished = stored.record.finished(&ending.instances);
                    expected = stored.version;
                }
                _ => return Ok(ended),
            }
        }
        Err(Unavailable::Contended)
    }

    async fn end_instances(&self, id: &ClientId, ending: &ClientEnding, now: Timestamp) -> Result<u64, Unavailable> {
        let filter = Filter::Client(*self.0.realm.fingerprint(), id.clone());
        let reason = if ending.is_deleted { EndReason::ClientDeleted } else { EndReason::ClientEnded };
        let is_meant = |grant: &Grant| ending.instances.contains(&grant.client_instance());
        let mut ended = 0;
        let mut after: Option<Cursor> = None;
        loop {
            let listing = self.0.storage.list(&filter, after.as_ref(), PAGE).await;
            let listing = listing.map_err(|error| self.storage_failed(error))?;
            for key in listing.keys {
                match key.kind() {
                    RecordKind::Grant => ended += u64::from(self.end_if(key, reason, now, &is_meant).await?),
                    RecordKind::Consent => self.forget_consent(key, &ending.instances).await?,
                    _ => {}
                }
            }
            match listing.next {
                Some(next) => after = Some(next),
                None => return Ok(ended),
            }
            turn_of_others().await;
        }
    }

    /// Removes a consent that was given to one of these instances. One that is being withdrawn goes with its mark.
    async fn forget_consent(&self, key: Key, instances: &[InstanceId]) -> Result<(), Unavailable> {
        let is_meant = |consent: &Consent| instances.contains(&consent.client_instance()) && !consent.is_withdrawn();
        let Some((consent, version)) = self.load_consent(key).await? else { return Ok(()) };
        if !is_meant(&consent) {
            return Ok(());
        }
        // A conflict means that the user just agreed anew, or withdrew.
        let removed = self.0.storage.remove(key, version).await;
        let (Saved::Applied | Saved::Conflict) = removed.map_err(|error| self.storage_failed(error))?;
        Ok(())
    }
}

/// How many ends of all grants may wait to be finished; then the next one finishes them first.
const MOST_UNFINISHED: usize = 16;
