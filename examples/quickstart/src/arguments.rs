//! The command line.

use std::ffi::OsString;

use crate::store::Store;

/// What the program was asked to do.
#[derive(Debug, Eq, PartialEq)]
pub enum Task {
    /// Tell the story once and exit.
    Tell { store: Store },
    /// Keep running for a person with a browser.
    Serve { port: u16, store: Store },
    /// Print the usage.
    Help,
}

impl Task {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut serve = false;
        let mut port = None;
        let mut store = None;
        let mut accepts_loss_on_failover = false;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--help" | "-h") => return Ok(Self::Help),
                Some("--serve") => serve = true,
                Some("--port") => port = Some(read_port(arguments.next())?),
                Some("--store") => store = Some(arguments.next().and_then(|text| text.into_string().ok())),
                Some("--accept-loss-on-failover") => accepts_loss_on_failover = true,
                _ => return Err(format!("unknown argument {}; try --help", argument.to_string_lossy().escape_debug())),
            }
        }
        let store = match store {
            None if accepts_loss_on_failover => return Err("--accept-loss-on-failover needs --store".to_owned()),
            None => Store::default(),
            Some(text) => Store::read(&text.unwrap_or_default(), accepts_loss_on_failover)?,
        };
        match (serve, port) {
            (false, None) => Ok(Self::Tell { store }),
            (false, Some(_)) => Err("--port needs --serve".to_owned()),
            (true, port) => Ok(Self::Serve { port: port.unwrap_or(DEFAULT_PORT), store }),
        }
    }
}

fn read_port(argument: Option<OsString>) -> Result<u16, String> {
    argument
        .and_then(|text| text.to_str()?.parse().ok())
        .filter(|port| (1..=MOST_PORT).contains(port))
        .ok_or_else(|| format!("--port needs a number from 1 to {MOST_PORT}"))
}

pub const USAGE: &str = "\
Starts an authorization server and an API on loopback, and drives them as a client would.

Usage: cargo run --release -p quickstart [-- [--store STORE] [--serve [--port N]]]

  --store STORE   sqlite:PATH, memory, postgres:URL (with --features postgres before the --)
                  or redis:URL (with --features redis); default: a SQLite file that is removed at the end
  --accept-loss-on-failover
                  with redis: that a failover may undo what was acknowledged is acceptable
  --serve         keep running for a person with a browser
  --port N        with --serve: N for the server, N+1 for the API, N+2 for the client (default 3000)
";

const DEFAULT_PORT: u16 = 3000;
/// The API and the client take the next two.
const MOST_PORT: u16 = u16::MAX - 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        Task::read(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn no_argument_tells_the_story() {
        assert_eq!(read(""), Ok(Task::Tell { store: Store::Sqlite(None) }));
    }

    #[test]
    fn a_port_may_be_chosen_for_serving() {
        assert_eq!(read("--serve"), Ok(Task::Serve { port: 3000, store: Store::default() }));
        assert_eq!(read("--port 8080 --serve"), Ok(Task::Serve { port: 8080, store: Store::default() }));
    }

    #[test]
    fn a_store_may_be_chosen() {
        assert_eq!(read("--store memory"), Ok(Task::Tell { store: Store::Memory }));
        let file = Store::Sqlite(Some("grants.db".into()));
        assert_eq!(read("--store sqlite:grants.db --serve"), Ok(Task::Serve { port: 3000, store: file }));
    }

    #[test]
    fn what_is_no_store_is_refused() {
        for line in ["--store", "--store sqlite", "--store sqlite:", "--store file:x", "--store postgres:"] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn a_database_is_named_by_its_url_with_or_without_the_store_before_it() {
        let told = Ok(Task::Tell { store: Store::Postgres("postgres://localhost/grants".into()) });
        assert_eq!(read("--store postgres:postgres://localhost/grants"), told);
        assert_eq!(read("--store postgres://localhost/grants"), told);
        let told = Ok(Task::Tell { store: Store::Postgres("host=/run/postgresql".into()) });
        assert_eq!(read("--store postgres:host=/run/postgresql"), told);
    }

    #[test]
    #[cfg(feature = "redis")]
    fn redis_is_taken_by_who_accepts_what_a_failover_may_lose() {
        let refused = read("--store redis://localhost").unwrap_err();
        let store = Store::Redis("redis://localhost".into());
        let told = Ok(Task::Tell { store });

        assert!(refused.contains("--accept-loss-on-failover"), "{refused}");
        assert_eq!(read("--store redis://localhost --accept-loss-on-failover"), told);
        assert_eq!(read("--accept-loss-on-failover --store redis:redis://localhost"), told);
    }

    #[test]
    #[cfg(not(all(feature = "postgres", feature = "redis")))]
    fn a_store_that_was_not_built_in_is_named_with_its_feature() {
        #[cfg(not(feature = "postgres"))]
        assert!(read("--store postgres://localhost/grants").unwrap_err().contains("--features postgres"));
        #[cfg(not(feature = "redis"))]
        assert!(read("--store redis://localhost").unwrap_err().contains("--features redis"));
    }

    #[test]
    fn the_loss_of_nothing_is_not_accepted() {
        for line in ["--accept-loss-on-failover", "--accept-loss-on-failover --store memory"] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for line in ["--sevre", "serve", "--port 8080", "--serve --port", "--serve --port 0", "--serve --port 65535"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
