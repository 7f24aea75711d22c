//! Where clients are looked up.

use std::sync::Arc;

use async_trait::async_trait;

use super::StorageError;
use crate::record::Client;
use crate::value::{ClientId, Realm};

/// Looks clients up. Only reads, because hosts often own their clients table.
///
/// The default reads the client records in the [`Storage`](super::Storage), with a bounded cache.
///
/// # If you get this wrong
///
/// A client that stays in a cache after it was disabled is served that much longer: bound the time, and document it.
#[async_trait]
pub trait ClientRegistry: Send + Sync {
    /// The client of that name, if it is registered. A disabled client may be returned; the server refuses it.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the registry does not answer. Never `None` in its place.
    async fn find(&self, realm: &Realm, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError>;
}
