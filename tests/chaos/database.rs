//! The database under test: how it starts, how workers reach it, and what can be done to it.

use std::sync::Arc;
use std::time::Duration;

use grantsmith::host::Storage;
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::servers::cluster::{Cluster, Stop};
use crate::servers::proxy::{Cut, Proxy};

/// Which storage is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Store {
    Postgres,
    Sqlite,
}

impl Store {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|store| store.name() == name)
    }
}

/// Where a worker finds the storage.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) store: Store,
    /// A path or a URL.
    pub(crate) place: String,
}

impl Address {
    /// Opens it, however long the database is away.
    pub(crate) async fn open_when_it_answers(&self) -> Arc<dyn Storage> {
        loop {
            match self.open().await {
                Some(storage) => return storage,
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn open(&self) -> Option<Arc<dyn Storage>> {
        Some(match self.store {
            Store::Postgres => Arc::new(PostgresStorage::open(&self.place).await.ok()?),
            Store::Sqlite => Arc::new(SqliteStorage::open(&self.place).ok()?),
        })
    }
}

/// A database of a run's own. It is gone with this value.
pub(crate) enum Database {
    Postgres { cluster: Arc<Cluster>, name: String, proxies: [Proxy; 2] },
    Sqlite { folder: TempDir },
}

impl Database {
    /// `None` if the server is not installed, which has been said then.
    pub(crate) async fn start(store: Store) -> Option<Self> {
        match store {
            Store::Sqlite => Some(Self::Sqlite { folder: tempfile::tempdir().unwrap() }),
            Store::Postgres => {
                let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap()?;
                let name = cluster.create_database().await;
                let proxies = [(); 2].map(|()| Proxy::before(cluster.directory()));
                Some(Self::Postgres { cluster: Arc::new(cluster), name, proxies })
            }
        }
    }

    /// How that worker reaches it.
    pub(crate) fn address(&self, worker: usize) -> Address {
        match self {
            Self::Postgres { name, proxies, .. } => {
                Address { store: Store::Postgres, place: proxies[worker].url(name) }
            }
            Self::Sqlite { folder } => {
                let place = folder.path().join("grants.db").to_str().unwrap().to_owned();
                Address { store: Store::Sqlite, place }
            }
        }
    }

    /// Whether there is a server that can be stopped, and a connection that can be cut.
    pub(crate) fn has_server(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Stops the server, and starts it again after a while.
    pub(crate) async fn restart(&self, how: Stop, pause: Duration) {
        let Self::Postgres { cluster, .. } = self else { return };
        let stopped = Arc::clone(cluster);
        tokio::task::spawn_blocking(move || stopped.stop(how)).await.unwrap();
        sleep(pause).await;
        let started = Arc::clone(cluster);
        tokio::task::spawn_blocking(move || started.resume()).await.unwrap();
    }

    /// Cuts every connection of that worker at its next message, for a while.
    pub(crate) async fn cut(&self, worker: usize, cut: Cut, length: Duration) {
        let Self::Postgres { proxies, .. } = self else { return };
        proxies[worker].cut(cut);
        sleep(length).await;
        proxies[worker].cut(Cut::Never);
    }

    /// How many connections were cut so far.
    pub(crate) fn cut_connections(&self) -> usize {
        match self {
            Self::Postgres { proxies, .. } => proxies.iter().map(Proxy::cut_connections).sum(),
            Self::Sqlite { .. } => 0,
        }
    }
}
