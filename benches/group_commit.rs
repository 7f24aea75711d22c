//! What it brings that many writes share one commit: tokens issued over a SQLite file, with and without.
//!
//! ```text
//! cargo bench --bench group_commit               # two seconds each
//! cargo bench --bench group_commit -- --test     # a moment each, to see that it runs
//! ```
//!
//! Machines ask for tokens at the same time, each on a thread of its own. Every token is on the disk before it is
//! answered. The ratio is to one commit for each token, with as many machines.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a bench measures time, and stops where it cannot go on"
)]

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::host::DerivedKeyring;
use grantsmith::server::{AuthorizationServer, Registration};
use grantsmith::storage::sqlite::{SqliteOptions, SqliteStorage};
use grantsmith::value::ResourceSet;
use grantsmith::wire::FormRequest;
use pollster::block_on;

fn main() {
    let is_test = env::args().any(|argument| argument == "--test");
    let length = Duration::from_millis(if is_test { 100 } else { 2000 });
    println!("machines,tokens per second with one commit each,tokens per second with shared commits,ratio");
    for machines in [1, 8, 64] {
        let alone = tokens_per_second(machines, 1, length);
        let together = tokens_per_second(machines, SqliteOptions::default().largest_batch, length);
        let ratio = together * 100 / alone.max(1);
        println!("{machines},{alone},{together},{}.{:02}", ratio / 100, ratio % 100);
    }
}

fn tokens_per_second(machines: usize, largest_batch: usize, length: Duration) -> u128 {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = SqliteOptions::default();
    options.largest_batch = largest_batch;
    let storage = SqliteStorage::open_with(folder.path().join("tokens.db"), &options).expect("a database");
    let keyring = DerivedKeyring::new(1, [7; 32]).expect("a keyring");
    let server = AuthorizationServer::builder("https://as.example", Arc::new(storage), Arc::new(keyring));
    let server = &server.build().expect("a server");
    let registration = Registration::machine().with_scope("read".parse().expect("a scope")).with_resources(
        ResourceSet::from("https://api.example".parse::<grantsmith::value::Resource>().expect("a URI")),
    );
    let machine = block_on(server.register(registration)).expect("a client");
    let secret = machine.secret.as_ref().expect("a secret").expose();
    let credentials = &format!("Basic {}", STANDARD.encode(format!("{}:{secret}", machine.client.id())));

    let (is_over, issued) = (&AtomicBool::new(false), &AtomicU64::new(0));
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..machines {
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let request = FormRequest::new(b"grant_type=client_credentials");
                    let request = request.with_authorization(credentials.as_bytes());
                    block_on(server.token(&request)).expect("tokens");
                    issued.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(length);
        is_over.store(true, Ordering::Relaxed);
    });
    u128::from(issued.load(Ordering::Relaxed)) * 1_000_000 / start.elapsed().as_micros().max(1)
}
