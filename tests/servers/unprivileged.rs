//! Servers refuse to run as root, so root starts them as somebody else; and they must not outlive the tests.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A directory of the user that servers run as. The guard that ends the server removes it.
pub(crate) fn directory(purpose: &str) -> PathBuf {
    let directory = tempfile::Builder::new().prefix(&format!("grantsmith-{purpose}-")).tempdir().unwrap().keep();
    give(&directory);
    directory
}

/// Makes the user that servers run as the owner.
pub(crate) fn give(path: &Path) {
    if let Some((user, group)) = user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// The program, to be run as that user.
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").env("LC_ALL", "C");
    if let Some((user, group)) = user() {
        command.uid(user).gid(group);
    }
    command
}

/// Runs a script when the guard is dropped, or when this process has ended in whatever way.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    /// The script's arguments are `$1`, `$2`, … .
    pub(crate) fn new(script: &str, arguments: &[&Path]) -> io::Result<Self> {
        // Its standard input ends when we do.
        let mut guard = command("/bin/sh");
        guard.arg("-c").arg(format!("read _; {script}")).arg("guard").args(arguments).stdin(Stdio::piped());
        guard.spawn().map(Self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Who servers run as, if this is root.
fn user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_it = fields.next() == Some(name);
            let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            is_it.then_some((user, group))
        })
    };
    Some(find("postgres").or_else(|| find("nobody")).unwrap())
}
