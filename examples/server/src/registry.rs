//! The clients of the configuration file, as the library looks them up.
//!
//! The file is the only place where they are: a client that is removed from it is unknown after a restart, with all it
//! holds. A table of your own would stand here.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use grantsmith::host::{ClientRegistry, StorageError};
use grantsmith::record::Client;
use grantsmith::value::{ClientId, Realm};

/// Every client of one realm.
pub struct ConfiguredClients {
    realm: Realm,
    clients: HashMap<ClientId, Arc<Client>>,
}

impl ConfiguredClients {
    pub fn new(realm: Realm, clients: Vec<Client>) -> Self {
        let clients = clients.into_iter().map(|client| (client.id().clone(), Arc::new(client))).collect();
        Self { realm, clients }
    }
}

#[async_trait]
impl ClientRegistry for ConfiguredClients {
    async fn find(&self, realm: &Realm, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError> {
        Ok(self.clients.get(id).filter(|_| *realm == self.realm).cloned())
    }
}
