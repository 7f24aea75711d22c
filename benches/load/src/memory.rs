//! What the server holds after 10^6 tokens, after they have expired and were purged, and after the same again.

use std::thread::sleep;
use std::time::Duration;

use crate::operation::{Folder, Operation};
use crate::wrk::{Load, Measured};
use crate::{Mistake, Server};

/// Measures and prints. Says whether nothing grew.
///
/// # Errors
///
/// The server did not start, or a request failed.
pub(crate) fn measure() -> Result<bool, Mistake> {
    let folder = Folder::new()?;
    let server = Server::example()?;
    println!("\n{:<72} {:>10}", "after, on one server", "RSS MiB");
    say("the start", server.resident_mebibytes()?);

    let (full, purged) = (fill(&server, "tokens")?, purge(&server)?);
    let (full_again, purged_again) = (fill(&server, "tokens more")?, purge(&server)?);
    let supply = Operation::Introspect.supply(&server, &folder, 1_000)?;
    let call = Operation::Introspect.call();
    million(&server, "introspections", Load { call: &call, supply: supply.as_deref(), feed: None, seconds: TURN })?;

    let has_grown = full_again > full * TOLERANCE || purged_again > purged * TOLERANCE + ALLOCATOR;
    println!("{}", if has_grown { "it grew" } else { "nothing grew" });
    Ok(!has_grown)
}

fn fill(server: &Server, what: &str) -> Result<f64, Mistake> {
    let call = Operation::ClientCredentials.call();
    million(server, what, Load { call: &call, supply: None, feed: None, seconds: TURN })
}

/// Sends a million requests, and says what the server holds then.
fn million(server: &Server, what: &str, load: Load<'_>) -> Result<f64, Mistake> {
    let (mut sent, mut last) = (0, None);
    while sent < MILLION {
        let measured = load.send_to(&server.url)?;
        sent += measured.requests;
        last = Some(measured);
    }
    let resident = server.resident_mebibytes()?;
    if let Some(Measured { per_second, latency: [median, slowest], .. }) = last {
        say(&format!("{sent} {what} (last {per_second:.0}/s, p50 {median} us, p99 {slowest} us)"), resident);
    }
    Ok(resident)
}

fn purge(server: &Server) -> Result<f64, Mistake> {
    sleep(EXPIRY_AND_SWEEP);
    let resident = server.resident_mebibytes()?;
    say("they have expired and were purged", resident);
    Ok(resident)
}

fn say(what: &str, mebibytes: f64) {
    println!("{what:<72} {mebibytes:>10.0}");
}

const MILLION: u32 = 1_000_000;
/// Seconds.
const TURN: u32 = 5;
/// As `server.toml` says, and time for the sweep itself.
const EXPIRY_AND_SWEEP: Duration = Duration::from_secs(90 + 5 + 20);
const TOLERANCE: f64 = 1.1;
/// What an allocator may keep, in MiB.
const ALLOCATOR: f64 = 16.0;
