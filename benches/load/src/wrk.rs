//! `wrk` on the second processor.

use std::path::Path;
use std::process::Command;

use crate::Mistake;
use crate::operation::Call;

/// What is sent, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) call: &'a Call,
    /// Credentials, one a line, taken in turns.
    pub(crate) supply: Option<&'a Path>,
    /// What of an answer, as a Lua pattern, is the credential of a later request.
    pub(crate) feed: Option<&'a str>,
    pub(crate) seconds: u32,
}

/// What came of it.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) requests: u32,
    pub(crate) per_second: f64,
    /// Median and 99th percentile of the time to an answer, in microseconds.
    pub(crate) latency: [u32; 2],
}

impl Load<'_> {
    /// Sends it to a server.
    ///
    /// # Errors
    ///
    /// There is no `wrk`, or a request failed.
    pub(crate) fn send_to(&self, url: &str) -> Result<Measured, Mistake> {
        let mut command = command(url, self.call, self.supply, self.seconds);
        let output = match self.feed {
            Some(pattern) => command.args([pattern, "feed", "-"]),
            None => command.args(["-", "-", "-"]),
        }
        .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let complaint = || format!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find_map(|line| line.strip_prefix("measured ")).ok_or_else(complaint)?;
        let numbers: Vec<u32> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [requests, microseconds, bad, median, slowest] = numbers[..] else { return Err(complaint().into()) };
        if bad > 0 || requests == 0 {
            return Err(format!("{bad} of {requests} requests to {} failed", self.call.path).into());
        }
        let per_second = f64::from(requests) / (f64::from(microseconds) / 1e6);
        Ok(Measured { requests, per_second, latency: [median, slowest] })
    }
}

/// Sends a call until so many answers had what a Lua pattern finds, and keeps that in a file.
///
/// # Errors
///
/// There is no `wrk`, or there were not so many within two minutes.
pub(crate) fn collect(
    url: &str,
    call: &Call,
    supply: Option<&Path>,
    (pattern, kept): (&str, &Path),
    enough: u32,
) -> Result<(), Mistake> {
    let output = command(url, call, supply, 120).arg(pattern).arg(kept).arg(enough.to_string()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // At the end of its time it says what it measured; when it has enough, nothing.
    if text.contains("measured") || !output.status.success() {
        return Err(format!("not enough from {}: {text}{}", call.path, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(())
}

fn command(url: &str, call: &Call, supply: Option<&Path>, seconds: u32) -> Command {
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", "1", "wrk", "--threads", "1", "--connections", CONNECTIONS, "--timeout", "10s"])
        .args(["--duration", &format!("{seconds}s")])
        .arg("--script")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("requests.lua"))
        .args([url, "--", call.path, call.authorization.unwrap_or("-"), &call.body])
        .arg(supply.unwrap_or(Path::new("-")));
    command
}

const CONNECTIONS: &str = "32";
