//! Every statement, prepared once for each connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, ToSql, params};

use super::error::failed;
use crate::host::{Expected, Filter, Saved, StorageError, StorageErrorKind};
use crate::record::{Key, Record, RecordKind, Version, Versioned};
use crate::value::Timestamp;

/// A conditional write.
#[derive(Debug)]
pub(super) enum Change {
    /// Writes a record, which whoever sends it has encoded.
    Save { key: Key, next: Versioned<Record>, body: Vec<u8>, expected: Expected },
    /// Removes a record.
    Remove { key: Key, expected: Version },
}

/// What is stored under a key, not yet decoded.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) version: Version,
    pub(super) body: Vec<u8>,
}

/// The statements of one connection.
pub(super) struct Statements<'connection> {
    begin: Statement<'connection>,
    commit: Statement<'connection>,
    rollback: Statement<'connection>,
    load: Statement<'connection>,
    version: Statement<'connection>,
    insert: Statement<'connection>,
    update_in_place: Statement<'connection>,
    update: Statement<'connection>,
    remove: Statement<'connection>,
    purge: Statement<'connection>,
    list_clients: Statement<'connection>,
    list_client: Statement<'connection>,
    list_due: Statement<'connection>,
    list_session: Statement<'connection>,
    list_subject: Statement<'connection>,
}

