//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use grantsmith::value::{Issuer, Subject};

use crate::config::{LogFormat, StoreUrl};

/// A complete OAuth 2.1 authorization server, configured by one file.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub task: Option<Task>,
    #[command(flatten)]
    pub serve: Option<Serve>,
}

/// What to do in place of serving.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Task {
    /// Read a password from standard input, and print what `users.password_hash` and `clients.secret_hash` take
    HashPassword,
    /// Print 32 random bytes, as a keyring takes them
    NewSecret,
    /// Print a new secret for a client, and what `clients.secret_digest` takes
    NewClientSecret,
}

/// How to serve. What is said here counts more than what the file says.
#[derive(Args, Debug)]
pub struct Serve {
    /// The configuration file; server.example.toml describes every key
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Check the configuration, and exit
    #[arg(long)]
    pub check: bool,
    /// The issuer, in place of the file's
    #[arg(long, value_name = "URL")]
    pub issuer: Option<Issuer>,
    /// Serve plain http at this address, in place of the file's listeners; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<SocketAddr>,
    /// Serve http://localhost:PORT on loopback, in place of the file's issuer and listeners; 0 is any free port
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "3000", conflicts_with_all = ["issuer", "listen"])]
    pub plain_http: Option<u16>,
    /// sqlite:PATH, postgres:URL, redis:URL or memory, in place of the file's store
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreUrl>,
    /// For tests only: everybody is logged in as this user, and POST /drive answers for them
    #[arg(long, value_name = "USER")]
    pub auto_login: Option<Subject>,
    /// text or json, in place of the file's format
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}
