//! The worker processes: starting them, talking to them, killing them.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::broken::Flaw;
use crate::database::Address;
use crate::ledger::Ledger;
use crate::protocol::{Answer, Issuer, Line, Question, Request};

/// Two workers over one storage.
pub(crate) struct Fleet {
    _folder: TempDir,
    slots: [Slot; 2],
    next: AtomicU64,
    ledger: Arc<Ledger>,
}

struct Slot {
    socket: PathBuf,
    listener: UnixListener,
    address: Address,
    flaw: Option<Flaw>,
    child: Mutex<Option<Child>>,
    link: watch::Sender<Option<Arc<Link>>>,
}

/// The connection to a worker while it lives.
struct Link {
    questions: mpsc::UnboundedSender<Question>,
    /// Who waits for which answer; none once the worker is gone.
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Answer>>>>,
}

impl Fleet {
    /// Both workers, ready.
    pub(crate) async fn start(addresses: [Address; 2], flaw: Option<Flaw>, ledger: Arc<Ledger>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut number = 0;
        let slots = addresses.map(|address| {
            number += 1;
            let socket = folder.path().join(format!("worker-{number}"));
            let listener = UnixListener::bind(&socket).unwrap();
            Slot { socket, listener, address, flaw, child: Mutex::default(), link: watch::Sender::new(None) }
        });
        let fleet = Self { _folder: folder, slots, next: AtomicU64::new(0), ledger };
        for worker in 0..2 {
            fleet.launch(worker).await;
        }
        fleet
    }

    /// Starts a worker where there is none, and returns when it has connected.
    pub(crate) async fn launch(&self, worker: usize) {
        let slot = &self.slots[worker];
        let child = slot.spawn();
        *slot.child.lock().unwrap() = Some(child);
        let accepted = timeout(PATIENCE, slot.listener.accept()).await.expect("a worker does not start");
        let (read, write) = accepted.unwrap().0.into_split();
        let (questions, asked) = mpsc::unbounded_channel();
        let link = Arc::new(Link { questions, waiting: Mutex::new(Some(HashMap::new())) });
        tokio::spawn(speak(write, asked));
        tokio::spawn(listen(read, Arc::clone(&link), Arc::clone(&self.ledger)));
        slot.link.send_replace(Some(link));
    }

    /// Kills a worker, whatever it is doing.
    pub(crate) fn kill(&self, worker: usize) {
        let slot = &self.slots[worker];
        if let Some(mut child) = slot.child.lock().unwrap().take() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "a worker ended by itself: {ended:?}");
            child.kill().unwrap();
            child.wait().unwrap();
        }
        slot.link.send_replace(None);
    }

    /// What the worker answers. It is waited for while it is down; once it was asked, `None` means that nobody knows.
    pub(crate) async fn ask(&self, worker: usize, issuer: Issuer, request: Request) -> Option<Answer> {
        let mut links = self.slots[worker].link.subscribe();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, answer) = oneshot::channel();
        loop {
            let link = links.wait_for(Option::is_some).await.unwrap().clone()?;
            if let Some(waiting) = link.waiting.lock().unwrap().as_mut() {
                waiting.insert(number, tell);
                // If it fails, the worker is gone, and whoever notices lets the answer fail.
                let _ = link.questions.send(Question { number, issuer, request });
                break;
            }
            // Nothing was sent: the worker is gone, and its successor is not there yet.
            links.changed().await.unwrap();
        }
        timeout(PATIENCE, answer).await.ok()?.ok()
    }
}

impl Slot {
    fn spawn(&self) -> Child {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg(WORKER).arg(&self.socket).arg(self.address.store.name()).arg(&self.address.place);
        command.args(self.flaw.map(Flaw::name)).stdin(Stdio::null());
        command.spawn().unwrap()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for worker in 0..2 {
            self.kill(worker);
        }
    }
}

/// What the process was started for, if it is a worker.
pub(crate) fn worker_arguments(arguments: &[String]) -> Option<(&Path, &str, &str, Option<&str>)> {
    match arguments {
        [role, socket, store, place, flaw @ ..] if role == WORKER => {
            Some((Path::new(socket), store, place, flaw.first().map(String::as_str)))
        }
        _ => None,
    }
}

async fn speak(mut to: OwnedWriteHalf, mut asked: mpsc::UnboundedReceiver<Question>) {
    while let Some(question) = asked.recv().await {
        let mut text = serde_json::to_vec(&question).unwrap();
        text.push(b'\n');
        if to.write_all(&text).await.is_err() {
            return;
        }
    }
}

async fn listen(from: OwnedReadHalf, link: Arc<Link>, ledger: Arc<Ledger>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // A line that a kill cut in half was not told to anybody.
        match serde_json::from_str(&line) {
            Ok(Line::Answer { number, answer }) => {
                let asker = link.waiting.lock().unwrap().as_mut().and_then(|waiting| waiting.remove(&number));
                let _ = asker.map(|asker| asker.send(answer));
            }
            Ok(Line::Accused { subject, reason }) => ledger.accused(subject.as_deref(), &reason),
            Err(_) => break,
        }
    }
    drop(link.waiting.lock().unwrap().take());
}

/// The first argument of a worker process.
const WORKER: &str = "chaos-worker";

/// Longer than any limit of a storage; after that, a worker counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);
