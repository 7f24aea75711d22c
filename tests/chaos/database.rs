//! The database under test: how it starts, how workers reach it, and what can be done to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantsmith::host::Storage;
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::storage::redis::RedisStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::servers::postgres::proxy::{Cut, Proxy};
use crate::servers::postgres::{Cluster, Stop};
use crate::servers::redis;

/// Which storage is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Store {
    Postgres,
    Redis,
    RedisCluster,
    Sqlite,
}

impl Store {
    pub(crate) const ALL: [Self; 4] = [Self::Sqlite, Self::Postgres, Self::Redis, Self::RedisCluster];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::RedisCluster => "redis-cluster",
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
    /// A path, a URL, or the URLs of several nodes.
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
            Store::Redis => Arc::new(RedisStorage::open(&self.place, AcceptLossOnFailover).await.ok()?),
            Store::RedisCluster => {
                Arc::new(RedisStorage::cluster(self.place.split(' ')).open(AcceptLossOnFailover).await.ok()?)
            }
            Store::Sqlite => Arc::new(SqliteStorage::open(&self.place).ok()?),
        })
    }
}

/// A database of a run's own. It is gone with this value.
pub(crate) enum Database {
    Postgres { cluster: Arc<Cluster>, name: String, proxies: [Proxy; 2] },
    Redis(Nodes),
    Sqlite { folder: TempDir },
}

/// One Redis server, or the nodes of a cluster. They are stopped in turn.
pub(crate) struct Nodes {
    servers: Vec<Arc<Mutex<redis::Server>>>,
    address: Address,
    turn: AtomicUsize,
    cut_connections: AtomicUsize,
}

impl Database {
    /// `None` if the server is not installed, which has been said then.
    pub(crate) async fn start(store: Store) -> Option<Self> {
        Some(match store {
            Store::Sqlite => Self::Sqlite { folder: tempfile::tempdir().unwrap() },
            Store::Postgres => {
                let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap()?;
                let name = cluster.create_database().await;
                let proxies = [(); 2].map(|()| Proxy::before(cluster.directory()));
                Self::Postgres { cluster: Arc::new(cluster), name, proxies }
            }
            Store::Redis => {
                let server = tokio::task::spawn_blocking(redis::Server::start).await.unwrap()?;
                Self::Redis(Nodes::of(store, vec![server]))
            }
            Store::RedisCluster => {
                let cluster = tokio::task::spawn_blocking(redis::Cluster::start).await.unwrap()?;
                Self::Redis(Nodes::of(store, cluster.nodes.into()))
            }
        })
    }

    /// How that worker reaches it.
    pub(crate) fn address(&self, worker: usize) -> Address {
        match self {
            Self::Postgres { name, proxies, .. } => {
                Address { store: Store::Postgres, place: proxies[worker].url(name) }
            }
            Self::Redis(nodes) => nodes.address.clone(),
            Self::Sqlite { folder } => {
                let place = folder.path().join("grants.db").to_str().unwrap().to_owned();
                Address { store: Store::Sqlite, place }
            }
        }
    }

    /// Whether there is a server that can be stopped, and a connection that can be cut.
    pub(crate) fn has_server(&self) -> bool {
        !matches!(self, Self::Sqlite { .. })
    }

    /// Stops the server, and starts it again after a while. Redis is killed in any case.
    pub(crate) async fn restart(&self, how: Stop, pause: Duration) {
        match self {
            Self::Postgres { cluster, .. } => {
                let stopped = Arc::clone(cluster);
                tokio::task::spawn_blocking(move || stopped.stop(how)).await.unwrap();
                sleep(pause).await;
                let started = Arc::clone(cluster);
                tokio::task::spawn_blocking(move || started.resume()).await.unwrap();
            }
            Self::Redis(nodes) => {
                let node = Arc::clone(nodes.next());
                node.lock().unwrap().kill();
                sleep(pause).await;
                tokio::task::spawn_blocking(move || node.lock().unwrap().restart()).await.unwrap();
            }
            Self::Sqlite { .. } => {}
        }
    }

    /// Cuts every connection of that worker at its next message, for a while. Redis cuts those of both, once.
    pub(crate) async fn cut(&self, worker: usize, cut: Cut, length: Duration) {
        match self {
            Self::Postgres { proxies, .. } => {
                proxies[worker].cut(cut);
                sleep(length).await;
                proxies[worker].cut(Cut::Never);
            }
            Self::Redis(nodes) => {
                let node = Arc::clone(nodes.next());
                let kill = move || node.lock().unwrap().ask(&["CLIENT", "KILL", "TYPE", "normal"]);
                let cut: usize = tokio::task::spawn_blocking(kill).await.unwrap();
                nodes.cut_connections.fetch_add(cut, Ordering::Relaxed);
            }
            Self::Sqlite { .. } => {}
        }
    }

    /// How many connections were cut so far.
    pub(crate) fn cut_connections(&self) -> usize {
        match self {
            Self::Postgres { proxies, .. } => proxies.iter().map(Proxy::cut_connections).sum(),
            Self::Redis(nodes) => nodes.cut_connections.load(Ordering::Relaxed),
            Self::Sqlite { .. } => 0,
        }
    }
}

impl Nodes {
    fn of(store: Store, servers: Vec<redis::Server>) -> Self {
        let urls: Vec<String> = servers.iter().map(redis::Server::url).collect();
        let servers = servers.into_iter().map(|server| Arc::new(Mutex::new(server))).collect();
        let address = Address { store, place: urls.join(" ") };
        Self { servers, address, turn: AtomicUsize::new(0), cut_connections: AtomicUsize::new(0) }
    }

    fn next(&self) -> &Arc<Mutex<redis::Server>> {
        &self.servers[self.turn.fetch_add(1, Ordering::Relaxed) % self.servers.len()]
    }
}
