//! The server as a black box: the built program, started on a free port, and a browser and clients that talk to it.

// Clippy's rules for tests (`unwrap` is fine there) reach the helpers of these modules only through this line.
#![cfg(test)]

mod account;
mod browser;
mod consent;
mod demo;
mod drive;
mod errors;
mod html;
mod limits;
mod login;
mod logout;
mod program;
#[cfg(all(feature = "postgres", feature = "redis"))]
#[expect(dead_code, reason = "the library's tests need more of it")]
#[path = "../../../../tests/servers/mod.rs"]
mod servers;
mod start;
mod stores;
mod tls;
mod watching;
