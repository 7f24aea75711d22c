//! Ready-made storages.

pub mod memory;
