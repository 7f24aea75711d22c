//! A way to a server that counts round trips and can lose an answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::stores::servers::redis::Server;

pub(super) struct Proxy {
    port: u16,
    line: Arc<Line>,
}

/// What all connections share.
#[derive(Default)]
struct Line {
    /// How often the client spoke after the server had.
    turns: AtomicUsize,
    client_spoke: AtomicBool,
    loses_next_answer: AtomicBool,
}

impl Proxy {
    pub(super) fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, target) = (listener.local_addr().unwrap().port(), server.port());
        let line = Arc::new(Line::default());
        let shared = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", target))) else { return };
                let (back, forth) = (Arc::clone(&shared), Arc::clone(&shared));
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || forth.requests(&from, &to));
                thread::spawn(move || back.answers(&server, &client));
            }
        });
        Self { port, line }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// How many round trips a call takes.
    pub(super) fn counted<T>(&self, call: impl FnOnce() -> T) -> (usize, T) {
        let before = self.line.turns.load(Ordering::SeqCst);
        let answer = call();
        (self.line.turns.load(Ordering::SeqCst) - before, answer)
    }

    /// Cuts the connection when the server next answers.
    pub(super) fn lose_next_answer(&self) {
        self.line.loses_next_answer.store(true, Ordering::SeqCst);
    }
}

impl Line {
    fn requests(&self, mut client: &TcpStream, mut server: &TcpStream) {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            if !self.client_spoke.swap(true, Ordering::SeqCst) {
                self.turns.fetch_add(1, Ordering::SeqCst);
            }
            if server.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        close(client, server);
    }

    fn answers(&self, mut server: &TcpStream, mut client: &TcpStream) {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = server.read(&mut buffer) {
            self.client_spoke.store(false, Ordering::SeqCst);
            let is_lost = self.loses_next_answer.swap(false, Ordering::SeqCst);
            if is_lost || client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        close(client, server);
    }
}

fn close(client: &TcpStream, server: &TcpStream) {
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
