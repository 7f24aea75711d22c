//! The program as a person runs it: over each store, and over what is not one.

// Clippy's rules for tests reach the helpers only through this line.
#![cfg(test)]

use std::process::{Command, Output};

#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "../../../tests/servers/mod.rs"]
mod servers;

use servers::postgres::Cluster;
use servers::redis::Server;

fn quickstart(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments).output().unwrap()
}

/// The whole story, with a restart in the middle of a flow.
fn is_told_over(store: &[&str]) {
    let told = quickstart(&[&["--store"], store].concat());

    let (said, errors) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success(), "{said}\n{errors}");
    assert!(said.contains("The server is restarted, in the middle of it all"), "{said}");
    assert!(errors.is_empty(), "{errors}");
}

/// Ends with one line, and without what the line must not repeat.
fn is_refused(store: &[&str], secret: &str) {
    let told = quickstart(&[&["--store"], store].concat());

    let (said, errors) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(!told.status.success() && said.is_empty(), "{store:?}: {said}");
    assert_eq!(errors.trim_end().lines().count(), 1, "{store:?}: {errors}");
    assert!(errors.starts_with("quickstart: ") && !errors.contains(secret), "{store:?}: {errors}");
}

#[test]
fn the_story_is_told_over_a_file_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("grants.db").display());

    is_told_over(&[&store]);
    is_told_over(&[&store]);
}

#[test]
fn the_story_is_told_over_postgres() {
    let Some(cluster) = Cluster::start() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(cluster.create_database());

    is_told_over(&[&format!("postgres:{}", cluster.url(&database))]);
    let encoded = cluster.directory().to_str().unwrap().replace('/', "%2F");
    is_told_over(&[&format!("postgres://postgres@{encoded}/{database}")]);
}

#[test]
fn the_story_is_told_over_redis() {
    let Some(server) = Server::start() else { return };

    is_told_over(&[&server.url(), "--accept-loss-on-failover"]);
    is_told_over(&[&format!("redis:{}", server.url()), "--accept-loss-on-failover"]);
}

#[test]
fn a_store_that_cannot_be_used_ends_it_with_one_line() {
    let accepted = "--accept-loss-on-failover";
    is_refused(&["sqlite:/nowhere/at/all/grants.db"], "\n\n");
    is_refused(&["postgres:this is no URL"], "no URL");
    is_refused(&["postgres://me:hidden@127.0.0.1:1/grants"], "hidden");
    is_refused(&["postgres:host=/nowhere user=me password=hidden"], "hidden");
    is_refused(&["redis:this is no URL", accepted], "no URL");
    is_refused(&["redis://me:hidden@127.0.0.1:1", accepted], "hidden");
    is_refused(&["redis://127.0.0.1:1"], "127.0.0.1");
}
