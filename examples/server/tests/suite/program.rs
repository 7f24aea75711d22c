//! Starting the program, and ending it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;

/// A server that runs until it is dropped.
pub struct Program {
    pub issuer: String,
    child: Child,
    /// Kept open, so that the program can write.
    _stdout: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
}

impl Program {
    /// The test configuration at a free port, in memory.
    pub fn start() -> Self {
        Self::with(["--config", TEST, "--plain-http", "0"])
    }

    /// With these arguments.
    pub fn with(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut child = command().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let log = child.stderr.take().map(|stderr| std::thread::spawn(move || everything(stderr)));
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(issuer) = line.trim_end().strip_prefix("listening: ").map(str::to_owned) else {
            panic!("it did not start: {line}{}", log.unwrap().join().unwrap());
        };
        Self { issuer, child, _stdout: stdout, log }
    }

    /// A URL of the server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// How it ended, and what it logged.
    pub fn end(mut self) -> (ExitStatus, String) {
        (self.child.wait().unwrap(), self.log.take().unwrap().join().unwrap())
    }

    /// Everything that it logged until now, and its end.
    pub fn stopped_log(self) -> String {
        self.signal("TERM");
        self.end().1
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The program, without arguments.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grantsmith-server"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// The one line that the program ends with when it cannot start.
pub fn refused(arguments: &[&str]) -> String {
    let mut child = command().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The end of the program ends this, and so does the line that it writes when it is ready.
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if !line.is_empty() {
        child.kill().unwrap();
    }
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(line.is_empty() && !status.success(), "it started: {line}{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 1, "{said}");
    lines[0].strip_prefix("error: ").unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// The test configuration with one change, in that folder.
pub fn changed(folder: &Path, before: &str, after: &str) -> String {
    let text = fs::read_to_string(TEST).unwrap();
    assert!(text.contains(before));
    let path = folder.join("server.toml");
    fs::write(&path, text.replacen(before, after, 1)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn everything(mut stderr: ChildStderr) -> String {
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    text
}

pub const TEST: &str = "tests/test.toml";
