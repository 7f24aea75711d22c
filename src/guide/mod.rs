//! Guides: what the defaults are and why, which attacks are stopped where, and how keys are changed.

pub mod defaults;
pub mod keyring;
pub mod threats;
