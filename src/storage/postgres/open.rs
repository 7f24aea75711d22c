//! From a URL to a storage.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use super::PostgresStorage;
use crate::host::{StorageError, StorageErrorKind};

impl PostgresStorage {
    /// Connects to the database of that URL, without TLS, and [brings its schema up to date](Self::migrate).
    ///
    /// The URL is of the form `postgres://user:password@host:port/database?name=value`, or `host=… user=…`, with the
    /// names that [`tokio_postgres::Config`] lists.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::TlsRequired`] if the URL says `sslmode=require`.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let config: Config = url.parse().map_err(|_| OpenError::InvalidUrl)?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(OpenError::TlsRequired);
        }
        Self::connect(config, NoTls).await
    }

    /// As [`open`](Self::open), with TLS on every TCP connection: there is no falling back.
    ///
    /// `tls` says which certificates to trust, usually the database operator's own authority, and brings the
    /// cryptography. The host of the URL must be in the server's certificate.
    ///
    /// # Errors
    ///
    /// [`OpenError`]
    #[cfg(feature = "postgres-rustls")]
    pub async fn open_with_rustls(url: &str, tls: rustls::ClientConfig) -> Result<Self, OpenError> {
        let mut config: Config = url.parse().map_err(|_| OpenError::InvalidUrl)?;
        config.ssl_mode(SslMode::Require);
        Self::connect(config, tokio_postgres_rustls::MakeRustlsConnect::new(tls)).await
    }

    async fn connect<T>(mut config: Config, tls: T) -> Result<Self, OpenError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send + Sync,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connect_timeout = config.get_connect_timeout().copied().unwrap_or(WAIT);
        let tcp_user_timeout = config.get_tcp_user_timeout().copied().unwrap_or(SILENCE);
        config.connect_timeout(connect_timeout).tcp_user_timeout(tcp_user_timeout);
        if config.get_application_name().is_none() {
            config.application_name("grantsmith");
        }
        // A round trip at each checkout would double the cost of every operation.
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, tls, manager))
            .max_size(CONNECTIONS)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StorageError::new(StorageErrorKind::Unavailable).because(error))?;
        let storage = Self::from_pool(pool);
        storage.migrate().await?;
        Ok(storage)
    }
}

/// Why a storage could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of a PostgreSQL database. Not said where: it may hold a password.
    #[error("the database's URL cannot be read")]
    InvalidUrl,
    /// A newer version of this crate has been using the database.
    #[error("the database's schema has version {found}, and this version of the crate knows {known}")]
    NewerSchema {
        /// The version of the schema.
        found: i32,
        /// The newest version that this crate knows.
        known: i32,
    },
    /// The database does not answer, or the role may not do what is needed.
    #[error("the database could not be opened")]
    Storage(#[from] StorageError),
    /// The URL asks for TLS: feature `postgres-rustls` has a constructor with it.
    #[error("the database's URL asks for TLS, which this constructor does not have")]
    TlsRequired,
}

/// Enough for thousands of requests a second, and few enough for several servers at one database.
const CONNECTIONS: usize = 16;

/// For a connection: to be free, or to be opened.
const WAIT: Duration = Duration::from_secs(5);

/// When nothing that was sent has arrived for so long, the connection is given up.
const SILENCE: Duration = Duration::from_secs(30);
