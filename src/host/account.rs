//! Whether a user may still act.

use async_trait::async_trait;

use super::StorageError;
use crate::value::{Realm, Subject};

/// Answers whether a user is still active. Asked at every approval, redemption and refresh.
///
/// Without one, every user is active.
#[async_trait]
pub trait AccountDirectory: Send + Sync {
    /// The standing of the user's account.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the question cannot be answered now; the request is answered with 503.
    async fn standing(&self, realm: &Realm, subject: &Subject) -> Result<AccountStanding, StorageError>;
}

/// The standing of a user's account.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a user may act or may not")]
pub enum AccountStanding {
    /// The user may act.
    Active,
    /// The user is disabled, locked or gone.
    Inactive,
}
