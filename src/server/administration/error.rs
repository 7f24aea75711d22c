//! Why an administrative act was not carried out.

use super::page::InvalidCursor;
use crate::server::{InvalidRegistration, Unavailable};

/// Why an administrative act was not carried out. Nothing was changed, except where it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdministrationError {
    /// The client was changed since its version was read. Read it again.
    #[error("the client was changed since it was read")]
    Changed,
    /// The cursor is not one of this listing.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The server was built with a client registry of the host's own, so its clients are the host's to change.
    #[error("the clients are in a registry of the host")]
    HostRegistry,
    /// The parts of a registration do not fit together.
    #[error(transparent)]
    Invalid(#[from] InvalidRegistration),
    /// Two secrets are active already. Drop one, or replace both at once.
    #[error("the client has two active secrets")]
    TwoSecrets,
    /// No such client is registered, or it is deleted.
    #[error("no such client")]
    UnknownClient,
    /// The server cannot answer now. What was begun may be finished by a later call or by the sweeper.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
