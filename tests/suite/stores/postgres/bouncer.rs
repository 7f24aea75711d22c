//! PgBouncer in transaction mode, in front of a server.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::stores::servers;
use crate::stores::servers::postgres::Cluster;
use crate::stores::servers::unprivileged::{self, Guard};

/// A pooler that gives its clients a connection for one transaction at a time. It ends with this value.
#[derive(Debug)]
pub(crate) struct Bouncer {
    directory: PathBuf,
    _guard: Guard,
}

impl Bouncer {
    /// `None` if PgBouncer is not installed.
    pub(crate) fn before(cluster: &Cluster) -> Option<Self> {
        let program = servers::find("pgbouncer", "pgbouncer")?;
        let directory = unprivileged::directory("pgbouncer");
        let (own, behind) = (directory.display(), cluster.directory().display());
        let configuration = format!(
            "[databases]\n* = host={behind} port=5432\n[pgbouncer]\nlisten_addr =\nlisten_port = 5432\n\
            unix_socket_dir = {own}\nauth_type = trust\nauth_file = {own}/users\npool_mode = transaction\n\
            default_pool_size = 4\nserver_idle_timeout = 1\nserver_login_retry = 1\nmax_client_conn = 200\n\
            logfile = {own}/log\npidfile = {own}/pid\n"
        );
        fs::write(directory.join("configuration"), configuration).unwrap();
        fs::write(directory.join("users"), "\"postgres\" \"\"\n").unwrap();
        let started = unprivileged::command(program).arg("-q").arg("-d").arg(directory.join("configuration")).status();
        assert!(started.unwrap().success(), "PgBouncer did not start");
        let guard = Guard::new("kill $(cat \"$1/pid\"); rm -rf \"$1\"", &[&directory]).unwrap();
        let bouncer = Self { directory, _guard: guard };
        bouncer.wait_until_it_listens();
        Some(bouncer)
    }

    /// How to reach a database through it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.directory.display())
    }

    fn wait_until_it_listens(&self) {
        for _ in 0..500 {
            if UnixStream::connect(self.directory.join(".s.PGSQL.5432")).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("PgBouncer did not start: {}", fs::read_to_string(self.directory.join("log")).unwrap_or_default());
    }
}
