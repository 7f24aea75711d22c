//! Opening the storage that the configuration names.

use std::error::Error;
use std::fs::DirBuilder;
use std::io;
use std::path::Path;
use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::storage::sqlite::SqliteStorage;

use crate::config::StoreUrl;

/// Opens a storage, and makes it where it may be made.
///
/// # Errors
///
/// One line that says what is wrong, without what the URL may hold.
#[cfg_attr(
    not(any(feature = "postgres", feature = "redis")),
    expect(clippy::unused_async, reason = "other stores wait")
)]
pub async fn open(url: &StoreUrl, accepts_loss: bool) -> Result<Arc<dyn Storage>, String> {
    match url {
        StoreUrl::Memory => Ok(Arc::new(MemoryStorage::new())),
        StoreUrl::Sqlite(path) => sqlite(path),
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(url) => {
            use grantsmith::storage::postgres::PostgresStorage;

            let opened = PostgresStorage::open(url).await;
            Ok(Arc::new(
                opened.map_err(|error| format!("cannot open the PostgreSQL database: {}", with_causes(&error)))?,
            ))
        }
        #[cfg(feature = "redis")]
        StoreUrl::Redis(url) => {
            use grantsmith::policy::danger::AcceptLossOnFailover;
            use grantsmith::storage::redis::RedisStorage;

            if !accepts_loss {
                return Err(
                    "a failover of Redis may undo acknowledged writes: say store.danger_accept_loss_on_failover = true \
                     to use it all the same"
                        .to_owned(),
                );
            }
            let opened = RedisStorage::open(url, AcceptLossOnFailover).await;
            Ok(Arc::new(opened.map_err(|error| format!("cannot open Redis: {}", with_causes(&error)))?))
        }
        #[expect(clippy::allow_attributes, reason = "depends on the features")]
        #[allow(unreachable_patterns, reason = "with every feature there is nothing left")]
        _ => {
            let _ = accepts_loss;
            Err("this program was built without that store".to_owned())
        }
    }
}

fn sqlite(path: &Path) -> Result<Arc<dyn Storage>, String> {
    let say = |error: &dyn Error| format!("cannot open the database {}: {}", path.display(), with_causes(error));
    make_folder_of(path).map_err(|error| say(&error))?;
    Ok(Arc::new(SqliteStorage::open(path).map_err(|error| say(&error))?))
}

/// Makes the folder of a file, if it is not there, for its owner only.
///
/// # Errors
///
/// It cannot be made.
pub fn make_folder_of(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// An error and what caused it, in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
