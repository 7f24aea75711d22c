//! Creating the schema, and refusing one that is newer.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;

use super::PostgresStorage;
use super::failure::Failure;
use super::open::OpenError;
use super::statement::SCHEMA_VERSION;
use crate::host::{StorageError, StorageErrorKind};

/// The first version. Each later one is a script of its own, which begins by locking the row of the version before it.
pub(super) const FIRST: &str = include_str!("schema.sql");

impl PostgresStorage {
    /// Creates the schema, or brings it up to date. May be called as often as you like, and by several servers at once.
    ///
    /// # Errors
    ///
    /// [`OpenError::NewerSchema`] if a newer version of this crate has been there, [`OpenError::Storage`] if the
    /// database does not answer or the role may not create tables.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        for pause in PAUSES {
            match self.schema_version().await? {
                found if found > KNOWN => return Err(OpenError::NewerSchema { found, known: KNOWN }),
                KNOWN => return Ok(()),
                _ => match self.create_schema().await {
                    // Another server is creating it too.
                    Err(failure) if failure.is_refused_as(&RACES) => sleep(Duration::from_millis(pause)).await,
                    created => created.map_err(StorageError::from)?,
                },
            }
        }
        let unsettled = StorageError::new(StorageErrorKind::Unavailable);
        Err(unsettled.because("others kept changing the schema at the same time").into())
    }

    /// Zero if there is none.
    async fn schema_version(&self) -> Result<i32, StorageError> {
        match self.run(&SCHEMA_VERSION, &[]).await {
            Ok(rows) => super::row::version_of_schema(&rows),
            Err(failure) if failure.is_refused_as(&[SqlState::UNDEFINED_TABLE]) => Ok(0),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn create_schema(&self) -> Result<(), Failure> {
        let client = self.pool.get().await.map_err(Failure::NotConnected)?;
        // Several statements in one message are one transaction.
        let failure = match timeout(MIGRATION_LIMIT, client.batch_execute(FIRST)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => Failure::of(error, true),
            Err(_) => Failure::late(true),
        };
        if failure.is_of_the_connection() {
            drop(Object::take(client));
        }
        Err(failure)
    }
}

/// The version of the schema that this crate works with.
const KNOWN: i32 = 1;

/// What `IF NOT EXISTS` answers when it meets another transaction that is creating the same.
const RACES: [SqlState; 6] = [
    SqlState::UNIQUE_VIOLATION,
    SqlState::DUPLICATE_TABLE,
    SqlState::DUPLICATE_OBJECT,
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::INTERNAL_ERROR,
];

/// Milliseconds.
const PAUSES: [u64; 8] = [1, 4, 16, 64, 256, 512, 1024, 1024];

const MIGRATION_LIMIT: Duration = Duration::from_secs(60);
