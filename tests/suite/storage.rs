//! The storage contract.
