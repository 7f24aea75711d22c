//! A PostgreSQL server in a temporary directory, reached by a Unix socket only.

pub(crate) mod proxy;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use super::unprivileged::{self, Guard};

/// A server with 64 connections. It ends with this value, or with the process.
#[derive(Debug)]
pub(crate) struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    databases: AtomicU32,
    _guard: Guard,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// Connections are closed, and what is in memory is written.
    Fast,
    /// As by a crash of the machine, but for what the operating system still has.
    Kill,
}

impl Cluster {
    /// A server that writes to disk before it acknowledges. `None` if PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("fsync = on")
    }

    /// A server with these lines in its configuration.
    pub(crate) fn start_with(settings: &str) -> Option<Self> {
        let programs = super::find("postgres", "postgres")?.canonicalize().unwrap().parent().unwrap().to_path_buf();
        let directory = unprivileged::directory("postgres");
        let data = directory.join("data");
        let script = "\"$2/pg_ctl\" -D \"$1/data\" -m immediate stop; rm -rf \"$1\"";
        let guard = Guard::new(script, &[&directory, &programs]).unwrap();
        let cluster = Self { directory, programs, databases: AtomicU32::new(0), _guard: guard };
        let mut initdb = cluster.program("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
        assert!(initdb.status().unwrap().success(), "initdb failed");
        let configuration = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 64\nlogging_collector = off\n\
            superuser_reserved_connections = 0\n{settings}\n",
            cluster.directory.display()
        );
        fs::write(data.join("postgresql.auto.conf"), configuration).unwrap();
        cluster.resume();
        Some(cluster)
    }

    /// Starts the server again after a stop.
    pub(crate) fn resume(&self) {
        // After a kill, the orphans of the former server take a moment to go.
        for _ in 0..100 {
            let mut start = self.program("pg_ctl");
            start.arg("-D").arg(self.data()).arg("-l").arg(self.log_file()).args(["-w", "start"]);
            if start.status().unwrap().success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server did not start: {}", self.log());
    }

    pub(crate) fn stop(&self, how: Stop) {
        match how {
            Stop::Fast => {
                let mut stop = self.program("pg_ctl");
                stop.arg("-D").arg(self.data()).args(["-m", "fast", "-w", "stop"]);
                assert!(stop.status().unwrap().success(), "the server did not stop: {}", self.log());
            }
            Stop::Kill => {
                let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
                let pid = pid.lines().next().unwrap();
                assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
            }
        }
    }

    /// How to reach a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.directory.display())
    }

    /// Where the socket is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// An empty database of that name is there afterwards.
    pub(crate) async fn create_database(&self) -> String {
        let name = format!("store_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.client("postgres").await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        name
    }

    /// A connection beside the storage.
    pub(crate) async fn client(&self, database: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// What the server has written into its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn program(&self, name: &str) -> Command {
        unprivileged::command(self.programs.join(name))
    }
}
