//! What SQLite's errors mean.

use std::error::Error;

use rusqlite::ErrorCode;

use crate::host::{StorageError, StorageErrorKind};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is not a database, or a damaged one.
    #[error("the file is not a sound database")]
    Corrupt(#[source] Box<dyn Error + Send + Sync>),
    /// The file is a database of another application.
    #[error("the database belongs to another application")]
    Foreign,
    /// The schema was written by a newer version of this crate.
    #[error("the database has schema {0}, which is newer than this version")]
    NewerSchema(i64),
    /// The file cannot be opened, read or written, or other processes kept it busy.
    #[error("the database cannot be opened")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) { Self::Corrupt(error.into()) } else { Self::Unavailable(error.into()) }
    }
}

/// What a failed statement means if nothing of it can have been committed.
pub(super) fn failed(error: &rusqlite::Error) -> StorageError {
    let kind = if is_damage(error) { StorageErrorKind::Corrupt } else { StorageErrorKind::Unavailable };
    StorageError::new(kind).because(error.to_string())
}

/// What a failed commit means. Its transaction is known to be rolled back only if somebody else was in the way; after
/// an error of the disk, a recovery may still find the commit in the log.
pub(super) fn failed_commit(error: &rusqlite::Error) -> StorageError {
    let kind = if is_busy(error) { StorageErrorKind::Unavailable } else { StorageErrorKind::OutcomeUnknown };
    StorageError::new(kind).because(error.to_string())
}

/// Whether somebody else was in the way, so that it may be tried again.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether what is stored cannot be understood: by SQLite, or as a column of ours.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)),
    }
}
