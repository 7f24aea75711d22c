//! What is measured: the same four operations, through the store and without it.

use std::sync::Arc;

use async_trait::async_trait;
use grantsmith::host::{Expected, Saved, Storage};

use crate::records::Item;

/// Each does one operation on one record, and panics if it is not done.
#[async_trait]
pub(crate) trait Subject: Send + Sync {
    /// Writes the first state, where nothing is.
    async fn create(&self, item: &Item);
    async fn load(&self, item: &Item);
    /// Writes the second state over the first.
    async fn update(&self, item: &Item);
    /// Removes the second state.
    async fn remove(&self, item: &Item);
}

/// Through the store.
pub(crate) struct Through(pub(crate) Arc<dyn Storage>);

#[async_trait]
impl Subject for Through {
    async fn create(&self, item: &Item) {
        assert_eq!(self.0.save(item.first.clone(), Expected::Absent).await.unwrap(), Saved::Applied);
    }

    async fn load(&self, item: &Item) {
        assert!(self.0.load(item.key).await.unwrap().is_some());
    }

    async fn update(&self, item: &Item) {
        let expected = Expected::Version(item.first.version);
        assert_eq!(self.0.save(item.second.clone(), expected).await.unwrap(), Saved::Applied);
    }

    async fn remove(&self, item: &Item) {
        assert_eq!(self.0.remove(item.key, item.second.version).await.unwrap(), Saved::Applied);
    }
}