impl<'connection> Statements<'connection> {
    pub(super) fn prepare(connection: &'connection Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            rollback: connection.prepare("ROLLBACK")?,
            load: connection.prepare(LOAD)?,
            version: connection.prepare(VERSION)?,
            insert: connection.prepare(INSERT)?,
            update_in_place: connection.prepare(UPDATE_IN_PLACE)?,
            update: connection.prepare(UPDATE)?,
            remove: connection.prepare(REMOVE)?,
            purge: connection.prepare(PURGE)?,
            list_clients: connection.prepare(LIST_CLIENTS)?,
            list_client: connection.prepare(LIST_CLIENT)?,
            list_due: connection.prepare(LIST_DUE)?,
            list_session: connection.prepare(LIST_SESSION)?,
            list_subject: connection.prepare(LIST_SUBJECT)?,
        })
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<usize> {
        self.begin.execute([])
    }

    pub(super) fn commit(&mut self) -> rusqlite::Result<usize> {
        self.commit.execute([])
    }

    pub(super) fn roll_back(&mut self) -> rusqlite::Result<usize> {
        self.rollback.execute([])
    }

    /// Reads the last committed state: the snapshot begins with this statement and ends with it.
    pub(super) fn load(&mut self, key: &Key) -> rusqlite::Result<Option<Stored>> {
        let read = |row: &Row<'_>| {
            let body = row.get_ref(1)?.as_bytes()?.to_vec();
            Ok(Stored { version: Version::from_bytes(row.get(0)?), body })
        };
        self.load.query_row(params![key.realm(), key.kind().as_str(), key.id()], read).optional()
    }

    /// Applies one write. Whether it holds is told after the transaction has committed.
    pub(super) fn apply(&mut self, change: &Change) -> rusqlite::Result<Saved> {
        match change {
            Change::Save { key, next, body, expected: Expected::Absent } => self.insert(key, next, body),
            Change::Save { key, next, body, expected: Expected::Version(expected) } => {
                self.update(key, next, body, *expected)
            }
            Change::Remove { key, expected } => self.remove(key, *expected),
        }
    }

    fn insert(&mut self, key: &Key, next: &Versioned<Record>, body: &[u8]) -> rusqlite::Result<Saved> {
        let record = &next.record;
        let inserted = self.insert.execute(params![
            key.realm(),
            key.kind().as_str(),
            key.id(),
            next.version.as_bytes(),
            record.realm().name(),
            record.client().map(AsRef::as_ref),
            record.subject().map(AsRef::as_ref),
            record.session().map(AsRef::as_ref),
            record.expires_at().as_seconds(),
            record.due_at().map(Timestamp::as_seconds),
            Text(body),
        ])?;
        let is_stored = inserted > 0 || self.version(key)? == Some(next.version);
        Ok(if is_stored { Saved::Applied } else { Saved::Conflict })
    }

    /// Most writes leave the owners as they are, and then three indexes need not be touched.
    fn update(
        &mut self,
        key: &Key,
        next: &Versioned<Record>,
        body: &[u8],
        expected: Version,
    ) -> rusqlite::Result<Saved> {
        let parameters = params![
            key.realm(),
            key.kind().as_str(),
            key.id(),
            expected.as_bytes(),
            next.version.as_bytes(),
            next.record.client().map(AsRef::as_ref),
            next.record.subject().map(AsRef::as_ref),
            next.record.session().map(AsRef::as_ref),
            next.record.expires_at().as_seconds(),
            next.record.due_at().map(Timestamp::as_seconds),
            Text(body),
        ];
        if self.update_in_place.execute(parameters)? > 0 {
            return Ok(Saved::Applied);
        }
        match self.version(key)? {
            Some(stored) if stored == next.version => {}
            Some(stored) if stored == expected => drop(self.update.execute(parameters)?),
            Some(_) | None => return Ok(Saved::Conflict),
        }
        Ok(Saved::Applied)
    }

    fn remove(&mut self, key: &Key, expected: Version) -> rusqlite::Result<Saved> {
        let parameters = params![key.realm(), key.kind().as_str(), key.id(), expected.as_bytes()];
        let is_gone = self.remove.execute(parameters)? > 0 || self.version(key)?.is_none();
        Ok(if is_gone { Saved::Applied } else { Saved::Conflict })
    }

    fn version(&mut self, key: &Key) -> rusqlite::Result<Option<Version>> {
        let read = |row: &Row<'_>| Ok(Version::from_bytes(row.get(0)?));
        self.version.query_row(params![key.realm(), key.kind().as_str(), key.id()], read).optional()
    }

    pub(super) fn purge(&mut self, now: Timestamp, limit: u32) -> rusqlite::Result<usize> {
        self.purge.execute(params![now.as_seconds(), limit])
    }

    /// Up to `limit` keys behind `after`, in the order of keys.
    pub(super) fn list(&mut self, filter: &Filter, after: Option<&Key>, limit: u32) -> Result<Vec<Key>, StorageError> {
        let (after_realm, after_kind, after_id) = match after {
            Some(key) => (key.realm().as_slice(), key.kind().as_str(), key.id().as_slice()),
            // Before every key.
            None => (&[][..], "", &[][..]),
        };
        let rows = match filter {
            Filter::Clients(realm) => self.list_clients.query(params![realm, after_id, limit]),
            Filter::Client(realm, client) => {
                self.list_client.query(params![realm, client.as_str(), after_kind, after_id, limit])
            }
            Filter::Due(at) => self.list_due.query(params![at.as_seconds(), after_realm, after_kind, after_id, limit]),
            Filter::Session(realm, session) => {
                self.list_session.query(params![realm, session.as_str(), after_kind, after_id, limit])
            }
            Filter::Subject(realm, subject) => {
                self.list_subject.query(params![realm, subject.as_str(), after_kind, after_id, limit])
            }
        };
        let mut rows = rows.map_err(|error| failed(&error))?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            keys.push(key_in(row)?);
        }
        Ok(keys)
    }
}

fn key_in(row: &Row<'_>) -> Result<Key, StorageError> {
    let columns = || Ok((row.get(0)?, row.get_ref(1)?.as_str()?, row.get(2)?));
    let (realm, kind, id) = columns().map_err(|error: rusqlite::Error| failed(&error))?;
    let unknown = || StorageError::new(StorageErrorKind::NewerFormat).because("a kind of record is not known");
    Ok(Key::from_parts(realm, RecordKind::from_name(kind).ok_or_else(unknown)?, id))
}

/// JSON, bound as text without a copy.
struct Text<'a>(&'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}

