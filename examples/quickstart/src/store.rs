//! Where the server keeps its records, as the command line says it.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use grantsmith::host::Storage;
#[cfg(feature = "redis")]
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::memory::MemoryStorage;
#[cfg(feature = "postgres")]
use grantsmith::storage::postgres::PostgresStorage;
#[cfg(feature = "redis")]
use grantsmith::storage::redis::RedisStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use tempfile::TempDir;

use crate::Outcome;

/// A choice of store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Store {
    /// Gone with the server.
    Memory,
    /// A database of a PostgreSQL server, by its URL.
    #[cfg(feature = "postgres")]
    Postgres(String),
    /// A Redis server, by its URL. Who chose it has accepted that a failover may lose what was acknowledged.
    #[cfg(feature = "redis")]
    Redis(String),
    /// A SQLite file. Without a path, one that is removed when the program ends.
    Sqlite(Option<PathBuf>),
}

impl Store {
    /// Reads `memory`, `sqlite:PATH`, `postgres:URL` or `redis:URL`.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong, and nothing of the URL, which may hold a password.
    pub fn read(text: &str, accepts_loss_on_failover: bool) -> Result<Self, String> {
        let store = match text.split_once(':') {
            None if text == "memory" => Self::Memory,
            Some(("sqlite", path)) if !path.is_empty() => Self::Sqlite(Some(path.into())),
            Some(("postgres", url)) if !url.is_empty() => Self::read_postgres(whole_url(text, url))?,
            Some(("redis", url)) if !url.is_empty() => {
                return Self::read_redis(whole_url(text, url), accepts_loss_on_failover);
            }
            _ => return Err("--store needs sqlite:PATH, postgres:URL, redis:URL or memory".to_owned()),
        };
        if accepts_loss_on_failover { Err("--accept-loss-on-failover is about Redis".to_owned()) } else { Ok(store) }
    }

    #[cfg(feature = "postgres")]
    #[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
    fn read_postgres(url: &str) -> Result<Self, String> {
        Ok(Self::Postgres(url.to_owned()))
    }

    #[cfg(not(feature = "postgres"))]
    fn read_postgres(_: &str) -> Result<Self, String> {
        Err(built_without("postgres"))
    }

    #[cfg(feature = "redis")]
    fn read_redis(url: &str, accepts_loss_on_failover: bool) -> Result<Self, String> {
        if !accepts_loss_on_failover {
            let why = "a failover of Redis may lose what was acknowledged";
            return Err(format!("{why}: if you can live with that, add --accept-loss-on-failover"));
        }
        Ok(Self::Redis(url.to_owned()))
    }

    #[cfg(not(feature = "redis"))]
    fn read_redis(_: &str, _: bool) -> Result<Self, String> {
        Err(built_without("redis"))
    }

    /// Finds the place for the records.
    ///
    /// # Errors
    ///
    /// There is no temporary folder.
    pub fn place(self) -> Outcome<Place> {
        let folder = match &self {
            Self::Sqlite(None) => Some(TempDir::with_prefix("quickstart-")?),
            _ => None,
        };
        let store = match &folder {
            Some(folder) => Self::Sqlite(Some(folder.path().join("grants.db"))),
            None => self,
        };
        Ok(Place { store, _folder: folder })
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::Sqlite(None)
    }
}

/// The URL after the store's name, which may be the beginning of the URL itself: `postgres:postgres://…` says no more
/// than `postgres://…`.
fn whole_url<'a>(text: &'a str, after_the_name: &'a str) -> &'a str {
    if after_the_name.starts_with("//") { text } else { after_the_name }
}

#[cfg(not(all(feature = "postgres", feature = "redis")))]
fn built_without(feature: &str) -> String {
    format!("this program was built without {feature}: cargo run --release -p quickstart --features {feature} -- …")
}

/// Where the records are, whether or not a server is running.
pub struct Place {
    store: Store,
    _folder: Option<TempDir>,
}

impl Place {
    /// Opens the store that is there, or makes it.
    ///
    /// # Errors
    ///
    /// The file cannot be used, the server does not answer, or it refuses.
    pub async fn open(&self) -> Outcome<Arc<dyn Storage>> {
        Ok(match &self.store {
            Store::Memory => closed(),
            #[cfg(feature = "postgres")]
            Store::Postgres(url) => Arc::new(PostgresStorage::open(url).await.map_err(unusable)?),
            #[cfg(feature = "redis")]
            Store::Redis(url) => Arc::new(RedisStorage::open(url, AcceptLossOnFailover).await.map_err(unusable)?),
            Store::Sqlite(path) => Arc::new(SqliteStorage::open(path.clone().unwrap_or_default()).map_err(unusable)?),
        })
    }

    /// Whether the records are still there when the server is not.
    pub fn outlives_the_server(&self) -> bool {
        self.store != Store::Memory
    }
}

/// A store with nothing in it, to hold instead of one that is to be closed.
pub fn closed() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

fn unusable(error: impl Error + 'static) -> String {
    format!("cannot use the store: {}", crate::with_causes(&error))
}
