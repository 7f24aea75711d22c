//! The ready-made stores against the servers they are for.
//!
//! A machine without a server leaves its tests out and says so; `GRANTSMITH_REQUIRE=postgres,redis` makes that a
//! failure.

mod administration;
mod postgres;
mod redis;
mod sqlite;

#[path = "../servers/mod.rs"]
pub(crate) mod servers;
