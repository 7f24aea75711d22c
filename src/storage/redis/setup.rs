//! Opening a store: where, and with what options.

use std::num::NonZeroU16;
use std::time::Duration;

#[cfg(feature = "redis-cluster")]
use futures_util::FutureExt as _;
use redis::aio::ConnectionManagerConfig;
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, RedisResult, Value, cmd};

use super::connection::Connection;
use super::failure;
#[cfg(feature = "redis-cluster")]
use super::lane::Lane;
use super::layout::Layout;
use super::{RedisStorage, Replicas};
use crate::host::{StorageError, StorageErrorKind};
use crate::value::AcceptLossOnFailover;

/// How a [`RedisStorage`] is to be opened.
#[derive(Clone, Debug)]
#[must_use]
pub struct RedisSetup {
    servers: Servers,
    prefix: String,
    time_limit: Duration,
    connections: NonZeroU16,
    replicas: Option<Replicas>,
}

/// Never printed: a URL may hold a password.
#[derive(Clone)]
enum Servers {
    One(String),
    #[cfg(feature = "redis-cluster")]
    Cluster(Vec<String>),
}

impl RedisSetup {
    pub(super) fn single(url: &str) -> Self {
        Self::of(Servers::One(url.to_owned()), NonZeroU16::MIN)
    }

    #[cfg(feature = "redis-cluster")]
    pub(super) fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(Servers::Cluster(urls.into_iter().map(ToOwned::to_owned).collect()), FOUR)
    }

    fn of(servers: Servers, connections: NonZeroU16) -> Self {
        Self {
            servers,
            prefix: "grantsmith".to_owned(),
            time_limit: Duration::from_secs(2),
            connections,
            replicas: None,
        }
    }

    /// What the store's keys begin with: 1 to 64 letters, digits, `-`, `_` and `.`. Default: `grantsmith`. Stores with
    /// different prefixes share a server and know nothing of each other.
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// How long a call may wait for the server, connecting included. Default: two seconds.
    pub fn time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// How many connections the store opens. Default: one, which all calls share and which is enough: their commands
    /// follow each other without waiting for answers. To a cluster four, each of which is two to every node, for 8 reads
    /// and 8 writes at a time. With [`wait_for_replicas`](Self::wait_for_replicas), take as many as writes shall wait at
    /// the same time.
    pub fn connections(self, connections: NonZeroU16) -> Self {
        Self { connections, ..self }
    }

    /// Acknowledges a write only when so many replicas have it, for which it waits at most `timeout`. Default: none.
    ///
    /// A write that too few replicas acknowledged is
    /// [`OutcomeUnknown`](crate::host::StorageErrorKind::OutcomeUnknown). Until replicas have caught up, the store does
    /// not answer reads of what that write may have touched either.
    ///
    /// A write waits in its connection, so this costs throughput: see [`connections`](Self::connections). It makes loss
    /// on failover rare, not impossible: a replica that lacks the write may still be the one that is promoted.
    pub fn wait_for_replicas(self, replicas: NonZeroU16, timeout: Duration) -> Self {
        Self { replicas: Some(Replicas { count: replicas.get(), timeout }), ..self }
    }

    /// Connects.
    ///
    /// It also asks for the server's eviction policy: a server that may evict records when its memory is full is
    /// refused. A server that does not let this user ask is believed.
    ///
    /// # Errors
    ///
    /// [`StorageErrorKind::Unavailable`] if the prefix or a URL is malformed, the server does not answer, or it evicts.
    pub async fn open(self, _: AcceptLossOnFailover) -> Result<RedisStorage, StorageError> {
        let unusable = |why: &'static str| StorageError::new(StorageErrorKind::Unavailable).because(why);
        let layout = Layout::new(&self.prefix).ok_or_else(|| unusable("the prefix has a character that it may not"))?;
        let mut connections = Vec::new();
        for _ in 0..self.connections.get() {
            let connected = tokio::time::timeout(self.time_limit, self.connect()).await;
            connections.push(connected.map_err(|_| unusable("the time limit is over"))?.map_err(failure::of_read)?);
        }
        let storage = RedisStorage::new(connections, layout, self.time_limit, self.replicas);
        if storage.evicts().await? {
            return Err(unusable("the server evicts what it has no memory for: set maxmemory-policy to noeviction"));
        }
        Ok(storage)
    }

    async fn connect(&self) -> RedisResult<Connection> {
        match &self.servers {
            Servers::One(url) => {
                // A reconnection that fails is the answer of the calls that wait for it; the next call tries again.
                let config = ConnectionManagerConfig::new()
                    .set_number_of_retries(0)
                    .set_connection_timeout(Some(self.time_limit))
                    .set_response_timeout(None);
                let client = Client::open(self.info(url)?)?;
                Ok(Connection::One(client.get_connection_manager_with_config(config).await?))
            }
            #[cfg(feature = "redis-cluster")]
            Servers::Cluster(urls) => {
                let nodes = urls.iter().map(|url| self.info(url)).collect::<RedisResult<Vec<_>>>()?;
                let longest_wait = self.longest_wait();
                let client = |retries: u32| {
                    redis::cluster::ClusterClient::builder(nodes.clone())
                        .tcp_settings(self.tcp())
                        .connection_timeout(self.time_limit)
                        .response_timeout(longest_wait)
                        .retries(retries)
                        .max_retry_wait(200)
                        .build()
                };
                let lane = async |retries: u32| {
                    let client = client(retries)?;
                    let connect = move || {
                        let client = client.clone();
                        async move { client.get_async_connection().await }.boxed()
                    };
                    Lane::open(Box::new(connect), longest_wait * (retries + 2)).await
                };
                Ok(Connection::Cluster { reads: lane(3).await?, writes: lane(0).await? })
            }
        }
    }

    fn info(&self, url: &str) -> RedisResult<ConnectionInfo> {
        Ok(url.into_connection_info()?.set_tcp_settings(self.tcp()))
    }

    /// A connection whose peer is gone is given up, so that the next call makes a new one.
    fn tcp(&self) -> TcpSettings {
        let settings = TcpSettings::default().set_nodelay(true);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let settings = settings.set_user_timeout(self.time_limit);
        settings
    }

    #[cfg(feature = "redis-cluster")]
    fn longest_wait(&self) -> Duration {
        self.time_limit + self.replicas.map_or(Duration::ZERO, |replicas| replicas.timeout)
    }
}

