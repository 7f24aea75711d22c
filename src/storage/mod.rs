//! Ready-made stores, and the suite that checks a store.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod memory;

pub use memory::MemoryStorage;
