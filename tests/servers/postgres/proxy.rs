//! Something between a storage and its server: counts round trips, and cuts connections.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

/// What is done to the next requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cut {
    /// Nothing.
    Never,
    /// The request does not arrive, and the connection ends.
    Requests,
    /// The request arrives, and the connection ends instead of the answer.
    Answers,
}

/// A socket like the server's own.
#[derive(Debug)]
pub(crate) struct Proxy {
    directory: TempDir,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    behind: PathBuf,
    cut: Mutex<Cut>,
    round_trips: AtomicUsize,
    cut_connections: AtomicUsize,
}

impl Proxy {
    /// In front of the server whose socket is in that directory.
    pub(crate) fn before(directory: &Path) -> Self {
        let behind = directory.join(".s.PGSQL.5432");
        let (round_trips, cut_connections) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let state = State { behind, cut: Mutex::new(Cut::Never), round_trips, cut_connections };
        let proxy = Self { directory: TempDir::new().unwrap(), state: Arc::new(state) };
        let listener = UnixListener::bind(proxy.directory.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::clone(&proxy.state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&state)));
            }
        });
        proxy
    }

    /// How to reach a database through it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.directory.path().display())
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.state.cut.lock().unwrap() = cut;
    }

    /// How many connections it has cut.
    pub(crate) fn cut_connections(&self) -> usize {
        self.state.cut_connections.load(Ordering::SeqCst)
    }

    /// How often an answer was asked for since the last call.
    pub(crate) fn take_round_trips(&self) -> usize {
        self.state.round_trips.swap(0, Ordering::SeqCst)
    }
}

impl State {
    fn cuts(&self, cut: Cut) -> bool {
        let cuts = *self.cut.lock().unwrap() == cut;
        self.cut_connections.fetch_add(usize::from(cuts), Ordering::SeqCst);
        cuts
    }
}

async fn serve(client: UnixStream, state: Arc<State>) -> io::Result<()> {
    let server = UnixStream::connect(&state.behind).await?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    // Whichever side ends first takes the other one with it.
    tokio::select! {
        ended = requests(from_client, to_server, &state) => ended,
        ended = answers(from_server, to_client, &state) => ended,
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) -> io::Result<()> {
    // The first message has no kind.
    let length = from.read_u32().await?;
    to.write_u32(length).await?;
    pass(&mut from, &mut to, length).await?;
    loop {
        let (kind, length) = (from.read_u8().await?, from.read_u32().await?);
        if state.cuts(Cut::Requests) {
            return Ok(());
        }
        // Sync, or a simple query: what the server answers with "ready".
        if kind == b'S' || kind == b'Q' {
            state.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        to.write_u8(kind).await?;
        to.write_u32(length).await?;
        pass(&mut from, &mut to, length).await?;
    }
}

/// Passes on what follows a length, which counts itself.
async fn pass(from: &mut (impl AsyncRead + Unpin), to: &mut OwnedWriteHalf, length: u32) -> io::Result<()> {
    let mut message = vec![0; usize::try_from(length).unwrap() - 4];
    from.read_exact(&mut message).await?;
    to.write_all(&message).await
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) -> io::Result<()> {
    let mut buffer = vec![0; 65_536];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 || state.cuts(Cut::Answers) {
            return Ok(());
        }
        to.write_all(&buffer[..length]).await?;
    }
}
