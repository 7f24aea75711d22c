//! What it brings that many writes share one commit: tokens issued over a SQLite file, with and without.
//!
//! ```text
//! cargo bench --bench group_commit               # a quarter of a minute
//! cargo bench --bench group_commit -- --check    # fails if 64 at once do not get five times as many
//! cargo bench --bench group_commit -- --test     # a moment, to see that it runs
//! ```
//!
//! Machines ask for tokens at the same time, each in a task of its own, on the threads of one tokio runtime. Every token
//! is on the disk before it is answered. The ratio is to one transaction and one sync for each token, with as many
//! machines and the same durability; both take turns, and the ratio is the median of the turns.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench measures time, and stops where it cannot go on"
)]

use std::env;
use std::fs::File;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::host::DerivedKeyring;
use grantsmith::server::{AuthorizationServer, Registration};
use grantsmith::storage::sqlite::{SqliteOptions, SqliteStorage};
use grantsmith::value::{Resource, ResourceSet};
use grantsmith::wire::FormRequest;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

fn main() -> ExitCode {
    let has = |name: &str| env::args().any(|argument| argument == name);
    let (length, turns) = if has("--test") { (100, 1) } else { (1000, 5) };
    let length = Duration::from_millis(length);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("one synced write of a page takes {} us here", sync_time().as_micros());
    println!("machines,tokens per second with one commit each,tokens per second with shared commits,ratio");
    let mut is_short = false;
    for machines in [1, 8, 64] {
        let mut rates = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..turns {
            let alone = tokens_per_second(&runtime, machines, 1, length);
            let together = tokens_per_second(&runtime, machines, SqliteOptions::default().largest_batch, length);
            rates.iter_mut().zip([alone, together, together * 100 / alone.max(1)]).for_each(|(of, rate)| of.push(rate));
        }
        let [alone, together, ratio] = rates.map(median);
        let goal = if machines == 64 { verdict(ratio, &mut is_short) } else { "" };
        println!("{machines},{alone},{together},{}.{:02}{goal}", ratio / 100, ratio % 100);
    }
    if has("--check") && is_short { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn verdict(ratio: u128, is_short: &mut bool) -> &'static str {
    *is_short = ratio < GOAL;
    if *is_short { ",goal 5.00,short" } else { ",goal 5.00,ok" }
}

fn tokens_per_second(runtime: &Runtime, machines: usize, largest_batch: usize, length: Duration) -> u128 {
    let folder = tempfile::tempdir().unwrap();
    let mut options = SqliteOptions::default();
    options.largest_batch = largest_batch;
    let storage = SqliteStorage::open_with(folder.path().join("tokens.db"), &options).unwrap();
    let keyring = DerivedKeyring::new(1, [7; 32]).unwrap();
    let server = AuthorizationServer::builder("https://as.example", Arc::new(storage), Arc::new(keyring));
    let server = server.build().unwrap();
    runtime.block_on(async {
        let resource: Resource = "https://api.example".parse().unwrap();
        let registration =
            Registration::machine().with_scope("read".parse().unwrap()).with_resources(ResourceSet::from(resource));
        let machine = server.register(registration).await.unwrap();
        let secret = machine.secret.as_ref().unwrap().expose();
        let credentials = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", machine.client.id())));
        let (start, mut tasks) = (Instant::now(), JoinSet::new());
        for _ in 0..machines {
            let (server, credentials) = (server.clone(), credentials.clone());
            tasks.spawn(async move {
                let mut issued = 0_u128;
                while start.elapsed() < length {
                    let request = FormRequest::new(b"grant_type=client_credentials");
                    server.token(&request.with_authorization(credentials.as_bytes())).await.unwrap();
                    issued += 1;
                }
                issued
            });
        }
        let issued: u128 = tasks.join_all().await.into_iter().sum();
        issued * 1_000_000 / start.elapsed().as_micros().max(1)
    })
}

/// What the disk makes a commit wait for.
fn sync_time() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::create(folder.path().join("page")).unwrap();
    let start = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    start.elapsed() / SYNCS
}

fn median(mut values: Vec<u128>) -> u128 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

const SYNCS: u32 = 50;
/// How many times as many tokens 64 machines must get, in hundredths.
const GOAL: u128 = 500;
