//! A complete authorization server: login, consent, connected applications, a demonstration API.
//!
//! ```text
//! cargo run -p grantsmith-server -- --config examples/server/server.example.toml
//! ```
//!
//! The library answers the protocol. What is here is the application around it, in rooms that can be copied one by one:
//! `config` (the file), `pages` (what people see), `routes` (what they send), `accounts`, `sessions` and `passwords` (who
//! they are), `registry` (the clients).

mod accounts;
mod alarms;
mod app;
mod arguments;
mod callers;
mod config;
mod connected;
mod cookies;
mod forms;
mod keyring;
mod listeners;
mod logging;
mod metrics;
mod pages;
mod passwords;
mod registry;
mod routes;
mod serve;
mod sessions;
mod start;
mod store;
mod words;

use std::io::{self, Read as _};
use std::process::ExitCode;

use clap::Parser as _;
use grantsmith::server::Sweeper;
use grantsmith::value::ClientSecret;
use tracing::info;
use zeroize::Zeroizing;

use arguments::{Arguments, Serve, Task};
use config::{Config, Key};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (arguments.task, arguments.serve) {
        (Some(task), _) => carry_out(task),
        (None, Some(serve)) => run(serve).await,
        (None, None) => Err("--config is missing; try --help".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until it is told to stop.
async fn run(arguments: Serve) -> Result<(), String> {
    let mut config = Config::read(&arguments.config).map_err(|error| error.to_string())?;
    if arguments.check {
        start::check(&mut config, &arguments)?;
        println!("{} is fine", arguments.config.display());
        return Ok(());
    }
    config.file.log.format = arguments.log_format.unwrap_or(config.file.log.format);
    logging::init(&config.file.log)
        .map_err(|rule| config.error_at(&Key::of("log").then("filter"), rule).to_string())?;

    let ready = start::start(&mut config, &arguments).await?;
    let sweeping = Sweeper::default().with_every(config.file.store.sweep_every.duration()).start(ready.server);
    // Programs that start this one wait for this line.
    println!("listening: {}", ready.issuer);
    info!(issuer = %ready.issuer, "ready");
    let served = serve::serve(ready.listeners, config.file.shutdown.patience.duration()).await;
    drop(sweeping);
    served.map_err(|error| format!("a listener broke: {error}"))
}

fn carry_out(task: Task) -> Result<(), String> {
    match task {
        Task::HashPassword => {
            let mut password = Zeroizing::new(String::new());
            io::stdin().read_to_string(&mut password).map_err(|error| format!("cannot read the password: {error}"))?;
            let password = password.trim_end_matches(['\r', '\n']);
            if password.is_empty() {
                return Err("the password on standard input is empty".to_owned());
            }
            println!("{}", passwords::hash(password)?);
        }
        Task::NewSecret => println!("{}", *keyring::new_secret()?),
        Task::NewClientSecret => {
            let text = keyring::new_secret()?;
            let secret: ClientSecret = text.parse().map_err(|error| format!("{error}"))?;
            let digest = serde_json::to_value(secret.digest()).map_err(|error| error.to_string())?;
            println!("for the client: {}\nsecret_digest = {digest}", *text);
        }
    }
    Ok(())
}
