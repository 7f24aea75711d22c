//! Every statement, so that whoever runs the database can read and explain them.
//!
//! Each is one step of one method, and whole by itself: no transaction is ever left open between two messages. The
//! types of all parameters are known here, so that nothing has to be prepared before.

/// A statement, and what is lost with its answer.
pub(super) struct Statement {
    pub(super) sql: &'static str,
    pub(super) is_write: bool,
}

impl Statement {
    const fn reads(sql: &'static str) -> Self {
        Self { sql, is_write: false }
    }

    const fn writes(sql: &'static str) -> Self {
        Self { sql, is_write: true }
    }
}

pub(super) const LOAD: Statement =
    Statement::reads("SELECT version, body::text FROM grantsmith_records WHERE id = $1 AND realm = $2 AND kind = $3");

/// A row comes back if the write was applied. A repeat changes nothing, and that is applied too.
pub(super) const INSERT: Statement = Statement::writes(
    "INSERT INTO grantsmith_records
        (id, realm, kind, version, issuer, client, subject, session, expires_at, due_at, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json)
    ON CONFLICT (id, realm, kind) DO UPDATE SET version = excluded.version
        WHERE grantsmith_records.version = excluded.version
    RETURNING 1",
);

/// A row comes back if the write was applied. A repeat writes the same again.
pub(super) const UPDATE: Statement = Statement::writes(
    "UPDATE grantsmith_records
    SET version = $4, issuer = $5, client = $6, subject = $7, session = $8, expires_at = $9, due_at = $10,
        body = $11::json
    WHERE id = $1 AND realm = $2 AND kind = $3 AND version IN ($4, $12)
    RETURNING 1",
);

/// A row comes back if the record is there under another version.
///
/// The lock makes the statement see what the last writer left, so that a record which another call has just removed
/// counts as absent.
pub(super) const REMOVE: Statement = Statement::writes(
    "WITH found AS (
        SELECT version FROM grantsmith_records WHERE id = $1 AND realm = $2 AND kind = $3 FOR UPDATE
    ), removed AS (
        DELETE FROM grantsmith_records
        WHERE id = $1 AND realm = $2 AND kind = $3 AND version = $4 AND version = (SELECT version FROM found)
        RETURNING 1
    )
    SELECT 1 FROM found WHERE NOT EXISTS (SELECT 1 FROM removed)",
);

pub(super) const LIST_OF_CLIENT: Statement = Statement::reads(
    "SELECT realm, kind, id FROM grantsmith_records
    WHERE client = $5 AND realm = $1 AND (kind, id) > ($2, $3)
    ORDER BY kind, id LIMIT $4",
);

pub(super) const LIST_OF_SUBJECT: Statement = Statement::reads(
    "SELECT realm, kind, id FROM grantsmith_records
    WHERE subject = $5 AND realm = $1 AND (kind, id) > ($2, $3)
    ORDER BY kind, id LIMIT $4",
);

pub(super) const LIST_OF_SESSION: Statement = Statement::reads(
    "SELECT realm, kind, id FROM grantsmith_records
    WHERE session = $5 AND realm = $1 AND (kind, id) > ($2, $3)
    ORDER BY kind, id LIMIT $4",
);

pub(super) const LIST_CLIENTS: Statement = Statement::reads(
    "SELECT realm, kind, id FROM grantsmith_records
    WHERE kind = 'client' AND realm = $1 AND id > $2
    ORDER BY id LIMIT $3",
);

pub(super) const LIST_DUE: Statement = Statement::reads(
    "SELECT realm, kind, id FROM grantsmith_records
    WHERE due_at <= $5 AND (realm, kind, id) > ($1, $2, $3)
    ORDER BY realm, kind, id LIMIT $4",
);

/// Records that somebody is writing just now are left for the next time. The rest is locked before its expiry is
/// checked, so a record that was renewed meanwhile stays.
pub(super) const PURGE: Statement = Statement::writes(
    "WITH expired AS (
        SELECT id, realm, kind FROM grantsmith_records
        WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), purged AS (
        DELETE FROM grantsmith_records
        WHERE (id, realm, kind) IN (SELECT id, realm, kind FROM expired) AND expires_at <= $1
        RETURNING 1
    )
    SELECT count(*) FROM purged",
);

pub(super) const SCHEMA_VERSION: Statement = Statement::reads("SELECT max(version) FROM grantsmith_schema");

/// What the statements are for, and their text.
pub(super) const ALL: [(&str, &str); 11] = [
    ("load", LOAD.sql),
    ("save a new record", INSERT.sql),
    ("save over a version", UPDATE.sql),
    ("remove", REMOVE.sql),
    ("list the records of a client", LIST_OF_CLIENT.sql),
    ("list the records of a user", LIST_OF_SUBJECT.sql),
    ("list the records of a session", LIST_OF_SESSION.sql),
    ("list clients", LIST_CLIENTS.sql),
    ("list what is due", LIST_DUE.sql),
    ("purge", PURGE.sql),
    ("read the version of the schema", SCHEMA_VERSION.sql),
];
