//! Guides: what the defaults are and why, which attacks are stopped where, how keys are changed, and what a backup is
//! worth.

pub mod backup;
pub mod defaults;
pub mod keyring;
pub mod threats;
