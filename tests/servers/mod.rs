//! The servers that the stores are for: which of them this machine has, how they start, and what stands between.

pub(crate) mod postgres;
pub(crate) mod redis;
pub(crate) mod unprivileged;

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the program of that name is. `None`, with a line on standard error, if it is not installed.
///
/// # Panics
///
/// If `GRANTSMITH_REQUIRE` names the server and the program is missing.
pub(crate) fn find(server: &str, program: &str) -> Option<PathBuf> {
    let found = places().map(|place| place.join(program)).find(|path| path.is_file());
    if found.is_none() {
        assert!(!is_required(server), "{server} is required, but there is no {program}");
        // Not `eprintln`: what a passing test prints is kept from the reader.
        let _ = writeln!(std::io::stderr(), "left out: {server}, because there is no {program}");
    }
    found
}

fn is_required(server: &str) -> bool {
    env::var("GRANTSMITH_REQUIRE").is_ok_and(|required| required.split(',').any(|name| name == server))
}

/// `PATH`, where Debian keeps servers that only root starts, and where it keeps PostgreSQL's versions, newest first.
fn places() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<_> = Path::new("/usr/lib/postgresql")
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    let path: Vec<_> = env::split_paths(&path).collect();
    path.into_iter().chain([PathBuf::from("/usr/sbin")]).chain(versions)
}
