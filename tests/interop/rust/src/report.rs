//! One line for each thing that a client is asked to do: `client step ok|fail|unsupported detail`.

use std::env;
use std::error::Error;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

const CLIENT: &str = "oauth2";

/// The base URL of the server.
pub fn server() -> Outcome<String> {
    Ok(env::var("INTEROP_SERVER")?)
}

/// Where the redirect of clients with a secret leads to.
pub fn callback_port() -> Outcome<u16> {
    Ok(env::var("INTEROP_CALLBACK_PORT")?.parse()?)
}

/// Runs a step where it stands. What it makes is there for later steps, if it could be made.
pub fn step<T>(name: &str, body: impl FnOnce() -> Outcome<T>) -> Option<T> {
    match body() {
        Ok(made) => {
            println!("{CLIENT} {name} ok");
            Some(made)
        }
        Err(error) => {
            println!("{CLIENT} {name} fail {}", error.to_string().replace('\n', " "));
            None
        }
    }
}

pub fn unsupported(name: &str, why: &str) {
    println!("{CLIENT} {name} unsupported {why}");
}

pub fn check(holds: bool, what: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(what.into()) }
}
