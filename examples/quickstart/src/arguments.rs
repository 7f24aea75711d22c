//! The command line: two flags.

use std::ffi::OsString;

/// What the program was asked to do.
#[derive(Debug, Eq, PartialEq)]
pub enum Task {
    /// Tell the story once and exit.
    Tell,
    /// Keep running for a person with a browser.
    Serve { port: u16 },
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
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--help" | "-h") => return Ok(Self::Help),
                Some("--serve") => serve = true,
                Some("--port") => port = Some(read_port(arguments.next())?),
                _ => return Err(format!("unknown argument {}; try --help", argument.to_string_lossy().escape_debug())),
            }
        }
        match (serve, port) {
            (false, None) => Ok(Self::Tell),
            (false, Some(_)) => Err("--port needs --serve".to_owned()),
            (true, port) => Ok(Self::Serve { port: port.unwrap_or(DEFAULT_PORT) }),
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

Usage: cargo run --release -p quickstart [-- --serve [--port N]]

  --serve     keep running for a person with a browser
  --port N    with --serve: N for the server, N+1 for the API, N+2 for the client (default 3000)
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
        assert_eq!(read(""), Ok(Task::Tell));
    }

    #[test]
    fn a_port_may_be_chosen_for_serving() {
        assert_eq!(read("--serve"), Ok(Task::Serve { port: 3000 }));
        assert_eq!(read("--port 8080 --serve"), Ok(Task::Serve { port: 8080 }));
    }

    #[test]
    fn anything_else_is_refused() {
        for line in ["--sevre", "serve", "--port 8080", "--serve --port", "--serve --port 0", "--serve --port 65535"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
