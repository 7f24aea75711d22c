//! A server in a process of its own, on the first processor.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::{Mistake, control};

/// A running server. It ends with this value.
pub(crate) struct Server {
    process: Child,
    /// Kept open: the server may go on writing.
    _output: BufReader<ChildStdout>,
    /// Where it answers, without a slash at the end.
    pub(crate) url: String,
}

impl Server {
    /// The server example, with everything in memory, where everybody is logged in.
    ///
    /// # Errors
    ///
    /// There is no such program, or it did not start.
    pub(crate) fn example() -> Result<Self, Mistake> {
        let program = std::env::var("GRANTSMITH_SERVER").map_err(|_| "GRANTSMITH_SERVER must name the server")?;
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("server.toml");
        let mut command = pinned(&program);
        command.arg("--config").arg(file).args(["--plain-http", "0", "--auto-login", "alice"]);
        Self::start(command)
    }

    /// A server that gives everybody this answer.
    ///
    /// # Errors
    ///
    /// It did not start.
    pub(crate) fn control(answer: &Path) -> Result<Self, Mistake> {
        let mut command = pinned(&std::env::current_exe()?.to_string_lossy());
        command.arg(control::TASK).arg(answer);
        Self::start(command)
    }

    fn start(mut command: Command) -> Result<Self, Mistake> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or("the server has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let Some(url) = line.trim_end().strip_prefix(LISTENING) else {
            let _ = process.kill();
            let _ = process.wait();
            return Err("the server did not start".into());
        };
        Ok(Self { url: url.to_owned(), process, _output: output })
    }

    /// How much memory it holds, in MiB.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub(crate) fn resident_mebibytes(&self) -> Result<f64, Mistake> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program that runs on the processor of servers alone. Whoever counts processors there counts one.
fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0", program]);
    command
}

/// What a server writes when it is ready.
pub(crate) const LISTENING: &str = "listening: ";
