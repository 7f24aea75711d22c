//! What went wrong, and what that means for a write.
//!
//! What the database says about a statement can repeat what it was sent, so only its SQLSTATE is kept.

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::host::{StorageError, StorageErrorKind};

/// A statement without an answer.
pub(super) enum Failure {
    /// It was not sent.
    NotConnected(PoolError),
    /// It was sent, and nobody knows whether it was executed.
    Lost(StorageError),
    /// The database refused it, and nothing was done.
    Refused(SqlState),
}

impl Failure {
    pub(super) fn of(error: Error, is_write: bool) -> Self {
        match error.as_db_error() {
            Some(answer) if is_final(answer) => Self::Refused(answer.code().clone()),
            Some(answer) => Self::Lost(unknown(is_write).because(named(answer.code()))),
            None => Self::Lost(unknown(is_write).because(error)),
        }
    }

    /// Waiting for the answer took too long.
    pub(super) fn late(is_write: bool) -> Self {
        Self::Lost(unknown(is_write).because("the statement took too long"))
    }

    /// Whether the connection is lost too.
    pub(super) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// Whether the database gave up because others were writing too. Nothing was done then.
    pub(super) fn is_serialization(&self) -> bool {
        self.is_refused_as(&[SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED])
    }

    pub(super) fn is_refused_as(&self, states: &[SqlState]) -> bool {
        matches!(self, Self::Refused(state) if states.contains(state))
    }
}

/// Whether the answer is about the statement: it was rolled back, and the connection is as good as before. A connection
/// or a server that ends may do so after the commit.
fn is_final(answer: &DbError) -> bool {
    let is_statement = match answer.parsed_severity() {
        Some(severity) => severity == Severity::Error,
        // A pooler in between may say it in the old way only.
        None => answer.severity() == "ERROR",
    };
    let is_uncertain = [SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN, SqlState::TRANSACTION_RESOLUTION_UNKNOWN];
    is_statement && !is_uncertain.contains(answer.code())
}

fn unknown(is_write: bool) -> StorageError {
    StorageError::new(if is_write { StorageErrorKind::OutcomeUnknown } else { StorageErrorKind::Unavailable })
}

fn named(state: &SqlState) -> String {
    format!("the database answered with SQLSTATE {}", state.code())
}

impl From<Failure> for StorageError {
    fn from(failure: Failure) -> Self {
        let unavailable = Self::new(StorageErrorKind::Unavailable);
        match failure {
            Failure::Lost(error) => error,
            Failure::NotConnected(error) => unavailable.because(error),
            Failure::Refused(state) => unavailable.because(named(&state)),
        }
    }
}
