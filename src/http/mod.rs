//! The endpoints and the resource guard as `tower` services over `http` types.

mod guard;

pub use guard::{GuardLayer, GuardService};
