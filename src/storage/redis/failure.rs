//! What an error of Redis means for a call.

use redis::{ErrorKind, RedisError};

use crate::host::{StorageError, StorageErrorKind};

/// A read that failed did nothing.
pub(super) fn of_read(error: RedisError) -> StorageError {
    StorageError::new(StorageErrorKind::Unavailable).because(error)
}

/// A write that failed may have been applied, unless the server said that it did nothing or was never asked.
pub(super) fn of_write(error: RedisError) -> StorageError {
    let kind = if did_nothing(&error) { StorageErrorKind::Unavailable } else { StorageErrorKind::OutcomeUnknown };
    StorageError::new(kind).because(error)
}

/// An answer that no script of ours gives.
pub(super) fn strange(what: &'static str) -> StorageError {
    StorageError::new(StorageErrorKind::Corrupt).because(what)
}

/// Whether nothing was written for certain.
pub(super) fn did_nothing(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed
        | ErrorKind::Client
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::InvalidClientConfig => true,
        _ => error.is_connection_refusal() || error.code().is_some_and(|code| REFUSALS.contains(&code)),
    }
}

/// Whether a cluster says that it is rearranging itself.
pub(super) fn is_passing(error: &RedisError) -> bool {
    error.code().is_some_and(|code| PASSING.contains(&code)) || error.kind() == ErrorKind::ClusterConnectionNotFound
}

/// With these, the server refuses a command before it does anything; a script meets them at its first write at the
/// latest.
const REFUSALS: [&str; 15] = [
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOREPLICAS",
    "NOSCRIPT",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "WRONGPASS",
];

const PASSING: [&str; 4] = ["ASK", "CLUSTERDOWN", "MOVED", "TRYAGAIN"];

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn server(code: &str) -> RedisError {
        redis::make_extension_error(code.to_owned(), None)
    }

    #[test]
    fn a_write_that_the_server_refused_did_nothing() {
        for code in REFUSALS {
            assert_eq!(of_write(server(code)).kind(), StorageErrorKind::Unavailable, "{code}");
        }
        let refused = RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(of_write(refused).kind(), StorageErrorKind::Unavailable);
    }

    #[test]
    fn a_write_without_an_answer_may_have_been_applied() {
        for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut] {
            let error = RedisError::from(io::Error::from(kind));

            assert_eq!(of_write(error.clone()).kind(), StorageErrorKind::OutcomeUnknown, "{kind}");
            assert_eq!(of_read(error).kind(), StorageErrorKind::Unavailable, "{kind}");
        }
        assert_eq!(of_write(server("ERR")).kind(), StorageErrorKind::OutcomeUnknown);
    }
}
