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
mod start;
mod tls;
mod watching;
