//! The executable form of the [`Storage`](crate::host::Storage) contract.

mod faulty;

pub use faulty::{Counts, Fault, Faulty};
