//! Ready-made stores, and the suite that checks a store.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
