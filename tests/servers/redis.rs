//! Redis servers of a test's own: on a free loopback port, in a temporary directory, gone with the value.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use redis::{FromRedisValue, cmd};
use tempfile::TempDir;

/// One running server. Dropping it kills it.
pub(crate) struct Server {
    program: PathBuf,
    directory: TempDir,
    port: u16,
    options: Vec<String>,
    process: Child,
}

impl Server {
    /// A server that loses nothing when it is killed. `None` if Redis is not installed.
    pub(crate) fn start() -> Option<Self> {
        Some(Self::launch(super::find("redis", "redis-server")?, &DURABLE))
    }

    /// A replica of a server.
    pub(crate) fn replica_of(primary: &Self) -> Self {
        let port = primary.port.to_string();
        let options = ["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"];
        let replica = Self::launch(primary.program.clone(), &options);
        // Which it says only after it has acknowledged something.
        eventually(|| primary.ask::<String>(&["INFO", "replication"]).contains("state=online"));
        eventually(|| primary.ask::<u32>(&["WAIT", "1", "100"]) == 1);
        replica
    }

    fn launch(program: PathBuf, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let process = spawn(&program, &directory, port, &options);
        let server = Self { program, directory, port, options, process };
        server.await_ready();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on what it had written.
    pub(crate) fn restart(&mut self) {
        self.process = spawn(&self.program, &self.directory, self.port, &self.options);
        self.await_ready();
    }

    /// Stops it from answering, with its connections open.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap().success());
    }

    /// What the server answers to a command.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        self.try_ask(command).unwrap()
    }

    fn try_ask<T: FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url())?;
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut command = cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query(&mut connection)
    }

    /// The names of the server's keys that match.
    pub(crate) fn keys(&self, pattern: &str) -> Vec<String> {
        self.ask(&["KEYS", pattern])
    }

    fn await_ready(&self) {
        eventually(|| self.try_ask::<String>(&["PING"]).is_ok());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// So that what was acknowledged is on the disk.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Three nodes that share the slots.
pub(crate) struct Cluster {
    pub(crate) nodes: [Server; 3],
}

impl Cluster {
    /// A cluster that loses nothing when its nodes are killed. `None` if Redis is not installed.
    pub(crate) fn start() -> Option<Self> {
        let program = super::find("redis-cluster", "redis-server")?;
        let nodes = [(0, 5460), (5461, 10922), (10923, 16383)].map(|(first, last): (u16, u16)| {
            let bus = free_port().to_string();
            let options = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"];
            let node = Server::launch(program.clone(), &[&options, &DURABLE[..]].concat());
            node.ask::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &(first + 1).to_string()]);
            node.ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            (node, bus)
        });
        let [(first, _), others @ ..] = &nodes;
        for (node, bus) in others {
            first.ask::<()>(&["CLUSTER", "MEET", "127.0.0.1", &node.port.to_string(), bus]);
        }
        for (node, _) in &nodes {
            eventually(|| {
                let info: String = node.ask(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            });
        }
        Some(Self { nodes: nodes.map(|(node, _)| node) })
    }

    pub(crate) fn urls(&self) -> [String; 3] {
        self.nodes.each_ref().map(Server::url)
    }
}

fn spawn(program: &PathBuf, directory: &TempDir, port: u16, options: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]).arg("--dir").arg(directory.path());
    command.args(options).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until it holds.
pub(crate) fn eventually(holds: impl Fn() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it did not come to hold within 20 seconds");
}
