//! Crashes under load, over the real databases.
//!
//! ```text
//! cargo test --test chaos                                               # a short round over everything
//! cargo test --test chaos -- --store postgres --seconds 60              # a full one
//! cargo test --test chaos -- --store sqlite --seconds 60 --seed 7       # with the plan of a former one
//! cargo test --test chaos -- --broken stale                             # over a store that is broken on purpose
//! ```
//!
//! # Who takes part
//!
//! Two *workers* are processes of their own. Each has a server over its own handle of one storage; they know nothing of
//! each other. The process that starts them plays everybody else: clients, users, the host, the resource server. It
//! keeps the *ledger*: what they were told. It never looks into the database.
//!
//! Meanwhile workers are killed with SIGKILL, alone or both at once; a database server is stopped in order or killed;
//! a proxy cuts the connections to it, before a request arrives or before its answer does. Everything that decides what
//! is done and what fails is drawn from the seed, which each run prints. The same seed gives the same plan; when things
//! happen, and so what comes of them, is up to the machine.
//!
//! # What an answer means
//!
//! *Done* and *refused* are acknowledged. No answer, or one that says that the server cannot tell, is *unknown*: it may
//! have happened. Clients then do what real ones do: they repeat the request, where it can be repeated or where they
//! take the risk, or they start over.
//!
//! # The rules
//!
//! - **One code yields tokens once**, whether it is sent twice at once or replayed later; and one approval has one code,
//!   however often the page is sent.
//! - **One refresh token of a chain is live.** A token has one successor. Without a retry window, two tabs that refresh
//!   at once get one answer between them and the grant ends; within a window, they get the same successor, as does
//!   who repeats a request twice, and an older token gets nothing.
//! - **What was acknowledged as ended is over**: revoked tokens, revoked, replayed and reused grants, ended sessions and
//!   users. The resource server is told *inactive*, and the refresh token is refused: at once, later, and at the end.
//! - **What was acknowledged as granted exists**: its tokens are active and its holder is not refused, unless an end
//!   was acknowledged, or one was asked for and never answered. Such a grant is *doubtful* until it is seen inactive;
//!   from then on it must stay so.
//! - **Nobody is accused wrongly.** Workers report compromises. Only users may be named of whom a credential was used
//!   twice: on purpose, or because a client without retry window repeated a request whose answer was lost, which is what
//!   strict rotation means.
//!
//! # When a run ends
//!
//! After the seconds that were asked for, and not before it has killed often enough and enough was acknowledged: for a
//! minute or longer, 50 kills, 3 stops of the database, 10 000 operations, and 500 of every kind, or as many as `--operations` says. (A sweep,
//! which looks through the whole store, counts a hundredfold.) Then nothing goes wrong any more, and every token of every
//! grant is looked at. A run that has not reached all this after ten times its length fails, and so does one that has
//! not ended after twenty times its length: something is stuck.
//!
//! A run over a store that is broken on purpose succeeds when the rule that it must break was seen broken.

// Clippy's rules for tests reach this crate, which has a `main` of its own, only through this line.
#![cfg(test)]

mod broken;
mod clients;
mod command_line;
mod database;
mod faults;
mod fleet;
mod ledger;
mod protocol;
mod run;
mod story;
mod tally;
mod worker;
mod world;

#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "../servers/mod.rs"]
mod servers;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use grantsmith::host::{Clock as _, SystemClock};
use tokio::runtime::Runtime;

use crate::broken::Flaw;
use crate::command_line::Request;
use crate::database::{Address, Store};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Some((socket, store, place, flaw)) = fleet::worker_arguments(&arguments) {
        let address = Address { store: Store::named(store).unwrap(), place: place.to_owned() };
        let flaw = flaw.map(|flaw| Flaw::named(flaw).unwrap());
        runtime.block_on(worker::serve(socket, &address, flaw));
        return ExitCode::SUCCESS;
    }
    let exit = match Request::read(&arguments) {
        Ok(request) => test(&request, &runtime),
        Err(mistake) => {
            eprintln!("{mistake}");
            ExitCode::FAILURE
        }
    };
    // What a run that was stopped has left hanging.
    runtime.shutdown_timeout(Duration::from_secs(10));
    exit
}

/// Runs what is asked for, and says it as the other tests do.
fn test(request: &Request, runtime: &Runtime) -> ExitCode {
    let drawn = u64::try_from(SystemClock.now().as_seconds()).unwrap();
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for order in request.orders(drawn) {
        let name = order.name();
        if request.lists_only {
            println!("{name}: test");
            continue;
        }
        println!("\n{name}: seed {}", order.seed);
        let (count, verdict) = match runtime.block_on(run::run(order)) {
            None => (&mut left_out, "left out"),
            Some(true) => (&mut passed, "ok"),
            Some(false) => (&mut failed, "FAILED"),
        };
        *count += 1;
        println!("{name} ... {verdict}");
    }
    if !request.lists_only {
        println!("\n{passed} passed, {failed} failed, {left_out} left out");
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
