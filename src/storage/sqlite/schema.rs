//! Opening a connection, and bringing the schema up to date.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{OpenError, is_busy};

/// A connection that may write, with its schema up to date.
pub(super) fn open_writer(path: &Path, patience: Duration) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    patiently(patience, || use_log(&connection, path))?;
    connection.execute_batch(DURABLE)?;
    patiently(patience, || migrate(&connection))?;
    Ok(connection)
}

/// A connection that only reads. The schema is up to date.
pub(super) fn open_reader(path: &Path, patience: Duration) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    connection.busy_timeout(patience)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4000;")?;
    Ok(connection)
}

/// Whether the path stands for a database without a file.
pub(super) fn is_in_memory(path: &Path) -> bool {
    path == Path::new(":memory:")
}

/// Opens without reading the path as a URI: a file may have any name.
fn open(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Whoever waits, waits in naps of its own.
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

/// Readers then see the last commit while the next one is written, and a commit is one sequential write.
fn use_log(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode == "wal" || is_in_memory(path) {
        return Ok(());
    }
    Err(OpenError::Unavailable(format!("the journal mode stays {mode} where WAL is needed").into()))
}

/// Applies the migrations that are missing. Several processes may try at once; one does it, the others find it done.
fn migrate(connection: &Connection) -> Result<(), OpenError> {
    if is_current(connection)? {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let migrated = migrate_alone(connection);
    if migrated.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    migrated
}

fn migrate_alone(connection: &Connection) -> Result<(), OpenError> {
    let mut version = version_of(connection)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        connection.execute_batch(migration)?;
        version += 1;
    }
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", version)?;
    Ok(connection.execute_batch("COMMIT")?)
}

fn is_current(connection: &Connection) -> Result<bool, OpenError> {
    Ok(usize::try_from(version_of(connection)?) == Ok(MIGRATIONS.len()))
}

/// How many migrations were applied.
fn version_of(connection: &Connection) -> Result<i64, OpenError> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let is_untouched = (application, version) == (0, 0);
    if application != i64::from(APPLICATION) && !is_untouched {
        return Err(OpenError::Foreign);
    }
    match usize::try_from(version) {
        Ok(applied) if applied <= MIGRATIONS.len() => Ok(version),
        _ => Err(OpenError::NewerSchema(version)),
    }
}

/// Tries again while others are in the way. SQLite itself does not wait for everything that is done here.
fn patiently<T>(patience: Duration, attempt: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let mut left = patience;
    loop {
        match attempt() {
            Err(OpenError::Unavailable(error)) if error.downcast_ref().is_some_and(is_busy) && left >= SHORT_NAP => {
                thread::sleep(SHORT_NAP);
                left -= SHORT_NAP;
            }
            other => return other,
        }
    }
}

const SHORT_NAP: Duration = Duration::from_millis(2);

/// A commit is on the disk before it is answered. The two names with `fullfsync` matter on macOS only, where a plain
/// `fsync` leaves it in the drive's cache.
const DURABLE: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA cache_size = -16000;";

/// `gsmt`, in the header of the file.
const APPLICATION: i32 = 0x6773_6d74;

/// One after the other, each applied once. Published ones never change.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE grantsmith_records (
        realm      BLOB    NOT NULL, -- 16 bytes: the fingerprint of the issuer's realm
        kind       TEXT    NOT NULL, -- client, consent, grant, session, signing_keys, subject, used_identifier
        id         BLOB    NOT NULL, -- 32 bytes: a grant's id, or the digest of names
        version    BLOB    NOT NULL, -- 16 bytes: another one after each write
        issuer     TEXT    NOT NULL, -- the name of the realm, which is the issuer unless configured
        client     TEXT,
        subject    TEXT,
        session    TEXT,
        expires_at INTEGER NOT NULL, -- seconds since 1970; 9223372036854775807: never
        due_at     INTEGER,          -- seconds since 1970: work that a crash left unfinished
        body       TEXT    NOT NULL, -- the record as JSON
        PRIMARY KEY (realm, kind, id)
    );
    CREATE INDEX grantsmith_by_client ON grantsmith_records (realm, client, kind, id) WHERE client IS NOT NULL;
    CREATE INDEX grantsmith_by_subject ON grantsmith_records (realm, subject, kind, id) WHERE subject IS NOT NULL;
    CREATE INDEX grantsmith_by_session ON grantsmith_records (realm, session, kind, id) WHERE session IS NOT NULL;
    CREATE INDEX grantsmith_by_due ON grantsmith_records (realm, kind, id, due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX grantsmith_by_expiry ON grantsmith_records (expires_at) WHERE expires_at < 9223372036854775807;
"];
