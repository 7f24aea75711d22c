//! Backing the storage up, and what going back to a backup does to live tokens.
//!
//! A backup needs nothing from this library: a record is a row, and every row is whole at any moment. Use what the
//! database offers (`VACUUM INTO`, `pg_dump` or a base backup, a snapshot), together with the
//! [keyring's secret](super::keyring), which must not lie in the same place: without it the copy contains no usable
//! credential, and without it nothing issued before the restore is understood.
//!
//! # A restore is a step back in time, and clients do not take it
//!
//! They hold what was issued since. What happens to it:
//!
//! | What happened after the backup | After the restore |
//! |---|---|
//! | a grant began | it is unknown: the user logs in again, the machine asks again |
//! | a refresh token was rotated | the client's token is *newer* than the record: the grant ends, as rolled back and not as stolen ([`EndReason::RolledBack`](crate::record::EndReason::RolledBack)), and the host is told by [`Event::StorageRolledBack`](crate::host::Event::StorageRolledBack) |
//! | an access token was issued from a grant that is in the backup | it is unknown; the client refreshes |
//! | a code or a refresh token was used | it looks unused; codes expire within a minute, and a spent refresh token works until its successor shows up and ends the grant |
//! | something was **revoked, ended, withdrawn or disabled** | **it is alive again** |
//! | a client was registered, or its secret changed | it is unknown, or has its old secret |
//! | an identifier was used up (`jti`) | it can be used once more until it expires |
//!
//! # After a restore
//!
//! 1. Stop every process before, start them after: a cache of clients must not outlive the step.
//! 2. Repeat what ended things since the backup; your audit events ([`EventSink`](crate::host::EventSink)) say what. Where
//!    you have none, [`end_subject`](crate::server::AuthorizationServer::end_subject) for the users concerned is safe.
//! 3. Where neither will do, give the keyring a new secret and drop the old one: then nothing that was issued before is
//!    accepted, and everybody logs in again.
//!
//! The same holds for every way in which a database can forget what it acknowledged: a failover to a replica that
//! lagged, `synchronous_commit = off`, a disk that lies about flushing. Within the running system none of this happens:
//! a write that was acknowledged is never undone by this library.
