//! What the stores cost over the drivers that they use, and how that grows.
//!
//! ```text
//! cargo bench --bench stores                 # every server that this machine has
//! cargo bench --bench stores -- --check      # fails where a goal is missed
//! cargo bench --bench stores -- --growth     # tables of a million records, too
//! cargo bench --bench stores -- --test       # a moment, to see that it runs
//! cargo bench --bench stores -- redis        # one store
//! ```
//!
//! Sixteen tasks on two threads save new grants, load them, save over them and remove them: through the store, and by
//! the raw driver, which sends the same statements with the same bodies over as many connections, and neither writes
//! nor reads JSON. Both take turns in one run, over databases of their own at one server; the ratio is the median of
//! the turns. The raw driver of SQLite blocks, so each of its connections has a thread: as many readers as the store has,
//! and one writer, with a synced transaction for each write.
//!
//! Round trips are counted at the server, of one call after the other.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench measures time, and stops where it cannot go on"
)]

mod measure;
mod postgres;
mod records;
mod redis;
mod sqlite;
mod subject;

#[expect(clippy::indexing_slicing, clippy::panic, dead_code, reason = "made for tests, which need more of it")]
#[path = "../../tests/servers/mod.rs"]
mod servers;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use grantsmith::host::Storage;
use measure::{Effort, Measured};
use subject::{Subject, Through};

/// A store beside its raw driver, each over a database of its own.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) store: Arc<dyn Storage>,
    pub(crate) raw: Arc<dyn Subject>,
    /// The store where round trips are counted, and how many there were since that was asked last.
    pub(crate) round_trips: Option<(Arc<dyn Subject>, Counter)>,
}

pub(crate) type Counter = Box<dyn Fn() -> u64>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let wanted = |name: &str| arguments.iter().all(|argument| argument.starts_with("--")) || has(name);
    let effort = if has("--test") { Effort::MOMENT } else { Effort::FULL };
    let sizes: &[u64] = match (has("--test"), has("--growth")) {
        (true, _) => &[100, 1_000],
        (false, false) => &[1_000, 10_000, 100_000],
        (false, true) => &[1_000, 10_000, 100_000, 1_000_000],
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut is_short = false;
    println!("store,operation,per second,by the raw driver,ratio,goal,verdict,round trips");
    let mut growth = Vec::new();
    for name in ["sqlite", "postgres", "redis"] {
        if !wanted(name) {
            continue;
        }
        let (servers, pair) = match name {
            "sqlite" => Some(sqlite::start()),
            "postgres" => runtime.block_on(postgres::start()),
            _ => runtime.block_on(redis::start()),
        }
        .map_or((None, None), |(servers, pair)| (Some(servers), Some(pair)));
        let Some(pair) = pair else { continue };
        let through: Arc<dyn Subject> = Arc::new(Through(Arc::clone(&pair.store)));
        let measured = runtime.block_on(measure::compared(&through, &pair, effort));
        for line in &measured {
            println!("{line}");
        }
        is_short |= measured.iter().any(Measured::is_short);
        growth.extend(runtime.block_on(measure::grown(name, &through, &pair.store, (effort, sizes))));
        drop((pair, through));
        drop(servers);
    }
    println!("\nstore,records before,operation,microseconds,ratio to the first");
    for line in &growth {
        println!("{line}");
    }
    if has("--check") && is_short { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