const LOAD: &str = "
    SELECT version, body FROM grantsmith_records
    WHERE realm = ?1 AND kind = ?2 AND id = ?3";
const VERSION: &str = "
    SELECT version FROM grantsmith_records
    WHERE realm = ?1 AND kind = ?2 AND id = ?3";
const INSERT: &str = "
    INSERT INTO grantsmith_records
        (realm, kind, id, version, issuer, client, subject, session, expires_at, due_at, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT DO NOTHING";
const UPDATE_IN_PLACE: &str = "
    UPDATE grantsmith_records
    SET version = ?5, expires_at = ?9, due_at = ?10, body = ?11
    WHERE realm = ?1 AND kind = ?2 AND id = ?3 AND version = ?4
        AND client IS ?6 AND subject IS ?7 AND session IS ?8";
const UPDATE: &str = "
    UPDATE grantsmith_records
    SET version = ?5, client = ?6, subject = ?7, session = ?8, expires_at = ?9, due_at = ?10, body = ?11
    WHERE realm = ?1 AND kind = ?2 AND id = ?3 AND version = ?4";
const REMOVE: &str = "
    DELETE FROM grantsmith_records
    WHERE realm = ?1 AND kind = ?2 AND id = ?3 AND version = ?4";
const PURGE: &str = "
    DELETE FROM grantsmith_records WHERE rowid IN (
        SELECT rowid FROM grantsmith_records
        WHERE expires_at <= ?1 AND expires_at < 9223372036854775807
        LIMIT ?2)";
const LIST_CLIENTS: &str = "
    SELECT realm, kind, id FROM grantsmith_records
    WHERE realm = ?1 AND kind = 'client' AND id > ?2
    ORDER BY id LIMIT ?3";
const LIST_CLIENT: &str = "
    SELECT realm, kind, id FROM grantsmith_records
    WHERE realm = ?1 AND client = ?2 AND (kind, id) > (?3, ?4)
    ORDER BY kind, id LIMIT ?5";
const LIST_DUE: &str = "
    SELECT realm, kind, id FROM grantsmith_records
    WHERE due_at <= ?1 AND (realm, kind, id) > (?2, ?3, ?4)
    ORDER BY realm, kind, id LIMIT ?5";
const LIST_SESSION: &str = "
    SELECT realm, kind, id FROM grantsmith_records
    WHERE realm = ?1 AND session = ?2 AND (kind, id) > (?3, ?4)
    ORDER BY kind, id LIMIT ?5";
const LIST_SUBJECT: &str = "
    SELECT realm, kind, id FROM grantsmith_records
    WHERE realm = ?1 AND subject = ?2 AND (kind, id) > (?3, ?4)
    ORDER BY kind, id LIMIT ?5";

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::super::schema;
    use super::*;

    /// How SQLite says that it goes about a statement.
    fn plan(connection: &Connection, statement: &str) -> String {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let parameters = vec![rusqlite::types::Null; explain.parameter_count()];
        let steps = explain.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn every_statement_goes_by_its_index_and_sorts_nothing() {
        let connection = schema::open_writer(Path::new(":memory:"), Duration::ZERO).unwrap();
        let by_key = "sqlite_autoindex_grantsmith_records_1";
        for (statement, index) in [
            (LOAD, by_key),
            (VERSION, by_key),
            (UPDATE_IN_PLACE, by_key),
            (UPDATE, by_key),
            (REMOVE, by_key),
            (PURGE, "grantsmith_by_expiry"),
            (LIST_CLIENTS, by_key),
            (LIST_CLIENT, "grantsmith_by_client"),
            (LIST_DUE, "grantsmith_by_due"),
            (LIST_SESSION, "grantsmith_by_session"),
            (LIST_SUBJECT, "grantsmith_by_subject"),
        ] {
            let plan = plan(&connection, statement);
            assert!(plan.contains(index), "{statement}\n{plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
        }
    }
}