impl std::fmt::Debug for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Servers(redacted)")
    }
}

impl RedisStorage {
    /// Whether a server may drop records when its memory is full.
    async fn evicts(&self) -> Result<bool, StorageError> {
        match self.asked(&[cmd("INFO").arg("memory").take()]).await {
            Ok(answers) => Ok(answers.into_iter().any(evicts)),
            Err(error) if is_forbidden(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// One server answers with a text, a cluster with one for each node.
fn evicts(answer: Value) -> bool {
    match answer {
        Value::BulkString(text) => {
            let text = String::from_utf8_lossy(&text);
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
            field("maxmemory:").is_some_and(|most| most.trim() != "0")
                && field("maxmemory_policy:").is_some_and(|policy| policy.trim() != "noeviction")
        }
        Value::VerbatimString { text, .. } => evicts(Value::BulkString(text.into_bytes())),
        Value::Array(answers) => answers.into_iter().any(evicts),
        Value::Map(answers) => answers.into_iter().any(|(_, answer)| evicts(answer)),
        _ => false,
    }
}

fn is_forbidden(error: &StorageError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<redis::RedisError>());
    source.and_then(redis::RedisError::code) == Some("NOPERM")
}

#[cfg(feature = "redis-cluster")]
const FOUR: NonZeroU16 = NonZeroU16::new(4).unwrap();
