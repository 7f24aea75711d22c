//! Running an example as its reader does.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::{Site, drive};

/// Starts the program at a free port of loopback, asks everything, and ends it.
///
/// # Panics
///
/// It does not start, or answers what it must not.
pub fn run(program: &str) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let address = free.expect("loopback has a free port");
    let started = Command::new(program).arg(address.to_string()).stdout(Stdio::piped()).spawn();
    let mut running = Running(started.expect("the program starts"));
    let output = BufReader::new(running.0.stdout.take().expect("its output is piped"));

    let mut secrets = HashMap::new();
    let mut issuer = None;
    let mut lines = output.lines();
    while issuer.is_none() {
        let line = lines.next().and_then(Result::ok).expect("the program says where it is before it ends");
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["client", id, secret] => _ = secrets.insert(id.to_owned(), secret.to_owned()),
            ["issuer", url] => issuer = Some(url.to_owned()),
            _ => {}
        }
    }
    for _ in 0..MOST_ATTEMPTS {
        if TcpStream::connect(address).is_ok() {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    drive(&Site { issuer: issuer.unwrap_or_default(), secrets });
}

/// A program that ends when nobody needs it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

const MOST_ATTEMPTS: u32 = 600;
