//! Where the server keeps its records, as the command line says it.

use std::path::PathBuf;
use std::sync::Arc;

use grantsmith::host::Storage;
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::storage::sqlite::SqliteStorage;
use tempfile::TempDir;

use crate::Outcome;

/// A choice of store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Store {
    /// Gone with the server.
    Memory,
    /// A SQLite file. Without a path, one that is removed when the program ends.
    Sqlite(Option<PathBuf>),
}

impl Store {
    /// Reads `memory` or `sqlite:PATH`.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(Some(path.into()))),
            Some((name @ ("postgres" | "redis"), _)) => Err(format!("this program was built without {name}")),
            _ => Err("--store needs sqlite:PATH or memory".to_owned()),
        }
    }

    /// Finds the place for the records.
    ///
    /// # Errors
    ///
    /// There is no temporary folder.
    pub fn place(self) -> Outcome<Place> {
        Ok(match self {
            Self::Memory => Place::Memory,
            Self::Sqlite(Some(path)) => Place::File { path, _folder: None },
            Self::Sqlite(None) => {
                let folder = TempDir::with_prefix("quickstart-")?;
                Place::File { path: folder.path().join("grants.db"), _folder: Some(folder) }
            }
        })
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::Sqlite(None)
    }
}

/// Where the records are, whether or not a server is running.
pub enum Place {
    Memory,
    File { path: PathBuf, _folder: Option<TempDir> },
}

impl Place {
    /// Opens the store that is there, or makes it.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn open(&self) -> Outcome<Arc<dyn Storage>> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStorage::new()),
            Self::File { path, .. } => Arc::new(SqliteStorage::open(path)?),
        })
    }

    /// Whether the records are still there when the server is not.
    pub fn outlives_the_server(&self) -> bool {
        matches!(self, Self::File { .. })
    }
}
